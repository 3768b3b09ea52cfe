"""Why a vendor is given nothing, or not this: the answers that every command shares which asks `exposure`."""

from domain.admission import vendor
from domain.decider import Refused
from domain.engaging.exposure import NotQualified
from domain.evaluation import standing
from domain.parties import organisation
from domain.restraint import sanction, screening

RESTRAINED: tuple[type[Refused], ...] = (
    sanction.VendorBlacklisted,
    sanction.VendorSuspended,
    screening.OnDebarmentList,
    screening.ScreeningAwaitsReview,
    vendor.VendorFrozen,
    organisation.OrganisationClosed,
    standing.StandsTooLow,
)
"""Something stands in the way of everything."""
BARRED: tuple[type[Refused], ...] = (*RESTRAINED, vendor.VendorNotRegistered, vendor.VendorNotVerified)
"""A vendor is given nothing at all."""
UNFIT: tuple[type[Refused], ...] = (*BARRED, standing.BeyondItsTier, NotQualified)
"""A vendor is not given this."""
NO_WORK: tuple[type[Refused], ...] = (*RESTRAINED, NotQualified)
"""A company that is a vendor is given no work order."""

"""What happens to a vendor's file by itself: certificates run out, and that is told 90, 30 and 7 days before.

    agenda -> settle -> certificate_expiring, certificate_expired

Every command first settles what came due before it, each at its own due moment, so the history is the same whether the
timer fired in time, late or never. A distance that had passed when the certificate was entered is not told.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final

from domain.admission.vendor_history import Certificate, Vendor
from domain.admission.vendor_messages import CertificateExpired, CertificateExpiring, Distance, VendorEvent
from domain.decider import Due

DISTANCES: Final[tuple[Distance, ...]] = (90, 30, 7)
"""Days before the end."""


def agenda(vendor: Vendor) -> Due | None:
    """The next moment at which something happens by itself."""
    due = _next(vendor)
    return None if due is None else Due(due.at, label(due))


def label(due: CertificateExpiring | CertificateExpired) -> str:
    """What is on the agenda, in a word."""
    days = due.days if isinstance(due, CertificateExpiring) else 0
    return f"certificate/{due.certificate}/{days}"


def settled(vendor: Vendor, until: datetime, *, inclusive: bool = False) -> Sequence[VendorEvent]:
    """Everything that came due before a moment (or, `inclusive`, right then), the earliest first.

    What is ahead of one certificate does not depend on the others, so a look at each is enough, however late it is.
    """
    return sorted((due for due in _all(vendor) if due.at < until or (inclusive and due.at == until)), key=_order)


def _next(vendor: Vendor) -> CertificateExpiring | CertificateExpired | None:
    return min(_all(vendor), key=_order, default=None)


def _all(vendor: Vendor) -> Iterator[CertificateExpiring | CertificateExpired]:
    for each in vendor.certificates:
        if each.in_file:
            yield from _ahead(each)


def _ahead(certificate: Certificate) -> Iterator[CertificateExpiring | CertificateExpired]:
    for days in DISTANCES:
        at = certificate.ends_at - timedelta(days=days)
        if at > certificate.added_at and (certificate.reminded == 0 or days < certificate.reminded):
            yield CertificateExpiring(at=at, certificate=certificate.id, days=days)
    yield CertificateExpired(at=certificate.ends_at, certificate=certificate.id)


def _order(due: CertificateExpiring | CertificateExpired) -> tuple[datetime, int]:
    return due.at, due.certificate

"""The register of vendors: one row for each file, by name.

by a part of the name · by credit code · where the file stands · who holds a certificate of a kind, or whose ends soon
who is qualified for what, and where · in which band · suspended, blacklisted or neither

`id` is the stream of the file; `vendor` is the id of the organisation, by which other read models are asked. The last
line of questions is answered by those of qualifications, standings and sanctions, in the same query.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Final, Literal, NamedTuple, TypeAlias
from uuid import UUID

import msgspec

from domain.access.permission import Sight
from domain.admission import vendor
from domain.admission.vendor import Status, Vendor, VendorEvent
from domain.evaluation.scorecard import Rating
from projections.listing import NEVER, ORDERED, Key, Listed, Listing, Seen, written
from projections.projection import Projection, Row
from projections.table import Pool

ListedVendor: TypeAlias = Listed[Vendor]

Restrained: TypeAlias = Literal["suspended", "blacklisted", "neither"]


class QualifiedFor(NamedTuple):
    """For which category, where, and at which moment (as a text)."""

    category: str
    """Empty: for any."""
    area: str
    """Empty: for the whole city; `*`: wherever."""
    at: str


def _row(found: Vendor) -> Row:
    due = vendor.agenda(found)
    held = [each for each in found.certificates if each.in_file]
    return (
        found.name.casefold(),
        found.vendor,
        found.credit_code,
        found.status.value,
        found.frozen,
        found.declared is not None,
        sorted({each.kind for each in held}),
        min((each.ends_at for each in held), default=None),
        min((written(each.ends_at) for each in held), default=NEVER),
        None if due is None else due.at,
    )


projection: Final = Projection(
    name="vendor_register",
    lifecycle=vendor.decider,
    columns={
        "words": ORDERED,
        "vendor": "text NOT NULL",
        "credit_code": "text NOT NULL",
        "status": "text NOT NULL",
        "frozen": "boolean NOT NULL",
        "awaits_verification": "boolean NOT NULL",
        "certificates": "text[] NOT NULL",
        "certificate_ends_at": "timestamptz",
        "ends": ORDERED,
        "wake_at": "timestamptz",
    },
    row=_row,
    indexes=(
        "(words, id)",
        "(vendor)",
        "(credit_code) WHERE credit_code <> ''",
        "(words, id) WHERE awaits_verification",
        "(certificate_ends_at) WHERE certificate_ends_at IS NOT NULL",
        "(ends, id) WHERE ends < '9999'",
        "(wake_at, id) WHERE wake_at IS NOT NULL",
    ),
)


class Filters(msgspec.Struct, frozen=True, kw_only=True):
    """Which vendors. Everything that is given has to hold."""

    words: str | None = None
    """Found, casefolded, in the name that counts."""
    vendor: str | None = None
    """The id of the organisation."""
    credit_code: str | None = None
    """As it is stored: `credit_code.normalised`."""
    status: Status | None = None
    frozen: bool | None = None
    awaits_verification: bool | None = None
    """Something that was declared waits to be verified."""
    holds: str | None = None
    """A certificate of this kind is in the file and has not run out."""
    expiring_before: datetime | None = None
    """Some certificate in the file runs out before this moment."""
    ends_before: str | None = None
    """The same, as `written`."""
    qualified: QualifiedFor | None = None
    """A grant, as it stands, covers this area or more, and counts."""
    band: Rating | None = None
    """`""`: not rated so far."""
    restrained: Restrained | None = None
    """By a sanction of whatever scope, as far as is known."""
    sight: Sight | None = None
    """Only what somebody may see; None: whatever there is."""


# Which filter asks what; `{0}` is the place of its value.
_CONDITIONS: Final[Mapping[str, str]] = {
    "words": "strpos(words, {0}) > 0",
    "vendor": "vendor = {0}",
    "credit_code": "credit_code = {0}",
    "status": "status = {0}",
    "frozen": "frozen = {0}",
    "awaits_verification": "awaits_verification = {0}",
    "holds": "{0} = ANY(certificates)",
    "expiring_before": "certificate_ends_at < {0}",
    "ends_before": "ends < {0} AND ends < '9999'",
    "qualified": """EXISTS (
        SELECT FROM reads.qualification_board AS granted
        WHERE granted.vendor = vendor_register.vendor AND ({0}::text[])[1] IN ('', granted.category)
        AND (({0}::text[])[2] = '*' OR ({0}::text[])[2] ^@ granted.area)
        AND granted.granted_from <= ({0}::text[])[3]::timestamptz
        AND granted.granted_until > ({0}::text[])[3]::timestamptz
        AND NOT EXISTS (
            SELECT FROM unnest(granted.taken_out) AS out WHERE ({0}::text[])[2] ^@ out OR out ^@ ({0}::text[])[2]
        )
    )""",
    "band": """{0}::text = coalesce(
        (SELECT band FROM reads.standing_register AS stands WHERE stands.vendor = vendor_register.vendor), ''
    )""",
    "restrained": """CASE {0}::text WHEN 'neither' THEN NOT EXISTS (
        SELECT FROM reads.sanction_register AS sanctioned
        WHERE sanctioned.vendor = vendor_register.vendor AND sanctioned.in_force <> '{{}}'
    ) ELSE EXISTS (
        SELECT FROM reads.sanction_register AS sanctioned
        WHERE sanctioned.vendor = vendor_register.vendor AND {0} = ANY(sanctioned.in_force)
    ) END""",
}


class VendorRegister(Listing[Vendor, VendorEvent]):
    """Questions to the register. They raise Unavailable while the database, or the register, is not there."""

    def __init__(self, pool: Pool) -> None:
        seen = Seen(organisations=("vendor",))
        super().__init__(pool, projection, order="words", conditions=_CONDITIONS, seen=seen)

    async def of(self, vendor_id: UUID) -> ListedVendor | None:
        """The file of an organisation; None when there is none (yet)."""
        return await self.get(vendor.stream(str(vendor_id)))


__all__ = ["Filters", "Key", "ListedVendor", "QualifiedFor", "Restrained", "VendorRegister", "projection"]

"""What is published of engagements and admission schemes, release by release.

    admission scheme of a category   ocds-linli0-<category>    tender: who may apply, by which rules
    engagement                       ocds-linli0-<id>          award, contract, payment; belongs to the category's

Only what is public anyway gets here: what is done, by which company, by what it was allowed, for how much. Nothing of
people, no bank accounts. What is internal (a payment that is held, work that is kept) makes no release.
"""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple
from uuid import UUID

from domain.admission.admission_scheme import Version
from domain.admission.basis import Basis
from domain.admission.category import CHINESE
from domain.admission.scheme_document import Dimension
from domain.engaging.engagement import (
    Accepted,
    Awarded,
    Cancelled,
    Declined,
    EngagementEvent,
    Finished,
    Held,
    Item,
    Kept,
    Offered,
    PaidOut,
    Reassigned,
    Released,
    Started,
)
from projections.admission.ocds import PREFIX, Json, Party, moment, money, release

INTERNAL: Final = (Kept, Held, Released)
_ITEMS: Final[dict[Item, str]] = {"order": "订单", "job": "工作", "booking": "预约", "contract": "合同"}


_DIMENSIONS: Final[dict[Dimension, str]] = {
    "asset_scale": "资产规模",
    "operating_experience": "运营经验",
    "team": "团队储备",
    "operating_plan": "运营方案",
}


class Told(NamedTuple):
    """An event of an engagement, its number in the stream, and the company that it names, as it was known then."""

    number: int
    event: EngagementEvent
    party: Party | None = None


def ocid_of(key: UUID | str) -> str:
    """The process of an engagement, by its id, or of a category, by its key."""
    return f"{PREFIX}-{key}"


class _Process:
    """An engagement as it is published: a new award each time that another company gets it."""

    def __init__(self, stream: UUID) -> None:
        self.ocid = ocid_of(stream)
        self.awards = 0
        self.signed = 0
        """The award that the latest contract belongs to."""
        self.supplier: Json = {}
        self.value: Json = {}
        self.title = ""

    @property
    def award(self) -> str:
        return f"award-{self.awards}"

    @property
    def contract(self) -> str:
        return f"contract-{self.awards}"

    @property
    def under_contract(self) -> bool:
        return self.signed == self.awards

    @property
    def ended(self) -> Json:
        return {"id": self.contract, "awardID": self.award, "status": "terminated"}

    def release(self, told: Told, tag: Sequence[str], **content: object) -> Json:
        return release(self.ocid, told.number, told.event.at, tag, **content)

    def given_to(self, party: Party, told: Told, basis: Basis, status: str) -> Json:
        """A new award, with all that is in it."""
        self.awards += 1
        self.supplier = party.reference
        return {
            "id": self.award,
            "title": self.title,
            "description": allowed_by(basis),
            "status": status,
            "date": moment(told.event.at),
            "value": self.value,
            "suppliers": [self.supplier],
        }


def engagement_releases(stream: UUID, history: Sequence[Told]) -> list[Json]:
    """Everything that is published of an engagement, in order."""
    process = _Process(stream)
    found = (_release(process, told) for told in history if not isinstance(told.event, INTERNAL))
    return [each for each in found if each is not None]


def _release(process: _Process, told: Told) -> Json | None:  # noqa: PLR0911 - one case an event
    event = told.event
    match event:
        case Awarded() | Offered():
            return _given(process, told, event)
        case Reassigned():
            return _reassigned(process, told, event)
        case Accepted(at=at):
            process.signed = process.awards
            signed = {
                "id": process.contract,
                "awardID": process.award,
                "title": process.title,
                "status": "active",
                "dateSigned": moment(at),
                "value": process.value,
            }
            award = {"id": process.award, "status": "active"}
            return process.release(told, ("awardUpdate", "contract"), awards=[award], contracts=[signed])
        case Declined():
            award = {"id": process.award, "status": "unsuccessful"}
            return process.release(told, ("awardUpdate",), awards=[award])
        case Started(at=at):
            return _contract(process, told, period={"startDate": moment(at)})
        case Finished(at=at):
            return _contract(process, told, status="terminated", period={"endDate": moment(at)})
        case Cancelled():
            return _cancelled(process, told)
        case PaidOut(at=at, amount_fen=fen):
            paid = {
                "id": f"{process.contract}-payment-1",
                "date": moment(at),
                "value": money(fen, str(process.value["currency"])),
                "payee": process.supplier,
            }
            return _contract(process, told, tag="implementation", implementation={"transactions": [paid]})
        case _:
            return None


def _given(process: _Process, told: Told, event: Awarded | Offered) -> Json:
    process.value = money(event.value_fen, event.currency)
    process.title = f"{event.title}({_ITEMS[event.item]})"
    party = told.party or Party(event.vendor, event.vendor)
    award = process.given_to(party, told, event.basis, "active" if isinstance(event, Awarded) else "pending")
    belongs: Json = {
        "id": "1",
        "relationship": ["framework"],
        "scheme": "ocid",
        "identifier": ocid_of(event.category),
    }
    return process.release(
        told, ("award",), parties=[party.party("supplier")], awards=[award], relatedProcesses=[belongs]
    )


def _reassigned(process: _Process, told: Told, event: Reassigned) -> Json:
    """The former award, and its contract, end; the other company gets a new one."""
    former: Json = {"id": process.award, "status": "cancelled"}
    ended = [process.ended] if process.under_contract else []
    party = told.party or Party(event.vendor, event.vendor)
    award = process.given_to(party, told, event.basis, "active")
    content: dict[str, Any] = {"contracts": ended} if ended else {}
    tag = ("award", "awardCancellation", *(("contractTermination",) if ended else ()))
    return process.release(told, tag, parties=[party.party("supplier")], awards=[former, award], **content)


def _cancelled(process: _Process, told: Told) -> Json:
    award = {"id": process.award, "status": "cancelled"}
    if not process.under_contract:
        return process.release(told, ("awardCancellation",), awards=[award])
    tag = ("awardCancellation", "contractTermination")
    return process.release(told, tag, awards=[award], contracts=[process.ended])


def _contract(process: _Process, told: Told, tag: str = "contractUpdate", **change: object) -> Json:
    return process.release(told, (tag,), contracts=[{"id": process.contract, "awardID": process.award, **change}])


def scheme_releases(category: str, versions: Sequence[Version]) -> list[Json]:
    """Everything that is published of the admission scheme of a category, in order: who may apply, by which rules."""
    found: list[Json] = []
    for number, version in enumerate(versions, 1):
        rules = version.document
        dimensions = "；".join(
            f"{_DIMENSIONS[each.key]}占{each.weight}%，最低{each.minimum}分" for each in rules.dimensions
        )
        tender: Json = {
            "id": category,
            "title": f"供应商准入：{CHINESE.get(category, category)}",
            "description": f"准入规则第{number}版，资格有效{rules.validity}个月",
            "status": "active",
            "procurementMethod": "selective",
            "procurementMethodDetails": "供应商准入名单（资格预审）",
            "mainProcurementCategory": "services",
            "eligibilityCriteria": f"{dimensions}；总分{rules.pass_mark}分合格",
            "submissionMethod": ["electronicSubmission"],
            "tenderPeriod": {"startDate": moment(version.counts_from)},
        }
        tag = "tender" if number == 1 else "tenderUpdate"
        found.append(release(ocid_of(category), number, version.at, (tag,), tender=tender))
    return found


def allowed_by(basis: Basis) -> str:
    """By what a company was allowed this, for people."""
    if basis.kind == "waiver":
        return f"依据应急豁免第{basis.number}号"
    return f"依据准入资格第{basis.number}号(准入规则第{basis.scheme_version}版)"

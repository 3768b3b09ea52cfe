"""A concession agreement: somebody builds and runs something for a community, for years, at shared benefit and risk.

    unknown -> signed <-> (amended) -> ended, by somebody or because its term is over

    milestone: open -> submitted -> confirmed
                 ^         |            its due moment passes while it is open: missed, once, at that very moment
                 └ rejected┘            evidence may come late, and stays marked so

政府和社会资本合作新机制 (国办函〔2023〕115号) and 特许经营管理办法 want roles, shares of benefit and risk, and proof of
what was done in writing. A version is never changed: the next one counts from then on, and what was confirmed stays
confirmed. It exposes the city for years: signing it, and amending it so that the vendor has more, asks the one decision
about exposure. Which categories of work it takes is not said in it, so no qualification is asked for.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from domain.concession.history import Concession, Progress, evolve
from domain.concession.messages import (
    Amend,
    Amended,
    ConcessionCommand,
    ConcessionEvent,
    Confirm,
    Confirmed,
    Contract,
    End,
    Ended,
    EvidenceSubmitted,
    Missed,
    Reject,
    Rejected,
    Sign,
    Signed,
    SubmitEvidence,
)
from domain.concession.widening import widens
from domain.decider import Ask, Decider, Due, Elapse, Refused, Whose
from domain.engaging import exposure
from domain.parties import area, organisation

__all__ = [
    "AgreementKeyTwice",
    "AlreadyConfirmed",
    "AlreadySigned",
    "Amend",
    "Concession",
    "ConcessionCommand",
    "ConcessionEnded",
    "ConcessionEvent",
    "ConcessionNotSigned",
    "Confirm",
    "ConfirmedStands",
    "End",
    "MilestoneOutsideTerm",
    "MilestoneUnknown",
    "MomentHasPassed",
    "NothingSubmitted",
    "ObligationUnknown",
    "OnePartyOnly",
    "PartyNotRegistered",
    "Reject",
    "SharesDoNotSum",
    "Sign",
    "SubmitEvidence",
    "TermEndsBeforeItBegins",
    "agenda",
    "decide",
    "decider",
    "evolve",
    "whose",
]

_WHOLE = 100
TERM_OVER = "term_over"


class ConcessionNotSigned(Refused):
    """There is no such concession agreement."""


class AlreadySigned(Refused):
    """This concession agreement is signed already, with other terms."""


class ConcessionEnded(Refused):
    """This concession agreement has ended."""


class OnePartyOnly(Refused):
    """Nobody signs an agreement with itself."""


class PartyNotRegistered(Refused):
    """A party of the agreement is not a registered organisation that is open."""


class TermEndsBeforeItBegins(Refused):
    """The term of an agreement ends after it begins."""


class MilestoneOutsideTerm(Refused):
    """A milestone is due within the term of the agreement."""


class AgreementKeyTwice(Refused):
    """The agreement says the same milestone, obligation or share twice."""


class ObligationUnknown(Refused):
    """A milestone names an obligation that the agreement does not know."""


class SharesDoNotSum(Refused):
    """The shares of each benefit and of each risk must come to 100 per cent."""


class ConfirmedStands(Refused):
    """A milestone that was confirmed cannot be changed or left out."""


class MomentHasPassed(Refused):
    """A change of the agreement cannot set a moment that has passed already."""


class MilestoneUnknown(Refused):
    """The agreement has no such milestone."""


class AlreadyConfirmed(Refused):
    """This milestone is confirmed already."""


class NothingSubmitted(Refused):
    """No evidence waits to be looked at for this milestone."""


class _Story:
    """A decision in the making."""

    __slots__ = ("concession", "events")

    def __init__(self, concession: Concession) -> None:
        self.concession = concession
        self.events: list[ConcessionEvent] = []

    def tell(self, event: ConcessionEvent) -> None:
        """One more fact."""
        self.events.append(event)
        self.concession = evolve(self.concession, event)

    def settle(self, until: datetime, *, inclusive: bool = False) -> None:
        """Tell what came due before a moment (or, `inclusive`, right then), each at its own."""
        while (due := agenda(self.concession)) is not None and (due.at < until or (inclusive and due.at == until)):
            if due.label == TERM_OVER:
                self.tell(Ended(at=due.at, reason="term_over"))
            else:
                self.tell(Missed(at=due.at, milestone=due.label.partition("/")[2]))


def agenda(concession: Concession) -> Due | None:
    """The next milestone that will be missed, or else the end of the term."""
    if not concession.running or concession.contract is None:
        return None
    dues = [Due(each.due, f"missed/{each.key}") for each in concession.progress if each.waits]
    return min([*dues, Due(concession.contract.ends, TERM_OVER)], key=lambda due: (due.at, due.label == TERM_OVER))


def decide(command: ConcessionCommand, concession: Concession, ask: Ask) -> Sequence[ConcessionEvent]:
    """First what came due before the command, then what it asks for."""
    if isinstance(command, Sign):
        return _sign(command, concession, ask)
    story = _Story(concession)
    story.settle(command.at, inclusive=isinstance(command, Elapse))
    if isinstance(command, Elapse):
        return story.events
    if concession.signed_at is None:
        raise ConcessionNotSigned
    match command:
        case Amend():
            _amend(command, story, ask)
        case SubmitEvidence():
            _submit(command, story)
        case Confirm():
            _confirm(command, story)
        case Reject():
            _reject(command, story)
        case End(at=at, reason=reason):
            if story.concession.running:
                story.tell(Ended(at=at, reason=reason))
    return story.events


def whose(stream: UUID, concession: Concession, command: ConcessionCommand | None) -> Whose:
    """An agreement concerns its two parties and its area; evidence is the vendor's to hand in, and others judge it."""
    del stream
    said = command if isinstance(command, Sign) else concession
    if isinstance(command, SubmitEvidence):
        return Whose(organisations=(concession.vendor,) if concession.vendor else ())
    grantor = "" if isinstance(command, Confirm | Reject) else said.grantor
    parties = tuple(organisation.id_of(each) for each in (said.vendor, grantor) if each)
    return Whose(organisations=parties, areas=(said.area,) if said.area else ())


def _sign(command: Sign, concession: Concession, ask: Ask) -> Sequence[ConcessionEvent]:
    grantor, vendor = organisation.id_of(command.grantor), organisation.id_of(command.vendor)
    contract = command.contract
    if concession.signed_at is not None:
        known = (concession.grantor, concession.vendor, concession.area, concession.contract)
        if known != (grantor, vendor, command.area, contract):
            raise AlreadySigned
        return []
    if grantor == vendor:
        raise OnePartyOnly
    for party in (grantor, vendor):
        _must_be_registered(party, ask)
    area.must_be_open(command.area, ask)
    _must_make_sense(contract)
    _must_be_allowed(ask, vendor, command.area, command.at)
    return [Signed(at=command.at, grantor=grantor, vendor=vendor, area=command.area, contract=contract)]


def _must_be_allowed(ask: Ask, vendor: str, area_code: str, at: datetime) -> None:
    wanted = exposure.Wanted(vendor=vendor, what="award", category="", area=area_code, at=at)
    exposure.must_be_unrestrained(ask, wanted)


def _must_be_registered(party: str, ask: Ask) -> None:
    try:
        known = ask(organisation.decider, UUID(party))
    except ValueError:
        raise PartyNotRegistered(party=party) from None
    if not known.open:
        raise PartyNotRegistered(party=party)


def _must_make_sense(contract: Contract) -> None:
    if contract.ends <= contract.begins:
        raise TermEndsBeforeItBegins
    obligations = [each.key for each in contract.obligations]
    milestones = [each.key for each in contract.milestones]
    shares = [(each.of, each.key, each.party) for each in contract.shares]
    for keys in (obligations, milestones, shares):
        if len(set(keys)) != len(keys):
            raise AgreementKeyTwice
    for milestone in contract.milestones:
        if not contract.begins <= milestone.due <= contract.ends:
            raise MilestoneOutsideTerm(milestone=milestone.key)
        for strange in set(milestone.obligations) - set(obligations):
            raise ObligationUnknown(milestone=milestone.key, obligation=strange)
    for of, key in {(each.of, each.key) for each in contract.shares}:
        total = sum(each.percent for each in contract.shares if (each.of, each.key) == (of, key))
        if total != _WHOLE:
            raise SharesDoNotSum(of=of, key=key, sum=total)


def _amend(command: Amend, story: _Story, ask: Ask) -> None:
    before, contract = story.concession, command.contract
    if not before.running or before.contract is None:
        raise ConcessionEnded
    if contract == before.contract:
        return
    _must_make_sense(contract)
    known = {each.key: each for each in before.contract.milestones}
    new = {each.key: each for each in contract.milestones}
    for each in before.progress:
        if each.status == "confirmed" and new.get(each.key) != known[each.key]:
            raise ConfirmedStands(milestone=each.key)
    for milestone in contract.milestones:
        same = milestone.key in known and known[milestone.key].due == milestone.due
        if not same and milestone.due <= command.at:
            raise MomentHasPassed(milestone=milestone.key)
    if contract.ends <= command.at:
        raise MomentHasPassed
    if widens(before.contract, contract):
        _must_be_allowed(ask, before.vendor, before.area, command.at)
    story.tell(Amended(at=command.at, version=before.version + 1, contract=contract))


def _submit(command: SubmitEvidence, story: _Story) -> None:
    known = _must_have(command.milestone, story.concession)
    if known.status == "confirmed":
        raise AlreadyConfirmed(milestone=known.key)
    if any(each.sha256 == command.sha256 and not each.rejected for each in known.evidence):
        return
    story.tell(
        EvidenceSubmitted(
            at=command.at,
            by=command.by,
            number=story.concession.evidence + 1,
            milestone=known.key,
            sha256=command.sha256,
            note=command.note,
            late=known.missed_at is not None or command.at > known.due,
        )
    )


def _confirm(command: Confirm, story: _Story) -> None:
    known = _must_have(command.milestone, story.concession)
    if known.status == "confirmed":
        return
    if known.status != "submitted":
        raise NothingSubmitted(milestone=known.key)
    proof = tuple(each.number for each in known.evidence if not each.rejected)
    story.tell(Confirmed(at=command.at, by=command.by, milestone=known.key, evidence=proof))


def _reject(command: Reject, story: _Story) -> None:
    known = _must_have(command.milestone, story.concession)
    if known.status != "submitted":
        raise NothingSubmitted(milestone=known.key)
    story.tell(Rejected(at=command.at, by=command.by, milestone=known.key, reason=command.reason, note=command.note))
    story.settle(command.at)  # a due moment that only this evidence had kept from being missed


def _must_have(milestone: str, concession: Concession) -> Progress:
    known = concession.of(milestone)
    if known is None:
        raise MilestoneUnknown(milestone=milestone)
    return known


decider: Decider[ConcessionCommand, Concession, ConcessionEvent] = Decider(
    name="concession",
    initial=Concession(),
    decide=decide,
    evolve=evolve,
    commands=(Sign, Amend, SubmitEvidence, Confirm, Reject, End, Elapse),
    events=(Signed, Amended, EvidenceSubmitted, Confirmed, Rejected, Missed, Ended),
    agenda=agenda,
    whose=whose,
)

"""A city whose history is made up: the real lifecycles in one world, commands in any order, time that goes on.

What is drawn is mostly sensible, so that histories get somewhere; a part of it is late, repeated, or makes no sense.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import count
from random import Random
from typing import Any, NamedTuple
from uuid import UUID

from msgspec.structs import replace

from domain import work_order
from domain.admission import admission_scheme, qualification, vendor, waiver
from domain.admission.qualification import Condition, Paper
from domain.admission.what import What
from domain.concession import agreement
from domain.concession.messages import Amend, Contract, Sign
from domain.decider import Command, Elapse, Event, Lifecycle, Refused, tag_of
from domain.engaging import engagement
from domain.evaluation import rating_scheme, standing
from domain.evaluation.evidence import EvidenceKind
from domain.evaluation.rating_rules import Tier
from domain.lifecycles import AnyDecider
from domain.parties import area, organisation, person
from domain.restraint import debarment, sanction, screening
from tests.domain import trade
from tests.domain.admission.qualifying import LASTING, LICENCE, RULES, SAFETY, accept, scores
from tests.domain.evaluation import rated
from tests.domain.small_town import AREAS, WILLOWS

BEGINS = datetime(2026, 3, 2, 1, tzinfo=UTC)
DISTRICT = WILLOWS[:6]
PLACES = ("", DISTRICT, WILLOWS)
CATEGORIES = ("parking", "housekeeping")
VENDORS = (trade.VENDOR, str(organisation.stream(trade.OTHER_CODE)))
STRANGER = "fixit"
GRANTOR = UUID(int=0x6A)
EVERYTHING: tuple[What, ...] = ("award", "offer", "accept", "pay_out", "work")
ENTRIES = ("1", "2")


class Recorded(NamedTuple):
    """An event, where it belongs, and when it became known."""

    stream: UUID
    event: Event
    known_at: datetime


class City:
    """All streams by their events. `check` is told of every event before it is appended."""

    def __init__(self, random: Random, check: Callable[["City", UUID, Event], None]) -> None:
        self.random = random
        self.now = BEGINS
        self.past: dict[UUID, list[Event]] = {}
        self.log: list[Recorded] = []
        self.told = Counter[str]()
        self.refused = Counter[str]()
        self.engagements: list[UUID] = []
        self.orders: list[UUID] = []
        self.concessions: list[UUID] = []
        self._states: dict[UUID, Any] = {}
        self._deciders: dict[UUID, AnyDecider] = {}
        self._check = check
        self._ids = count(1)

    def __call__(self, lifecycle: Lifecycle[Any], stream: UUID, /) -> Any:
        """What a decision is told when it asks."""
        return self._states.get(stream, lifecycle.initial)

    def events(self, stream: UUID) -> Sequence[Any]:
        """What has happened to a stream so far."""
        return self.past.get(stream, ())

    def new_id(self) -> UUID:
        """An id that nothing has yet."""
        return UUID(int=0xC17 << 64 | next(self._ids))

    def do(self, decider: AnyDecider, stream: UUID, command: Command) -> bool:
        """Decide, and append what comes of it. Whether anything did."""
        try:
            told = decider.decide(command, self(decider, stream), self)
        except Refused as no:
            self.refused[f"{decider.name}.{tag_of(command)} {no.code}"] += 1
            return False
        self._deciders[stream] = decider
        for event in told:
            self._check(self, stream, event)
            self.past.setdefault(stream, []).append(event)
            self._states[stream] = decider.evolve(self(decider, stream), event)
            self.log.append(Recorded(stream, event, self.now))
            self.told[tag_of(event)] += 1
        return bool(told)

    # What there is from the beginning ---------------------------------------------------------------------------------

    def found(self) -> None:  # noqa: C901 - one after the other
        """Areas, people, organisations, mostly also schemes and vendors who are verified."""
        for known in AREAS:
            place = area.Register(at=self.now, code=known.code, name=known.name)
            self.do(area.decider, area.stream(known.code), place)
        for who in trade.PEOPLE:
            self.do(person.decider, who, person.Register(at=self.now, name="Bo"))
        for code in (trade.CODE, trade.OTHER_CODE):
            company = organisation.Register(at=self.now, name="明达水电", kinds=("vendor",), credit_code=code)
            self.do(organisation.decider, organisation.stream(code), company)
        town = organisation.Register(at=self.now, name="翠苑街道办", kinds=("residents_committee",))
        self.do(organisation.decider, GRANTOR, town)
        for category in CATEGORIES:
            if self.chance(0.9):
                self.publish_scheme(category)
        if self.chance(0.8):
            self.publish_ratings()
        for each, code in zip(VENDORS, (trade.CODE, trade.OTHER_CODE), strict=True):
            if self.chance(0.9):
                register = replace(trade.REGISTER, at=self.now, vendor=each, credit_code=code)
                self.do(vendor.decider, vendor.stream(each), register)
            if self.chance(0.9):
                self.verify(each)
            for category in CATEGORIES:
                if self.chance(0.7):
                    self.qualify(each, category, self.random.choice(PLACES))

    # What happens -----------------------------------------------------------------------------------------------------

    def go_on(self) -> None:
        """Some time passes, and something happens."""
        minutes = self.random.choice((0, 1, 30, 240, 1440, 1440, 4320, 10_000))
        self.now += timedelta(minutes=self.random.randrange(minutes + 1))
        step = self.random.choices(_STEPS, weights=_WEIGHTS)[0]
        step(self)

    def chance(self, of: float) -> bool:
        return self.random.random() < of

    @property
    def at(self) -> datetime:
        """Now; sometimes earlier, as somebody tells it late."""
        if self.chance(0.9):
            return self.now
        return self.now - timedelta(minutes=self.random.randrange(20_000))

    def someone(self) -> str:
        return self.random.choice(VENDORS)

    def work(self) -> tuple[str, str]:
        """Category and area."""
        return self.random.choice(CATEGORIES), self.random.choice((WILLOWS, WILLOWS, DISTRICT, ""))

    def clock(self) -> None:
        """The clock wakes somebody, in time, late, or not at all."""
        waiting = [stream for stream, decider in self._deciders.items() if decider.agenda(self._states[stream])]
        if not waiting:
            return
        stream = self.random.choice(waiting)
        decider = self._deciders[stream]
        due = decider.agenda(self._states[stream])
        assert due is not None
        if due.at <= self.now:
            self.do(decider, stream, Elapse(label=due.label, at=self.random.choice((due.at, self.now))))

    def publish_scheme(self, category: str = "") -> None:
        category = category or self.random.choice(CATEGORIES)
        rules = replace(
            RULES,
            levels=self.random.choice((1, 2)),
            validity=self.random.choice((1, 2, 6)),
            renewal_opens=20,
            pass_mark=self.random.choice((50, 60)),
        )
        publish = admission_scheme.Publish(at=self.now, category=category, document=rules)
        self.do(admission_scheme.decider, admission_scheme.stream(category), publish)

    def publish_ratings(self) -> None:
        publish = rating_scheme.Publish(
            at=self.now, key=rating_scheme.VENDORS, counts_from=self.now, rules=self.random.choice(_RATINGS)
        )
        self.do(rating_scheme.decider, rating_scheme.stream(rating_scheme.VENDORS), publish)

    def verify(self, who: str = "") -> None:
        who = who or self.someone()
        stream = vendor.stream(who)
        number = sum(isinstance(each, vendor.Registered | vendor.Declared) for each in self.events(stream))
        accepted = self.chance(0.9)
        verify = vendor.Verify(
            at=self.now, declaration=max(1, number), accepted=accepted, reason=None if accepted else "name_differs"
        )
        self.do(vendor.decider, stream, verify)

    def declare(self) -> None:
        who = self.someone()
        declare = vendor.Declare(at=self.now, account=self.random.choice(("6222000000000001", "6222000000000002")))
        self.do(vendor.decider, vendor.stream(who), declare)
        if self.chance(0.7):
            self.now += timedelta(minutes=self.random.randrange(600))
            self.verify(who)

    def qualify(self, who: str = "", category: str = "", place: str = "") -> None:
        """A case from the beginning to its end, or to where it gets stuck."""
        if not who:
            who, category, place = self.someone(), self.random.choice(CATEGORIES), self.random.choice(PLACES)
        stream = qualification.stream(who, category, place)
        short = replace(SAFETY, valid_until=(self.now + timedelta(days=self.random.randrange(1, 60))).date())
        papers: tuple[Paper, ...] = (LICENCE, self.random.choice((LASTING, LASTING, short)))
        submit = qualification.Submit(
            at=self.now,
            by="lin",
            vendor=who,
            category=category,
            area=place,
            answers=(qualification.Answer("capital", 600_000_000),),
            documents=papers,
        )
        known = len(self(qualification.decider, stream).documents)
        conditions: tuple[Condition, ...] = ()
        if self.chance(0.3):
            days = self.random.randrange(1, 40)
            conditions = (Condition("fence", "安装围栏", self.now + timedelta(days=days)),)
        decide = qualification.Decide(
            at=self.now, by="head", outcome="grant_conditionally" if conditions else "grant", conditions=conditions
        )
        steps: list[Command] = [
            submit,
            accept(self.now, known + 1),
            accept(self.now, known + 2),
            qualification.AssignReviewers(at=self.now, by="desk", reviewers=("ren", "shi")),
            *(qualification.GiveScore(at=self.now, by=each, scores=scores()) for each in ("ren", "shi")),
            decide,
            replace(decide, by="deputy", conditions=()),
        ]
        for step in steps:
            if self.chance(0.02):
                break
            self.do(qualification.decider, stream, replace(step, at=self.now))
            self.now += timedelta(minutes=self.random.choice((0, 0, 5, 300)))

    def look_after_grants(self) -> None:
        """Meet a condition, or take something back."""
        files = [
            qualification.stream(who, category, place) for who in VENDORS for category in CATEGORIES for place in PLACES
        ]
        to_meet = [each for each in files if self(qualification.decider, each).status == "conditional"]
        stream = self.random.choice(to_meet if to_meet and self.chance(0.7) else files)
        if self.chance(0.6):
            evidence = qualification.SubmitEvidence(at=self.now, by="lin", condition="fence", files=("ab" * 32,))
            self.do(qualification.decider, stream, evidence)
            clear = qualification.ClearCondition(at=self.now, by="desk", condition="fence")
            self.do(qualification.decider, stream, clear)
            return
        for _ in range(self.random.choice((1, 1, 2))):
            some = self.random.choice(((), (), (WILLOWS,)))
            revoke = qualification.Revoke(at=self.at, by="head", reason="safety", areas=some)
            self.do(qualification.decider, stream, revoke)
            self.now += timedelta(minutes=self.random.choice((1, 600)))
        if self.chance(0.5):
            self.contest(stream)

    def contest(self, stream: UUID) -> None:
        """What was taken back is contested, and mostly set right by others."""
        appeal = qualification.Appeal(at=self.now, by="lin", reason="facts_wrong", position=0)
        others = ("qin", "wu")
        steps: list[Command] = [
            appeal,
            qualification.AssignReviewers(at=self.now, by="head", reviewers=others),
            *(qualification.GiveScore(at=self.now, by=each, scores=scores()) for each in others),
            *(qualification.Decide(at=self.now, by=each, outcome="grant") for each in ("third", "fourth")),
        ]
        for step in steps:
            if self.chance(0.02):
                return
            self.do(qualification.decider, stream, step)

    def waive(self) -> None:
        who, category = self.someone(), self.random.choice(CATEGORIES)
        stream = waiver.stream(who, category)
        known = self(waiver.decider, stream).all
        waits = bool(known) and known[-1].status == "proposed"
        match self.random.randrange(4) if waits else self.random.choice((0, 0, 3)):
            case 0:
                single = self.chance(0.5)
                propose = waiver.Propose(
                    at=self.now,
                    vendor=who,
                    category=category,
                    reason="public_safety",
                    text="道闸失控",
                    what=self.random.choice((EVERYTHING, EVERYTHING[:2])),
                    until=self.now + timedelta(days=self.random.randrange(1, 91)),
                    area=self.random.choice(PLACES),
                    single_use=single,
                    by="anna",
                )
                self.do(waiver.decider, stream, propose)
            case 1 | 2:
                self.do(waiver.decider, stream, waiver.Sign(at=self.now, number=max(1, len(known)), by="bo"))
            case _:
                number = self.random.randrange(1, len(known) + 2)
                revoke = waiver.Revoke(at=self.at, number=number, reason="emergency_over")
                self.do(waiver.decider, stream, revoke)

    def rate(self) -> None:
        """Evidence of a month, good or bad; or a month is closed."""
        who = self.someone()
        month = f"{self.now.astimezone(debarment.ZONE):%Y-%m}"
        if self.chance(0.3):
            before = f"{self.now.astimezone(debarment.ZONE).replace(day=1) - timedelta(days=1):%Y-%m}"
            close = standing.ClosePeriod(at=self.now, vendor=who, period=before)
            self.do(standing.decider, standing.stream(who), close)
            return
        kept: tuple[EvidenceKind, ...] = ("sla_kept", "sla_kept")
        broken: tuple[EvidenceKind, ...] = ("sla_breached", "sla_breached")
        done: tuple[EvidenceKind, ...] = ("work_done", "work_done")
        kinds = self.random.choice((broken, kept, done))
        for kind in kinds:
            name = f"{kind}-{month}-{self.random.randrange(9)}"
            note = standing.Note(
                at=self.now,
                vendor=who,
                id=name,
                kind=kind,
                happened_at=self.now - timedelta(minutes=self.random.choice((1, 1, 40_000))),
                withdrawn=self.chance(0.1),
            )
            self.do(standing.decider, standing.stream(who), note)

    def restrain(self) -> None:
        who = self.someone()
        stream = sanction.stream(who)
        known = self(sanction.decider, stream).all
        until = self.now + timedelta(days=self.random.randrange(1, 40))
        reach: dict[str, Any] = {
            "categories": self.random.choice(((), (), CATEGORIES[:1])),
            "areas": self.random.choice(((), (), (WILLOWS,), (DISTRICT,))),
        }
        said: dict[str, Any] = {"at": self.at, "vendor": who, "by": "lin", "reason": "quality", "text": "三次返修"}
        if self.chance(0.5):
            open_end = self.random.choice((None, until))
            self.do(sanction.decider, stream, sanction.Suspend(**said, **reach, until=open_end))
        elif self.chance(0.3):
            self.do(sanction.decider, stream, sanction.Blacklist(**said, **reach, until=until))
        elif known:
            number = self.random.randrange(1, len(known) + 1)
            for command in self.random.choice(
                (
                    [sanction.Lift(at=self.now, by="lin", number=number, reason="remedied")],
                    [
                        sanction.Appeal(at=self.now, by="lin", number=number, grounds="", position=0),
                        sanction.Overturn(at=self.now, by="xu", number=number, finding="不成立"),
                    ],
                )
            ):
                self.do(sanction.decider, stream, command)

    def debar(self) -> None:
        """A list, and who is found on it."""
        entry = self.random.choice(ENTRIES)
        stream = debarment.stream("city", entry)
        match self.random.randrange(5):
            case 0 | 1:
                until = self.random.choice((None, (self.now + timedelta(days=self.random.randrange(60))).date()))
                listed = debarment.List(
                    at=self.now,
                    list_key="city",
                    entry_key=entry,
                    name="明达水电有限公司",
                    listed_on=date(2026, 3, 1),
                    source="市财政局",
                    until=until,
                )
                self.do(debarment.decider, stream, listed)
            case 2:
                self.do(debarment.decider, stream, debarment.Delist(at=self.now, reason="gone_from_list"))
            case _:
                self.screen(entry, stream)

    def screen(self, entry: str, stream: UUID) -> None:
        who = self.someone()
        edition = self(debarment.decider, stream).edition
        how: Any = self.random.choice(("code", "name", "alike"))
        match = screening.Match(
            entry=str(stream), edition=edition, list_key="city", entry_key=entry, how=how, name="明达水电"
        )
        found = (match,) if edition and self.chance(0.8) else ()
        record = screening.Record(at=self.now, vendor=who, name="明达水电", matches=found)
        self.do(screening.decider, screening.stream(who), record)
        if self.chance(0.6):
            self.now += timedelta(minutes=self.random.randrange(600))
            judge: Command = (
                screening.Confirm(at=self.now, by="lin", entry=str(stream), reason="same_code")
                if self.chance(0.4)
                else screening.Dismiss(at=self.now, by="lin", entry=str(stream), reason="other_code")
            )
            self.do(screening.decider, screening.stream(who), judge)

    # What exposes -----------------------------------------------------------------------------------------------------

    def engage(self) -> None:
        """Award or offer something to somebody."""
        who, (category, place) = self.someone(), self.work()
        kind = engagement.Award if self.chance(0.6) else engagement.Offer
        numbers = [each.number for each in self(waiver.decider, waiver.stream(who, category)).all if each.single_use]
        number = self.random.choice(numbers) if numbers and self.chance(0.5) else 0
        stream = engagement.stream_of(who, category, number) if number else self.new_id()
        command = kind(
            at=self.at,
            vendor=self.random.choice((who, who, who.upper())),
            category=category,
            item="job",
            title=f"第{self.random.randrange(2)}件",
            value_fen=self.random.choice((1, 50_000, 50_000, 900_000)),
            area=place,
            waiver=number,
        )
        if self.do(engagement.decider, stream, command):
            self.engagements.append(stream)

    def carry_on(self) -> None:
        """The next step of an engagement, mostly."""
        if not self.engagements:
            return
        stream = self.random.choice(self.engagements[-6:])
        state = self(engagement.decider, stream)
        numbers = [each.number for each in self(sanction.decider, sanction.stream(state.vendor)).all]
        at = self.at
        onward: dict[str, Command] = {
            "awarded": engagement.Accept(at=at),
            "offered": engagement.Accept(at=at),
            "accepted": engagement.Start(at=at),
            "started": engagement.Finish(at=at),
            "finished": engagement.PayOut(at=at),
        }
        others: list[Command] = [
            *onward.values(),
            *[engagement.Reassign(at=at, vendor=each, reason="quality") for each in VENDORS * 3],
            engagement.Hold(at=at, reason=self.random.choice(("dispute", "sanction"))),
            engagement.Release(at=at),
            *[engagement.Keep(at=at, sanction=str(each)) for each in (numbers or [1]) * 2],
        ]
        if self.chance(0.1):
            others += [engagement.Cancel(at=at, reason="mistake"), engagement.Decline(at=at, reason="terms")]
        if numbers and self.chance(0.1):  # what a suspension meets is kept, and another one comes
            self.do(engagement.decider, stream, engagement.Keep(at=at, sanction=str(numbers[0])))
            if self.chance(0.5):
                again = sanction.Suspend(at=at, vendor=state.vendor, by="lin", reason="safety", text="事故")
                self.do(sanction.decider, sanction.stream(state.vendor), again)
        command = onward.get(state.status) if self.chance(0.6) else None
        self.do(engagement.decider, stream, command or self.random.choice(others))

    def order(self) -> None:
        """A work order, given to a vendor or to somebody else, or from one to the other."""
        spelled = self.random.choice((str, str, str.upper, " {} ".format, "urn:uuid:{}".format))
        company = spelled(self.random.choice((*VENDORS, *VENDORS, STRANGER)))
        if self.orders and self.chance(0.4):
            over = work_order.HandOver(at=self.at, company=company, reason="needs a welder")
            self.do(work_order.decider, self.random.choice(self.orders[-5:]), over)
            return
        stream, category = self.new_id(), self.random.choice((*CATEGORIES, "door"))
        report = work_order.Report(
            at=self.now - timedelta(days=20),
            community=WILLOWS,
            category=category,
            summary="x",
            channel="phone",
            reporter="r-1",
        )
        for command in (
            report,
            work_order.Triage(at=self.now - timedelta(days=20), priority=3),
            work_order.Assign(at=self.at, company=company),
        ):
            if not self.do(work_order.decider, stream, command):
                return
        self.orders.append(stream)

    def concede(self) -> None:
        """A concession is signed, or goes on for longer or shorter than was agreed."""
        if self.concessions and self.chance(0.5):
            stream = self.random.choice(self.concessions)
            known = self(agreement.decider, stream).contract
            contract = replace(known, ends=known.ends + timedelta(days=self.random.choice((-5, 10, 20))))
            self.do(agreement.decider, stream, Amend(at=self.at, contract=contract))
            return
        stream = self.new_id()
        contract = Contract(begins=self.now, ends=self.now + timedelta(days=200), sha256="ab" * 32)
        who = self.random.choice((str, str.upper))(self.someone())
        place = self.random.choice((WILLOWS, DISTRICT))
        sign = Sign(at=self.at, grantor=str(GRANTOR), vendor=who, area=place, contract=contract)
        if self.do(agreement.decider, stream, sign):
            self.concessions.append(stream)

    def close_organisation(self) -> None:
        """One changes its name, mostly back again; hardly ever one is closed."""
        stream = UUID(self.someone())
        if self.chance(0.03):
            self.do(organisation.decider, stream, organisation.Close(at=self.now, reason="merged"))
        else:
            for name in ("新名", "明达水电"):
                self.do(organisation.decider, stream, organisation.Rename(at=self.now, name=name))
                if self.chance(0.5):
                    self.engage()


_STRICT = rated.RULES
_LAX = replace(rated.RULES, tiers=(Tier(largest_award_fen=None),))
_RATINGS = (_STRICT, _LAX)
_WEIGHED: dict[Callable[[City], None], int] = {
    City.clock: 12,
    City.publish_scheme: 1,
    City.publish_ratings: 1,
    City.declare: 2,
    City.verify: 2,
    City.qualify: 8,
    City.look_after_grants: 5,
    City.waive: 12,
    City.rate: 5,
    City.restrain: 5,
    City.debar: 7,
    City.engage: 18,
    City.carry_on: 45,
    City.order: 10,
    City.concede: 4,
    City.close_organisation: 1,
}
_STEPS = tuple(_WEIGHED)
_WEIGHTS = tuple(_WEIGHED.values())

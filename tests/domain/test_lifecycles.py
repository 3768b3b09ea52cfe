"""What is true of every lifecycle: its past leads to its present, is readable for ever, and its clock comes to rest."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from random import Random
from typing import Any, cast
from uuid import UUID

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from domain import lifecycles, service_agreement, work_calendar, work_order
from domain.admission import admission_scheme, qualification, vendor, waiver
from domain.decider import Command, Elapse, Event, Refused, tag_of
from domain.engaging import engagement
from domain.evaluation import rating_scheme, standing
from domain.lifecycles import AnyDecider
from domain.parties import area, organisation, person
from domain.restraint import fan_out, sanction
from domain.restraint.fan_out import Item
from tests.domain import trade
from tests.domain.admission import qualifying
from tests.domain.any_message import made_up
from tests.domain.engaging import engaged
from tests.domain.evaluation import rated
from tests.domain.small_town import AREAS, FOUND, LINES, agreed, on, published
from tests.scenario import Streams

ANNA = UUID(int=0xA77A)
FIXIT = UUID(int=0xF1817)
STORED = Path(__file__).parent / "stored_events.jsonl"
WORLD = Streams(
    {
        work_calendar.stream("office"): work_calendar.decider.fold([published]),
        service_agreement.stream(agreed.community): service_agreement.decider.fold([agreed]),
        **{area.stream(known.code): area.decider.fold([known]) for known in AREAS},
        rated.FIXIT: organisation.decider.fold([rated.registered]),
        rating_scheme.stream(rating_scheme.VENDORS): rating_scheme.decider.fold([rated.published]),
        ANNA: person.decider.fold([person.Registered(at=on(1), name="Anna")]),
        FIXIT: organisation.decider.fold([organisation.Registered(at=on(1), name="修得快", kinds=("vendor",))]),
        vendor.stream(trade.VENDOR): vendor.decider.fold([trade.REGISTERED, trade.VERIFIED]),
        admission_scheme.stream("parking"): admission_scheme.decider.fold([engaged.SCHEME]),
        waiver.stream(trade.VENDOR, "parking"): waiver.decider.fold([engaged.PROPOSED, engaged.SIGNED]),
        admission_scheme.stream("cameras"): admission_scheme.decider.fold([qualifying.PUBLISHED]),
        organisation.stream(trade.CODE): organisation.decider.fold([trade.COMPANY]),
        **{each: person.decider.fold([person.Registered(at=on(1), name="Bo")]) for each in trade.PEOPLE},
        sanction.stream(str(FIXIT)): sanction.decider.fold(
            [
                sanction.Suspended(
                    at=on(1), vendor=str(FIXIT), number=1, by="lin", reason="quality", text="三次返修不合格"
                )
            ]
        ),
    }
)
LIVES = [pytest.param(decider, id=decider.name) for decider in lifecycles.ALL]
State = Any  # of whatever lifecycle is looked at


Drawn = tuple[int, int, int]
"""Which command, with which content, so many minutes after the one before."""

drawn_command = st.tuples(st.integers(0, 9999), st.integers(0, 9999), st.integers(0, 2000))
histories = st.integers(0, 30).flatmap(lambda n: st.lists(drawn_command, min_size=n, max_size=n))
HARD_TO_MAKE_UP: dict[type[Command], Sequence[Command]] = {
    service_agreement.Publish: [
        service_agreement.Publish(at=on(2), community="garden", lines=lines) for lines in (LINES, LINES[:4])
    ],
    person.Relate: [person.Relate(at=on(2), to=str(ANNA), relation="child")],
    person.Unrelate: [person.Unrelate(at=on(2), to=str(ANNA))],
    sanction.Suspend: [
        sanction.Suspend(at=on(2), vendor=str(FIXIT), by="lin", reason="quality", text="三次返修不合格", until=until)
        for until in (None, on(12), on(28))
    ],
    sanction.Blacklist: [
        sanction.Blacklist(at=on(2), vendor=str(FIXIT), by="lin", reason="fraud", text="提供虚假材料", until=on(day))
        for day in (9, 19, 31)
    ],
    fan_out.Begin: [
        fan_out.Begin(at=on(2), vendor=str(FIXIT), sanction=1, items=(Item("engagement", one), Item("work_order", "3")))
        for one in ("1", "2")
    ],
    fan_out.Choose: [
        fan_out.Choose(at=on(2), by="lin", item=item, choice=choice, reason="safety", to="v-2")
        for item in ("1", "2", "3")
        for choice in ("keep", "reassign")
    ],
    fan_out.Settle: [
        fan_out.Settle(at=on(2), item=item, outcome=outcome)
        for item in ("1", "2", "3")
        for outcome in ("done", "refused")
    ],
    rating_scheme.Publish: [
        rating_scheme.Publish(at=on(2), key="vendors", counts_from=on(1, month=month), rules=rules)
        for month, rules in ((1, rated.RULES), (2, rated.STRICTER))
    ],
    standing.Note: [
        rated.note(kind, on(day, month=month), name=f"{kind}-{month}-{day}", withdrawn=withdrawn)
        for kind in ("sla_kept", "sla_breached", "work_done", "repeat_fault")
        for day, month in ((1, 1), (20, 2), (1, 3))
        for withdrawn in (False, True)
    ],
    standing.ClosePeriod: [
        standing.ClosePeriod(at=on(2), vendor=str(rated.FIXIT), period=period) for period in ("2026-01", "2026-02")
    ],
    waiver.Propose: [
        waiver.Propose(
            at=on(2),
            vendor=trade.VENDOR,
            category="lifts",
            reason="public_safety",
            text="电梯停运",
            what=("award",),
            until=until,
        )
        for until in (on(3), on(12), on(28))
    ],
    waiver.Sign: [waiver.Sign(at=on(2), number=number, by="bo") for number in range(1, 5)],
    waiver.Revoke: [waiver.Revoke(at=on(2), number=number, reason="mistake") for number in range(1, 5)],
    engagement.Award: [engaged.AWARD],
    engagement.Offer: [engaged.OFFER],
    work_order.Resolve: [work_order.Resolve(at=on(2), evidence=(FOUND,))],
    vendor.Register: [trade.REGISTER],
    vendor.Correct: [vendor.Correct(at=on(2), address=address) for address in ("", "文三路 2 号")],
    vendor.Declare: [trade.DECLARE, vendor.Declare(at=on(2), legal_representative=str(trade.AGENT))],
    vendor.Verify: [replace(trade.ACCEPT, declaration=number) for number in range(1, 6)],
    vendor.AddCertificate: [trade.CERTIFICATE, replace(trade.CERTIFICATE, number="2", kind="fire_safety")],
    vendor.WithdrawCertificate: [
        vendor.WithdrawCertificate(at=on(2), certificate=number, reason="replaced") for number in (1, 2)
    ],
    vendor.AddMember: [trade.ADD_MEMBER],
    admission_scheme.Publish: [
        admission_scheme.Publish(at=on(2), category="cameras", document=replace(qualifying.RULES, pass_mark=mark))
        for mark in (60, 65)
    ],
    qualification.Submit: [qualifying.submit(on(2)), qualifying.submit(on(2), papers=())],
    qualification.AddDocument: [
        qualification.AddDocument(at=on(2), by="lin", document=paper)
        for paper in (qualifying.SAFETY, qualifying.LASTING, qualifying.LICENCE)
    ],
    qualification.CheckDocument: [qualifying.accept(on(2), serial) for serial in (1, 2, 3)],
    qualification.AssignReviewers: [
        qualification.AssignReviewers(at=on(2), by="head", reviewers=named)
        for named in (("ren", "shi"), ("qin", "wu"), ("zhu",))
    ],
    qualification.GiveScore: [
        qualification.GiveScore(at=on(2), by=by, scores=qualifying.scores(plan=plan))
        for by, plan in (("ren", 80), ("shi", 75), ("qin", 80), ("wu", 80), ("shi", 10))
    ],
    qualification.Settle: [qualification.Settle(at=on(2), by="zhu", scores=qualifying.scores())],
    qualification.Decide: [
        qualifying.approve(on(2)),
        qualifying.approve(on(2), conditions=[qualifying.FENCE]),
        qualification.Decide(at=on(2), by="head", outcome="refuse", reasons=("other",)),
    ],
    qualification.SubmitEvidence: [
        qualification.SubmitEvidence(at=on(2), by="lin", condition="fence", files=("d4" * 32,))
    ],
    qualification.ClearCondition: [qualification.ClearCondition(at=on(2), by="desk", condition="fence")],
    qualification.Revoke: [
        qualification.Revoke(at=on(2), by="head", reason="safety", areas=areas) for areas in ((), ("330106001",))
    ],
    vendor.RemoveMember: [vendor.RemoveMember(at=on(2), person=str(trade.MECHANIC), reason="left")],
}
ENDS_TOO_MANY_HISTORIES = (work_order.Cancel, person.Erase)


def unfold(decider: AnyDecider, drawn: Sequence[Drawn], *, late_facts: bool = True) -> list[Command]:
    """Any commands, one after the other: mostly such as are allowed then (or no history would get far), some that are
    not, and some with a fact that comes in late.
    """
    state, commands, now = decider.initial, list[Command](), on(2)
    for choice, seed, minutes in drawn:
        now += timedelta(minutes=minutes)
        at = now - timedelta(hours=3) if late_facts and choice % 10 == 0 else now
        kinds = [kind for kind in decider.commands if kind not in ENDS_TOO_MANY_HISTORIES or seed % 10 == 0]
        first = min(choice % len(kinds), seed % len(kinds))  # rather an early one: those lead on
        for kind in (*kinds[first:], *kinds[:first]):
            command = offer(kind, seed, at)
            after, told = live(decider, [command], state)
            if told or choice % 8 == 0:
                state = after
                commands.append(command)
                break
    return commands


def offer(kind: type[Command], seed: int, at: datetime) -> Command:
    """A command of this kind."""
    good = HARD_TO_MAKE_UP.get(kind, ())
    command: Command = good[seed % len(good)] if good and seed % 3 else made_up(kind, Random(seed))  # noqa: S311 - no secret
    return replace(command, at=at)


def moment(command: Command) -> datetime:
    """When it happened."""
    at: datetime = msgspec.structs.asdict(command)["at"]
    return at


def live(decider: AnyDecider, commands: Sequence[Command], state: State = None) -> tuple[State, list[Event]]:
    """The present after these commands, those left out that are refused, and the past that led to it."""
    state, past = decider.initial if state is None else state, list[Event]()
    for command in commands:
        try:
            told = decider.decide(command, state, WORLD)
        except Refused:
            continue
        state = decider.fold(told, state)
        past += told
    return state, past


def stored(past: Sequence[Event]) -> list[Event | None]:
    """The past as it is read back from the log."""
    return [lifecycles.decode(tag_of(event), msgspec.json.encode(event)) for event in past]


@pytest.mark.parametrize("decider", LIVES)
@settings(max_examples=80, deadline=None)
@given(drawn=histories)
def test_the_stored_past_replayed_is_the_present(decider: AnyDecider, drawn: list[Drawn]) -> None:
    state, past = live(decider, unfold(decider, drawn))
    assert decider.fold(stored(past)) == state
    shape = cast("type[msgspec.Struct]", type(decider.initial))  # which it is, differs
    assert msgspec.json.decode(msgspec.json.encode(state), type=shape) == state
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(state), type=shape) == state


@pytest.mark.parametrize("decider", LIVES)
@settings(max_examples=80, deadline=None)
@given(drawn=st.lists(st.tuples(st.integers(0, 99), st.integers(0, 9999)), max_size=12))
def test_no_past_is_unreadable_however_odd_it_is(decider: AnyDecider, drawn: list[tuple[int, int]]) -> None:
    events = [made_up(decider.events[choice % len(decider.events)], Random(seed)) for choice, seed in drawn]  # noqa: S311 - no secret
    assert isinstance(decider.fold(events), type(decider.initial))


@pytest.mark.parametrize("decider", LIVES)
@settings(max_examples=80, deadline=None)
@given(drawn=histories)
def test_each_wake_up_at_its_moment_leads_on_until_nothing_is_left_to_wait_for(
    decider: AnyDecider, drawn: list[Drawn]
) -> None:
    state, _ = live(decider, unfold(decider, drawn))
    for wakes in count():
        due = decider.agenda(state)
        if due is None:
            break
        wake = Elapse(label=due.label, at=due.at)
        told = decider.decide(wake, state, WORLD)
        assert told, f"{due} does nothing"
        state = decider.fold(told, state)
        assert not decider.decide(wake, state, WORLD), "the same wake-up twice"
        assert wakes < 50


@settings(max_examples=150, deadline=None)
@given(drawn=histories)
def test_it_makes_no_difference_whether_the_timer_fires_in_time_or_never(drawn: list[Drawn]) -> None:
    commands = unfold(lifecycles.by_name["work_order"], drawn, late_facts=False)
    apart = [  # never at the very moment of an alarm: what is done then is in time, if it comes before the timer
        replace(command, at=moment(command) + timedelta(microseconds=2**n))
        for n, command in enumerate(commands)
        if not isinstance(command, Elapse)
    ]
    horizon = Elapse(label="", at=on(30, month=12))
    asleep, told_late = live(work_order.decider, [*apart, horizon])
    awake, told_in_time = live_with_timer(work_order.WorkOrder(), [*apart, horizon])
    assert told_in_time == told_late
    assert awake == asleep


def live_with_timer(
    state: work_order.WorkOrder, commands: Sequence[Command]
) -> tuple[work_order.WorkOrder, list[Event]]:
    """As `live`, with a clock that wakes the order whenever its agenda says so."""
    past: list[Event] = []
    for command in commands:
        while (due := work_order.agenda(state)) is not None and due.at <= moment(command):
            state, told = live(work_order.decider, [Elapse(label=due.label, at=due.at)], state)
            past += told
        state, told = live(work_order.decider, [command], state)
        past += told
    return state, past


@pytest.mark.parametrize("line", STORED.read_text("utf-8").splitlines())
def test_every_event_that_was_ever_stored_is_still_understood(line: str) -> None:
    sample: dict[str, Any] = json.loads(line)
    event = lifecycles.decode(sample["type"], line.encode())
    decider = lifecycles.by_tag(sample["type"])
    assert event is not None
    assert decider is not None
    assert json.loads(msgspec.json.encode(event)) == sample
    assert decider.fold([event]) != decider.initial or sample["type"] in _MEAN_NOTHING_ALONE


_MEAN_NOTHING_ALONE = {
    "work_calendar.year_confirmed",
    "appointment.granted",
    "appointment.declined",
    "appointment.revoked",
    "organisation.provider_distrusted",
    "account.enabled",
    "account.signed_out",
    "account.unlocked",
    "login.released",
    "program.enabled",
    "program.key_revoked",
    "person.unrelated",
    "person.hold_released",
    "consent.withdrawn",
}


@pytest.mark.parametrize("tag", [tag for decider in lifecycles.ALL for tag in decider.tags])
def test_every_event_has_a_stored_sample_of_each_of_its_fields(tag: str) -> None:
    samples = [json.loads(line) for line in STORED.read_text("utf-8").splitlines()]
    event = lifecycles.by_tag(tag)
    assert event is not None
    fields = {field.encode_name for field in msgspec.structs.fields(event.tags[tag])}
    assert fields <= {key for sample in samples if sample["type"] == tag for key in sample}


def refusals(of: type[Refused] = Refused) -> list[type[Refused]]:
    """All refusals of the domain."""
    return [
        each
        for kind in of.__subclasses__()
        if kind.__module__.startswith("domain.")
        for each in (kind, *refusals(kind))
    ]


def test_every_refusal_has_a_code_of_its_own_and_a_sentence_for_people() -> None:
    codes = [each().code for each in refusals()]
    assert len(codes) == len(set(codes)) > 40
    assert [each for each in refusals() if not each.sentence().endswith(".")] == []


def test_what_others_write_is_not_ours_to_read() -> None:
    assert lifecycles.decode("Dog.Registered", b"{}") is None
    assert lifecycles.by_tag("Dog.Registered") is None


def test_every_lifecycle_is_woken_by_the_same_command() -> None:
    assert all(Elapse in decider.commands for decider in lifecycles.ALL)
    assert lifecycles.by_name["work_order"] is lifecycles.by_tag("work_order.reported")

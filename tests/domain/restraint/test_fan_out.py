"""A fan-out: a choice for everything under way, the default at the deadline, nothing twice, and a report at the end."""

from datetime import timedelta

import pytest

from domain.decider import Due, Elapse
from domain.restraint import fan_out, sanction
from domain.restraint.fan_out import (
    Begin,
    Begun,
    Choice,
    Choose,
    Chosen,
    Close,
    Closed,
    Count,
    FanOut,
    FanOutCommand,
    FanOutEvent,
    Found,
    Item,
    Outcome,
    RanOut,
    Settle,
    Settled,
)
from domain.restraint.scope import Scope
from tests.domain.restraint.test_sanction import FIXIT, blacklist, suspended, town
from tests.domain.small_town import WILLOWS, on
from tests.scenario import Given, given

Scenario = Given[FanOutCommand, FanOut, FanOutEvent]
LIFT = Item("engagement", "e-1", "lifts", WILLOWS, "accepted")
DOOR = Item("work_order", "w-1", "access_control", "", "in_progress")
LATE = Item("engagement", "e-2", "lifts", WILLOWS, "offered")
BEGIN = Begin(at=on(2), vendor=FIXIT, sanction=1, items=(LIFT, DOOR))
BEGUN = Begun(at=on(2), vendor=FIXIT, sanction=1, restraint="suspended", deadline=on(5), items=(LIFT, DOOR))


def after_suspension(*events: FanOutEvent) -> Scenario:
    return given(fan_out.decider, *events).knowing(sanction.decider, sanction.stream(FIXIT), suspended())


def choose(item: Item, choice: Choice = "keep", day: int = 3, to: str = "") -> Choose:
    return Choose(at=on(day), by="lin", item=item.id, choice=choice, reason="nearly_done", to=to)


def settle(item: Item, outcome: Outcome = "done", code: str = "", day: int = 3) -> Settle:
    return Settle(at=on(day, 10), item=item.id, outcome=outcome, code=code)


def test_it_begins_with_what_is_under_way_and_three_days_to_choose() -> None:
    after_suspension().when(BEGIN).then(BEGUN)


def test_it_never_begins_before_its_sanction_so_that_a_slow_clock_takes_no_time_to_choose_away() -> None:
    early = Begin(at=on(1), vendor=FIXIT, sanction=1, items=(LIFT, DOOR))
    after_suspension().when(early).then(BEGUN)


def test_it_knows_the_area_of_its_sanction() -> None:
    scope = Scope((), (WILLOWS, "330106002"))
    here = given(fan_out.decider).knowing(sanction.decider, sanction.stream(FIXIT), suspended(scope=scope)).when(BEGIN)
    whose = fan_out.whose(fan_out.stream(FIXIT, 1), here.state, None)
    assert (whose.areas, whose.organisations) == (("330106",), (FIXIT,))


def test_without_a_sanction_there_is_no_fan_out() -> None:
    given(fan_out.decider).when(BEGIN).then_refused(sanction.NoSuchSanction)
    after_suspension().when(choose(LIFT)).then_refused(fan_out.FanOutUnknown)


def test_the_deadline_lies_ahead() -> None:
    after_suspension().when(Begin(at=on(2), vendor=FIXIT, sanction=1, items=(), deadline=on(2))).then_refused(
        fan_out.DeadlinePassed
    )


def test_beginning_again_adds_what_was_found_since_and_gives_time_for_it() -> None:
    begun = after_suspension(BEGUN)
    begun.when(BEGIN).then_nothing()
    again = Begin(at=on(4), vendor=FIXIT, sanction=1, items=(DOOR, LATE, LATE))
    begun.when(again).then(Found(at=on(4), items=(LATE,), deadline=on(7)))


def test_a_choice_is_made_once_and_carried_out_once() -> None:
    chosen = after_suspension(BEGUN).when(choose(LIFT))
    chosen.then(Chosen(at=on(3), by="lin", item="e-1", choice="keep", reason="nearly_done"))
    assert [each.item for each in chosen.state.to_do] == [LIFT]
    done = chosen.go_on().when(settle(LIFT)).then(Settled(at=on(3, 10), item="e-1", choice="keep", outcome="done"))
    done.when(settle(LIFT)).then_nothing()
    done.when(choose(LIFT)).then_nothing()
    done.when(choose(LIFT, "hold")).then_refused(fan_out.ChoiceCarriedOut)
    chosen.go_on().when(choose(LIFT, "hold")).then_refused(fan_out.ChoiceMadeAlready)


def test_where_a_choice_is_not_possible_somebody_chooses_again() -> None:
    refused = after_suspension(BEGUN).after(choose(LIFT, "reassign", to="v-2"), settle(LIFT, "refused", "NotQualified"))
    assert {each.item.id for each in refused.state.undecided} == {"e-1", "w-1"}
    again = refused.after(choose(LIFT, "cancel", day=4), settle(LIFT, day=4))
    entry = again.state.one("e-1")
    assert entry is not None
    assert (entry.status, entry.choice, entry.tries, entry.code) == ("done", "cancel", 2, "")


def test_what_is_not_under_way_or_makes_no_sense_is_refused() -> None:
    begun = after_suspension(BEGUN)
    begun.when(choose(LATE)).then_refused(fan_out.NotUnderWay)
    for to in ("", FIXIT):
        begun.when(choose(LIFT, "reassign", to=to)).then_refused(fan_out.ReassignedToNobody)
    begun.when(settle(LIFT)).then_refused(fan_out.NothingChosen)


def test_with_a_blacklisted_vendor_nothing_is_kept() -> None:
    banned = town().when(blacklist(on(30))).events()
    listed = given(fan_out.decider).knowing(sanction.decider, sanction.stream(FIXIT), *banned).after(BEGIN)
    listed.when(choose(LIFT, "keep")).then_refused(fan_out.NotToBeKept)
    assert listed.when(choose(LIFT, "hold")).events()


def test_what_nobody_chose_for_is_held_at_the_deadline_once_however_late_that_is_noticed() -> None:
    waiting = after_suspension(BEGUN).after(choose(LIFT))
    assert fan_out.agenda(waiting.state) == Due(at=on(5), label="deadline")
    waiting.when(Elapse(label="deadline", at=on(5) - timedelta(seconds=1))).then_nothing()
    over = waiting.when(Elapse(label="deadline", at=on(9))).then(RanOut(at=on(5), items=("w-1",)))
    over.when(Elapse(label="deadline", at=on(9))).then_nothing()
    assert fan_out.agenda(over.state) is None
    entry = over.state.one("w-1")
    assert entry is not None
    assert (entry.choice, entry.by_default) == ("hold", True)


def test_where_the_sanction_has_ended_by_the_deadline_all_goes_on_as_before() -> None:
    short = given(fan_out.decider, BEGUN).knowing(sanction.decider, sanction.stream(FIXIT), suspended(until=on(4)))
    short.when(Elapse(label="deadline", at=on(5))).then(RanOut(at=on(5), items=("e-1", "w-1"), choice="keep"))


def test_after_the_deadline_nobody_chooses() -> None:
    waiting = after_suspension(BEGUN)
    assert waiting.when(
        Choose(at=on(5) - timedelta(seconds=1), by="lin", item="e-1", choice="hold", reason="safety")
    ).events()
    waiting.when(choose(LIFT, day=5)).then_refused(fan_out.ChoiceTooLate)
    held = waiting.after(Elapse(label="deadline", at=on(5)), settle(LIFT, "refused", "NotAllowedNow", day=5))
    held.when(choose(LIFT, day=4)).then_refused(fan_out.ChoiceTooLate)


def test_it_closes_when_everything_is_settled_with_a_report_by_choice_and_outcome() -> None:
    ended = after_suspension(BEGUN).after(
        Begin(at=on(2, 12), vendor=FIXIT, sanction=1, items=(LATE,)),
        choose(LIFT),
        settle(LIFT),
        Elapse(label="deadline", at=on(5, 12)),
        settle(DOOR, day=6),
        settle(LATE, "refused", "EngagementOver", day=6),
    )
    report = (
        Count("hold", "done", 1, by_default=True),
        Count("hold", "refused", 1, by_default=True),
        Count("keep", "done", 1),
    )
    closed = ended.when(Close(at=on(6, 11))).then(Closed(at=on(6, 11), report=report))
    closed.when(Close(at=on(7))).then_nothing()
    closed.when(choose(LIFT, "hold")).then_refused(fan_out.FanOutClosed)
    late = Begin(at=on(7), vendor=FIXIT, sanction=1, items=(Item("work_order", "w-9"),))
    closed.when(late).then_refused(fan_out.FanOutClosed)


@pytest.mark.parametrize(
    "commands", [(), (choose(LIFT),), (choose(LIFT), settle(LIFT)), (choose(LIFT), settle(LIFT, "refused", "No"))]
)
def test_nothing_is_closed_while_anything_is_open(commands: tuple[FanOutCommand, ...]) -> None:
    after_suspension(BEGUN).after(*commands).when(Close(at=on(4))).then_refused(fan_out.StillOpen)


def test_with_nothing_under_way_it_closes_at_once() -> None:
    empty = after_suspension().after(Begin(at=on(2), vendor=FIXIT, sanction=1, items=()))
    assert fan_out.agenda(empty.state) is None
    empty.when(Close(at=on(2))).then(Closed(at=on(2)))

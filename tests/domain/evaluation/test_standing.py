"""A vendor's standing: what is noted about it counts, in the period it happened in, once."""

from datetime import timedelta
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from domain.admission.what import What
from domain.evaluation import rating_scheme, standing
from domain.evaluation.evidence import Counted, EvidenceKind, PointsOffScale
from domain.evaluation.periods import ends_at
from domain.evaluation.rating_rules import Band
from domain.evaluation.scorecard import Scorecard
from tests.domain.evaluation.rated import (
    FIXIT,
    RULES,
    StandingScenario,
    bad_month,
    closing,
    fair_month,
    good_month,
    note,
    published,
    vendor,
)
from tests.domain.small_town import on
from tests.scenario import Streams

APRIL = ends_at("2026-03")
DUE = APRIL + timedelta(days=3)


def cards(scenario: StandingScenario) -> dict[str, Scorecard]:
    """The last scorecard of each period."""
    return {
        event.card.period: event.card
        for event in scenario.past
        if isinstance(event, standing.PeriodClosed | standing.PeriodCorrected)
    }


def allowed(scenario: StandingScenario, what: What, value_fen: int = 0, category: str = "", **at: int) -> None:
    known = Streams({**scenario.states, standing.stream(str(FIXIT)): scenario.state})
    moment = on(at.get("day", 10), month=at.get("month", 4))
    standing.must_be_allowed(known, str(FIXIT), what, moment, value_fen, category)


# Noting ---------------------------------------------------------------------------------------------------------------


def test_the_first_evidence_opens_its_period_which_closes_after_the_days_of_grace() -> None:
    first = note("sla_kept", on(3))
    noted = standing.Noted(at=first.at, vendor=str(FIXIT), id=first.id, kind="sla_kept", happened_at=first.happened_at)
    after = vendor().when(first).then(noted, standing.PeriodOpened(at=first.at, period="2026-03", closes_at=DUE))
    due = standing.agenda(after.state)
    assert due is not None
    assert (due.at, due.label) == (DUE, "2026-03")


def test_the_same_evidence_twice_changes_nothing() -> None:
    after = vendor().after(note("sla_kept", on(3), name="order-1/4"))
    after.when(note("sla_kept", on(3), name="order-1/4")).then_nothing()


def test_another_fact_under_the_same_id_is_refused_and_not_passed_over_in_silence() -> None:
    """Whoever notes something nice under the id of a breach to come would keep that out for good."""
    after = vendor().after(note("sla_kept", on(3), name="order-1/4"))
    for other in (
        note("sla_breached", on(3), name="order-1/4"),
        note("sla_kept", on(3) - timedelta(days=40), name="order-1/4"),
        note("inspection", on(3), name="order-1/4", points=3),
    ):
        after.when(other).then_refused(standing.EvidenceSaysOtherwise)
    rated_once = vendor().after(note("rating", on(3), name="r", points=5))
    rated_once.when(note("rating", on(3), name="r", points=1)).then_refused(standing.EvidenceSaysOtherwise)


def test_evidence_is_withdrawn_once_even_before_it_is_noted() -> None:
    after = vendor().after(note("sla_breached", on(3), name="b"))
    gone = note("sla_breached", on(3), name="b", withdrawn=True)
    after.after(gone).when(gone).then_nothing()
    early = vendor().after(gone)
    early.when(note("sla_breached", on(3), name="b")).then_nothing()
    assert cards(early.after(closing("2026-03")))["2026-03"].figures[0].sample == 0


@pytest.mark.parametrize(
    ("kind", "points"), [("rating", 0), ("rating", 6), ("inspection", 101), ("sla_kept", 3), ("complaint", 0)]
)
def test_points_must_be_on_their_scale(kind: EvidenceKind, points: int) -> None:
    odd = replace(note("rating", on(3)), kind=kind, points=points)
    vendor().when(odd).then_refused(PointsOffScale)


def test_a_rating_without_stars_is_refused() -> None:
    vendor().when(replace(note("rating", on(3)), points=None)).then_refused(PointsOffScale)


def test_nobody_notes_what_is_still_to_come() -> None:
    vendor().when(note("sla_kept", on(5), at=on(4))).then_refused(standing.NotYetHappened)


@pytest.mark.parametrize("unknown", ["", "nobody", "00000000-0000-0000-0000-0000000000f2"])
def test_evidence_about_nobody_is_refused(unknown: str) -> None:
    vendor().when(replace(note("sla_kept", on(3)), vendor=unknown)).then_refused(standing.NobodyToRate)


def test_without_a_scheme_evidence_is_kept_and_nothing_is_closed() -> None:
    after = vendor(scheme=()).after(note("sla_kept", on(3)))
    assert standing.agenda(after.state) is None
    close = standing.ClosePeriod(at=on(10, month=4), vendor=str(FIXIT), period="2026-03")
    after.when(close).then_refused(standing.NoSchemeInForce)
    known = replace_scheme(after)
    assert [type(event).__name__ for event in known.when(note("sla_kept", on(4))).events()] == ["Noted", "PeriodOpened"]


def replace_scheme(scenario: StandingScenario) -> StandingScenario:
    return scenario.knowing(rating_scheme.decider, rating_scheme.stream("vendors"), published)


# Closing --------------------------------------------------------------------------------------------------------------


def test_the_clock_closes_a_period_with_figures_and_what_they_rest_on() -> None:
    after = vendor().after(*good_month(3))
    told = after.when(closing("2026-03")).events()
    closed = told[0]
    assert isinstance(closed, standing.PeriodClosed)
    in_time, repeats, stars = closed.card.figures
    assert (in_time.value, in_time.sample, in_time.points) == (10000, 2, 100)
    assert in_time.rests_on == tuple(f"sla_kept/{on(day).isoformat()}" for day in (3, 4))
    assert (repeats.value, repeats.sample, repeats.points) == (0, 2, 100)
    assert (stars.value, stars.sample, stars.points) == (500, 1, 100)
    assert (closed.card.total, closed.card.band) == (10000, "preferred")
    assert (closed.card.version, closed.card.as_of, closed.at) == (1, DUE, DUE)
    assert told[1:] == [standing.BandChanged(at=DUE, was="", now="preferred", because="2026-03")]


def test_a_late_clock_closes_each_period_at_its_own_moment_once() -> None:
    after = vendor().after(*good_month(1), note("sla_kept", on(20, month=1)))
    late = replace(closing("2026-01"), at=on(1, month=3))
    once = after.when(late).go_on()
    assert [event.at for event in once.past if isinstance(event, standing.PeriodClosed)] == [closing("2026-01").at]
    once.when(late).then_nothing()


def test_what_came_due_is_closed_before_more_is_noted_so_that_it_makes_no_difference_whether_the_clock_fired() -> None:
    before, *later = bad_month(2)
    asleep = vendor().after(*good_month(1), before, *later)
    awake = vendor().after(*good_month(1), before, closing("2026-01"), *later)
    assert asleep.past == awake.past


def test_what_is_noted_at_the_due_moment_is_in_time() -> None:
    after = vendor().after(*good_month(3))
    told = after.when(note("sla_breached", on(5), at=DUE)).events()
    assert [type(event) for event in told] == [standing.Noted]


def test_a_period_closes_by_hand_when_it_is_over() -> None:
    after = vendor().after(*good_month(3))
    close = standing.ClosePeriod(at=APRIL, vendor=str(FIXIT), period="2026-03")
    after.when(replace(close, at=on(31))).then_refused(standing.PeriodNotOver)
    closed = after.when(close).go_on()
    assert closed.state.band == "preferred"
    assert standing.agenda(closed.state) is None
    closed.when(close).then_nothing()
    after.when(replace(close, period="2026-Q1")).then_refused(standing.PeriodUnknown)
    after.when(replace(close, period="0000-01")).then_refused(standing.PeriodUnknown)
    after.when(replace(close, period="2025-11", at=on(1, month=12))).then_refused(standing.TooLongAgo)


def test_a_period_without_activity_is_not_rated_rather_than_perfect() -> None:
    """T14."""
    close = standing.ClosePeriod(at=APRIL, vendor=str(FIXIT), period="2026-03")
    after = vendor().when(close).go_on()
    card = cards(after)["2026-03"]
    assert (card.total, card.band) == (None, "")
    assert {figure.points for figure in card.figures} == {None}
    assert (after.state.band, after.state.tier) == ("", 0)


def test_a_vendor_keeps_the_band_it_had_through_a_period_without_activity() -> None:
    after = vendor().after(*bad_month(1), closing("2026-01"))
    assert after.state.band == "suspended"
    still = after.after(standing.ClosePeriod(at=on(5, month=3), vendor=str(FIXIT), period="2026-02"))
    assert still.state.band == "suspended"


def test_a_sample_that_is_too_small_is_neutral_and_the_others_weigh_more() -> None:
    after = vendor().after(note("sla_breached", on(3)), note("rating", on(4), points=4), closing("2026-03"))
    card = cards(after)["2026-03"]
    assert [figure.points for figure in card.figures] == [None, None, 80]
    assert card.figures[0].sample == 1
    assert (card.total, card.band) == (8000, "normal")


# Late evidence --------------------------------------------------------------------------------------------------------


def test_what_comes_late_corrects_the_period_it_happened_in() -> None:
    closed = vendor().after(*good_month(3), closing("2026-03"))
    late = note("sla_breached", on(20), at=on(10, month=4))
    told = closed.when(late).events()
    assert [type(event).__name__ for event in told] == ["Noted", "PeriodCorrected", "BandChanged"]
    corrected = told[1]
    assert isinstance(corrected, standing.PeriodCorrected)
    assert corrected.because == late.id
    assert corrected.card.figures[0].value == 6666
    after = closed.when(late).go_on()
    assert after.state.band == "watch"
    assert len(after.state.cards) == 1


def test_withdrawn_evidence_corrects_it_back() -> None:
    late = note("sla_breached", on(20), name="late", at=on(10, month=4))
    gone = replace(late, at=on(11, month=4), withdrawn=True)
    after = vendor().after(*good_month(3), closing("2026-03"), late, gone)
    assert after.state.band == "preferred"
    assert [type(event).__name__ for event in after.past].count("PeriodCorrected") == 2


def test_what_counts_in_no_measure_corrects_nothing() -> None:
    closed = vendor().after(*good_month(3), closing("2026-03"))
    told = closed.when(note("complaint", on(20), at=on(10, month=4))).events()
    assert [type(event) for event in told] == [standing.Noted]


def test_a_late_fact_in_a_period_that_nobody_had_heard_of_rates_it_at_once() -> None:
    closed = vendor().after(*good_month(3), closing("2026-03"))
    told = closed.when(note("rating", on(5, month=2), points=1, at=on(10, month=4))).events()
    assert [type(event).__name__ for event in told] == ["Noted", "PeriodClosed"]
    assert closed.when(note("rating", on(5, month=2), points=1, at=on(10, month=4))).state.band == "preferred"


def test_a_corrected_period_is_rated_by_the_version_it_was_closed_under() -> None:
    stricter = rating_scheme.Published(
        at=on(5, month=4), key="vendors", counts_from=on(5, month=4), rules=replace(RULES, bands=(Band("watch", 0),))
    )
    after = vendor().after(*good_month(3), closing("2026-03"))
    known = after.knowing(rating_scheme.decider, rating_scheme.stream("vendors"), published, stricter)
    later = known.after(note("rating", on(21), points=4, at=on(10, month=4)))
    assert (cards(later)["2026-03"].version, later.state.band) == (1, "preferred")
    april = later.after(*good_month(4), closing("2026-04"))
    assert (cards(april)["2026-04"].version, april.state.band) == (2, "watch")


def test_what_happened_too_long_ago_is_refused_and_its_evidence_let_go() -> None:
    after = vendor().after(*good_month(1), closing("2026-01"), *good_month(8), closing("2026-08"))
    assert sorted(after.state.months) == ["2026-08"]
    assert after.state.past == {"2026-01": (Counted("rating", 1, 5), Counted("sla_kept", 2), Counted("work_done", 2))}
    assert after.state.tally("2026-01").count(("sla_kept", "rating")) == 3
    after.when(note("sla_kept", on(20, month=2), at=on(10, month=9))).then_refused(standing.TooLongAgo)
    assert after.when(note("sla_kept", on(20, month=3), at=on(10, month=9))).events()


def test_no_earlier_date_slips_something_into_a_period_that_is_final() -> None:
    after = vendor().after(*good_month(8), closing("2026-08"))
    after.when(note("sla_kept", on(1, month=1), at=on(2, month=1))).then_refused(standing.TooLongAgo)


# Tiers and rights -----------------------------------------------------------------------------------------------------


def test_good_periods_in_a_row_climb_and_watch_falls() -> None:
    told: list[tuple[int, int]] = []
    scenario = vendor()
    for month in range(1, 6):
        scenario = scenario.after(*good_month(month), closing(f"2026-{month:02}"))
        told.append((month, scenario.state.tier))
    assert told == [(1, 0), (2, 1), (3, 1), (4, 2), (5, 2)]
    watched = scenario.after(*fair_month(6), closing("2026-06"))
    assert (watched.state.band, watched.state.tier) == ("watch", 1)
    dropped = watched.after(*bad_month(7), closing("2026-07"))
    assert (dropped.state.band, dropped.state.tier) == ("suspended", 0)


def test_a_period_without_activity_neither_counts_nor_breaks_the_row() -> None:
    close = standing.ClosePeriod(at=on(4, month=3), vendor=str(FIXIT), period="2026-02")
    after = vendor().after(*good_month(1), closing("2026-01"), close, *good_month(3), closing("2026-03"))
    assert after.state.tier == 1


def test_a_correction_takes_back_the_tier_that_it_led_to() -> None:
    climbed = vendor().after(*good_month(1), closing("2026-01"), *good_month(2), closing("2026-02"))
    assert climbed.state.tier == 1
    late = [replace(each, at=on(10, month=3)) for each in bad_month(1)]
    corrected = climbed.after(*[replace(each, id=f"late {n}") for n, each in enumerate(late)])
    assert (corrected.state.band, corrected.state.tier) == ("preferred", 0)


@pytest.mark.parametrize("what", ["award", "offer", "accept", "work", "pay_out"])
def test_a_band_that_is_too_low_keeps_from_what_it_says(what: What) -> None:
    suspended = vendor().after(*bad_month(3), closing("2026-03"))
    with pytest.raises(standing.StandsTooLow):
        allowed(suspended, what)
    poor = vendor().after(*bad_month(3), note("sla_kept", on(9)), note("sla_kept", on(10)), closing("2026-03"))
    assert poor.state.band == "no_new_work"
    if what == "pay_out":
        allowed(poor, what)
    else:
        with pytest.raises(standing.StandsTooLow):
            allowed(poor, what)
    allowed(vendor().after(*fair_month(3), closing("2026-03")), what)


def test_rights_grow_with_the_tier() -> None:
    new = vendor()
    allowed(new, "award", 100_000)
    with pytest.raises(standing.BeyondItsTier):
        allowed(new, "award", 100_001)
    with pytest.raises(standing.BeyondItsTier):
        allowed(new, "award", 1, "lifts")
    allowed(new, "work", 10**9)
    climbed = new.after(*good_month(1), closing("2026-01"), *good_month(2), closing("2026-02"))
    allowed(climbed, "award", 1_000_000)
    allowed(climbed, "offer", 500_000, "lifts")


def test_without_a_scheme_nothing_is_kept_from_anybody() -> None:
    allowed(vendor(scheme=()), "award", 10**12)


def test_a_period_that_has_come_due_counts_even_if_the_clock_is_late() -> None:
    due = vendor().after(*bad_month(3))
    allowed(due, "award", day=3, month=4)
    with pytest.raises(standing.StandsTooLow):
        allowed(due, "award", day=4, month=4)


def test_no_earlier_date_gets_past_a_band() -> None:
    suspended = vendor().after(*bad_month(3), closing("2026-03"))
    with pytest.raises(standing.StandsTooLow):
        allowed(suspended, "award", day=1, month=1)


# Whatever the order ---------------------------------------------------------------------------------------------------

KINDS: tuple[EvidenceKind, ...] = ("sla_kept", "sla_breached", "work_done", "repeat_fault", "no_show", "rating")
facts = st.lists(
    st.tuples(st.sampled_from(KINDS), st.integers(1, 27), st.integers(1, 4), st.integers(0, 60), st.booleans()),
    max_size=25,
)


@settings(max_examples=150, deadline=None)
@given(facts=facts, seed=st.integers(0, 9999))
def test_the_scorecards_do_not_depend_on_the_order_in_which_evidence_comes_in(
    facts: list[tuple[EvidenceKind, int, int, int, bool]], seed: int
) -> None:
    commands: list[standing.StandingCommand] = []
    for number, (kind, day, month, late, withdrawn) in enumerate(facts):
        happened_at = on(day, month=month)
        points = day % 5 + 1 if kind == "rating" else None
        noted = note(kind, happened_at, name=str(number), points=points, at=happened_at + timedelta(days=late))
        commands.append(noted)
        if withdrawn:
            commands.append(replace(noted, withdrawn=True, at=noted.at + timedelta(days=late)))
    in_order = sorted(commands, key=lambda command: command.at)
    shuffled = [replace(command, at=on(28, month=6)) for command in commands]
    Random(seed).shuffle(shuffled)  # noqa: S311 - no secret
    one, other = settled(in_order), settled(shuffled)
    assert {period: replace(card, as_of=DUE) for period, card in cards(one).items()} == {
        period: replace(card, as_of=DUE) for period, card in cards(other).items()
    }
    assert (one.state.band, one.state.tier) == (other.state.band, other.state.tier)


def settled(commands: list[standing.StandingCommand]) -> StandingScenario:
    scenario = vendor()
    for command in (*commands, replace(closing("2026-06"), at=on(1, month=7))):
        scenario = scenario.after(command)
    return scenario

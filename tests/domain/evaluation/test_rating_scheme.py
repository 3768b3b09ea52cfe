"""A rating scheme is published only when it rates everybody in exactly one way."""

from typing import Any

import pytest
from msgspec.structs import replace

from domain.decider import Refused
from domain.evaluation import rating_rules as rules_of
from domain.evaluation import rating_scheme
from domain.evaluation.evidence import KINDS, Entry, tally
from domain.evaluation.ladder import Place, advance
from domain.evaluation.rating_rules import BEST_FIRST, Band, Limit, Measure, Rules, Step, Tier
from domain.evaluation.scorecard import explain, figure, rate
from tests.domain.evaluation.rated import RULES, STRICTER, published
from tests.domain.small_town import on
from tests.scenario import given

PUBLISH = rating_scheme.Publish(at=on(1), key="vendors", counts_from=on(1), rules=RULES)
IN_TIME, REPEATS, STARS = RULES.measures


def with_measure(**changed: Any) -> Rules:
    return replace(RULES, measures=(replace(IN_TIME, **changed), REPEATS, STARS))


def test_a_scheme_is_published_in_versions_that_count_from_a_moment_on() -> None:
    first = rating_scheme.Published(at=on(1), key="vendors", counts_from=on(1), rules=RULES)
    after = given(rating_scheme.decider).when(PUBLISH).then(first)
    after.when(PUBLISH).then_nothing()
    second = replace(PUBLISH, at=on(2), counts_from=on(1, month=4), rules=STRICTER)
    scheme = after.after(second).state
    assert [scheme.in_force(on(day, month=month)) for day, month in ((28, 2), (1, 3), (31, 3), (1, 4))] == [0, 1, 1, 2]
    assert scheme.at_the_end_of("2026-03") == 1
    assert scheme.rules(on(1, month=4)) == STRICTER


def test_a_version_never_counts_from_before_the_one_before_it() -> None:
    after = given(rating_scheme.decider, published)
    early = replace(PUBLISH, counts_from=on(1, month=1, hour=8), rules=STRICTER)
    after.when(early).then_refused(rating_scheme.SchemeCountsBackwards)


def test_months_stay_months() -> None:
    quarterly = replace(PUBLISH, rules=replace(STRICTER, period="quarter"))
    given(rating_scheme.decider, published).when(quarterly).then_refused(rating_scheme.PeriodsAreFixed)


@pytest.mark.parametrize(
    ("rules", "refusal"),
    [
        (with_measure(weight=51), rules_of.MeasureWeightsDoNotSum),
        (with_measure(weight=49), rules_of.MeasureWeightsDoNotSum),
        (
            replace(RULES, measures=(replace(IN_TIME, weight=70), replace(REPEATS, weight=0), STARS)),
            rules_of.MeasureWeightsDoNotSum,
        ),
        (
            replace(RULES, measures=(replace(IN_TIME, weight=90), replace(REPEATS, weight=-20), STARS)),
            rules_of.MeasureWeightsDoNotSum,
        ),
        (replace(RULES, measures=()), rules_of.MeasureMissing),
        (with_measure(key="stars"), rules_of.SameMeasureTwice),
        (with_measure(key="In time"), rules_of.MeasureNameless),
        (with_measure(name="长" * 65), rules_of.MeasureNameless),
        (with_measure(against=()), rules_of.MeasureIncomplete),
        (with_measure(counts=()), rules_of.MeasureIncomplete),
        (with_measure(formula="average"), rules_of.MeasureIncomplete),
        (with_measure(formula="average", against=(), counts=("rating", "inspection")), rules_of.MeasureIncomplete),
        (with_measure(formula="average", against=(), counts=("no_show",)), rules_of.MeasureIncomplete),
        (with_measure(against=("sla_kept",)), rules_of.CountedTwice),
        (with_measure(counts=("sla_kept", "sla_kept")), rules_of.CountedTwice),
        (with_measure(least=0), rules_of.SampleTooSmall),
        (with_measure(steps=()), rules_of.StepsBroken),
        (with_measure(steps=(Step(1, 0),)), rules_of.StepsBroken),
        (with_measure(steps=(Step(0, 0), Step(0, 10))), rules_of.StepsBroken),
        (with_measure(steps=(Step(0, 0), Step(900, 10), Step(800, 20))), rules_of.StepsBroken),
        (with_measure(steps=(Step(0, 101),)), rules_of.StepsBroken),
        (with_measure(steps=(Step(0, -1),)), rules_of.StepsBroken),
        (replace(RULES, bands=()), rules_of.BandsBroken),
        (replace(RULES, bands=(Band("normal", 1),)), rules_of.BandsBroken),
        (replace(RULES, bands=(Band("watch", 0), Band("normal", 0))), rules_of.BandsBroken),
        (replace(RULES, bands=(Band("watch", 0), Band("watch", 50))), rules_of.BandsBroken),
        (replace(RULES, bands=(Band("normal", 0), Band("watch", 50))), rules_of.BandsBroken),
        (replace(RULES, bands=(Band("watch", 0), Band("normal", 101))), rules_of.BandsBroken),
        (replace(RULES, bands=(Band("watch", -1), Band("normal", 50))), rules_of.BandsBroken),
        (replace(RULES, tiers=()), rules_of.TiersBroken),
        (replace(RULES, tiers=(Tier(5), Tier(4, periods=1))), rules_of.TiersBroken),
        (replace(RULES, tiers=(Tier(None), Tier(4, periods=1))), rules_of.TiersBroken),
        (replace(RULES, tiers=(Tier(1), Tier(4))), rules_of.TiersBroken),
        (replace(RULES, tiers=(Tier(1), Tier(4, periods=1, band="watch"))), rules_of.TiersBroken),
        (replace(RULES, tiers=(Tier(-1),)), rules_of.TiersBroken),
        (replace(RULES, tiers=(Tier(1, limits=(Limit("Lifts", 1),)),)), rules_of.TiersBroken),
        (replace(RULES, tiers=(Tier(1), Tier(4, periods=1, limits=(Limit("lifts", 0),)))), rules_of.TiersBroken),
        (replace(RULES, grace_days=61), rules_of.DeadlinesBroken),
        (replace(RULES, correctable_months=0), rules_of.DeadlinesBroken),
    ],
)
def test_what_does_not_add_up_is_refused(rules: Rules, refusal: type[Refused]) -> None:
    given(rating_scheme.decider).when(replace(PUBLISH, rules=rules)).then_refused(refusal)


@pytest.mark.parametrize("rules", [RULES, STRICTER, replace(RULES, bands=tuple(reversed(RULES.bands)))])
def test_every_total_has_exactly_one_band_and_an_edge_belongs_to_what_begins_with_it(rules: Rules) -> None:
    """T13."""
    edges = {band.name: band.points for band in rules.bands}
    for total in range(10001):
        name = rules.band(total)
        above = [edges[better] for better in BEST_FIRST[: BEST_FIRST.index(name)]]
        assert edges[name] * 100 <= total
        assert all(total < edge * 100 for edge in above)
    assert [rules.band(total) for total in (0, 10000)] == ["suspended", "preferred"]
    for band in rules.bands:
        assert rules.band(band.points * 100) == band.name
        if band.points:
            assert rules.band(band.points * 100 - 1) != band.name


def entries(**counts: int) -> dict[str, Entry]:
    return {
        f"{kind}-{n}": Entry(kind, 4 if kind == "rating" else 0) for kind in KINDS for n in range(counts.get(kind, 0))
    }


def test_figures_are_whole_hundredths_rounded_down() -> None:
    assert figure(IN_TIME, tally(entries(sla_kept=2, sla_breached=1).values())).value == 6666
    assert figure(REPEATS, tally(entries(repeat_fault=1, no_show=1, work_done=300).values())).value == 66
    assert figure(STARS, tally([*entries(rating=2).values(), Entry("rating", 5)])).value == 433


def test_a_figure_at_an_edge_has_the_points_of_what_begins_there() -> None:
    half = figure(IN_TIME, tally(entries(sla_kept=1, sla_breached=1).values()))
    assert (half.value, half.points) == (5000, 40)


def test_an_explanation_can_be_checked_with_pencil_and_paper() -> None:
    evidence = entries(sla_kept=8, sla_breached=2, rating=1)
    card = rate(RULES, evidence, period="2026-03", scheme="vendors", version=1, as_of=on(3, month=4))
    told = explain(card, RULES)
    assert [(line.measure, line.value, line.sample, line.points, line.weighted) for line in told.lines] == [
        ("in_time", 8000, 10, 70, 3500),
        ("repeats", None, 0, None, None),
        ("stars", 400, 1, 80, 2400),
    ]
    assert [line.neutral for line in told.lines] == ["", "nothing_to_reckon_with", ""]
    assert (told.weighted, told.weights) == (5900, 80)
    assert told.total == told.weighted * 100 // told.weights == 7375
    assert (told.band, told.band_from, told.version) == ("watch", 60, 1)
    assert {each for line in told.lines for each in line.rests_on} == set(evidence)


def test_tiers_that_a_new_version_no_longer_has_are_left_for_the_highest_it_has() -> None:
    flat = replace(RULES, tiers=(Tier(5),))
    assert advance(Place("normal", 2, 1), "preferred", flat) == Place("preferred", 0)
    assert isinstance(IN_TIME, Measure)

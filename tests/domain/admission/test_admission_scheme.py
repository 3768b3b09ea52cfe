"""Admission schemes: rules that make sense, version by version, and never any change of what was."""

import pytest
from msgspec.structs import replace

from domain.admission import admission_scheme, scheme_document
from domain.admission.admission_scheme import AdmissionScheme, AdmissionSchemeCommand, AdmissionSchemeEvent, Publish
from domain.admission.scheme_document import Criterion, Document, Step
from domain.decider import Refused
from tests.domain.admission.qualifying import PUBLISHED, RULES
from tests.domain.small_town import on
from tests.scenario import Given, given

Scenario = Given[AdmissionSchemeCommand, AdmissionScheme, AdmissionSchemeEvent]
STRICTER = replace(RULES, pass_mark=70)
FIRST, *OTHERS = RULES.dimensions


def schemes(*events: AdmissionSchemeEvent) -> Scenario:
    """The scheme of a category."""
    return given(admission_scheme.decider, *events)


def test_a_scheme_counts_from_when_it_says_and_old_versions_stay() -> None:
    known = schemes().when(Publish(at=on(1), category="cameras", document=RULES)).then(PUBLISHED)
    later = known.after(Publish(at=on(2), category="cameras", counts_from=on(20), document=STRICTER)).state
    assert (later.in_force(on(1, 8)), later.in_force(on(19)), later.in_force(on(20))) == (0, 1, 2)
    first, second = later.version(1), later.version(2)
    assert first is not None
    assert second is not None
    assert (first.document.pass_mark, second.document.pass_mark) == (60, 70)
    assert later.version(0) is later.version(3) is None


def test_publishing_the_same_again_is_no_news() -> None:
    schemes(PUBLISHED).when(Publish(at=on(3), category="cameras", document=RULES)).then_nothing()


def test_a_version_neither_overtakes_the_one_before_nor_counts_from_the_past() -> None:
    known = schemes(replace(PUBLISHED, counts_from=on(20)))
    command = Publish(at=on(3), category="cameras", counts_from=on(10), document=STRICTER)
    known.when(command).then_refused(admission_scheme.SchemeCountsFromBeforeLatest)
    schemes().when(replace(command, counts_from=on(2))).then_refused(admission_scheme.SchemeCountsFromThePast)
    known.when(replace(command, category="lifts")).then_refused(admission_scheme.SchemeOfAnotherCategory)


def with_criteria(*criteria: Criterion) -> Document:
    """The rules with other criteria of the first dimension."""
    return replace(RULES, dimensions=(replace(FIRST, criteria=criteria), *OTHERS))


STEPS = (Step(1, 10), Step(2, 20))
FINE = Criterion(key="capital", name="注册资本", weight=100)


@pytest.mark.parametrize(
    ("document", "refusal"),
    [
        (replace(RULES, dimensions=(replace(FIRST, weight=21), *OTHERS)), scheme_document.SchemeWeightsDoNotSum),
        (with_criteria(replace(FINE, weight=99)), scheme_document.SchemeWeightsDoNotSum),
        (
            with_criteria(replace(FINE, weight=-1), replace(FINE, key="b", weight=101)),
            scheme_document.SchemeWeightsDoNotSum,
        ),
        (with_criteria(), scheme_document.SchemeWeightsDoNotSum),
        (replace(RULES, dimensions=tuple(OTHERS)), scheme_document.DimensionMissing),
        (replace(RULES, dimensions=(FIRST, FIRST, *OTHERS[1:])), scheme_document.DimensionMissing),
        (with_criteria(replace(FINE, weight=50), replace(FINE, weight=50)), scheme_document.SchemeKeyTwice),
        (with_criteria(replace(FINE, key="plan")), scheme_document.SchemeKeyTwice),
        (replace(RULES, documents=RULES.documents * 2), scheme_document.SchemeKeyTwice),
        (with_criteria(replace(FINE, key="Capital!")), scheme_document.SchemeKeyInvalid),
        (with_criteria(replace(FINE, name=" ")), scheme_document.SchemeKeyInvalid),
        (replace(RULES, pass_mark=101), scheme_document.PassMarkOutOfRange),
        (replace(RULES, dimensions=(replace(FIRST, minimum=-1), *OTHERS)), scheme_document.PassMarkOutOfRange),
        (with_criteria(replace(FINE, steps=(Step(1, 101),))), scheme_document.PassMarkOutOfRange),
        (with_criteria(replace(FINE, steps=STEPS[::-1])), scheme_document.StepsDoNotRise),
        (replace(RULES, documents=RULES.documents[2:]), scheme_document.NoDocumentRequired),
        (replace(RULES, reviewers=10), scheme_document.SchemeOutOfRange),
        (replace(RULES, levels=0), scheme_document.SchemeOutOfRange),
        (replace(RULES, validity=121), scheme_document.SchemeOutOfRange),
        (replace(RULES, reminders=(30, 30)), scheme_document.SchemeOutOfRange),
        (replace(RULES, appeal_window=0), scheme_document.SchemeOutOfRange),
    ],
)
def test_rules_that_nobody_could_judge_by_are_refused(document: Document, refusal: type[Refused]) -> None:
    schemes().when(Publish(at=on(1), category="cameras", document=document)).then_refused(refusal)


def test_steps_count_from_their_value_on() -> None:
    criterion = replace(FINE, steps=STEPS)
    assert [criterion.points(value) for value in (-5, 0, 1, 2, 99)] == [0, 0, 10, 20, 20]

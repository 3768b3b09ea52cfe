"""Who sees what: every viewer that there can be, against the rule told in words."""

from itertools import chain, combinations, product

from domain.privacy.personal import HANDLING, Kind
from domain.privacy.showing import TABLE, Standing, Viewer, shown

FLAGS = ("own", "staff", "provider", "active_order", "auditor")
CASE = {Kind.FREE_TEXT, Kind.MEDIA}
CLOSE = {Kind.HEALTH, Kind.FINANCE}
REACH = {Kind.IDENTITY, Kind.CONTACT, Kind.ADDRESS}


def every_viewer() -> list[Viewer]:
    """All combinations of facts."""
    kinds = list(Kind)
    consents = [
        frozenset(found) for found in chain.from_iterable(combinations(kinds, n) for n in range(len(kinds) + 1))
    ]
    return [
        Viewer(**dict(zip(FLAGS, flags, strict=True)), consented=consented)
        for flags in product((False, True), repeat=len(FLAGS))
        for consented in consents
    ]


def told(viewer: Viewer, kind: Kind) -> str:
    """The rule, in other words than the table's."""
    at_work = viewer.provider and viewer.active_order
    if viewer.own:
        return "plain"
    if kind is Kind.CREDENTIAL:
        return "hidden"
    if (viewer.staff and kind not in CLOSE) or (at_work and (kind in viewer.consented or kind in CASE)):
        return "plain"
    masked = viewer.staff or viewer.auditor or (viewer.provider and kind not in CLOSE)
    return "masked" if masked else "hidden"


def test_every_viewer_sees_what_the_rule_says_and_nothing_else() -> None:
    viewers = every_viewer()
    assert len(viewers) * len(Kind) == 32 * 256 * 8
    wrong = [(viewer, kind) for viewer in viewers for kind in Kind if shown(viewer, kind) != told(viewer, kind)]
    assert wrong == []


def test_a_provider_needs_both_consent_and_an_active_order() -> None:
    both = Viewer(provider=True, active_order=True, consented=frozenset(REACH))
    assert {shown(both, kind) for kind in REACH} == {"plain"}
    for one in (
        Viewer(provider=True, active_order=True),
        Viewer(provider=True, consented=frozenset(REACH)),
    ):
        assert {shown(one, kind) for kind in REACH} == {"masked"}
    assert {shown(Viewer(active_order=True, consented=frozenset(REACH)), kind) for kind in REACH} == {"hidden"}


def test_nobody_sees_more_for_being_an_auditor_than_a_mask() -> None:
    assert "plain" not in {shown(Viewer(auditor=True), kind) for kind in Kind}


def test_the_table_has_a_place_for_every_standing_and_kind() -> None:
    assert set(TABLE) == set(product(Standing, Kind))
    assert set(HANDLING) == set(Kind)

"""Publication under OCDS 1.1: valid by the official schema, and merged as the reference implementation merges."""

from collections.abc import Sequence
from datetime import timedelta
from random import Random
from typing import Any
from uuid import UUID

import pytest
from msgspec.structs import replace

from domain.admission.admission_scheme import Version
from domain.admission.basis import Basis
from domain.engaging import engagement
from domain.engaging.engagement import EngagementEvent
from projections.admission import ocds, ocds_releases
from projections.admission.ocds import Json, Party
from projections.admission.ocds_releases import Told, engagement_releases, scheme_releases
from tests.domain.admission.qualifying import RULES
from tests.domain.small_town import on
from tests.projections.admission.official import merged, must_be_valid

STREAM = UUID(int=0xE)
GRANT = Basis(kind="grant", area="330106", number=1, scheme_version=2)
WAIVER = Basis(kind="waiver", area="330106", number=3)
PARTIES = (
    Party("019a5b1e-0000-7000-8000-000000000003", "明达水电工程有限公司", "91110000600037341L"),
    Party("019a5b1e-0000-7000-8000-000000000004", "安居智能", "91330100799655058B"),
    Party("019a5b1e-0000-7000-8000-000000000005", "Thames Lifts Ltd"),
)


def process(seed: int) -> list[Told]:
    """Any life of an engagement, with events of the same second, several companies, and internal events between."""
    random, now, told = Random(seed), on(2), list[Told]()  # noqa: S311 - no secret
    state = engagement.Engagement()

    def tell(event: EngagementEvent, party: Party | None = None) -> None:
        nonlocal state
        told.append(Told(len(told) + 1, event, party))
        state = engagement.evolve(state, event)

    def given() -> dict[str, Any]:
        return {
            "at": now,
            "category": random.choice(("lifts", "parking")),
            "item": random.choice(("order", "job", "booking", "contract")),
            "title": "电梯大修",
            "value_fen": random.choice((0, 1, 99, 100, 1_250_050)),
            "basis": random.choice((GRANT, WAIVER)),
        }

    party = random.choice(PARTIES)
    tell(random.choice((engagement.Awarded, engagement.Offered))(vendor=party.id, **given()), party)
    for _ in range(random.randrange(9)):
        now += timedelta(seconds=random.choice((0, 0, 1, 86_400)), microseconds=random.choice((0, 5)))
        basis = random.choice((GRANT, WAIVER))
        choices: list[EngagementEvent] = [engagement.Held(at=now, reason="dispute")]
        if state.status in engagement.AWAITING_ANSWER:
            choices += [engagement.Accepted(at=now, basis=basis), engagement.Accepted(at=now, basis=basis)]
            choices.append(engagement.Declined(at=now, reason="terms"))
        if state.status == "accepted":
            choices += [engagement.Started(at=now, basis=basis)] * 2
        if state.status == "started":
            choices += [engagement.Finished(at=now)] * 2
        if state.status == "finished":
            choices += [engagement.PaidOut(at=now, amount_fen=state.value_fen, basis=basis)] * 3
        if state.status in engagement.UNDER_WAY:
            choices.append(engagement.Cancelled(at=now, reason="not_needed"))
            party = random.choice([each for each in PARTIES if each.id != state.vendor])
            moved = engagement.Reassigned(
                at=now, vendor=party.id, former=state.vendor, reason="vendor_unable", basis=basis
            )
            choices.append(moved)
        event = random.choice(choices)
        tell(event, party if isinstance(event, engagement.Reassigned) else None)
    return told


def tags(releases: Sequence[Json]) -> list[str]:
    return [tag for each in releases for tag in each["tag"]]


def test_every_release_is_valid_by_the_official_schema_and_the_compiled_one_too() -> None:
    seen = set[str]()
    for seed in range(300):
        releases = engagement_releases(STREAM, process(seed))
        seen |= set(tags(releases))
        for each in (*releases, ocds.compiled(releases)):
            must_be_valid(each)
    assert {"award", "contract", "awardCancellation", "contractTermination", "implementation"} <= seen


def test_releases_are_merged_as_the_reference_implementation_merges_them() -> None:
    longest = 0
    for seed in range(600):
        releases = engagement_releases(STREAM, process(seed))
        longest = max(longest, len(releases))
        assert ocds.compiled(releases) == merged(releases), seed
    assert longest >= 6


def test_the_schema_would_tell() -> None:
    release = engagement_releases(STREAM, process(0))[0]
    with pytest.raises(AssertionError, match="tag"):
        must_be_valid({**release, "tag": "award"})
    with pytest.raises(AssertionError, match="ocid"):
        must_be_valid({name: value for name, value in release.items() if name != "ocid"})


def test_an_engagement_is_published_from_the_award_to_the_payment() -> None:
    first, second, *_ = PARTIES
    history: list[tuple[EngagementEvent, Party | None]] = [
        (
            engagement.Offered(
                at=on(2),
                vendor=first.id,
                category="lifts",
                item="job",
                title="电梯大修",
                value_fen=1_250_050,
                basis=GRANT,
            ),
            first,
        ),
        (engagement.Kept(at=on(2), sanction="1"), None),
        (engagement.Accepted(at=on(3), basis=GRANT), None),
        (
            engagement.Reassigned(at=on(4), vendor=second.id, former=first.id, reason="vendor_unable", basis=WAIVER),
            second,
        ),
        (engagement.Accepted(at=on(5), basis=WAIVER), None),
        (engagement.Started(at=on(6), basis=WAIVER), None),
        (engagement.Finished(at=on(7)), None),
        (engagement.PaidOut(at=on(8), amount_fen=1_250_050, basis=WAIVER), None),
    ]
    told = [Told(number, event, party) for number, (event, party) in enumerate(history, 1)]
    releases = engagement_releases(STREAM, told)
    assert [each["id"].removeprefix(f"ocds-linli0-{STREAM}-") for each in releases] == [
        "1",
        "3",
        "4",
        "5",
        "6",
        "7",
        "8",
    ]
    found = ocds.compiled(releases)
    assert found["ocid"] == f"ocds-linli0-{STREAM}"
    assert [each["id"] for each in found["parties"]] == ["CN-USCI-91110000600037341L", "CN-USCI-91330100799655058B"]
    assert [(each["id"], each["status"]) for each in found["awards"]] == [
        ("award-1", "cancelled"),
        ("award-2", "active"),
    ]
    assert [(each["id"], each["awardID"], each["status"]) for each in found["contracts"]] == [
        ("contract-1", "award-1", "terminated"),
        ("contract-2", "award-2", "terminated"),
    ]
    assert found["awards"][1]["description"] == "依据应急豁免第3号"
    assert found["awards"][0]["description"] == "依据准入资格第1号(准入规则第2版)"
    assert found["contracts"][1]["implementation"]["transactions"][0]["value"] == {
        "amount": 12500.5,
        "currency": "CNY",
    }
    assert found["relatedProcesses"][0]["identifier"] == "ocds-linli0-lifts"


def test_an_admission_scheme_is_published_as_a_tender_that_is_updated_with_each_version() -> None:
    strict = replace(RULES, pass_mark=80)
    versions = [Version(on(1), on(1), RULES), Version(on(2), on(5), strict)]
    releases = scheme_releases("lifts", versions)
    assert tags(releases) == ["tender", "tenderUpdate"]
    for each in (*releases, ocds.compiled(releases)):
        must_be_valid(each)
    compiled = merged(releases)
    assert ocds.compiled(releases) == compiled
    assert compiled["ocid"] == "ocds-linli0-lifts"
    assert compiled["tender"]["title"] == "供应商准入：电梯"
    assert compiled["tender"]["eligibilityCriteria"].endswith("总分80分合格")


def test_whoever_has_no_credit_code_goes_by_our_own_id() -> None:
    assert PARTIES[2].identifier == f"LINLI-{PARTIES[2].id}"
    assert "identifier" not in PARTIES[2].party("supplier")
    assert ocds_releases.ocid_of("lifts") == "ocds-linli0-lifts"

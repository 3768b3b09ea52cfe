"""Standings over HTTP: evidence goes in, scorecards that explain themselves come out."""

from collections.abc import AsyncIterator, Mapping
from datetime import datetime, timedelta

import msgspec
import pytest

from adapters.ledger import PostgresLedger
from domain.evaluation.rating_rules import Rules
from projections import organisation_register
from projections.evaluation import standing_register
from tests.api.reception import SHANGHAI, Reception, on
from tests.domain.evaluation.rated import RULES, STRICTER
from tests.followed import followed

VENDOR: Mapping[str, object] = {"name": "明达水电", "kinds": ["vendor"], "credit_code": "91110000600037341L"}
APRIL = datetime(2026, 4, 1, tzinfo=SHANGHAI)


@pytest.fixture(autouse=True)
async def registers(ledger: PostgresLedger) -> AsyncIterator[None]:
    async with followed(ledger, standing_register.projection, organisation_register.projection):
        yield


def sent(rules: Rules) -> object:
    return msgspec.to_builtins(rules)


async def published(reception: Reception, rules: Rules = RULES, counts_from: str = "2026-01-01T00:00:00+08:00") -> None:
    answer = await reception.send("/rating-schemes/vendors", {"counts_from": counts_from, "rules": sent(rules)})
    assert answer.status_code == 200, answer.text


async def registered(reception: Reception) -> str:
    """The address of a new vendor's standing."""
    answer = await reception.send("/organisations", VENDOR)
    return f"/standings/{answer.headers['Location'].rpartition('/')[2]}"


async def noted(reception: Reception, path: str, kind: str, day: int, **said: object) -> int:
    """Note something that happened on a day of March; the position of the log after it."""
    happened_at = datetime(2026, 3, day, 9, tzinfo=SHANGHAI).isoformat()
    fact = {"id": f"{kind}/{day}", "kind": kind, "happened_at": happened_at, **said}
    answer = await reception.send(f"{path}/notes", fact)
    assert answer.status_code == 200, answer.text
    return int(answer.headers["X-Position"])


async def rated_march(reception: Reception) -> str:
    """A vendor with a good March that is closed."""
    await published(reception)
    path = await registered(reception)
    reception.clock.at = on(31)
    for day in (3, 4):
        await noted(reception, path, "sla_kept", day)
    await noted(reception, path, "rating", 6, points=4, subject="work_order/1", area="330106001001")
    reception.clock.at = APRIL
    answer = await reception.send(f"{path}/close-period", {"period": "2026-03"})
    assert answer.status_code == 200, answer.text
    return path


async def test_a_period_explains_itself_down_to_each_piece_of_evidence(reception: Reception) -> None:
    path = await rated_march(reception)
    period = (await reception.see(f"{path}/periods/2026-03")).json()
    told = period["explanation"]
    lines = {line["measure"]: line for line in told["lines"]}
    assert (period["closed"], period["corrections"]) == (True, 0)
    assert (lines["in_time"]["value"], lines["in_time"]["weighted"]) == (10000, 5000)
    assert lines["repeats"]["neutral"] == "nothing_to_reckon_with"
    assert (told["weighted"], told["weights"], told["total"], told["band"]) == (7400, 80, 9250, "preferred")
    assert told["total"] == told["weighted"] * 100 // told["weights"]
    found = {each["id"]: each for each in period["evidence"]}
    assert set(found) == {each for line in lines.values() for each in line["rests_on"]}
    assert (found["rating/6"]["subject"], found["rating/6"]["points"]) == ("work_order/1", 4)
    assert all(each["position"] > 0 for each in found.values())


async def test_what_is_known_late_changes_what_was_and_not_what_was_known(reception: Reception) -> None:
    path = await rated_march(reception)
    known = (await reception.see(path)).json()
    reception.clock.pass_by(days=3)
    for day in (20, 21):
        await noted(reception, path, "sla_breached", day)
    now = (await reception.see(path)).json()
    assert (known["band"], known["total"], now["band"], now["total"]) == ("preferred", 9250, "no_new_work", 5500)
    assert now["kept_from"] == ["accept", "award", "offer", "work"]
    then = (await reception.see(path, {"as_of": known["position"]})).json()
    assert (then["band"], then["total"]) == ("preferred", 9250)
    period = (await reception.see(f"{path}/periods/2026-03")).json()
    before = (await reception.see(f"{path}/periods/2026-03", {"as_of": known["position"]})).json()
    assert (period["corrections"], period["explanation"]["total"]) == (2, 5500)
    assert (before["corrections"], before["explanation"]["total"], len(before["evidence"])) == (0, 9250, 3)
    turns = (await reception.see(f"{path}/history")).json()["turns"]
    assert [(turn["event"].partition(".")[2], turn.get("now")) for turn in turns] == [
        ("period_closed", "preferred"),
        ("band_changed", "preferred"),
        ("period_corrected", "no_new_work"),
        ("band_changed", "no_new_work"),
        ("period_corrected", "no_new_work"),
    ]
    assert turns[2]["because"] == "sla_breached/20"


async def test_the_same_evidence_twice_changes_nothing(reception: Reception) -> None:
    await published(reception)
    path = await registered(reception)
    reception.clock.at = on(31)
    assert await noted(reception, path, "sla_kept", 3) == await noted(reception, path, "sla_kept", 3)


async def test_a_vendor_about_which_nothing_is_known_is_not_rated(reception: Reception) -> None:
    """T14."""
    await published(reception)
    path = await registered(reception)
    found = (await reception.see(path)).json()
    assert (found["version"], found["band"], found["total"], found["tier"]) == (0, "", None, 0)
    assert found["largest_award_fen"] == 100_000
    reception.clock.at = APRIL
    period = (await reception.see(f"{path}/periods/2026-03")).json()
    assert (period["closed"], period["explanation"]["total"], period["explanation"]["band"]) == (False, None, "")
    assert (await reception.see(f"{path}/periods/2026-Q1")).status_code == 404
    assert (await reception.see(f"{path}/periods/2027-01")).status_code == 404
    assert (await reception.see(f"{path}/periods/moon")).status_code == 404
    assert (await reception.see("/standings/019a5b1e-0000-7000-8000-0000000000ff")).status_code == 404


@pytest.mark.parametrize(
    ("fact", "code"),
    [
        ({"points": 6, "kind": "rating"}, "PointsOffScale"),
        ({"kind": "rating"}, "PointsOffScale"),
        ({"happened_at": "2026-03-31T10:00:00+08:00"}, "NotYetHappened"),
        ({"happened_at": "2025-08-31T10:00:00+08:00"}, "TooLongAgo"),
        ({"happened_at": "0001-01-01T00:00:00+08:00"}, "TooLongAgo"),
    ],
)
async def test_bad_evidence_is_refused_and_leaves_no_trace(
    reception: Reception, ledger: PostgresLedger, fact: dict[str, object], code: str
) -> None:
    await published(reception)
    path = await registered(reception)
    head = await ledger.head()
    said = {"id": "x", "kind": "sla_kept", "happened_at": "2026-03-01T10:00:00+08:00", **fact}
    answer = await reception.send(f"{path}/notes", said)
    assert (answer.status_code, answer.json()["code"]) == (409, code)
    nobody = await reception.send("/standings/019a5b1e-0000-7000-8000-0000000000ff/notes", said | {"kind": "no_show"})
    assert (nobody.status_code, nobody.json()["code"]) == (409, "NobodyToRate")
    assert await ledger.head() == head


async def test_a_scheme_whose_weights_do_not_sum_is_refused(reception: Reception, ledger: PostgresLedger) -> None:
    rules = msgspec.to_builtins(RULES)
    rules["measures"][0]["weight"] = 49
    body = {"counts_from": "2026-01-01T00:00:00Z", "rules": rules}
    answer = await reception.send("/rating-schemes/vendors", body)
    assert (answer.status_code, answer.json()["code"], answer.json()["details"]["sum"]) == (
        409,
        "MeasureWeightsDoNotSum",
        99,
    )
    assert await ledger.head() == 0
    rules["measures"][0]["wieght"] = 50
    assert (await reception.send("/rating-schemes/vendors", body)).status_code == 422


async def test_a_scheme_is_seen_in_all_its_versions(reception: Reception) -> None:
    await published(reception)
    await published(reception, STRICTER, "2026-05-01T00:00:00+08:00")
    found = (await reception.see("/rating-schemes/vendors")).json()
    assert (found["version"], found["in_force"], len(found["versions"])) == (2, 1, 2)
    assert (await reception.see("/rating-schemes/nobody")).status_code == 404
    assert (
        await reception.send(
            "/rating-schemes/No%20Scheme", {"counts_from": "2026-01-01T00:00:00Z", "rules": sent(RULES)}
        )
    ).status_code == 404


async def test_standings_are_found_by_band_and_tier(reception: Reception, ledger: PostgresLedger) -> None:
    path = await rated_march(reception)
    position = await ledger.head()

    async def found(**wanted: str | int) -> list[str]:
        answer = await reception.see("/standings", {**wanted, "min_position": position})
        assert answer.status_code == 200, answer.text
        return [item["vendor"] for item in answer.json()["items"]]

    vendor = path.rpartition("/")[2]
    assert await found() == await found(band="preferred", tier=0) == await found(total_below=9251) == [vendor]
    assert (
        await found(band="watch") == await found(tier=1) == await found(total_below=9250) == await found(band="") == []
    )
    assert (await reception.see("/standings", {"band": "best"})).status_code == 400


async def test_what_if_lists_who_would_change_band_and_writes_nothing(
    reception: Reception, ledger: PostgresLedger
) -> None:
    path = await rated_march(reception)
    head = await ledger.head()
    await ledger.wait(standing_register.projection.name, head, timeout=20)
    asked = {"first": "2026-02", "last": "2026-03", "rules": sent(STRICTER)}
    answer = await reception.send("/rating-schemes/vendors/what-if", asked)
    assert answer.status_code == 200, answer.text
    assert answer.json() == {
        "periods": ["2026-02", "2026-03"],
        "vendors": 1,
        "rated": 1,
        "changed": 1,
        "changes": [
            {
                "vendor": path.rpartition("/")[2],
                "period": "2026-03",
                "was": "preferred",
                "would_be": "normal",
                "total_was": 9250,
                "total_would_be": 9250,
            }
        ],
    }
    same = await reception.send("/rating-schemes/vendors/what-if", {**asked, "rules": sent(RULES)})
    assert (same.json()["changed"], same.json()["changes"]) == (0, [])
    assert await ledger.head() == head


@pytest.mark.parametrize(
    ("asked", "status", "code"),
    [
        ({"last": "2026-04"}, 409, "PeriodNotOver"),
        ({"first": "2026-Q1"}, 409, "PeriodUnknown"),
        ({"first": "2025-06", "last": "2025-07"}, 409, "NoSchemeInForce"),
        ({"first": "2026-03", "last": "2026-02"}, 422, "Invalid"),
        ({"first": "2020-01"}, 422, "Invalid"),
        ({"first": "March"}, 422, "Invalid"),
    ],
)
async def test_what_if_needs_periods_that_are_over(
    reception: Reception, asked: dict[str, str], status: int, code: str
) -> None:
    await published(reception)
    reception.clock.at = APRIL + timedelta(days=1)
    body = {"first": "2026-03", "last": "2026-03", "rules": sent(RULES), **asked}
    answer = await reception.send("/rating-schemes/vendors/what-if", body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)

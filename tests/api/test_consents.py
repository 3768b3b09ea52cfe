"""Consents over HTTP."""

import asyncio
from uuid import UUID

import pytest

from tests.api.office import Office

CONSENT = {"recipient": "fixit", "purpose": "service_contact", "text_version": "2026-1", "kinds": ["contact"]}


async def test_what_was_consented_to_can_be_seen_with_everything_before_it(office: Office) -> None:
    anna = await office.register()
    await office.do(f"/people/{anna}/consents", CONSENT)
    again = await office.do(f"/people/{anna}/consents", CONSENT)
    assert again.json()["events"] == 0
    office.reception.clock.pass_by(hours=1)
    await office.do(f"/people/{anna}/consents", {**CONSENT, "text_version": "2026-2"})
    office.reception.clock.pass_by(hours=1)
    await office.do(f"/people/{anna}/consents/fixit/service_contact/withdraw")
    done = await office.do(f"/people/{anna}/consents", {**CONSENT, "recipient": "caring", "purpose": "care"})
    seen = (await office.see(f"/people/{anna}/consents", anna, {"min_position": done.json()["position"]})).json()
    assert [(each["recipient"], each["in_force"]) for each in seen] == [("caring", True), ("fixit", False)]
    assert [each["text_version"] for each in seen[1]["grants"]] == ["2026-1", "2026-2"]
    assert seen[1]["grants"][1]["withdrawn_at"] is not None


async def test_two_at_once_give_one_consent(office: Office) -> None:
    anna = await office.register()
    both = await asyncio.gather(*(office.do(f"/people/{anna}/consents", CONSENT) for _ in range(2)))
    assert sorted(each.json()["events"] for each in both) == [0, 1]


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"kinds": []}, 409, "NothingToDisclose"),
        ({"until": "2026-03-01T00:00:00Z"}, 409, "ConsentOverAlready"),
        ({"kinds": ["shoe size"]}, 422, "Invalid"),
        ({"purpose": "anything"}, 422, "Invalid"),
        ({"recipient": " "}, 422, "Invalid"),
    ],
)
async def test_what_is_no_consent_is_refused(office: Office, change: dict[str, object], status: int, code: str) -> None:
    anna = await office.register()
    answer = await office.reception.send(f"/people/{anna}/consents", {**CONSENT, **change})
    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_nobody_unknown_erased_or_only_kept_consents(office: Office) -> None:
    answer = await office.reception.send(f"/people/{UUID(int=4)}/consents", CONSENT)
    assert answer.status_code == 404
    gone, kept = await office.register(), await office.register()
    await office.do(f"/people/{gone}/erase", {"reason": "request"})
    await office.do(f"/people/{kept}/hold", {"until": "2029-03-02T00:00:00Z", "law": "court_order"})
    await office.do(f"/people/{kept}/erase", {"reason": "request"})
    for anybody, code in ((gone, "PersonErased"), (kept, "PersonRestricted")):
        answer = await office.reception.send(f"/people/{anybody}/consents", CONSENT)
        assert (answer.status_code, answer.json()["code"]) == (409, code)


@pytest.mark.parametrize("purpose", ["service_contact", "anything"])
async def test_what_was_never_given_cannot_be_withdrawn(office: Office, purpose: str) -> None:
    anna = await office.register()
    answer = await office.reception.send(f"/people/{anna}/consents/fixit/{purpose}/withdraw")
    assert answer.status_code == 404


async def test_withdrawing_twice_is_no_news(office: Office) -> None:
    anna = await office.register()
    await office.do(f"/people/{anna}/consents", CONSENT)
    withdraw = f"/people/{anna}/consents/fixit/service_contact/withdraw"
    assert [(await office.do(withdraw)).json()["events"] for _ in range(2)] == [1, 0]

"""How to reach whoever reported it: for the provider at work, with consent; for others masked, or not at all."""

from uuid import UUID

import pytest

from tests.api.office import HOME, MASKED, PLAIN, Office

FIXIT = str(UUID(int=0xF1))
REACH = ("name", "phone", "address")
CONSENT = {
    "recipient": FIXIT,
    "purpose": "service_contact",
    "text_version": "2026-1",
    "kinds": ["identity", "contact", "address"],
}


@pytest.fixture
async def anna(office: Office) -> str:
    office.roles.members |= {"plumber-4": FIXIT, "rival-1": "rival"}
    return await office.register()


async def ordered(office: Office, reporter: str) -> str:
    order = await office.reception.report(reporter=reporter)
    await office.reception.do(order, "triage", {"priority": 1})
    await office.reception.do(order, "assign", {"company": FIXIT, "person": "plumber-4"})
    return order


async def reach(office: Office, order: str, viewer: str) -> dict[str, str]:
    answer = await office.see(f"{order}/contact", viewer)
    assert answer.status_code == 200, answer.text
    return {name: answer.json()[name] for name in REACH}


def only(texts: dict[str, str]) -> dict[str, str]:
    return {name: texts[name] for name in REACH}


async def noted(office: Office, person: str) -> list[tuple[str, str, str]]:
    seen = (await office.see(f"/people/{person}/disclosures", person)).json()
    return [(each["to"], each["organisation"], each["about"]) for each in seen]


async def test_a_provider_at_work_sees_a_mask_until_there_is_consent(office: Office, anna: str) -> None:
    order = await ordered(office, anna)
    assert await reach(office, order, "plumber-4") == only(MASKED)
    assert await noted(office, anna) == []
    await office.do(f"/people/{anna}/consents", CONSENT)
    assert await reach(office, order, "plumber-4") == only(PLAIN)
    assert await noted(office, anna) == [("plumber-4", FIXIT, order.replace("/work-orders/", "work_order/"))]


async def test_consent_covers_only_the_kinds_it_names(office: Office, anna: str) -> None:
    order = await ordered(office, anna)
    await office.do(f"/people/{anna}/consents", {**CONSENT, "kinds": ["contact"]})
    assert await reach(office, order, "plumber-4") == {**only(MASKED), "phone": PLAIN["phone"]}
    shown = (await office.see(f"{order}/contact", "plumber-4")).json()["shown"]
    assert shown == {"identity": "masked", "contact": "plain", "address": "masked"}


async def test_withdrawing_consent_masks_it_again(office: Office, anna: str) -> None:
    order = await ordered(office, anna)
    await office.do(f"/people/{anna}/consents", CONSENT)
    office.reception.clock.pass_by(minutes=1)
    await office.do(f"/people/{anna}/consents/{FIXIT}/service_contact/withdraw")
    assert await reach(office, order, "plumber-4") == only(MASKED)


async def test_consent_that_has_ended_covers_nothing(office: Office, anna: str) -> None:
    order = await ordered(office, anna)
    await office.do(f"/people/{anna}/consents", {**CONSENT, "until": "2026-03-03T00:00:00+08:00"})
    assert await reach(office, order, "plumber-4") == only(PLAIN)
    office.reception.clock.pass_by(days=1)
    assert await reach(office, order, "plumber-4") == only(MASKED)


@pytest.mark.parametrize("consent", [{**CONSENT, "purpose": "marketing"}, {**CONSENT, "recipient": "rival"}])
async def test_consent_for_something_else_or_somebody_else_covers_nothing(
    office: Office, anna: str, consent: dict[str, object]
) -> None:
    order = await ordered(office, anna)
    await office.do(f"/people/{anna}/consents", consent)
    assert await reach(office, order, "plumber-4") == only(MASKED)


async def test_when_the_work_is_done_the_provider_sees_a_mask_again(office: Office, anna: str) -> None:
    order = await ordered(office, anna)
    await office.do(f"/people/{anna}/consents", CONSENT)
    await office.reception.do(order, "start")
    assert await reach(office, order, "plumber-4") == only(PLAIN)
    await office.reception.do(order, "resolve", {"evidence": [{"kind": "note", "text": "new valve"}]})
    assert await reach(office, order, "plumber-4") == only(MASKED)


async def test_who_no_longer_has_the_order_sees_nothing(office: Office, anna: str) -> None:
    order = await ordered(office, anna)
    await office.do(f"/people/{anna}/consents", CONSENT)
    await office.reception.do(order, "hand-over", {"company": "rival", "reason": "too far"})
    assert (await office.see(f"{order}/contact", "plumber-4")).status_code == 404
    assert await reach(office, order, "rival-1") == only(MASKED)


async def test_a_provider_without_the_order_and_a_stranger_see_nothing(office: Office, anna: str) -> None:
    order = await ordered(office, anna)
    await office.do(f"/people/{anna}/consents", {**CONSENT, "recipient": "rival"})
    for viewer in ("rival-1", "stranger"):
        assert (await office.see(f"{order}/contact", viewer)).status_code == 404
    assert (await office.see(f"/people/{anna}", "plumber-4")).status_code == 404


async def test_staff_see_it_and_it_is_noted_and_people_see_their_own(office: Office, anna: str) -> None:
    office.roles.staff["clerk"] = HOME[:6]
    order = await ordered(office, anna)
    assert await reach(office, order, "clerk") == only(PLAIN)
    assert await reach(office, order, anna) == only(PLAIN)
    assert [to for to, _, _ in await noted(office, anna)] == ["clerk"]


@pytest.mark.parametrize("reporter", ["resident-17", str(UUID(int=9))])
async def test_whoever_is_no_person_cannot_be_reached(office: Office, anna: str, reporter: str) -> None:
    office.roles.staff["clerk"] = ""
    assert anna
    order = await ordered(office, reporter)
    for viewer in ("plumber-4", "clerk"):
        assert (await office.see(f"{order}/contact", viewer)).status_code == 404


async def test_an_order_that_is_none_has_no_contact(office: Office) -> None:
    assert (await office.see(f"/work-orders/{UUID(int=3)}/contact", "plumber-4")).status_code == 404


async def test_erasing_takes_the_contact_away(office: Office, anna: str) -> None:
    order = await ordered(office, anna)
    await office.do(f"/people/{anna}/consents", CONSENT)
    await office.do(f"/people/{anna}/erase", {"reason": "request"})
    assert await reach(office, order, "plumber-4") == {"name": "", "phone": "", "address": ""}
    assert await noted(office, anna) == []

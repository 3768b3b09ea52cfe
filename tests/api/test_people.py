"""People over HTTP: known to themselves, to their staff, and to nobody else."""

from datetime import datetime
from uuid import UUID

import pytest

from domain.parties import person
from domain.privacy.personal import ERASED, RESTRICTED, Kind
from tests.api.office import HOME, MASKED, PLAIN, Office
from tests.api.reception import Reception, on

TEXTS = list(PLAIN)


@pytest.fixture
def staff(office: Office) -> str:
    office.roles.staff["clerk"] = HOME[:6]
    return "clerk"


async def texts(office: Office, person_id: str, viewer: str) -> dict[str, str]:
    answer = await office.see(f"/people/{person_id}", viewer)
    assert answer.status_code == 200, answer.text
    return {name: answer.json()[name] for name in TEXTS}


async def disclosures(office: Office, person_id: str) -> list[dict[str, object]]:
    found: list[dict[str, object]] = (await office.see(f"/people/{person_id}/disclosures", person_id)).json()
    return found


async def test_people_see_themselves_and_nobody_needs_to_note_it(office: Office) -> None:
    anna = await office.register()
    assert await texts(office, anna, anna) == PLAIN
    assert await disclosures(office, anna) == []


async def test_staff_of_the_area_see_them_and_every_look_is_noted(office: Office, staff: str) -> None:
    anna = await office.register()
    assert await texts(office, anna, staff) == PLAIN
    office.reception.clock.pass_by(hours=1)
    assert await texts(office, anna, staff) == PLAIN
    seen = await disclosures(office, anna)
    assert [(each["to"], each["about"], each["form"]) for each in seen] == [(staff, f"person/{anna}", "plain")] * 2
    assert seen[0]["kinds"] == ["address", "contact", "identity"]
    assert seen[0]["at"] > seen[1]["at"]  # type: ignore[operator]


async def test_staff_of_another_area_are_told_that_there_is_nothing(office: Office, staff: str) -> None:
    elsewhere = await office.register(home="110101001001")
    assert (await office.see(f"/people/{elsewhere}", staff)).status_code == 404
    assert (await office.see(f"/people/{UUID(int=7)}", staff)).status_code == 404


async def test_strangers_are_told_that_there_is_nothing(office: Office) -> None:
    anna = await office.register()
    for path in ("", "/consents", "/disclosures", "/export"):
        answer = await office.see(f"/people/{anna}{path}", "stranger")
        assert answer.status_code == 404, path
        assert "张" not in answer.text
    assert await disclosures(office, anna) == []


async def test_auditors_see_masks_which_nobody_notes(office: Office) -> None:
    office.roles.auditors.add("auditor-1")
    anna = await office.register()
    assert await texts(office, anna, "auditor-1") == MASKED
    assert await disclosures(office, anna) == []


async def test_who_is_written_down_as_a_representative_sees_nothing_by_that_alone(office: Office) -> None:
    """Acting for somebody takes the role of a relative, which the person gives."""
    ward, child = await office.register(), await office.register(name="张三", phone="")
    await office.do(f"/people/{ward}/relate", {"to": child, "relation": "child"})
    assert (await office.see(f"/people/{ward}", child)).status_code == 404
    assert (await office.see(f"/people/{ward}/disclosures", child)).status_code == 404


async def test_nobody_represents_themselves(office: Office) -> None:
    anna = await office.register()
    answer = await office.reception.send(f"/people/{anna}/relate", {"to": anna.upper(), "relation": "child"})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "#/to"


async def test_a_correction_is_seen_at_once(office: Office) -> None:
    anna = await office.register()
    await office.do(f"/people/{anna}/correct", {"reason": "changed", "phone": "(0512) 65123456", "email": ""})
    assert await texts(office, anna, anna) == {**PLAIN, "phone": "0512-65123456", "email": ""}


async def test_a_number_that_is_none_is_refused_leaves_no_trace_and_is_not_repeated(office: Office) -> None:
    answer = await office.reception.send("/people", {"name": "A", "phone": "12345"}, key="k-1")
    assert (answer.status_code, answer.json()["code"]) == (409, "NotATelephoneNumber")
    assert "12345" not in answer.text
    assert await office.ledger.head() == 0


@pytest.mark.parametrize(
    "body", [{}, {"name": ""}, {"name": "x" * 101}, {"name": "A", "language": "de"}, {"name": "A", "age": 3}]
)
async def test_what_cannot_be_a_person_is_not_understood(office: Office, body: object) -> None:
    answer = await office.reception.send("/people", body)
    assert answer.status_code == 422
    assert await office.ledger.head() == 0


async def test_what_is_erased_leaves_a_tombstone(office: Office, staff: str) -> None:
    anna = await office.register()
    await office.do(f"/people/{anna}/erase", {"reason": "request"})
    told = (await office.see(f"/people/{anna}", staff)).json()
    assert told["status"] == "erased"
    assert {name: told[name] for name in TEXTS} == {"name": ERASED, "phone": "", "email": "", "address": ""}
    answer = await office.reception.send(f"/people/{anna}/correct", {"reason": "wrong", "name": "B"})
    assert (answer.status_code, answer.json()["code"]) == (409, "PersonErased")
    assert await disclosures(office, anna) == []


async def test_what_a_law_demands_to_keep_is_shown_to_nobody(office: Office, staff: str) -> None:
    anna = await office.register()
    until = on(2).replace(year=2029)
    await office.do(f"/people/{anna}/hold", {"until": until.isoformat(), "law": "e_commerce_law_31"})
    await office.do(f"/people/{anna}/erase", {"reason": "request"})
    for viewer in (anna, staff):
        assert await texts(office, anna, viewer) == dict.fromkeys(TEXTS, RESTRICTED)
    assert datetime.fromisoformat((await office.see(f"/people/{anna}", staff)).json()["erase_at"]) == until
    assert await disclosures(office, anna) == []
    await office.do(f"/people/{anna}/release-hold", {"law": "e_commerce_law_31"})
    assert (await office.see(f"/people/{anna}", staff)).json()["status"] == "erased"


async def test_what_is_sealed_is_opened_shown_masked_and_gone_with_its_key(office: Office, staff: str) -> None:
    stream = UUID(int=0xA77A)
    anna = str(stream)
    office.roles.auditors.add("auditor-1")
    name, phone, email, address = (
        office.vault.seal(stream, anna, person.TEXTS[name], PLAIN[name], field=name) for name in TEXTS
    )
    sealed = person.Registered(at=on(2), name=name, phone=phone, email=email, address=address, home=HOME)
    await office.append(stream, sealed)
    assert await texts(office, anna, anna) == PLAIN
    assert await texts(office, anna, staff) == PLAIN
    assert await texts(office, anna, "auditor-1") == MASKED
    assert len(await disclosures(office, anna)) == 1
    office.vault.destroy(anna)
    assert await texts(office, anna, staff) == dict.fromkeys(TEXTS, ERASED)
    assert len(await disclosures(office, anna)) == 1


async def test_the_list_is_masked_and_ends_where_the_viewers_area_ends(office: Office, staff: str) -> None:
    here, there = await office.register(), await office.register(home="110101001001")
    answer = await office.reception.send("/people", {"name": "王五"})
    position = answer.json()["position"]
    listed = (await office.see("/people", staff, {"min_position": position})).json()["items"]
    assert [each["id"] for each in listed] == [here]
    assert {name: listed[0][name] for name in TEXTS} == MASKED
    assert (await office.see("/people", staff, {"area": "11"})).json()["items"] == []
    nearer = (await office.see("/people", staff, {"area": "3205080010"})).json()["items"]
    assert [each["id"] for each in nearer] == [here]
    assert (await office.see("/people", "stranger")).json()["code"] == "NotPermitted"
    office.roles.staff["everywhere"] = ""
    listed = (await office.see("/people", "everywhere", {"area": "11"})).json()["items"]
    assert [each["id"] for each in listed] == [there]
    assert await disclosures(office, here) == []


async def test_the_list_comes_in_pages_that_miss_nobody(office: Office) -> None:
    office.roles.staff["everywhere"] = ""
    ids = [await office.register(occurred_at=on(1, hour).isoformat()) for hour in (8, 8, 9, 10, 10)]
    position = await office.ledger.head()
    query: dict[str, str | int | list[str] | list[int]] = {"limit": 2, "min_position": position}
    found: list[str] = []
    while True:
        answer = (await office.see("/people", "everywhere", query)).json()
        found += [each["id"] for each in answer["items"]]
        if answer["next"] is None:
            break
        query["cursor"] = answer["next"]
    assert sorted(found) == sorted(ids)
    assert found[0] in ids[3:]


async def test_erased_people_can_be_listed_or_left_out_and_hold_nothing(office: Office, staff: str) -> None:
    gone, here = await office.register(), await office.register()
    done = await office.do(f"/people/{gone}/erase", {"reason": "request"})
    query = {"min_position": done.json()["position"]}
    listed = (await office.see("/people", staff, {**query, "erased": "true"})).json()["items"]
    assert [each["id"] for each in listed] == [gone]
    assert [each["id"] for each in (await office.see("/people", staff, {"erased": "false"})).json()["items"]] == [here]
    row = await office.ledger.pool.fetchval("SELECT t::text FROM reads.person_register t WHERE id = $1", UUID(gone))
    state = await office.ledger.pool.fetchval("SELECT state FROM reads.person_register WHERE id = $1", UUID(gone))
    for text in PLAIN.values():
        assert text not in row
        assert text.encode() not in state


async def test_a_page_of_sealed_people_is_opened_in_one_go(office: Office, staff: str) -> None:
    for number in range(1, 41):
        stream = UUID(int=number)
        token = office.vault.seal(stream, str(stream), Kind.IDENTITY, "张小三", field="name")
        await office.append(stream, person.Registered(at=on(2), name=token, home=HOME))
    position = await office.ledger.head()
    listed = (await office.see("/people", staff, {"min_position": position})).json()["items"]
    assert {each["name"] for each in listed} == {"张*三"}
    assert len(listed) == 40
    assert office.vault.calls == 1


async def test_where_no_roles_and_keys_are_plugged_in_people_see_only_their_own(reception: Reception) -> None:
    answer = await reception.send("/people", {"name": "张小三"})
    anna = answer.headers["Location"]
    assert (await reception.see(anna)).status_code == 404
    own = await reception.see(anna, headers={"Authorization": f"Bearer {answer.json()['id']}"})
    assert own.json()["name"] == "张小三"

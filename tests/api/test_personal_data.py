"""A person's rights: to know who saw what, and to have a copy of everything that is held."""

from uuid import UUID

import msgspec
import pytest

from api.personal_data import Export, processing
from domain import lifecycles
from domain.decider import Event
from domain.parties import person
from domain.privacy.declared import declared
from domain.privacy.personal import ERASED, Kind
from tests.api.office import HOME, PLAIN, Office
from tests.api.reception import on

CONSENT = {"recipient": "fixit", "purpose": "service_contact", "text_version": "2026-1", "kinds": ["contact"]}


def declarations(decider: lifecycles.AnyDecider) -> list[tuple[str, type[Event]]]:
    return list(decider.tags.items())


async def export(office: Office, person_id: str, viewer: str) -> Export:
    answer = await office.see(f"/people/{person_id}/export", viewer)
    assert answer.status_code == 200, answer.text
    assert "attachment" in answer.headers["Content-Disposition"]
    return msgspec.json.decode(answer.content, type=Export)


async def test_a_copy_holds_what_is_known_what_happened_and_who_was_told(office: Office) -> None:
    office.roles.staff["clerk"] = ""
    office.roles.members["clerk"] = "property-1"
    anna = await office.register()
    await office.do(f"/people/{anna}/correct", {"reason": "changed", "phone": "13912345678"})
    await office.do(f"/people/{anna}/consents", CONSENT)
    assert (await office.see(f"/people/{anna}", "clerk")).status_code == 200
    office.reception.clock.pass_by(minutes=1)
    copy = await export(office, anna, anna)
    assert (copy.person.name, copy.person.phone) == (PLAIN["name"], "13912345678")
    assert [event.type for event in copy.events] == ["person.registered", "person.corrected"]
    assert copy.events[0].data["phone"] == "13812345678"
    assert {field.field: field.kind for field in copy.events[0].personal} == person.TEXTS
    assert [field.field for field in copy.events[1].personal] == ["phone"]
    assert [(each.recipient, each.in_force) for each in copy.consents] == [("fixit", True)]
    assert [(each.to, each.form) for each in copy.disclosures] == [(anna, "export"), ("clerk", "plain")]
    assert copy.recipients == ["fixit", "property-1"]


async def test_a_privacy_officer_can_make_it_and_that_is_noted(office: Office) -> None:
    office.roles.privacy_officers.add("officer-1")
    anna = await office.register()
    assert (await export(office, anna, "officer-1")).person.name == PLAIN["name"]
    seen = (await office.see(f"/people/{anna}/disclosures", "officer-1")).json()
    assert [(each["to"], each["form"], each["purpose"]) for each in seen] == [("officer-1", "export", "access_request")]
    assert seen[0]["kinds"] == ["address", "contact", "identity"]


@pytest.mark.parametrize("viewer", ["clerk", "auditor-1", "stranger"])
@pytest.mark.parametrize("what", ["export", "disclosures"])
async def test_nobody_else_gets_a_copy_or_sees_who_saw_it(office: Office, viewer: str, what: str) -> None:
    office.roles.staff["clerk"] = ""
    office.roles.auditors.add("auditor-1")
    anna = await office.register()
    assert (await office.see(f"/people/{anna}/{what}", viewer)).status_code == 404


async def test_what_is_sealed_elsewhere_is_in_it_and_what_is_about_others_is_not(office: Office) -> None:
    """The stream of a ward holds a text about the child too: the ward's copy leaves it out, the child's holds it."""
    ward, child = UUID(int=0xA1), UUID(int=0xC1)
    name = office.vault.seal(ward, str(ward), Kind.IDENTITY, "张小三", field="name")
    other = office.vault.seal(ward, str(child), Kind.CONTACT, "13912345678", field="phone")
    await office.append(ward, person.Registered(at=on(2), name=name, phone=other, home=HOME))
    await office.append(child, person.Registered(at=on(2), name="张三", home=HOME))
    copy = await export(office, str(ward), str(ward))
    assert copy.events[0].data["name"] == "张小三"
    assert copy.events[0].data["phone"] == ""
    office.vault.destroy(str(child))
    copy = await export(office, str(ward), str(ward))
    assert (copy.person.name, copy.events[0].data["name"]) == ("张小三", "张小三")


async def test_the_copy_of_somebody_erased_is_a_tombstone(office: Office) -> None:
    stream = UUID(int=0xA77A)
    anna = str(stream)
    name = office.vault.seal(stream, anna, Kind.IDENTITY, "张小三", field="name")
    await office.append(stream, person.Registered(at=on(2), name=name), person.Erased(at=on(3), reason="request"))
    office.vault.destroy(anna)
    copy = await export(office, anna, anna)
    assert copy.person.status == "erased"
    assert [event.type for event in copy.events] == ["person.registered", "person.erased"]
    assert copy.events[0].data["name"] == ERASED
    assert "张小三" not in msgspec.json.encode(copy).decode()


async def test_disclosures_of_many_months_are_found_the_newest_first(office: Office) -> None:
    office.roles.staff["clerk"] = ""
    anna = await office.register()
    for _ in range(3):
        office.reception.clock.pass_by(days=40)
        assert (await office.see(f"/people/{anna}", "clerk")).status_code == 200
    seen = (await office.see(f"/people/{anna}/disclosures", anna)).json()
    moments = [each["at"][:7] for each in seen]
    assert moments == ["2026-06", "2026-05", "2026-04"]
    later = (await office.see(f"/people/{anna}/disclosures", anna, {"since": "2026-05-01T00:00:00Z"})).json()
    assert [each["at"][:7] for each in later] == ["2026-06", "2026-05"]


async def test_the_record_of_processing_names_every_declared_field(office: Office) -> None:
    answer = await office.see("/personal-data", "anybody")
    named = {(each["event"], each["field"]) for each in answer.json()}
    kinds = [(tag, kind) for every in lifecycles.ALL for tag, kind in declarations(every)]
    assert named == {(tag, field.name) for tag, kind in kinds for field in declared(kind)}
    assert ("person.registered", "phone") in named
    assert all(each.purpose and each.basis and each.kept for each in processing())

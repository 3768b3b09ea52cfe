"""Vendors over HTTP: they register themselves, two people say who they are, and not everybody sees their account."""

import hashlib
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from typing import Final, cast
from uuid import UUID

import pytest

from adapters.door import LedgerDoor
from adapters.ids import new_id
from adapters.ledger import PostgresLedger
from api.ports import Files
from domain.access import appointment, permission, role
from domain.admission import vendor
from domain.decider import Command, Elapse
from domain.lifecycles import AnyDecider
from domain.parties import organisation, person
from domain.ports import Context
from domain.privacy import disclosure
from projections.admission import qualification_board
from projections.admission.vendor_register import projection
from tests import everybody
from tests.adapters import hostile_files
from tests.api.reception import Clock, Reception, application, counter
from tests.domain import trade
from tests.domain.small_town import on
from tests.followed import followed

PATH: Final = f"/vendors/{trade.VENDOR}"
BODY: Final[Mapping[str, object]] = {
    "vendor": trade.VENDOR,
    "name": "明达水电",
    "credit_code": trade.CODE,
    "legal_representative": str(trade.BOSS),
    "contacts": [{"person": str(trade.AGENT), "role": "general"}],
    "bank": "中国工商银行杭州文三支行",
    "account": "6222 0000 0000 0001",
    "founded_on": "2015-06-01",
    "registered_capital_fen": 500_000_000,
}
CERTIFICATE: Final = {
    "kind": "lift_maintenance",
    "number": "TS3311-2026",
    "issuer": "浙江省市场监督管理局",
    "valid_from": "2026-01-01",
    "valid_until": "2026-12-31",
}
MEMBER: Final = {
    "person": str(trade.MECHANIC),
    "qualification": "lift_mechanic",
    "since": "2025-05-01",
    "certificate_number": "T330106199001011234",
}
FULL, COVERED = "6222000000000001", "************0001"


class Market(Reception):
    """A reception at which the table of permissions counts, in a town with a company and its people."""

    door: LedgerDoor
    ledger: PostgresLedger
    agent: str
    colleague: str
    officer: str
    head: str
    auditor: str
    rival: str

    async def build(self) -> None:
        """Put everything there that a vendor needs before it registers."""
        await self.do_there(organisation.decider, organisation.stream(trade.CODE), trade_company())
        for each in trade.PEOPLE:
            await self.do_there(person.decider, each, person.Register(at=on(1), name="王建国"))
        other = str(new_id())
        self.agent = await self.appointed("vendor_agent", trade.VENDOR)
        self.colleague = await self.appointed("provider_manager", trade.VENDOR)
        self.rival = await self.appointed("vendor_agent", other)
        self.officer = await self.appointed("procurement_officer")
        self.head = await self.appointed("procurement_head")
        self.auditor = await self.appointed("auditor")

    async def appointed(self, name: role.Name, company: str = "") -> str:
        """Somebody in a role."""
        who = new_id()
        await self.do_there(person.decider, who, person.Register(at=on(1), name=name))
        stream = appointment.stream(str(who))
        until = datetime(2027, 12, 31, tzinfo=UTC) if name == "auditor" else None
        propose = appointment.Propose(at=on(1), principal=str(who), role=name, organisation=company, until=until)
        await self.do_there(appointment.decider, stream, propose)
        if name in role.POWERFUL:
            await self.do_there(appointment.decider, stream, appointment.Approve(at=on(1), number=1))
        return str(who)

    async def do_there(self, decider: AnyDecider, stream: UUID, command: Command) -> None:
        """Something that was done before anybody asks."""
        await self.door.execute(decider, stream, command, Context(actor="mayor", occurred_at=on(1)))

    async def ask(self, who: str, path: str, body: object) -> tuple[int, str]:
        """A command as somebody: the status, and the code of a no."""
        answer = await self.send(path, body, actor=who)
        return answer.status_code, answer.json().get("code", "")

    async def look(self, who: str, path: str, **query: str) -> dict[str, object]:
        """What somebody sees."""
        answer = await self.see(path, query, headers={"Authorization": f"Bearer {who}"})
        assert answer.status_code == 200, answer.text
        found: dict[str, object] = answer.json()
        return found

    async def version(self) -> int:
        """How many events there are in the file."""
        return (await self.door.load(vendor.decider, vendor.stream(trade.VENDOR))).version


def trade_company() -> organisation.Register:
    """The company that becomes a vendor."""
    return organisation.Register(at=on(1), name="明达水电", kinds=("vendor",), credit_code=trade.CODE)


@pytest.fixture
async def market(ledger: PostgresLedger, door: LedgerDoor, files: Files) -> AsyncIterator[Market]:
    clock = Clock()
    real = everybody.real_door_to(ledger)
    app = application(ledger, real, clock, files=files, see=permission.sight, by_role=True)
    async with followed(ledger, projection, qualification_board.projection), counter(app) as http:
        market = Market(http, clock)
        market.door, market.ledger = door, ledger
        await market.build()
        yield market


# Registering ----------------------------------------------------------------------------------------------------------


async def test_a_vendor_registers_itself_and_follows_its_file(market: Market) -> None:
    answer = await market.send("/vendors", BODY, actor=market.agent)
    assert (answer.status_code, answer.headers["Location"]) == (201, PATH)
    assert answer.json()["id"] == trade.VENDOR, "by which it is asked for"
    file = await market.look(market.colleague, PATH)
    shown = ("id", "status", "verified", "frozen", "name", "account", "declarations", "version")
    expected = [trade.VENDOR, "registered", False, False, "明达水电", FULL, 1, 1]
    assert [file[name] for name in shown] == expected
    assert file["declared"] == {
        "number": 1,
        "at": "2026-03-02T01:00:00Z",
        "name": "明达水电",
        "legal_representative": str(trade.BOSS),
        "bank": "中国工商银行杭州文三支行",
        "account": FULL,
    }


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"credit_code": "91110000600037341N"}, (409, "CreditCodeInvalid")),
        ({"credit_code": trade.OTHER_CODE}, (409, "NotItsCreditCode")),
        ({"name": "明达机电"}, (409, "NotItsName")),
        ({"account": "12"}, (409, "AccountNumberInvalid")),
        ({"founded_on": "2027-01-01"}, (409, "FoundedInTheFuture")),
        ({"founded_on": "yesterday"}, (422, "Invalid")),
        ({"contacts": []}, (422, "Invalid")),
        ({"registered_capital_fen": -1}, (422, "Invalid")),
        ({"website": "javascript:alert(1)"}, (422, "Invalid")),
        ({"legal_representative": "boss"}, (409, "VendorPersonUnknown")),
        ({"vendor": "00000000-0000-7000-8000-00000000dead"}, (403, "OutOfScope")),
        ({"vendor": "nobody"}, (403, "OutOfScope")),
    ],
)
async def test_bad_input_is_refused_and_leaves_no_trace(
    market: Market, change: dict[str, object], expected: tuple[int, str]
) -> None:
    head = await market.ledger.head()
    assert await market.ask(market.agent, "/vendors", {**BODY, **change}) == expected
    assert await market.ledger.head() == head


async def test_a_vendor_has_one_file(market: Market) -> None:
    assert (await market.ask(market.agent, "/vendors", BODY))[0] == 201
    assert (await market.ask(market.agent, "/vendors", BODY))[0] == 201
    assert await market.version() == 1
    other = {**BODY, "bank": "another"}
    assert await market.ask(market.colleague, "/vendors", other) == (409, "VendorAlreadyRegistered")
    assert await market.ask(market.rival, "/vendors", BODY) == (404, "NotFound")


async def test_nobody_opens_the_file_of_something_that_is_no_organisation(market: Market) -> None:
    for nothing in ("nobody", str(new_id()), str(trade.BOSS)):
        body = {**BODY, "vendor": nothing}
        assert await market.ask(market.officer, "/vendors", body) == (409, "OrganisationNotRegistered")


# Declaring and verifying ----------------------------------------------------------------------------------------------


async def test_a_second_person_verifies_and_a_declaration_freezes_until_then(market: Market) -> None:
    accept = {"declaration": 1, "accepted": True}
    assert (await market.ask(market.officer, "/vendors", BODY))[0] == 201
    assert await market.ask(market.officer, f"{PATH}/verify", accept) == (403, "DutiesKeptApart")
    assert await market.ask(market.agent, f"{PATH}/verify", accept) == (403, "NotPermitted")
    assert (await market.ask(market.head, f"{PATH}/verify", accept))[0] == 200
    assert (await market.look(market.agent, PATH))["status"] == "verified"
    assert (await market.ask(market.agent, f"{PATH}/declare", {"account": "6222000000000002"}))[0] == 200
    frozen = await market.look(market.agent, PATH)
    assert (frozen["status"], frozen["account"]) == ("frozen", FULL)
    assert await market.ask(market.head, f"{PATH}/verify", accept) == (409, "DeclaredSince")
    assert (await market.ask(market.head, f"{PATH}/verify", {**accept, "declaration": 2}))[0] == 200
    after = await market.look(market.agent, PATH)
    assert (after["status"], after["account"], after["declared"]) == ("verified", "6222000000000002", None)


async def test_whoever_declared_cannot_verify_whatever_role_they_come_to_hold(market: Market) -> None:
    assert (await market.ask(market.agent, "/vendors", BODY))[0] == 201
    stream = appointment.stream(market.agent)
    propose = appointment.Propose(at=on(1), principal=market.agent, role="procurement_head")
    await market.do_there(appointment.decider, stream, propose)
    await market.do_there(appointment.decider, stream, appointment.Approve(at=on(1), number=2))
    accept = {"declaration": 1, "accepted": True}
    assert await market.ask(market.agent, f"{PATH}/verify", accept) == (403, "DutiesKeptApart")
    assert await market.version() == 1


async def test_of_two_who_correct_the_same_page_the_second_is_told(market: Market) -> None:
    assert (await market.ask(market.agent, "/vendors", BODY))[0] == 201
    first, second = [
        await market.send(f"{PATH}/correct", {"address": address}, version=1, actor=market.agent)
        for address in ("文三路 1 号", "文三路 2 号")
    ]
    assert (first.status_code, second.status_code) == (200, 412)


# Certificates and members ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"valid_until": "2025-12-31"}, (409, "CertificateDatesReversed")),
        ({"valid_from": "2026-03-04"}, (409, "CertificateNotYetValid")),
        ({"valid_until": "2066-12-31"}, (409, "CertificateTooLong")),
        ({"valid_until": "2026-03-01"}, (409, "CertificateOver")),
        ({"valid_until": "2026-02-30"}, (422, "Invalid")),
        ({"kind": "Lift Maintenance"}, (422, "Invalid")),
        ({"sha256": "12"}, (422, "Invalid")),
    ],
)
async def test_a_certificate_with_dates_that_cannot_be_leaves_no_trace(
    market: Market, change: dict[str, object], expected: tuple[int, str]
) -> None:
    await market.send("/vendors", BODY, actor=market.agent)
    assert await market.ask(market.agent, f"{PATH}/add-certificate", {**CERTIFICATE, **change}) == expected
    assert await market.version() == 1


async def test_a_certificate_is_entered_found_and_runs_out(market: Market) -> None:
    await market.send("/vendors", BODY, actor=market.agent)
    done = await market.send(f"{PATH}/add-certificate", CERTIFICATE, actor=market.agent)
    position = str(done.json()["position"])
    for query in ({"holds": "lift_maintenance"}, {"expiring_before": "2027-01-01T00:00:01+08:00"}):
        listed = await market.look(market.officer, "/vendors", min_position=position, **query)
        assert [each["id"] for each in items(listed)] == [trade.VENDOR]
    stream = vendor.stream(trade.VENDOR)
    await market.do_there(vendor.decider, stream, Elapse(label="", at=datetime(2027, 6, 1, tzinfo=UTC)))
    file = await market.look(market.agent, PATH)
    assert [each["status"] for each in items(file, "certificates")] == ["expired"]
    history = await market.look(market.agent, f"{PATH}/history")
    told = [(each["type"], each["occurred_at"]) for each in items(history, "events")][2:]
    assert told == [
        ("vendor.certificate_expiring", "2026-10-02T16:00:00Z"),
        ("vendor.certificate_expiring", "2026-12-01T16:00:00Z"),
        ("vendor.certificate_expiring", "2026-12-24T16:00:00Z"),
        ("vendor.certificate_expired", "2026-12-31T16:00:00Z"),
    ]


async def test_a_members_own_number_is_plain_for_one_at_a_time_and_on_record(market: Market) -> None:
    await market.send("/vendors", BODY, actor=market.agent)
    await market.send(f"{PATH}/add-member", MEMBER, actor=market.agent)
    stream = vendor.stream(trade.VENDOR)
    rows = await market.ledger.read(stream)
    assert b"T330106199001011234" not in b"".join(row.body for row in rows)
    for who in (market.agent, market.officer, market.auditor):
        for path in (PATH, f"{PATH}/history"):
            assert "T330106199001011234" not in str(await market.look(who, path))
    member = f"{PATH}/members/{trade.MECHANIC}"
    assert items(await market.look(market.auditor, member))[0]["certificate_number"] not in ("", "T330106199001011234")
    shown = items(await market.look(market.officer, member))
    assert [each["certificate_number"] for each in shown] == ["T330106199001011234"]
    noted = disclosure.stream(str(trade.MECHANIC), market.clock.now())
    assert len(await market.ledger.read(noted)) == 1
    nobody = await market.see(f"{PATH}/members/{trade.BOSS}", headers={"Authorization": f"Bearer {market.officer}"})
    assert nobody.status_code == 404


# Papers ---------------------------------------------------------------------------------------------------------------


async def test_the_paper_of_a_certificate_is_kept_under_the_hash_that_the_file_names(market: Market) -> None:
    paper = hostile_files.picture()
    sha256 = hashlib.sha256(paper).hexdigest()
    await market.send("/vendors", BODY, actor=market.agent)
    await market.send(f"{PATH}/add-certificate", {**CERTIFICATE, "sha256": sha256}, actor=market.agent)

    async def put(who: str, place: str, content: bytes, kind: str = "image/jpeg") -> int:
        said = {"Authorization": f"Bearer {who}", "Content-Type": kind}
        return (await market.http.put(f"{PATH}/files/{place}", content=content, headers=said)).status_code

    assert await put(market.agent, "9f" * 32, paper) == 404
    assert await put(market.officer, sha256, paper) == 403
    assert await put(market.rival, sha256, paper) == 404
    assert await put(market.agent, sha256, hostile_files.picture(size=(9, 9))) == 409
    assert await put(market.agent, sha256, paper, kind="text/html") == 415
    nothing = await market.see(f"{PATH}/files/{sha256}", headers={"Authorization": f"Bearer {market.agent}"})
    assert nothing.status_code == 404
    assert [await put(market.agent, sha256, paper) for _ in range(2)] == [204, 204]
    for who in (market.agent, market.officer):
        found = await market.see(f"{PATH}/files/{sha256}", headers={"Authorization": f"Bearer {who}"})
        assert (found.status_code, found.content) == (200, paper)
    stranger = await market.see(f"{PATH}/files/{sha256}", headers={"Authorization": f"Bearer {market.rival}"})
    assert stranger.status_code == 404


# Looking --------------------------------------------------------------------------------------------------------------


async def test_the_account_is_shown_in_full_to_whom_it_concerns_and_to_nobody_else(market: Market) -> None:
    await market.send("/vendors", BODY, actor=market.agent)
    await market.send(f"{PATH}/declare", {"account": "6222000000000002"}, actor=market.agent)
    for who in (market.agent, market.colleague, market.officer, market.head):
        assert (await market.look(who, PATH))["account"] == FULL
        assert FULL in str(await market.look(who, f"{PATH}/history"))
    seen = await market.look(market.auditor, PATH)
    assert seen["account"] == COVERED
    for path in (PATH, f"{PATH}/history", "/vendors"):
        text = str(await market.look(market.auditor, path))
        assert FULL not in text
        assert "6222000000000002" not in text
    stranger = await market.see(PATH, headers={"Authorization": f"Bearer {market.rival}"})
    assert (stranger.status_code, stranger.json()["code"]) == (404, "NotFound")


async def test_each_sees_in_the_list_what_is_theirs_to_see(market: Market) -> None:
    position = str((await market.send("/vendors", BODY, actor=market.agent)).json()["position"])
    for who, expected in ((market.agent, 1), (market.officer, 1), (market.auditor, 1), (market.rival, 0)):
        assert len(items(await market.look(who, "/vendors", min_position=position))) == expected
    for query, expected in (
        ({"q": "水电"}, 1),
        ({"q": "机电"}, 0),
        ({"credit_code": "91 110000 600037341l"}, 1),
        ({"status": "registered", "awaits_verification": "true"}, 1),
        ({"status": "verified"}, 0),
        ({"frozen": "true"}, 0),
        ({"holds": "lift_maintenance"}, 0),
    ):
        assert len(items(await market.look(market.officer, "/vendors", **query))) == expected, query
    unknown = await market.see("/vendors?colour=red", headers={"Authorization": f"Bearer {market.officer}"})
    assert unknown.status_code == 400


async def test_it_is_told_how_the_file_stood_then(market: Market) -> None:
    registered = (await market.send("/vendors", BODY, actor=market.agent)).json()["position"]
    await market.send(f"{PATH}/verify", {"declaration": 1, "accepted": True}, actor=market.officer)
    then = await market.look(market.agent, PATH, as_of=str(registered))
    assert (then["status"], then["version"]) == ("registered", 1)
    assert (await market.look(market.agent, PATH))["status"] == "verified"
    before = await market.see(f"{PATH}?as_of=1", headers={"Authorization": f"Bearer {market.agent}"})
    assert before.status_code == 404


def items(found: dict[str, object], name: str = "items") -> list[dict[str, str]]:
    """The parts of an answer."""
    return cast("list[dict[str, str]]", found[name])

"""Every operation of the OpenAPI document x every role x what is their own, another's, or not there at all.

What must come of it is reckoned here a second time, plainly, from the letters of the table and from facts about the
town that are written down below, not by the code that decides. Commands carry an `If-Match` that no version fits: who
is allowed is told so (412) before anything changes, so thousands of them leave the town as it is.
"""

import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any, Final, NamedTuple
from uuid import UUID

import httpx
import pytest

from adapters.door import LedgerDoor
from adapters.ledger import PostgresLedger
from api.ports import Files
from domain.access import duties, permission, policy, role
from domain.restraint import fan_out
from projections import (
    area_tree,
    concession_board,
    consent_register,
    estate_register,
    organisation_register,
    person_register,
    work_order_board,
)
from projections.admission import (
    engagement_board,
    qualification_board,
    scheme_register,
    vendor_register,
    waiver_register,
)
from projections.evaluation import standing_register
from projections.restraint import debarment_register, fan_out_board, sanction_register, screening_board
from tests import everybody
from tests.adapters import hostile_files
from tests.api.reception import Clock, application, counter
from tests.api.town import OURS, THEIR_MARK, THEIRS, Side, Town
from tests.domain.small_town import on
from tests.followed import followed

NOWHERE: Final = "019a5b1e-0000-7000-8000-0000000000ff"
PUBLIC: Final = {
    "/health/live", "/health/ready", "/problems", "/problems/{code}", "/sign-in", "/oauth/token", "/oidc/callback",
    "/oidc/{organisation}/start", "/.well-known/jwks.json", "/.well-known/oauth-authorization-server",
    "/public/vendors",
    "/ocds/releases",
    "/ocds/records/{ocid}",
}  # fmt: skip
OF_ONESELF: Final = {"/me", "/sign-out", "/tokens", "/permissions", "/personal-data"}
"""For whoever is known, whatever their roles."""
RELATIONS: Final = ("own", "other", "none")
ROLES: Final = [each.name for each in role.ALL]


class Facts(NamedTuple):
    """What is true of a thing, as far as the table cares."""

    area: str = ""
    organisation: str = ""
    people: tuple[str, ...] = ()
    facet: str = ""


class Call(NamedTuple):
    """A request, whether it must be allowed, and whether a denied one may know that the thing is there."""

    method: str
    address: str
    body: object
    allowed: bool
    visible: bool
    creates: bool
    public: bool
    """What it shows is for everybody who holds a role."""


@dataclass
class Matrix:
    """The operations, and what they must answer to a role."""

    document: dict[str, Any]
    town: Town

    def operations(self) -> Iterator[tuple[str, str, dict[str, Any]]]:
        """Path, method and operation, without those that ask nobody who they are."""
        for path, methods in self.document["paths"].items():
            for method, operation in methods.items():
                if path not in PUBLIC | OF_ONESELF:
                    yield path, method, operation

    def call(self, path: str, method: str, operation: dict[str, Any], name: str, relation: str) -> Call | None:
        """What somebody in a role asks of their own, of another's, or of nothing; None where that makes no sense."""
        wanted = operation["x-permission"]
        names = re.findall(r"{(\w+)}", path)
        if relation == "none" and (not names or path in _BY_NAME):
            return None
        if relation == "other" and method == "get" and not names:
            return None  # a list is one and the same address for everybody
        side = self.town.theirs if relation == "other" else self.town.ours
        facts, parts = self._target(path, wanted, name, side)
        if relation == "none":
            parts = dict.fromkeys(names, NOWHERE) | _only(parts, "recipient", "number", "sha256")
            parts["code"] = "980101001001"
        address = re.sub(r"{(\w+)}", lambda found: parts[found[1]], path)
        body = self._body(path, operation, name, side)
        row = permission.permission_of(wanted, facts.facet)
        lifecycle = wanted.partition(".")[0]
        creates = not names or path in _BY_NAME
        return Call(
            method.upper(),
            address,
            body,
            allowed=relation != "none" and self._reached(row, name, facts) and not self._apart(wanted, name, facts),
            visible=relation != "none" and self._reached(f"{lifecycle}.see", name, self._seen(wanted, facts, side)),
            creates=creates,
            public="E" in policy.ROWS[row].get(name, "") or lifecycle in {"area", "organisation", "estate"},
        )

    def _reached(self, row: str, name: str, facts: Facts) -> bool:
        """The letters of the table, said plainly. The appointments to powerful roles name no area, all others ours."""
        me = self.town.principals[name]
        meanings = {
            "E": True,
            "A": name in role.POWERFUL or facts.area.startswith(OURS),
            "T": facts.area.startswith(OURS),
            "O": facts.organisation == self.town.ours.company,
            "B": facts.area.startswith(OURS) and facts.organisation == self.town.ours.company,
            "S": me in facts.people,
            "W": self.town.ward in facts.people,
        }
        return any(meanings[letter] for letter in policy.ROWS.get(row, {}).get(name, ""))

    def _seen(self, wanted: str, facts: Facts, side: Side) -> Facts:
        """What is true of the thing as it is, where that is more than what matters for the command."""
        decided = wanted in {"appointment.approve", "appointment.decline", "appointment.revoke"}
        return facts._replace(organisation=side.company) if decided else facts

    def _apart(self, wanted: str, name: str, facts: Facts) -> bool:
        """Auditors only look; nobody gives themselves a role, and nobody judges the vendor that they work for."""
        looks = wanted.partition(".")[2] in {"see", "list", "contact", "export"}
        me = self.town.principals[name]
        judges = wanted in duties.NOT_FOR_ONES_ORGANISATION and name not in role.POWERFUL
        return (
            (name == "auditor" and not looks)
            or (wanted in {"appointment.propose", "appointment.approve"} and me in facts.people)
            or (judges and facts.organisation == self.town.ours.company)
        )

    def _target(self, path: str, wanted: str, name: str, side: Side) -> tuple[Facts, dict[str, str]]:
        """The thing that is asked for: what is true of it, and where it is."""
        mine = side is self.town.ours
        me = self.town.principals[name]
        about = self.town.ward if name == "family" else me
        parts = {
            "order_id": self.town.orders[name] if mine else side.order,
            "organisation_id": side.company,
            "organisation": side.company,
            "vendor_id": side.company,
            "estate_id": side.estate,
            "program_id": side.program,
            "community": side.community,
            "code": side.community,
            "key": "office",
            "category": "cameras",
            "key_id": NOWHERE,
            "number": "1",
            "recipient": "fixit",
            "purpose": "service_contact",
            "sha256": "9f" * 32,
        }
        lifecycle = wanted.partition(".")[0]
        if lifecycle == "work_order":
            people = (about, me) if mine else (side.neighbour,)
            return Facts(side.community, "" if wanted == "work_order.report" else side.company, people), parts
        if lifecycle == "appointment":
            return self._appointment(wanted, side, parts, me)
        if lifecycle in {"person", "consent", "disclosure", "account", "login"}:
            person = about if mine and name not in {"device", "partner"} else side.neighbour
            if lifecycle == "account" and not path.endswith("/account") and person == side.neighbour:
                person = side.candidate  # who has an account
            parts |= {"person_id": person, "person": person}
            area = "" if lifecycle in {"account", "login", "disclosure"} else side.community
            if lifecycle == "consent" and wanted != "consent.see":
                area = ""
            facet = "first" if path.endswith(("/account", "/account/password")) else ""  # nobody here has one yet
            return Facts(
                area if path != "/people" or wanted == "person.register" else OURS, "", (person,), facet
            ), parts
        return self._of_vendors(path, wanted, side, parts) or self._of_places(lifecycle, side, parts)

    def _of_vendors(
        self, path: str, wanted: str, side: Side, parts: dict[str, str]
    ) -> tuple[Facts, dict[str, str]] | None:
        """How vendors get in, are judged and kept out; None for anything else."""
        lifecycle = wanted.partition(".")[0]
        if lifecycle == "qualification":
            return self._qualification(wanted, side, parts)
        if lifecycle in {"standing", "rating_scheme"}:
            return self._standing_of(path, wanted, side, parts)
        if lifecycle in _ADMISSION:
            return self._admission(lifecycle, side, parts)
        return self._restraint(lifecycle, side, parts) if lifecycle in _RESTRAINT else None

    def _of_places(self, lifecycle: str, side: Side, parts: dict[str, str]) -> tuple[Facts, dict[str, str]]:
        """What lies somewhere, or belongs to a company."""
        place = {"area": side.community, "estate": side.community, "service_agreement": side.community}
        firm = side.company if lifecycle in {"organisation", "program"} else ""
        return Facts(place.get(lifecycle, ""), firm), parts

    def _admission(self, lifecycle: str, side: Side, parts: dict[str, str]) -> tuple[Facts, dict[str, str]]:
        """A vendor's file, and what is decided about it, concern its organisation; what it has to do also where."""
        parts |= {"person_id": side.neighbour, "engagement_id": side.engagement}
        parts |= {"vendor": side.company, "category": "access_control"}
        return Facts(side.community if lifecycle in {"waiver", "engagement"} else "", side.company), parts

    def _restraint(self, lifecycle: str, side: Side, parts: dict[str, str]) -> tuple[Facts, dict[str, str]]:
        """An entry on a list is nobody's; all else is the vendor's, an agreement also the area's that it is for."""
        parts |= {"debarment_id": self.town.debarment, "concession_id": side.concession}
        parts |= {"fan_out_id": str(fan_out.stream(side.company, 1))}
        firm = "" if lifecycle == "debarment" else side.company
        return Facts(side.community if lifecycle == "concession" else "", firm), parts

    def _qualification(self, wanted: str, side: Side, parts: dict[str, str]) -> tuple[Facts, dict[str, str]]:
        """A case concerns its vendor, its area and those who review it; a new one is nobody's to review."""
        people = () if wanted == "qualification.submit" else side.reviewers
        return Facts(side.community, side.company, people), parts | {"qualification_id": side.qualification}

    def _appointment(self, wanted: str, side: Side, parts: dict[str, str], me: str) -> tuple[Facts, dict[str, str]]:
        """Somebody is given a small role where the asking one is, or a powerful one is decided about."""
        if wanted == "appointment.see":
            principal = me if side is self.town.ours else side.candidate
            company = self.town.ours.company if self._standing(me) and side is self.town.ours else ""
            return Facts("", company, (principal,)), parts | {"principal": principal}
        if wanted == "appointment.propose":
            facts = Facts(side.community, side.company, (side.neighbour,), "grid_worker")
            return facts, parts | {"principal": side.neighbour}
        return Facts("", "", (side.candidate,), "powerful"), parts | {"principal": side.candidate}

    def _standing_of(self, path: str, wanted: str, side: Side, parts: dict[str, str]) -> tuple[Facts, dict[str, str]]:
        """What is known about either company; a rating scheme, and wondering about another, is the whole city's."""
        parts |= {"vendor_id": side.company, "period": "2026-02", "key": "vendors"}
        if path.startswith("/rating-schemes"):
            return Facts(), parts
        return Facts(side.community if wanted == "standing.note" else "", side.company), parts

    def _standing(self, me: str) -> bool:
        name = next(name for name, who in self.town.principals.items() if who == me)
        return name not in role.POWERFUL

    def _body(self, path: str, operation: dict[str, Any], name: str, side: Side) -> object:
        content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
        if path.endswith("/account/password"):
            return {}  # nobody chooses the password of somebody else
        given: list[dict[str, dict[str, object]]] = list(content.get("examples", {}).values())
        example = given[0]["value"] if given else {}
        mine = side is self.town.ours
        me = self.town.principals[name]
        about = self.town.ward if name == "family" else me
        known = {
            "community": side.community,
            "reporter": about if mine else side.neighbour,
            "home": side.community,
            "organisation": side.company,
            "vendor": side.company,
            "ward": "",
            "area": side.community,
        }
        changed: dict[str, object] = {key: known[key] for key in example if key in known}
        if path == "/principals/{principal}/appointments":
            changed |= {"role": "grid_worker", "organisation": side.company, "area": side.community}
        return {**example, **changed}


_ADMISSION: Final = {"vendor", "waiver", "engagement"}
"""Lifecycles about whether an organisation may work here."""
_RESTRAINT: Final = {"debarment", "screening", "concession", "sanction", "fan_out"}
"""Lifecycles about what keeps an organisation from work, and what it has promised for years."""
_BY_NAME: Final = {
    "/service-agreements/{community}",
    "/admission-schemes/{category}",
    "/work-calendars/{key}",
    "/rating-schemes/{key}",
    "/rating-schemes/{key}/what-if",
    "/principals/{principal}/appointments",
    "/people/{person_id}/consents",
    "/people/{person}/account",
    "/people/{person}/account/identities",
    "/people/{person}/account/password",
    "/organisations/{organisation}/identity-provider-secret",
    "/waivers/{vendor}/{category}",
}
"""What there is under an address that anybody can name before anything is there."""


def _only(parts: dict[str, str], *names: str) -> dict[str, str]:
    return {name: parts[name] for name in (*names, "purpose", "key_id") if name in parts}


@pytest.fixture
async def town(door: LedgerDoor) -> Town:
    """Everything there, before anybody asks."""
    built = Town(door)
    await built.build()
    return built


@pytest.fixture
async def http(ledger: PostgresLedger, town: Town, files: Files) -> AsyncIterator[httpx.AsyncClient]:
    """The API with the real table of permissions. Who asks is believed: how that is found out is tested elsewhere."""
    clock = Clock(on(4))
    door = everybody.real_door_to(ledger)
    app = application(ledger, door, clock, files=files, see=permission.sight, by_role=True)
    del town
    async with (
        followed(
            ledger,
            area_tree.projection,
            organisation_register.projection,
            estate_register.projection,
            person_register.projection,
            consent_register.projection,
            work_order_board.projection,
            vendor_register.projection,
            sanction_register.projection,
            fan_out_board.projection,
            standing_register.projection,
            debarment_register.projection,
            screening_board.projection,
            concession_board.projection,
            waiver_register.projection,
            engagement_board.projection,
            scheme_register.projection,
            qualification_board.projection,
        ),
        counter(app) as opened,
    ):
        await ledger.wait(work_order_board.projection.name, await ledger.head(), timeout=20)
        await ledger.wait(person_register.projection.name, await ledger.head(), timeout=20)
        await ledger.wait(engagement_board.projection.name, await ledger.head(), timeout=20)
        await ledger.wait(standing_register.projection.name, await ledger.head(), timeout=20)
        yield opened


async def test_nobody_gets_at_what_the_table_does_not_give_them(http: httpx.AsyncClient, town: Town) -> None:
    document = (await http.get("/openapi.json")).json()
    matrix = Matrix(document, town)
    calls, wrong = 0, list[str]()
    for path, method, operation in matrix.operations():
        assert "x-permission" in operation, f"{method} {path} names no permission"
        for name in ROLES:
            for relation in RELATIONS:
                call = matrix.call(path, method, operation, name, relation)
                if call is None or _has_a_way_of_its_own(path, name, town, call):
                    continue
                answer = await _ask(http, call, town.principals[name])
                calls += 1
                if found := _wrong(call, relation, answer):
                    wrong.append(f"{method} {path} as {name} of {relation}: {answer.status_code} {found} {answer.text}")
    assert not wrong, "\n".join(each[:300] for each in wrong)
    assert calls > 2500


def _has_a_way_of_its_own(path: str, name: str, town: Town, call: Call) -> bool:
    """One's own password is changed by whoever knows it; the first and all others are given by different officers."""
    if path != "/people/{person}/account/password":
        return False
    return town.principals[name] in call.address or name in {"administrator", "security_officer"}


async def _ask(http: httpx.AsyncClient, call: Call, actor: str) -> httpx.Response:
    said = {"Authorization": f"Bearer {actor}", "If-Match": '"999999"', "Accept-Language": "en"}
    if call.address.endswith("/files") and call.method == "POST":
        said |= {"Content-Type": "image/jpeg", "Content-Disposition": "attachment; filename=a.jpg"}
        return await http.post(call.address, content=_JPEG, headers=said)
    return await http.request(call.method, call.address, headers=said, json=None if call.method == "GET" else call.body)


_JPEG: Final = hostile_files.picture()


def _wrong(call: Call, relation: str, answer: httpx.Response) -> str:
    """What is wrong with an answer; nothing if nothing is."""
    if answer.status_code >= 500 and answer.status_code != 503:
        return "failed"
    if relation == "none":
        return "" if answer.status_code in {403, 404, 409, 412} else "expected nothing there"
    if call.allowed:
        nothing_there = answer.status_code == 404 and "/files/" in call.address
        return "was refused" if answer.status_code in {401, 403, 404} and not nothing_there else ""
    if answer.status_code not in {403, 404}:
        return "was not refused"
    if call.method == "POST" and not call.creates and answer.status_code != (403 if call.visible else 404):
        return f"expected {403 if call.visible else 404}"
    return "leaks" if THEIR_MARK in answer.text else ""


async def test_who_gives_the_first_password_cannot_reset_it(http: httpx.AsyncClient, town: Town) -> None:
    async def given_by(name: str) -> int:
        said = {"Authorization": f"Bearer {town.principals[name]}"}
        answer = await http.post(f"/people/{town.ours.candidate}/account/password", json={}, headers=said)
        return answer.status_code

    assert await given_by("security_officer") == 403
    assert await given_by("administrator") == 200
    assert await given_by("administrator") == 403
    assert await given_by("property_manager") == 403
    assert await given_by("security_officer") == 200


@pytest.mark.parametrize("name", ROLES)
async def test_no_list_and_no_page_shows_what_is_others(http: httpx.AsyncClient, town: Town, name: str) -> None:
    """Whatever is looked at: where the table gives no sight of everything, nothing of the other side is in it."""
    document = (await http.get("/openapi.json")).json()
    matrix, looked = Matrix(document, town), 0
    for path, method, operation in matrix.operations():
        if method != "get" or "{sha256}" in path:
            continue
        for relation in ("own", "other"):
            call = matrix.call(path, method, operation, name, relation)
            letters = policy.ROWS.get(operation["x-permission"], {}).get(name, "")
            if call is None or call.public or "A" in letters:
                continue
            answer = await _ask(http, call, town.principals[name])
            looked += 1
            for mark in (THEIR_MARK, town.theirs.order, town.theirs.neighbour):
                assert mark not in answer.text.replace(call.address, ""), f"{path} shows {name} what is {relation}"
    assert looked >= 5


async def test_the_town_has_something_to_hide(http: httpx.AsyncClient, town: Town) -> None:
    """What the test above looks for is there to be found, by whoever may see everything."""
    auditor = {"Authorization": f"Bearer {town.principals['auditor']}"}
    listed = (await http.get("/work-orders", headers=auditor)).text
    assert town.theirs.order in listed
    assert {UUID(town.theirs.order), UUID(town.ours.order)} <= {
        UUID(each["id"]) for each in (await http.get("/work-orders", headers=auditor)).json()["items"]
    }
    reader = {"Authorization": f"Bearer {town.theirs.neighbour}"}
    assert (await http.get(f"/work-orders/{town.theirs.order}", headers=reader)).status_code == 404


async def test_whoever_is_unknown_gets_in_nowhere(http: httpx.AsyncClient, town: Town) -> None:
    document = (await http.get("/openapi.json")).json()
    matrix = Matrix(document, town)
    for path, method, operation in matrix.operations():
        call = matrix.call(path, method, operation, "resident", "own")
        assert call is not None
        assert (await http.request(call.method, call.address)).status_code == 401, path
    for path in OF_ONESELF:
        method = "POST" if path in {"/sign-out", "/tokens"} else "GET"
        assert (await http.request(method, path)).status_code == 401, path


assert THEIRS != OURS

"""A town with two of everything, ours and theirs, and somebody in every role on our side: to see who gets at what.

Everything is there before anybody asks; it is put there by the door at which everybody may do everything. What belongs
to others carries a mark that must never be seen by whom it is not for.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, time
from typing import Any
from uuid import UUID

from msgspec.structs import replace

from adapters.ids import new_id
from domain import service_agreement, work_calendar, work_order
from domain.access import account, appointment, login, program, role
from domain.access.account_messages import Open
from domain.admission import admission_scheme, qualification, vendor, waiver
from domain.concession import agreement
from domain.concession import messages as concession
from domain.decider import Command
from domain.engaging import engagement
from domain.evaluation import rating_scheme, standing
from domain.lifecycles import AnyDecider
from domain.parties import area, estate, organisation, person
from domain.ports import Context, Door
from domain.privacy import consent
from domain.privacy.personal import Kind
from domain.restraint import debarment, fan_out, sanction, screening
from domain.service_agreement import Line
from domain.terms import Terms
from domain.working_time import Window, WorkingTime, week
from tests.domain.admission import qualifying
from tests.domain.admission.qualifying import LASTING, LICENCE, RULES, accept, submit
from tests.domain.evaluation import rated
from tests.domain.small_town import on

OURS, THEIRS = "990101001001", "990102001001"
THEIR_MARK = "zhe-shi-bie-ren-de"
_LINES = tuple(Line(priority=priority, terms=Terms()) for priority in service_agreement.PRIORITIES)


@dataclass
class Side:
    """One side of the town."""

    community: str
    mark: str
    company: str = ""
    estate: str = ""
    neighbour: str = ""
    program: str = ""
    candidate: str = ""
    """Somebody who is proposed for a powerful role."""
    order: str = ""
    concession: str = ""
    engagement: str = ""
    qualification: str = ""
    reviewers: tuple[str, str] = ("", "")
    """Who scores the case of the side's company."""


@dataclass
class Town:
    """Both sides, and those who ask: one principal for each role, all of them on our side."""

    door: Door
    ours: Side = field(default_factory=lambda: Side(OURS, "ours"))
    theirs: Side = field(default_factory=lambda: Side(THEIRS, THEIR_MARK))
    ward: str = ""
    debarment: str = str(debarment.stream("tax", "e-1"))
    principals: dict[str, str] = field(default_factory=dict[str, str])
    orders: dict[str, str] = field(default_factory=dict[str, str])
    """A work order of ours for each role: it concerns whoever asks in every way that their role could ask for."""

    async def build(self) -> None:
        """Put everything there."""
        for code in ("9901", "990101", "990101001", OURS, "990102", "990102001", THEIRS):
            await self._do(area.decider, area.stream(code), area.Register(at=on(1), code=code, name=f"area {code}"))
        await self._agree()
        for side in (self.ours, self.theirs):
            await self._furnish(side)
        self.ward = await self._person(self.ours, "ward")
        for each in role.ALL:
            await self._seat(each)
        await self._standing()
        for side in (self.ours, self.theirs):
            await self._engage(side)
        await self._apply()

    async def _agree(self) -> None:
        open_daily = WorkingTime(zone="Asia/Shanghai", week=week((Window(time(9), time(17)),)))
        published = work_calendar.Publish(at=on(1), key="office", working_time=open_daily)
        await self._do(work_calendar.decider, work_calendar.stream("office"), published)
        for community in (OURS, THEIRS):
            terms = service_agreement.Publish(at=on(1), community=community, lines=_LINES)
            await self._do(service_agreement.decider, service_agreement.stream(community), terms)

    async def _furnish(self, side: Side) -> None:
        company, home, gateway = new_id(), new_id(), new_id()
        side.company, side.estate, side.program = str(company), str(home), str(gateway)
        register = organisation.Register(at=on(1), name=f"company {side.mark}", kinds=("owners_committee",))
        await self._do(organisation.decider, company, register)
        built = estate.Register(at=on(1), name=f"estate {side.mark}", community=side.community)
        await self._do(estate.decider, home, built)
        gate = program.Register(at=on(1), name=f"gate-{side.mark}", organisation=side.company, kind="device")
        await self._do(program.decider, gateway, gate)
        side.neighbour = await self._person(side, "neighbour")
        side.candidate = await self._person(side, "candidate")
        await self._appoint(side.candidate, "procurement_officer", side)
        side.order = await self._order(side, side.neighbour, side.neighbour)
        await self._vendor(side)
        await self._restrained(side)

    async def _restrained(self, side: Side) -> None:
        """An entry on a list, the screening of the side's company, and what it builds for the side's community."""
        entry = debarment.List(
            at=on(1), list_key="tax", entry_key="e-1", name="Nobody Ltd", listed_on=date(2026, 1, 1), source="SAT"
        )
        await self._do(debarment.decider, UUID(self.debarment), entry)
        screened = screening.Record(at=on(1), vendor=side.company, name=f"company {side.mark}")
        await self._do(screening.decider, screening.stream(side.company), screened)
        grantor, signed = new_id(), new_id()
        register = organisation.Register(at=on(1), name=f"grantor {side.mark}", kinds=("residents_committee",))
        await self._do(organisation.decider, grantor, register)
        milestone = concession.Milestone("cameras", f"cameras {side.mark}", on(20))
        contract = concession.Contract(begins=on(1), ends=on(30), sha256="9f" * 32, milestones=(milestone,))
        sign = concession.Sign(
            at=on(1), grantor=str(grantor), vendor=side.company, area=side.community, contract=contract
        )
        side.concession = str(signed)
        await self._do(agreement.decider, signed, sign)
        await self._restrain(side)

    async def _vendor(self, side: Side) -> None:
        """The file of the side's company, for which its neighbour works."""
        opened = vendor.Register(
            at=on(1),
            vendor=side.company,
            name=f"company {side.mark}",
            registration_number=f"no {side.mark}",
            legal_representative=side.neighbour,
            contacts=(vendor.Contact(side.neighbour, "general"),),
            bank="ICBC",
            account="6222000000000001",
            founded_on=date(2015, 6, 1),
            registered_capital_fen=1,
        )
        certificate = vendor.AddCertificate(
            at=on(1),
            kind="lift_maintenance",
            number=f"certificate {side.mark}",
            issuer="SAMR",
            valid_from=date(2026, 1, 1),
            valid_until=date(2029, 1, 1),
        )
        member = vendor.AddMember(
            at=on(1),
            person=side.neighbour,
            qualification="lift_mechanic",
            since=date(2026, 1, 1),
            certificate_number=f"member {side.mark}",
        )
        verified = vendor.Verify(at=on(1), declaration=1, accepted=True)
        for command in (opened, verified, certificate, member):
            await self._do(vendor.decider, vendor.stream(side.company), command)

    async def _restrain(self, side: Side) -> None:
        """The side's company was suspended once, and what was under way then was seen to."""
        suspend = sanction.Suspend(
            at=on(2),
            vendor=side.company,
            by="mayor",
            reason="quality",
            text=f"too late {side.mark}",
            areas=(side.community,),
        )
        await self._do(sanction.decider, sanction.stream(side.company), suspend)
        under_way = fan_out.Item("work_order", side.order, f"no_such_work {side.mark}")
        begin = fan_out.Begin(at=on(2), vendor=side.company, sanction=1, items=(under_way,))
        await self._do(fan_out.decider, fan_out.stream(side.company, 1), begin)
        lift = sanction.Lift(at=on(2), by="mayor", number=1, reason="mistake")
        await self._do(sanction.decider, sanction.stream(side.company), lift)

    async def _engage(self, side: Side) -> None:
        """In an emergency the side's company was given something to do."""
        verify = vendor.Verify(at=on(2), declaration=1, accepted=True)
        await self._do(vendor.decider, vendor.stream(side.company), verify)
        scheme = admission_scheme.Publish(at=on(2), category="access_control", document=qualifying.RULES)
        await self._do(admission_scheme.decider, admission_scheme.stream("access_control"), scheme)
        emergency = waiver.Propose(
            at=on(2),
            vendor=side.company,
            category="access_control",
            reason="public_safety",
            text=f"emergency {side.mark}",
            what=("award", "offer"),
            until=on(20),
            area=side.community,
            by="anna",
        )
        stream = waiver.stream(side.company, "access_control")
        for command in (emergency, waiver.Sign(at=on(2), number=1, by="bo")):
            await self._do(waiver.decider, stream, command)
        engaged = new_id()
        side.engagement = str(engaged)
        award = engagement.Award(
            at=on(2),
            vendor=side.company,
            category="access_control",
            item="job",
            title=f"gate {side.mark}",
            value_fen=1,
            area=side.community,
        )
        await self._do(engagement.decider, engaged, award)

    async def _apply(self) -> None:
        """A case for each side's company; ours is scored by those of our principals who may be asked to."""
        publish = admission_scheme.Publish(at=on(1), category="cameras", document=RULES)
        await self._do(admission_scheme.decider, admission_scheme.stream("cameras"), publish)
        self.ours.reviewers = self.principals["procurement_officer"], self.principals["procurement_head"]
        self.theirs.reviewers = self.theirs.neighbour, self.theirs.candidate
        for side in (self.ours, self.theirs):
            stream = qualification.stream(side.company, "cameras", side.community)
            side.qualification = str(stream)
            papers = tuple(replace(each, issuer=f"issuer {side.mark}") for each in (LICENCE, LASTING))
            applied = replace(submit(on(2), papers=papers, place=side.community), by="mayor", vendor=side.company)
            named = qualification.AssignReviewers(at=on(3), by="mayor", reviewers=side.reviewers)
            for command in (applied, accept(on(3), 1), accept(on(3), 2), named):
                await self._do(qualification.decider, stream, command)

    async def _seat(self, held: role.Role) -> None:
        if held.rank == "program":
            principal = new_id()
            known = program.Register(at=on(1), name=held.name, organisation=self.ours.company, kind="device")
            await self._do(program.decider, principal, known)
            who = str(principal)
        else:
            who = await self._person(self.ours, held.name)
        self.principals[held.name] = who
        await self._appoint(who, held.name, self.ours, everywhere=held.rank == "powerful")
        if held.rank == "powerful":
            await self._do(appointment.decider, appointment.stream(who), appointment.Approve(at=on(1), number=1))
        self.orders[held.name] = await self._order(self.ours, self.ward if held.name == "family" else who, who)

    async def _person(self, side: Side, what: str) -> str:
        person_id = new_id()
        name, home = f"{what} {side.mark}", side.community
        register = person.Register(at=on(1), name=name, phone="13812345678", address=f"at {side.mark}", home=home)
        await self._do(person.decider, person_id, register)
        known = str(person_id)
        agreed = consent.Give(
            at=on(1),
            person=known,
            recipient="fixit",
            purpose="service_contact",
            text_version="1",
            kinds=(Kind.CONTACT,),
        )
        await self._do(consent.decider, consent.stream(known, "fixit", "service_contact"), agreed)
        if what != "neighbour":
            key = new_id()
            await self._do(login.decider, key, login.Take(at=on(1), person=known))
            opened = Open(at=on(1), person=known, login_key=str(key))
            await self._do(account.decider, account.stream(known), opened)
        return known

    async def _appoint(self, who: str, held: Any, side: Side, *, everywhere: bool = False) -> None:
        propose = appointment.Propose(
            at=on(1),
            principal=who,
            role=held,
            organisation="" if everywhere else side.company,
            area="" if everywhere else side.community,
            ward=self.ward,
            until=on(20),
        )
        await self._do(appointment.decider, appointment.stream(who), propose)

    async def _order(self, side: Side, reporter: str, worker: str) -> str:
        order = new_id()
        commands: Sequence[Command] = (
            work_order.Report(
                at=on(2),
                community=side.community,
                category="lift",
                summary=f"stuck {side.mark}",
                channel="phone",
                reporter=reporter,
            ),
            work_order.Triage(at=on(2, 10), priority=2),
            work_order.Assign(at=on(2, 11), company=side.company, person=worker),
        )
        for command in commands:
            await self._do(work_order.decider, order, command)
        return str(order)

    async def _standing(self) -> None:
        """Vendors are rated, and something is known about either side's."""
        scheme = rating_scheme.stream(rating_scheme.VENDORS)
        await self._do(rating_scheme.decider, scheme, rated.PUBLISH)
        for side in (self.ours, self.theirs):
            for fact in rated.good_month(2):
                noted = replace(fact, vendor=side.company, at=on(1), id=f"{side.mark}/{fact.id}", area=side.community)
                await self._do(standing.decider, standing.stream(side.company), noted)
            close = standing.ClosePeriod(at=on(2), vendor=side.company, period="2026-02")
            await self._do(standing.decider, standing.stream(side.company), close)

    async def _do(self, decider: AnyDecider, stream: UUID, command: Command) -> None:
        await self.door.execute(decider, stream, command, Context(actor="mayor", occurred_at=on(2)))

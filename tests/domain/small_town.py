"""A small town to tell scenarios in: its office hours, its service agreement, and a work order on its way.

Offices are open Monday to Friday, 09:00 to 17:00 in Shanghai. 2 March 2026 is a Monday.
"""

from datetime import UTC, date, datetime, time
from typing import Final
from zoneinfo import ZoneInfo

from domain import service_agreement, work_calendar, work_order
from domain.decider import Elapse
from domain.parties import area
from domain.promise import WallClock, WorkingHours
from domain.service_agreement import Line, Rung, ServiceAgreementEvent, Terms
from domain.work_calendar import WorkCalendarEvent
from domain.work_order import Evidence, WorkOrder, WorkOrderCommand, WorkOrderEvent
from domain.working_time import MakeUp, Window, WorkingTime, week
from tests.scenario import Given, given

SHANGHAI: Final = ZoneInfo("Asia/Shanghai")
HOUR: Final = 3600
GARDEN: Final = "garden"
"""A community."""
WILLOWS: Final = "330106001001"
"""A community in the area tree."""


def on(day: int, hour: int = 9, minute: int = 0, *, month: int = 3) -> datetime:
    """A moment of spring 2026, told in local time."""
    return datetime(2026, month, day, hour, minute, tzinfo=SHANGHAI).astimezone(UTC)


OFFICE: Final = WorkingTime(zone="Asia/Shanghai", week=week((Window(time(9), time(17)),)))
OFFICE_WITH_MAKE_UP: Final = WorkingTime(
    zone="Asia/Shanghai",
    week=OFFICE.week,
    holidays=(date(2026, 3, 9),),
    makeup=(MakeUp(date(2026, 3, 7)),),
)
"""Monday 9 March is a holiday, and Saturday 7 March is worked instead (调休)."""

URGENT: Final = Terms(
    response=WorkingHours(1 * HOUR),
    resolution=WorkingHours(4 * HOUR),
    assign_within=WorkingHours(2 * HOUR),
    warn_before=HOUR // 2,
    ladder=(
        Rung(of="assignment", to="duty_desk"),
        Rung(of="resolution", to="manager", after=-HOUR // 4),
        Rung(of="resolution", to="director", after=2 * HOUR),
    ),
    reopen_window=WallClock(days=7),
    calendar="office",
)
NORMAL: Final = Terms(response=WorkingHours(4 * HOUR), resolution=WorkingHours(16 * HOUR), calendar="office")
LINES: Final = (
    Line(priority=1, terms=URGENT),
    Line(priority=2, terms=URGENT),
    Line(priority=3, terms=NORMAL),
    Line(priority=4, terms=Terms(calendar="office")),
    Line(priority=1, category="lift", terms=Terms(response=WallClock(seconds=HOUR))),
)

published: Final = work_calendar.Published(at=on(1, month=1), key="office", working_time=OFFICE)
republished: Final = work_calendar.Published(at=on(3), key="office", working_time=OFFICE_WITH_MAKE_UP)
AREAS: Final = tuple(
    area.Registered(at=on(1, month=1), code=code, name=name)
    for code, name in zip(
        (*area.ancestors_of(WILLOWS), WILLOWS),
        ("浙江省", "杭州市", "西湖区", "翠苑街道", "翠苑社区"),
        strict=True,
    )
)
"""The community and everything above it."""
agreed: Final = service_agreement.Published(at=on(1, month=1), community=GARDEN, lines=LINES)

OrderScenario = Given[WorkOrderCommand, WorkOrder, WorkOrderEvent]


def order(*commands: WorkOrderCommand) -> OrderScenario:
    """A work order in the garden, after these commands."""
    return with_calendar(with_agreement(given(work_order.decider), agreed), published).after(*commands)


def with_calendar(scenario: OrderScenario, *events: WorkCalendarEvent) -> OrderScenario:
    """Know the office calendar by these events."""
    return scenario.knowing(work_calendar.decider, work_calendar.stream("office"), *events)


def with_agreement(scenario: OrderScenario, *events: ServiceAgreementEvent, community: str = GARDEN) -> OrderScenario:
    """Know an agreement by these events."""
    return scenario.knowing(service_agreement.decider, service_agreement.stream(community), *events)


def report(at: datetime, *, category: str = "door", community: str = GARDEN) -> work_order.Report:
    """A door is broken."""
    return work_order.Report(
        at=at, community=community, category=category, summary="does not open", channel="phone", reporter="r-1"
    )


def elapse(at: datetime) -> Elapse:
    """The clock workflow wakes the order."""
    return Elapse(label="", at=at)


FOUND: Final = Evidence(kind="note", text="new bolt fitted")
PHOTO: Final = Evidence(kind="photo", name="bolt.jpg", sha256="ab" * 32)

REPORTED: Final = report(on(2))
TRIAGED: Final = work_order.Triage(at=on(2, 9, 10), priority=1)
ASSIGNED: Final = work_order.Assign(at=on(2, 9, 20), company="fixit", team="blue")
STARTED: Final = work_order.Start(at=on(2, 9, 30))
PAUSED: Final = work_order.Pause(at=on(2, 10), reason="parts")
RESUMED: Final = work_order.Resume(at=on(2, 12))
RESOLVED: Final = work_order.Resolve(at=on(2, 12, 30), evidence=(FOUND,))
ACCEPTED: Final = work_order.Accept(at=on(2, 14))
CLOSED: Final = work_order.Close(at=on(2, 15))
CANCELLED: Final = work_order.Cancel(at=on(2, 15), reason="reported twice")

IN_PROGRESS: Final = (REPORTED, TRIAGED, ASSIGNED, STARTED)
WAITING: Final = (*IN_PROGRESS, PAUSED)
DONE: Final = (*WAITING, RESUMED, RESOLVED)
FILED: Final = (*DONE, ACCEPTED, CLOSED)


def tags(events: OrderScenario) -> list[str]:
    """What happened, in short."""
    return [str(event.__struct_config__.tag).removeprefix("work_order.") for event in events.past]

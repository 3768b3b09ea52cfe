"""Work calendars over HTTP: when a calendar is open, version by version.

POST /work-calendars/{key}                publish the next version
POST /work-calendars/{key}/confirm-year   the holidays of a year are announced: a version with that year's days
GET  /work-calendars/{key}                all versions, the newest last
"""

from typing import Annotated

import msgspec
from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import PathParameter

from api.asked import Asked
from api.change import Change, Offer, body_of, command_route
from api.documentation import IF_NONE_MATCH, NOT_MODIFIED, operation, problems
from api.ports import Ports
from api.preconditions import etag, fresh
from api.problems import InternalError, LedgerAway, Malformed, NotFound, NotIdentified
from api.sight import must_see
from domain import work_calendar
from domain.ports import Done
from domain.work_calendar import Version, WorkCalendarCommand

SEEING = "work_calendar.see"
PATH = "/work-calendars"

Key = Annotated[str, PathParameter(description="The key that service agreements name, such as `cn`.", max_length=128)]

OFFICE_DAY = [{"opens": "08:30:00", "closes": "12:00:00"}, {"opens": "13:00:00", "closes": "17:30:00"}]
WORKING_TIME = {
    "zone": "Asia/Shanghai",
    "week": [OFFICE_DAY, OFFICE_DAY, OFFICE_DAY, OFFICE_DAY, OFFICE_DAY, [], []],
    "holidays": ["2026-01-01", "2026-01-02"],
    "makeup": [{"on": "2026-01-04", "like": 5}],
    "confirmed_years": [2026],
}
EXAMPLE = {
    "key": "cn",
    "version": 1,
    "versions": [{"at": "2025-11-05T01:00:00Z", "working_time": WORKING_TIME, "note": "State Council notice"}],
}

PUBLISH: Offer[WorkCalendarCommand] = Offer(
    work_calendar.Publish,
    "publish",
    "Publish a calendar (发布工作日历)",
    example={"working_time": WORKING_TIME, "note": "State Council notice"},
    refusals=(
        work_calendar.ZoneUnknown,
        work_calendar.WindowsOverlap,
        work_calendar.NeverOpen,
        work_calendar.HolidayAndMakeUp,
    ),
)
CONFIRM_YEAR: Offer[WorkCalendarCommand] = Offer(
    work_calendar.ConfirmYear,
    "confirm-year",
    "The holidays of a year are announced (确认年度节假日)",
    example={"year": 2027, "holidays": ["2027-01-01"], "makeup": [{"on": "2027-01-03", "like": 1}]},
    refusals=(work_calendar.OutsideYear, work_calendar.DateTwice, work_calendar.HolidayAndMakeUp),
)


class Calendar(msgspec.Struct, frozen=True):
    """All versions of a calendar; their numbers count from 1."""

    key: str
    version: int
    versions: tuple[Version, ...]


def routes(ports: Ports) -> list[HTTPRouteHandler]:
    """Everything that can be asked about work calendars."""
    return [_publish(ports), _confirm_year(ports), _one(ports)]


def _publish(ports: Ports) -> HTTPRouteHandler:
    change = Change(ports, work_calendar.decider, PUBLISH)

    async def asking(request: Asked, body: msgspec.Struct) -> Done:
        key = request.path_params["key"]
        return await change.ask(request, body, work_calendar.stream(key), key=key)

    body = body_of(PUBLISH.command, "PublishWorkCalendar", without=["key"])
    return command_route(f"{PATH}/{{key:str}}", PUBLISH, body, asking)


def _confirm_year(ports: Ports) -> HTTPRouteHandler:
    change = Change(ports, work_calendar.decider, CONFIRM_YEAR)

    async def asking(request: Asked, body: msgspec.Struct) -> Done:
        return await change.ask_existing(request, body, work_calendar.stream(request.path_params["key"]))

    body = body_of(CONFIRM_YEAR.command, "ConfirmYearOfWorkCalendar")
    return command_route(f"{PATH}/{{key:str}}/{CONFIRM_YEAR.name}", CONFIRM_YEAR, body, asking)


def _one(ports: Ports) -> HTTPRouteHandler:
    @get(
        f"{PATH}/{{key:str}}",
        summary="All versions of a work calendar",
        operation_id="oneWorkCalendar",
        operation_class=operation(IF_NONE_MATCH, gives=EXAMPLE, headers=("ETag",), permission=SEEING),
        responses=NOT_MODIFIED | problems(Malformed, NotIdentified, NotFound, InternalError, LedgerAway),
    )
    async def one(request: Asked, key: Key) -> Response[Calendar | None]:
        stream = work_calendar.stream(key)
        loaded = await ports.door.load(work_calendar.decider, stream)
        if loaded.version == 0:
            raise NotFound
        await must_see(request, ports, work_calendar.decider, stream, loaded.state)
        return fresh(request, etag(loaded.version), Calendar(key, loaded.version, loaded.state.versions))

    return one

"""A work calendar keeps every version, says no to what makes no sense, and confirms years."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from uuid import UUID

import msgspec
import pytest
from msgspec.structs import replace

from domain import work_calendar
from domain.decider import Elapse, Refused
from domain.promise import BusinessDays, due, is_provisional
from domain.work_calendar import (
    ConfirmYear,
    Publish,
    Published,
    WorkCalendar,
    WorkCalendarCommand,
    WorkCalendarEvent,
    YearConfirmed,
)
from domain.working_time import DayWindows, MakeUp, Window, Windows, WorkingTime, week
from tests.scenario import Streams

AT = datetime(2026, 11, 5, tzinfo=UTC)
DAY: Windows = (Window(time(9), time(17)),)
OFFICE = WorkingTime(
    zone="Asia/Shanghai",
    week=week(DAY),
    holidays=(date(2026, 1, 1), date(2026, 10, 1)),
    makeup=(MakeUp(date(2026, 10, 10)),),
    confirmed_years=(2026,),
)
NOTICE = ConfirmYear(
    at=AT,
    year=2027,
    holidays=(date(2027, 1, 1), date(2027, 2, 8)),
    makeup=(MakeUp(date(2027, 2, 13)),),
    note="Notice of the State Council",
)


def after(*commands: WorkCalendarCommand) -> WorkCalendar:
    state = work_calendar.decider.initial
    for command in commands:
        state = work_calendar.decider.fold(decided(state, command), state)
    return state


def decided(state: WorkCalendar, command: WorkCalendarCommand) -> Sequence[WorkCalendarEvent]:
    return work_calendar.decide(command, state, Streams({}))


def published(calendar: WorkingTime) -> Publish:
    return Publish(at=AT, key="cn", working_time=calendar)


def test_publishing_makes_versions_and_keeps_all_of_them() -> None:
    summer = replace(OFFICE, week=week((Window(time(8), time(16)),)))
    calendar = after(published(OFFICE), published(summer))
    assert 2 == calendar.newest
    assert OFFICE == calendar.version(1)
    assert summer == calendar.version(2) == calendar.latest
    assert calendar.version(3) is None
    assert calendar.version(0) is None
    assert "cn" == calendar.key


def test_publishing_what_is_there_is_not_a_new_version() -> None:
    assert [] == decided(after(published(OFFICE)), published(OFFICE))
    assert [] == decided(after(published(OFFICE)), Elapse(label="", at=AT))


def test_confirming_a_year_makes_a_version_in_which_deadlines_are_no_longer_provisional() -> None:
    """T9: what was decided with the version before can still be explained with it."""
    calendar = after(published(OFFICE), NOTICE)
    before, now = calendar.version(1), calendar.version(2)
    assert before == OFFICE
    assert now is not None
    assert (2026, 2027) == now.confirmed_years
    start = datetime(2027, 2, 5, 2, tzinfo=UTC)  # a Friday
    assert datetime(2027, 2, 8, 2, tzinfo=UTC) == due(BusinessDays(1), start, OFFICE)
    assert datetime(2027, 2, 9, 2, tzinfo=UTC) == due(BusinessDays(1), start, now)
    assert datetime(2027, 2, 13, 2, tzinfo=UTC) == due(BusinessDays(5), start, now)
    assert is_provisional(OFFICE, start, start)
    assert not is_provisional(now, start, start)


def test_a_year_can_be_confirmed_again_with_other_days() -> None:
    longer = replace(NOTICE, holidays=(*NOTICE.holidays, date(2027, 2, 9)), makeup=())
    calendar = after(published(OFFICE), NOTICE, longer).latest
    assert calendar is not None
    assert (date(2026, 1, 1), date(2026, 10, 1), *longer.holidays) == calendar.holidays
    assert OFFICE.makeup == calendar.makeup
    assert [] == decided(after(published(OFFICE), NOTICE, longer), longer)


def test_a_notice_may_name_days_in_the_december_before() -> None:
    notice = replace(NOTICE, holidays=(date(2026, 12, 31), date(2027, 1, 1)), makeup=(MakeUp(date(2026, 12, 27)),))
    calendar = after(published(OFFICE), notice).latest
    assert calendar is not None
    assert (*OFFICE.holidays, date(2026, 12, 31), date(2027, 1, 1)) == calendar.holidays
    assert (*OFFICE.makeup, MakeUp(date(2026, 12, 27))) == calendar.makeup
    with pytest.raises(work_calendar.OutsideYear):
        decided(after(published(OFFICE)), replace(NOTICE, holidays=(date(2026, 11, 30),)))


def test_the_later_notice_decides_about_a_day_in_december() -> None:
    swapped = replace(OFFICE, holidays=(date(2026, 12, 31),), makeup=(MakeUp(date(2026, 12, 27)),))
    notice = replace(NOTICE, holidays=(date(2026, 12, 27),), makeup=(MakeUp(date(2026, 12, 31)),))
    calendar = after(published(swapped), notice).latest
    assert calendar is not None
    assert (date(2026, 12, 27),) == calendar.holidays
    assert (MakeUp(date(2026, 12, 31)),) == calendar.makeup


def test_only_a_published_calendar_can_be_confirmed() -> None:
    with pytest.raises(work_calendar.NotPublished):
        decided(WorkCalendar(), NOTICE)


def test_a_calendar_without_notices_stays_without() -> None:
    calendar = after(published(replace(OFFICE, confirmed_years=None)), NOTICE).latest
    assert calendar is not None
    assert calendar.confirmed_years is None
    assert date(2027, 2, 8) in calendar.holidays


NIGHT = Window(time(22), time(6))
EARLY = Window(time(5), time(8))


@pytest.mark.parametrize(
    ("calendar", "refusal"),
    [
        (replace(OFFICE, zone="Asia/Atlantis"), work_calendar.ZoneUnknown),
        (replace(OFFICE, zone="../etc/passwd"), work_calendar.ZoneUnknown),
        (replace(OFFICE, zone="Asia"), work_calendar.ZoneUnknown),
        (replace(OFFICE, zone=""), work_calendar.ZoneUnknown),
        (replace(OFFICE, week=week((*DAY, Window(time(16), time(18))))), work_calendar.WindowsOverlap),
        (replace(OFFICE, week=week((NIGHT, EARLY))), work_calendar.WindowsOverlap),
        (
            replace(OFFICE, week=((), (), (), (), (), (), (EARLY, NIGHT))),
            None,
        ),
        (
            replace(OFFICE, week=((EARLY,), (), (), (), (), (), (NIGHT,))),
            work_calendar.WindowsOverlap,
        ),
        (
            replace(OFFICE, shifts=(DayWindows(date(2026, 5, 1), (*DAY, *DAY)),)),
            work_calendar.WindowsOverlap,
        ),
        (
            replace(OFFICE, breaks=(DayWindows(date(2026, 5, 1), (*DAY, *DAY)),)),
            work_calendar.WindowsOverlap,
        ),
        (replace(OFFICE, week=week((Window(time(9), time(9)),))), work_calendar.WindowEmpty),
        (replace(OFFICE, week=week((Window(time(0), time(0)),))), None),
        (replace(OFFICE, week=week(())), work_calendar.NeverOpen),
        (replace(OFFICE, holidays=(date(2026, 10, 10),)), work_calendar.HolidayAndMakeUp),
        (replace(OFFICE, holidays=(date(2026, 10, 1),) * 2), work_calendar.DateTwice),
        (replace(OFFICE, makeup=OFFICE.makeup * 2), work_calendar.DateTwice),
        (replace(OFFICE, shifts=(DayWindows(date(2026, 5, 1), DAY),) * 2), work_calendar.DateTwice),
        (replace(OFFICE, makeup=(MakeUp(date(2026, 10, 10), like=8),)), work_calendar.WeekdayUnknown),
    ],
)
def test_a_calendar_that_makes_no_sense_is_refused(calendar: WorkingTime, refusal: type[Refused] | None) -> None:
    if refusal is None:
        assert 1 == len(decided(WorkCalendar(), published(calendar)))
        return
    with pytest.raises(refusal):
        decided(WorkCalendar(), published(calendar))


def test_a_notice_that_makes_no_sense_is_refused() -> None:
    with pytest.raises(work_calendar.HolidayAndMakeUp):
        decided(after(published(OFFICE)), replace(NOTICE, makeup=(MakeUp(date(2027, 1, 1)),)))
    with pytest.raises(work_calendar.DateTwice):
        decided(after(published(OFFICE)), replace(NOTICE, holidays=(date(2027, 1, 1),) * 2))


def test_others_ask_for_the_newest_version_by_its_key() -> None:
    stream = work_calendar.stream("cn")
    assert (2, after(published(OFFICE), NOTICE).latest) == work_calendar.newest(
        Streams({stream: after(published(OFFICE), NOTICE)}), "cn"
    )
    assert work_calendar.newest(Streams({stream: WorkCalendar()}), "cn") is None
    assert isinstance(stream, UUID)
    assert stream != work_calendar.stream("cn-south")


def test_its_events_can_be_stored_and_read_again() -> None:
    events = [*decided(WorkCalendar(), published(OFFICE)), *decided(after(published(OFFICE)), NOTICE)]
    kinds: list[type[WorkCalendarEvent]] = [Published, YearConfirmed]
    again = [
        msgspec.json.decode(msgspec.json.encode(event), type=kind) for event, kind in zip(events, kinds, strict=True)
    ]
    assert events == again
    assert after(published(OFFICE), NOTICE) == work_calendar.decider.fold(again)

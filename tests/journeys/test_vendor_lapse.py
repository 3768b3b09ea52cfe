"""A condition that nobody meets, and whose end comes while nobody works: the grant lapses once, as of that moment."""

from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from domain.admission import qualification
from tests.journeys import vendor_steps as steps
from tests.journeys.vendor_city import City, city
from tests.journeys.vendor_steps import engage, job, qualified


async def test_it_lapses_once_when_work_begins_again_long_after_the_moment(database: str, tmp_path: Path) -> None:
    async with city(database, tmp_path / "var") as here, here.following():
        async with here.working():
            case, deadline = await _admitted_on_a_condition(here)
            await here.pass_by(days=10)
        here.clock.at = deadline - timedelta(minutes=1)
        await engage(here, "期限前的项目")

        await here.pass_unseen(deadline + timedelta(days=40))
        assert await _lapses(here, case) == []
        assert await here.refused("officer", "/engagements/awards", job(here)) == "NotQualified: lapsed"
        answer = await qualified(here, here.now)
        assert not answer["qualified"]
        assert answer["ended"][0]["because"] == "conditions"

        async with here.working():
            await here.pass_by(days=1)
            await _has_lapsed_once(here, case, deadline)
        async with here.working():  # and when work begins once more, it is told once still
            await here.pass_by(days=1)
            await _has_lapsed_once(here, case, deadline)


async def test_it_lapses_once_by_a_clock_that_was_rebuilt_from_the_log(database: str, tmp_path: Path) -> None:
    async with city(database, tmp_path / "var") as here:
        async with here.following(), here.working():
            case, deadline = await _admitted_on_a_condition(here)
            await here.told()
        await here.lose_temporal()
        here.clock.at = deadline + timedelta(days=40)
        assert await _lapses(here, case) == []

        async with here.following(), here.working():
            await here.pass_by(days=1)
            await _has_lapsed_once(here, case, deadline)
            revoke = {"reason": "own_wish"}
            assert await here.refused("third head", f"/qualifications/{case}/revoke", revoke) == "NothingGranted"
            papers = (steps.paper(here, "business_licence", "1"), steps.paper(here, "safety_licence", "2", years=2))
            assert await steps.submit(here, *papers) == f"/qualifications/{case}", "it may apply again"


async def _admitted_on_a_condition(here: City) -> tuple[UUID, datetime]:
    """The stream of the qualification, and until when its condition is to be met."""
    await here.do("head", f"/admission-schemes/{steps.CATEGORY}", {"document": steps.SCHEME})
    file = await steps.open_file(here)
    await here.do("officer", f"{file}/verify", {"declaration": 1, "accepted": True})
    papers = (steps.paper(here, "business_licence", "1"), steps.paper(here, "safety_licence", "2", years=2))
    case = await steps.submit(here, *papers)
    for serial in (1, 2):
        await here.do("officer", f"{case}/check-document", {"serial": serial, "verdict": "accepted"})
    await here.told()
    await steps.review(here, case)
    deadline = here.now + timedelta(days=30)
    for head in ("head", "second head"):
        await here.do(head, f"{case}/decide", steps.conditionally(deadline))
    await engage(here, "有条件期间的项目")
    return UUID(case.rpartition("/")[2]), deadline


async def _has_lapsed_once(here: City, case: UUID, deadline: datetime) -> None:
    await here.until(lambda: _is_told(here, case))
    assert await _lapses(here, case) == [qualification.Lapsed(at=deadline, case=1, because="conditions")]
    shown = await here.see("agent", f"/qualifications/{case}")
    assert (shown["status"], shown["grants"][0]["ended"]) == ("lapsed", True)
    assert await here.refused("officer", "/engagements/awards", job(here)) == "NotQualified: lapsed"
    assert (await qualified(here, deadline - timedelta(seconds=1)))["qualified"]
    assert not (await qualified(here, deadline))["qualified"]


async def _is_told(here: City, case: UUID) -> bool:
    return bool(await _lapses(here, case))


async def _lapses(here: City, case: UUID) -> list[qualification.Lapsed]:
    happened = await here.by_itself(qualification.decider, case)
    return [event for event in happened if isinstance(event, qualification.Lapsed)]

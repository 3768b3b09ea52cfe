"""What a viewer is to the person whose data they look at, by their roles: the table of permissions decides here too."""

from collections.abc import Sequence
from datetime import datetime

from api.ports import Facts
from domain.access import appointment, permission
from domain.access.appointment import Standing
from domain.decider import Whose
from domain.ports import Door

LOOKING = "person.see"
ANSWERING = "person.export"


class InsightByRole:
    """Implements `api.ports.Insight` by the appointments that count at a moment."""

    def __init__(self, door: Door) -> None:
        self._door = door

    async def of(self, viewer: str, whose: Whose, at: datetime) -> Facts:
        """The facts about a viewer, with regard to somebody's data."""
        held = await self._held(viewer, at)
        working = [each for each in held if each.role not in _OFFICES]
        seen = permission.sight(LOOKING, viewer, working)
        oversight = permission.sight(LOOKING, viewer, [each for each in held if each.role in _OFFICES])
        officer = permission.sight(ANSWERING, viewer, [each for each in held if each.role == "privacy_officer"])
        return Facts(
            own=viewer in whose.people or any(each in seen.people for each in whose.people),
            organisations=frozenset(each.organisation for each in held if each.organisation),
            staff=Whose(whose.areas, whose.organisations) != Whose()
            and seen.takes_in(Whose(whose.areas, whose.organisations)),
            auditor=oversight.takes_in(whose),
            privacy_officer=officer.takes_in(whose),
        )

    async def areas(self, viewer: str, at: datetime) -> Sequence[str]:
        """The areas whose people the viewer may list."""
        seen = permission.sight("person.list", viewer, await self._held(viewer, at))
        return [""] if seen.everything else seen.areas

    async def _held(self, viewer: str, at: datetime) -> Sequence[Standing]:
        loaded = await self._door.load(appointment.decider, appointment.stream(viewer))
        return loaded.state.held(at)


_OFFICES = frozenset({"auditor", "administrator", "security_officer", "privacy_officer"})
"""Those who look after things, not after people: what they see of people is masked."""

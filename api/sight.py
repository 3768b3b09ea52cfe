"""What the one who asks may see: judged by the same table as what they may do, a single thing and a list alike."""

from typing import NamedTuple, TypeVar
from uuid import UUID

from api.asked import Asked
from api.ports import Ports
from api.problems import NotFound
from domain.access import appointment, permission, role
from domain.access.permission import NotPermitted, Sight
from domain.decider import Command, Decider, Event, Whose
from domain.privacy.personal import Kind
from domain.privacy.showing import Shown

S = TypeVar("S")
C = TypeVar("C", bound=Command)
E = TypeVar("E", bound=Event)


class Viewer(NamedTuple):
    """What somebody takes in, for a permission, and how they see what people wrote there."""

    sight: Sight
    audits: bool

    def sees(self, _subject: str, _kind: Kind) -> Shown:
        """Whoever may see a case reads what is written there; whoever audits sees that something is."""
        return "masked" if self.audits else "plain"


async def looking(request: Asked, ports: Ports, name: str) -> Viewer:
    """What the one who asks takes in, by the appointments that count now."""
    loaded = await ports.door.load(appointment.decider, appointment.stream(request.user))
    held = loaded.state.held(ports.now())
    seen = ports.see(name, request.user, held, request.principal.scopes)
    return Viewer(seen, audits=any(role.by_name[each.role].exclusive for each in held))


async def looking_at_some(request: Asked, ports: Ports, name: str) -> Viewer:
    """The same for a list. Raises NotPermitted for whom no list could ever show anything."""
    found = await looking(request, ports, name)
    if found.sight.nothing:
        raise NotPermitted(name)
    return found


async def must_see(  # noqa: PLR0913 - who looks at what
    request: Asked, ports: Ports, decider: Decider[C, S, E], stream: UUID, state: S, *, what: str = permission.SEE
) -> Viewer:
    """How somebody sees a thing. Raises NotFound for whom it is not there."""
    found = await looking(request, ports, f"{decider.name}.{what}")
    if not found.sight.takes_in(decider.whose(stream, state, None)):
        raise NotFound
    return found


async def must_be_allowed(request: Asked, ports: Ports, name: str, whose: Whose) -> None:
    """For changes that do more than the door sees, before they begin. Raises NotPermitted."""
    wanted = permission.permission_of(name, whose.facet)
    if not (await looking(request, ports, wanted)).sight.takes_in(whose):
        raise NotPermitted(wanted)

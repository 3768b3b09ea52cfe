"""What the one who asks may see: judged by the same table as what they may do, a single thing and a list alike."""

from typing import TypeVar
from uuid import UUID

from api.asked import Asked
from api.ports import Ports
from api.problems import NotFound
from domain.access import appointment, permission
from domain.access.permission import NotPermitted, Sight
from domain.decider import Command, Decider, Event

S = TypeVar("S")
C = TypeVar("C", bound=Command)
E = TypeVar("E", bound=Event)


async def sight(request: Asked, ports: Ports, name: str) -> Sight:
    """What the one who asks takes in, for a permission, by the appointments that count now."""
    held = await ports.door.load(appointment.decider, appointment.stream(request.user))
    return ports.see(name, request.user, held.state.held(ports.now()), request.principal.scopes)


async def sight_of_some(request: Asked, ports: Ports, name: str) -> Sight:
    """The same for a list. Raises NotPermitted for whom no list could ever show anything."""
    seen = await sight(request, ports, name)
    if seen.nothing:
        raise NotPermitted(name)
    return seen


async def must_see(request: Asked, ports: Ports, decider: Decider[C, S, E], stream: UUID, state: S) -> None:
    """Raises NotFound for whom the thing is not there."""
    seen = await sight(request, ports, f"{decider.name}.{permission.SEE}")
    if not seen.takes_in(decider.whose(stream, state, None)):
        raise NotFound

"""Reading your own writes: a read may name the position that a write answered with (`X-Position`), and waits for it."""

from msgspec import UNSET, UnsetType

from api.ports import Ports
from api.problems import NotThereYet


async def reach(ports: Ports, projection: str, position: int | UnsetType) -> None:
    """Wait until a read model has come to a position. Raises `NotThereYet` (503) when it does not in time."""
    if position is not UNSET and not await ports.ledger.wait(projection, position, timeout=ports.patience):
        raise NotThereYet(projection=projection, position=position)


async def reached(ports: Ports, position: int | UnsetType) -> None:
    """The log itself is never behind its writers; a position that it never gave out is not there yet."""
    if position is not UNSET and await ports.ledger.head() < position:
        raise NotThereYet(position=position)

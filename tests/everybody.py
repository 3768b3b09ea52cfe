"""Everybody may do and see everything, and is believed: for tests of what has nothing to do with who asks.

Who may what is tested with the real thing in `tests/domain/access`, `tests/api/test_matrix.py` and the journeys.
"""

from collections.abc import Collection, Iterable, Mapping

from domain.access.appointment import Standing
from domain.access.permission import Question, Sight
from domain.decider import Ask
from domain.ports import Principal


def may(_question: Question, _ask: Ask) -> str:
    """Whatever it is."""
    return "everybody may"


def sees_everything(_permission: str, _actor: str, _held: Iterable[Standing], _scopes: Collection[str] = ()) -> Sight:
    """Whoever it is."""
    return Sight(everything=True)


async def named(headers: Mapping[bytes, bytes], _method: str) -> Principal | None:
    """Whoever the token names, which is nothing but a name here."""
    name = headers.get(b"authorization", b"").decode().removeprefix("Bearer ").strip()
    return Principal(id=name) if name else None

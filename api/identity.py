"""Who is asking: for now whoever the header X-Actor names. The one place to replace when people log in.

Everything else reads `request.user`, an id without personal data, and does not know where it came from.
"""

from litestar import Request
from litestar.datastructures import State

from api.asked import header_of
from api.problems import NotIdentified

HEADER = "X-Actor"
LONGEST = 200


async def identified(request: Request[str, None, State]) -> None:
    """Let nobody through who has not said who it is. Asked before anything else of a request is read."""
    actor = (header_of(request, b"x-actor") or "").strip()
    if not actor or len(actor) > LONGEST or not actor.isprintable():
        raise NotIdentified
    request.scope["user"] = request.scope["state"]["actor"] = actor

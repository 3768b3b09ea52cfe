"""Opening an account and setting its password, in steps that may be repeated: for the API and the command line.

The command line of the machine can do more: it brings in a newcomer as a person, with an account and a role, so that
there is somebody who can do all else.

The name is taken first, then the account opened, then the hash stored, and only then does the account say that it
counts. Whoever is interrupted begins again, and nobody ever gets in half way.
"""

import contextlib
from typing import NamedTuple, TypeVar
from uuid import UUID

from api.desk import Desk, temporary_password
from domain.access import account, appointment, login
from domain.access.account_messages import AccountExists, Open, SetPassword
from domain.access.appointment import Appointments, Approve, Propose
from domain.access.login import Take
from domain.access.newcomer import Newcomer, Post
from domain.access.password import must_be_acceptable
from domain.decider import Lifecycle
from domain.parties import person as people
from domain.ports import Context, LedgerError

S = TypeVar("S")


class NewPassword(NamedTuple):
    """A password that is to count, and the session that goes on; all others end."""

    text: str
    temporary: bool = False
    session: str = ""


async def bring_in(desk: Desk, newcomer: Newcomer, context: Context) -> str | None:
    """Somebody as a person with an account and a role; the temporary password where none is given.

    Whatever stands in the way is said before anything is done. Raises `Refused`.
    """
    if newcomer.post is not None:
        await _possible(desk, newcomer.person, newcomer.post, context)
    temporary = await open_account(desk, newcomer.person, newcomer.login, newcomer.password, context)
    await settle(desk, newcomer, context)
    return temporary


async def settle(desk: Desk, newcomer: Newcomer, context: Context) -> None:
    """The role, and last the person: whoever is registered has all that they were to get."""
    if newcomer.post is not None:
        await appoint(desk, await _possible(desk, newcomer.person, newcomer.post, context), context)
    known = people.Register(at=context.occurred_at, name=newcomer.name or newcomer.login, home=newcomer.home)
    with contextlib.suppress(people.PersonAlreadyRegistered):
        await desk.door.execute(people.decider, UUID(newcomer.person), known, context)


async def appoint(desk: Desk, proposed: Propose, context: Context) -> None:
    """Give a role. One that takes two people elsewhere is approved at once: nobody may be there yet who could."""
    stream = appointment.stream(proposed.principal)
    await desk.door.execute(appointment.decider, stream, proposed, context)
    for each in (await desk.door.load(appointment.decider, stream)).state.all:
        if each.status == "proposed" and each.role == proposed.role:
            approval = Approve(at=context.occurred_at, number=each.number)
            await desk.door.execute(appointment.decider, stream, approval, context)


async def _possible(desk: Desk, principal: str, post: Post, context: Context) -> Propose:
    """The proposal for a post, tried on what is known. Raises `Refused`."""
    proposed = Propose(at=context.occurred_at, principal=principal, **post._asdict())
    state: Appointments = (await desk.door.load(appointment.decider, appointment.stream(principal))).state
    appointment.decide(proposed, state, _asks_nobody)
    return proposed


def _asks_nobody(lifecycle: Lifecycle[S], _stream: UUID, /) -> S:
    """An appointment is decided on its own."""
    return lifecycle.initial


async def open_account(desk: Desk, person: str, name: str, password: str, context: Context) -> str | None:
    """Let a person sign in under this name. Without a password, a temporary one is made: it is returned, this once."""
    new = NewPassword(password or temporary_password(), temporary=not password)
    must_be_acceptable(new.text, name)
    key, at = desk.names.login(name), context.occurred_at
    before = await desk.account(person)
    if before.password or before.login_key not in {"", str(key)}:
        raise AccountExists
    await desk.door.execute(login.decider, key, Take(at=at, person=person), context)
    command = Open(at=at, person=person, login_key=str(key))
    await desk.door.execute(account.decider, account.stream(person), command, context)
    await set_password(desk, person, new, context)
    return new.text if new.temporary else None


async def set_password(desk: Desk, person: str, new: NewPassword, context: Context) -> None:
    """Store a password and let it count; the ones before it are forgotten."""
    at = context.occurred_at
    number = await desk.passwords.keep(person, new.text, at)
    command = SetPassword(at=at, number=number, temporary=new.temporary, session=new.session)
    try:
        await desk.door.execute(account.decider, account.stream(person), command, context)
    except LedgerError:  # it may count, for all we know
        raise
    except Exception:
        await desk.passwords.forget(person, number=number)
        raise
    await desk.passwords.forget(person, before=number)
    await desk.sessions.end_all(person, but=new.session)

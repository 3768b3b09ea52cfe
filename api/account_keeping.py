"""Opening an account and setting its password, in steps that may be repeated: for the API and the command line.

The name is taken first, then the account opened, then the hash stored, and only then does the account say that it
counts. Whoever is interrupted begins again, and nobody ever gets in half way.
"""

from typing import NamedTuple

from api.desk import Desk, temporary_password
from domain.access import account, login
from domain.access.account_messages import AccountExists, Open, SetPassword
from domain.access.login import Take
from domain.access.password import must_be_acceptable
from domain.ports import Context, LedgerError


class NewPassword(NamedTuple):
    """A password that is to count, and the session that goes on; all others end."""

    text: str
    temporary: bool = False
    session: str = ""


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

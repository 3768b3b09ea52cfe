"""Accounts over HTTP: who signs in, with which password, and who does not any more.

    POST /people/{person}/account              open one: a name, and a password or a temporary one that is shown once
    POST /people/{person}/account/password     your own (with the present one), or a temporary one for somebody else
    POST /people/{person}/account/lock ..      unlock, disable, enable
    POST /people/{person}/account/identities   sign in with the subject at an identity provider too

Secrets travel in bodies only, and are in no command, event, log or receipt.
"""

from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Response, post
from litestar.enums import RequestEncodingType
from litestar.handlers import HTTPRouteHandler
from litestar.params import BodyKwarg, FromPath
from msgspec import Meta

from api.account_keeping import NewPassword, open_account, set_password
from api.asked import BODY, Asked
from api.change import Change, Offer, body_of, command_route
from api.desk import Desk, temporary_password
from api.documentation import operation, problems
from api.identity import ALWAYS
from api.ports import Ports
from api.problems import Fault, Invalid, NotFound, SignInFailed, TooManyFailures
from api.receipt import RECEIPT, Receipt
from api.sight import must_be_allowed
from api.sign_in import IDENTITY, PERSON, READABLE, session_of
from domain.access import account, login
from domain.access.account_messages import (
    AccountCommand,
    AccountExists,
    Disable,
    Enable,
    Lock,
    Unlock,
)
from domain.access.login import LoginTaken, Take
from domain.access.password import (
    PasswordIsLogin,
    PasswordNotNew,
    PasswordTooLong,
    PasswordTooShort,
    PasswordTooSimple,
    must_be_acceptable,
)
from domain.decider import Whose
from domain.ports import Done

PATH = "/people/{person:uuid}/account"
PASSWORD_RULES = (PasswordTooShort, PasswordTooLong, PasswordIsLogin, PasswordTooSimple)

Password = Annotated[str, Meta(max_length=1024)]


class OpenAccount(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A name to sign in with, and a password; left out, a temporary one is made up and shown once."""

    login: Annotated[str, Meta(min_length=1, max_length=256, pattern=r"\S")]
    password: Password = ""


class OpenedAccount(msgspec.Struct, frozen=True):
    """An account. `temporary_password` is shown this once, and must be changed at the first sign-in."""

    person: str
    temporary_password: str | None


class ChangePassword(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Of your own account: the present password and a new one. Of somebody else's: nothing."""

    current_password: Password = ""
    password: Password = ""


class ChangedPassword(msgspec.Struct, frozen=True):
    """What changed: for yourself the CSRF token of your session, for somebody else the temporary password."""

    temporary_password: str | None = None
    csrf_token: str | None = None


class LinkIdentity(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A subject at an identity provider, such as ID tokens name it."""

    issuer: Annotated[str, Meta(min_length=1, max_length=500, pattern=r"^https?://")]
    subject: Annotated[str, Meta(min_length=1, max_length=255)]


LOCK: Offer[AccountCommand] = Offer(Lock, "lock", "Lock an account (锁定账户)", {"reason": "suspicion"})
UNLOCK: Offer[AccountCommand] = Offer(Unlock, "unlock", "Unlock an account (解锁账户)")
DISABLE: Offer[AccountCommand] = Offer(Disable, "disable", "Disable an account (停用账户)", {"reason": "left"})
ENABLE: Offer[AccountCommand] = Offer(Enable, "enable", "Enable an account again (启用账户)")
OFFERS = (LOCK, UNLOCK, DISABLE, ENABLE)


def routes(ports: Ports, desk: Desk) -> list[HTTPRouteHandler]:
    """Everything that can be asked about accounts."""
    return [
        _open(ports, desk),
        _password(ports, desk),
        *(_command(ports, desk, offer) for offer in OFFERS),
        _identities(desk),
    ]


def _command(ports: Ports, desk: Desk, offer: Offer[AccountCommand]) -> HTTPRouteHandler:
    change = Change(ports, account.decider, offer)

    async def asking(request: Asked, body: msgspec.Struct) -> Done:
        person = str(request.path_params["person"])
        done = await change.ask_existing(request, body, account.stream(person))
        if offer.command in {Lock, Disable}:  # they have ended already; now they are forgotten
            await desk.sessions.end_all(person)
        return done

    return command_route(
        f"{PATH}/{offer.name}", offer, body_of(offer.command, f"{offer.command.__name__}Account"), asking
    )


def _open(ports: Ports, desk: Desk) -> HTTPRouteHandler:
    @post(
        PATH,
        status_code=201,
        summary="Open an account (开户)",
        operation_id="openAccount",
        operation_class=operation(
            sends={"login": "li.wei"},
            gives={"person": PERSON, "temporary_password": "k7m3-…"},
            status=201,
            permission="account.open",
        ),
        responses=problems(*READABLE, *IDENTITY, LoginTaken, AccountExists, *PASSWORD_RULES),
        opt={BODY: OpenAccount},
    )
    async def opening(
        request: Asked,
        person: FromPath[UUID],
        data: Annotated[OpenAccount, BodyKwarg(media_type=RequestEncodingType.JSON)],
    ) -> Response[OpenedAccount]:
        await must_be_allowed(request, ports, "account.open", Whose(people=(str(person),)))
        context = desk.context(request, desk.now(), request.user)
        temporary = await open_account(desk, str(person), data.login, data.password, context)
        return Response(OpenedAccount(str(person), temporary), status_code=201)

    return opening


def _password(ports: Ports, desk: Desk) -> HTTPRouteHandler:
    @post(
        f"{PATH}/password",
        status_code=200,
        summary="Change a password (修改密码)",
        operation_id="changePassword",
        operation_class=operation(
            sends={"current_password": "a long sentence is easy to remember", "password": "and so is another one"},
            gives={"temporary_password": None, "csrf_token": "q3Zk…"},
            permission="account.set_password",
        ),
        responses=problems(
            *READABLE, *IDENTITY, NotFound, SignInFailed, TooManyFailures, PasswordNotNew, *PASSWORD_RULES
        ),
        opt={BODY: ChangePassword, ALWAYS: True},
    )
    async def password(
        request: Asked,
        person: FromPath[UUID],
        data: Annotated[ChangePassword, BodyKwarg(media_type=RequestEncodingType.JSON)],
    ) -> Response[ChangedPassword]:
        if request.user == str(person):
            return await _change_own(request, desk, data)
        await must_be_allowed(request, ports, "account.set_password", Whose(people=(str(person),)))
        return await _reset(request, desk, str(person), data)

    return password


async def _change_own(request: Asked, desk: Desk, data: ChangePassword) -> Response[ChangedPassword]:
    """A new password for whoever knows the present one. The secret of the session changes too, all others end."""
    principal = request.principal
    found = await desk.prove(request, principal.id, data.current_password)
    must_be_acceptable(data.password)
    if str(desk.names.login(data.password)) == found.login_key:
        raise PasswordIsLogin
    if data.password == data.current_password:
        raise PasswordNotNew
    context = desk.context(request, desk.now(), request.user)
    await set_password(desk, principal.id, NewPassword(data.password, session=principal.session), context)
    session = await session_of(request, desk)
    if session is None:
        return Response(ChangedPassword(), status_code=200)
    fresh = await desk.sessions.rotate(session.secret, desk.now())
    return Response(ChangedPassword(csrf_token=fresh.csrf_token), status_code=200, cookies=[desk.cookie_of(fresh)])


async def _reset(request: Asked, desk: Desk, person: str, data: ChangePassword) -> Response[ChangedPassword]:
    """A temporary password for somebody who has forgotten it: nobody chooses the password of somebody else."""
    if request.principal.must_change_password:
        raise NotFound
    if data.password or data.current_password:
        raise Invalid(Fault("nobody chooses the password of somebody else", pointer="#/password"))
    if not (await desk.account(person)).person:
        raise NotFound
    password = temporary_password()
    context = desk.context(request, desk.now(), request.user)
    await set_password(desk, person, NewPassword(password, temporary=True), context)
    return Response(ChangedPassword(temporary_password=password), status_code=200)


def _identities(desk: Desk) -> HTTPRouteHandler:
    @post(
        f"{PATH}/identities",
        status_code=200,
        summary="Sign in with an identity provider too (关联身份)",
        operation_id="linkIdentity",
        operation_class=operation(
            sends={"issuer": "https://id.property.example", "subject": "248289761001"},
            gives=RECEIPT,
            permission="login.take",
        ),
        responses=problems(*READABLE, *IDENTITY, NotFound, LoginTaken),
        opt={BODY: LinkIdentity},
    )
    async def identities(
        request: Asked,
        person: FromPath[UUID],
        data: Annotated[LinkIdentity, BodyKwarg(media_type=RequestEncodingType.JSON)],
    ) -> Response[Receipt]:
        if not (await desk.account(str(person))).person:
            raise NotFound
        at = desk.now()
        done = await desk.door.execute(
            login.decider,
            desk.names.subject(data.issuer, data.subject),
            Take(at=at, person=str(person)),
            desk.context(request, at, request.user),
        )
        return Response(Receipt(done.stream, done.version, done.position, done.events), status_code=200)

    return identities

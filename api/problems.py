"""Every answer that is not a yes, as problem details (RFC 9457): one body, one place, two languages.

    Refused (the domain said no)  409      a wish that cannot be understood  400, 422
    Denied (you may not)          403      ... of a thing you may not see    404
    VersionMismatch               412      the ledger is busy or away        503 + Retry-After
    CommandIdReused               422      a bug                             500, logged, its insides kept inside

Each kind of problem is a class: its name is the stable `code`, its docstring the sentence people read. `GET /problems`
lists them all.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import ClassVar, NamedTuple, TypeAlias, TypeVar

import msgspec
import structlog
from litestar import Request, Response
from litestar.datastructures import State
from litestar.exceptions import HTTPException, ValidationException

from api.sentences import language_of, say
from domain.access.permission import Denied
from domain.decider import Refused
from domain.ports import BadCredentials, Busy, CommandIdReused, OtherLifecycle, Unavailable, VersionMismatch

MEDIA_TYPE = "application/problem+json"

REFUSED = 409
DENIED = 403

T = TypeVar("T")

Detail: TypeAlias = str | int | datetime | None


class Fault(msgspec.Struct, frozen=True, omit_defaults=True):
    """One thing that is wrong with a request, and where: a JSON pointer into the body, or the name of a parameter."""

    detail: str
    pointer: str | None = None
    parameter: str | None = None


class ProblemBody(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Problem details (RFC 9457) with our extension members."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    code: str
    correlation_id: str
    details: Mapping[str, str | int | None] = {}
    errors: tuple[Fault, ...] = ()


class Problem(Exception):
    """The request cannot be answered."""

    status: ClassVar[int] = 400
    headers: ClassVar[Mapping[str, str]] = {}

    def __init__(self, *errors: Fault, **details: Detail) -> None:
        super().__init__(type(self).__name__)
        self.errors = errors
        self.details = details
        self.more_headers: Mapping[str, str] = {}
        """What only this one answer says, beside what all of its kind do."""

    @classmethod
    def sentence(cls) -> str:
        """What people read, in English."""
        return " ".join((cls.__doc__ or "").split())

    def said(self) -> Mapping[str, str]:
        """The headers of the answer."""
        return {**self.headers, **self.more_headers}


class Malformed(Problem):
    """The request cannot be read."""


class Invalid(Problem):
    """The request can be read, but something in it is missing or wrong."""

    status = 422


class InTheFuture(Problem):
    """What has not happened yet cannot be reported as a fact."""

    status = 422


class NotIdentified(Problem):
    """Say who is asking: sign in, or send a token or a key."""

    status = 401
    headers: ClassVar[Mapping[str, str]] = {"WWW-Authenticate": 'Bearer realm="linli"'}


class CredentialsRefused(Problem):
    """These credentials are not good, or not any more."""

    status = 401
    headers: ClassVar[Mapping[str, str]] = {"WWW-Authenticate": 'Bearer error="invalid_token"'}


class SignInFailed(Problem):
    """Name and password do not belong together, or this account cannot be used."""

    status = 401
    headers: ClassVar[Mapping[str, str]] = {"WWW-Authenticate": 'Session realm="linli"'}


class TooManyFailures(Problem):
    """There were too many wrong passwords: wait a while, or have the account unlocked."""

    status = 429

    def said(self) -> Mapping[str, str]:
        """After how many seconds it makes sense to try again."""
        return {**super().said(), "Retry-After": str(self.details.get("retry_after", 900))}


class LockedByStaff(Problem):
    """This account is locked until somebody unlocks it."""

    status = 403


class NotFromHere(Problem):
    """A change that comes with a cookie needs the header X-CSRF-Token of its session, and must come from this site."""

    status = 403


class PasswordMustChange(Problem):
    """The password is a temporary one: change it first."""

    status = 403


class SessionNeeded(Problem):
    """Only whoever has signed in to a session can do this: a token or a key is not enough."""

    status = 403


class ProviderAway(Problem):
    """The identity provider does not answer, or not as it should."""

    status = 502


class NotFound(Problem):
    """There is nothing here."""

    status = 404


class MethodNotAllowed(Problem):
    """This address does not know this method."""

    status = 405


class TooLarge(Problem):
    """The body of the request is too large."""

    status = 413


class TooSlow(Problem):
    """The body of the request took too long to arrive: send it again."""

    status = 408


class KindNotAllowed(Problem):
    """Files of this kind are not taken: send a JPEG, PNG or WebP picture or a PDF, and say so in Content-Type."""

    status = 415


class NotWhatItSays(Problem):
    """The content of the file is something else than its Content-Type says."""

    status = 422


class Damaged(Problem):
    """The file is damaged or incomplete: nobody could open it."""

    status = 422


class Dangerous(Problem):
    """The file holds something that could do harm or cannot be looked into: a script, another file, a password."""

    status = 422


class ContentErased(Problem):
    """The content of this file was erased together with the data of the person whom it is about."""

    status = 410


class NotJson(Problem):
    """The body of a request is JSON: send it with Content-Type: application/json."""

    status = 415


class VersionRequired(Problem):
    """Say which version you saw: this change needs the header If-Match with the ETag of your last read."""

    status = 428


class VersionMoved(Problem):
    """Somebody has changed this since you read it: read it again and decide again."""

    status = 412


class KeyReused(Problem):
    """This Idempotency-Key was used before for another request."""

    status = 422


class NotThereYet(Problem):
    """The read model has not come to this position yet: try again in a moment."""

    status = 503
    headers: ClassVar[Mapping[str, str]] = {"Retry-After": "1"}


class TooBusy(Problem):
    """Too much is being written at once: try again in a moment."""

    status = 503
    headers: ClassVar[Mapping[str, str]] = {"Retry-After": "1"}


class LedgerAway(Problem):
    """The ledger cannot be reached: try again with the same Idempotency-Key, and nothing happens twice."""

    status = 503
    headers: ClassVar[Mapping[str, str]] = {"Retry-After": "2"}


class TooManyRequests(Problem):
    """Too many requests within a short time: wait as long as Retry-After says, and go on more slowly."""

    status = 429

    def __init__(self, headers: Mapping[str, str] = MappingProxyType({})) -> None:
        super().__init__()
        self.more_headers = headers


class InternalError(Problem):
    """Something is wrong on our side. The correlation id leads us to it."""

    status = 500


class Kind(NamedTuple):
    """A kind of problem: what programs look at, and what people read."""

    code: str
    status: int
    sentence: str


def kinds() -> Iterator[Kind]:
    """Every kind of problem this API can answer with, the refusals of the domain among them."""
    for problem in descendants(Problem):
        yield Kind(problem.__name__, problem.status, problem.sentence())
    for denial in descendants(Denied):
        yield Kind(denial.__name__, DENIED, denial.sentence())
    for refusal in descendants(Refused):
        yield Kind(refusal.__name__, REFUSED, refusal.sentence())


def descendants(root: type[T]) -> list[type[T]]:
    """Every class below this one, in the order of their definition."""
    return [found for child in root.__subclasses__() for found in (child, *descendants(child))]


def answer(request: Request[str, None, State], exc: Exception) -> Response[ProblemBody]:
    """The answer to whatever went wrong."""
    if isinstance(exc, Refused):
        return _response(request, Kind(exc.code, REFUSED, exc.sentence()), details=exc.details)
    if isinstance(exc, Denied) and exc.visible:
        why = {"permission": exc.permission} | ({"because": exc.because} if exc.because else {})
        return _response(request, Kind(exc.code, DENIED, exc.sentence()), details=why)
    problem = exc if isinstance(exc, Problem) else _problem(exc)
    if isinstance(problem, InternalError):
        structlog.get_logger().error("http.failed", exc_info=exc)
    kind = Kind(type(problem).__name__, problem.status, problem.sentence())
    return _response(request, kind, details=problem.details, errors=problem.errors, headers=problem.said())


def _response(
    request: Request[str, None, State],
    kind: Kind,
    *,
    details: Mapping[str, Detail],
    errors: tuple[Fault, ...] = (),
    headers: Mapping[str, str] = MappingProxyType({}),
) -> Response[ProblemBody]:
    language = language_of(request.headers.get("accept-language"))
    sentence = say(kind.sentence, language)
    body = ProblemBody(
        type=f"/problems/{kind.code}",
        title=sentence,
        status=kind.status,
        detail="; ".join(fault.detail for fault in errors) or sentence,
        instance=request.scope["path"],
        code=kind.code,
        correlation_id=str(request.scope["state"].get("correlation_id", "")),
        details={name: value.isoformat() if isinstance(value, datetime) else value for name, value in details.items()},
        errors=errors,
    )
    said = {**headers, "Content-Language": language, "Vary": "Accept-Language"}
    return Response(body, status_code=kind.status, media_type=MEDIA_TYPE, headers=said)


_MEANING: Mapping[type[Exception], type[Problem]] = {
    OtherLifecycle: NotFound, CommandIdReused: KeyReused, Busy: TooBusy, Unavailable: LedgerAway,
}  # fmt: skip
_BY_STATUS: Mapping[int, type[Problem]] = {
    400: Malformed, 404: NotFound, 405: MethodNotAllowed, 413: TooLarge, 415: NotJson,
}  # fmt: skip


def _problem(exc: Exception) -> Problem:
    """What an exception of the ledger, or of the web framework, means to whoever asked."""
    if isinstance(exc, VersionMismatch):
        return VersionMoved(expected=exc.expected, actual=exc.actual)
    if isinstance(exc, Denied):
        return NotFound()
    if isinstance(exc, BadCredentials):
        return NotFromHere() if exc.reason == "csrf" else CredentialsRefused(reason=exc.reason)
    if isinstance(exc, ValidationException):
        return Invalid(*_faults(exc.extra))
    if isinstance(exc, HTTPException):
        return _BY_STATUS.get(exc.status_code, InternalError)()
    return _MEANING.get(type(exc), InternalError)()


def _faults(extra: object) -> Iterator[Fault]:
    """The faults of parameters, as Litestar reports them: a list of {key, message, source}."""
    for found in msgspec.convert(extra, list[_Found]):
        yield Fault(found.message, parameter=found.key)


class _Found(msgspec.Struct):
    message: str
    key: str = ""

"""What the product needs from outside: a log to append to and to read, the one door for change, a place for files."""

from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Generic, Literal, Protocol, TypeVar
from uuid import UUID

import msgspec

from domain.access.duties import NOBODY, Hands
from domain.decider import Command, Decider, Event, Refused
from domain.privacy.personal import Kind

S = TypeVar("S")
C = TypeVar("C", bound=Command)
E = TypeVar("E", bound=Event)


class Metadata(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The envelope of an event: what an auditor looks at and no rule does. Ids only, no personal data."""

    actor: str
    occurred_at: datetime
    """When it happened. `recorded_at`, when we knew, is set by the ledger."""
    command_id: UUID
    correlation_id: str = ""
    """One id from the HTTP request (or import, or device message) to command, event, workflow and back."""
    caused_by: int | None = None
    """Log position of the event that made a workflow send the command, if one did."""
    grounds: str = ""
    """Why the actor was allowed to: version of the policy, permission, role, scope and grant, such as
    `3 work_order.assign property_manager area 990101 #2`. Empty where nobody was asked (events before policies)."""


class NewEvent(msgspec.Struct, frozen=True):
    """An event on its way into the log. `version` counts from 1 within its stream."""

    stream: UUID
    version: int
    tag: str
    body: bytes


class Recorded(msgspec.Struct, frozen=True):
    """An event in the log. `position` orders the whole log (rising, gaps), `version` its stream (from 1, no gaps)."""

    position: int
    stream: UUID
    version: int
    tag: str
    body: bytes
    recorded_at: datetime
    meta: bytes | None
    """An encoded `Metadata`; None where a foreign writer of the same tables appended."""


class Append(msgspec.Struct, frozen=True, kw_only=True):
    """Events of one or several streams that are appended together or not at all."""

    events: tuple[NewEvent, ...]
    meta: bytes | None = None
    command_id: UUID | None = None
    """Registers the append: a second one with this id changes nothing and gets the first one's receipt."""
    fingerprint: bytes = b""
    """Hash of what was asked. The same command id with another fingerprint is `CommandIdReused`."""
    outcome: bytes = b""
    """Kept with the command id and handed back with the receipt: the answer that was given."""
    guards: tuple[tuple[UUID, int], ...] = ()
    """(stream, version): append only while that other stream is still at that version (0: empty)."""
    sealed_with: tuple[tuple[UUID, UUID], ...] = ()
    """(key, stream): which keys seal something in which streams; remembered, so that a person's data can be found."""
    erases: tuple[str, ...] = ()
    """Ids of people whose keys are destroyed in the same transaction."""
    restricts: tuple[str, ...] = ()
    """Ids of people whose keys are from now on kept in custody only, in the same transaction."""


class Receipt(msgspec.Struct, frozen=True):
    """What an append left in the log: the position of its last event (of the whole log, if it had none)."""

    position: int
    duplicate: bool = False
    outcome: bytes = b""


class Opened(msgspec.Struct, frozen=True):
    """What a sealed text turned out to be."""

    text: str
    """The text; `personal.ERASED` or `personal.RESTRICTED` where it cannot or may not be read."""
    subject: str
    kind: Kind
    readable: bool


class SealedEvents(msgspec.Struct, Generic[S, E], frozen=True):
    """Events whose personal fields are sealed, the state that they lead to, and the keys that this took."""

    events: tuple[E, ...]
    state: S
    keys: frozenset[UUID] = frozenset()


class Forged(Exception):
    """A sealed text was moved from another place, or changed: it is not what was sealed here.

    `args` are the (stream, text) that are forged.
    """


class Vault(Protocol):
    """Seals personal data before it goes into the log, and opens it for somebody who may see it."""

    def try_seal(
        self, stream: UUID, version: int, events: Sequence[E], state: S, evolve: Callable[[S, E], S]
    ) -> SealedEvents[S, E] | None:
        """As `seal`, at once; None when a key is not at hand."""
        ...

    async def seal(
        self, stream: UUID, version: int, events: Sequence[E], state: S, evolve: Callable[[S, E], S]
    ) -> SealedEvents[S, E]:
        """Seal what is personal in events that follow on a version of a stream with this state. Makes missing keys."""
        ...

    async def open(
        self, sealed: Collection[tuple[UUID, str]], *, custody: bool = False
    ) -> Mapping[tuple[UUID, str], Opened]:
        """The texts of sealed fields, by stream and field. `custody`: also of people whose data is only kept.

        Looks at the keys as they are now, so nothing opens any more once its key is destroyed. Raises Forged.
        """
        ...

    async def streams(self, subject: str) -> list[UUID]:
        """The streams in which something of a person is, or was, sealed."""
        ...

    def fingerprint(self, said: bytes) -> bytes:
        """A hash that tells nothing to whoever has no key, however well they guess what was said. The same for ever."""
        ...


class Admitted(msgspec.Struct, frozen=True):
    """Whether somebody may ask once more, and what is left then."""

    allowed: bool
    retry_after: float = 0.0
    """Seconds until the next request would be allowed."""
    remaining: int = 0
    """How many more would be allowed now."""


class RateLimits(Protocol):
    """Counts who asks how often, over all processes together."""

    async def admit(self, key: str, *, rate: int, burst: int) -> Admitted:
        """Ask for one request of a key that may make `rate` a minute, `burst` of them at once. Raises Unavailable."""
        ...


class Looked(msgspec.Struct, frozen=True):
    """What a look into a file found. `because` says it in a word for programs, such as `trailing_bytes`."""

    verdict: Literal["fine", "something_else", "damaged", "dangerous"]
    because: str = ""


class ContentCheck(Protocol):
    """Looks into files that others hand us, where they can do no harm."""

    async def look(self, media_type: str, content: bytes) -> Looked:
        """Whether the content is whole and harmless, and of the kind (of `file_kinds`) that it claims. Raises Busy."""
        ...


class ContentSealer(Protocol):
    """Seals whole files with the key of whom they are about. A context names the one place where they can be opened."""

    async def seal_content(self, subject: str, context: str, content: bytes) -> bytes:
        """The content, unreadable. Makes a missing key."""
        ...

    async def open_content(self, subject: str, context: str, sealed: bytes) -> bytes | None:
        """What was sealed; None once the subject was erased. Raises Forged."""
        ...


class StoredFile(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a stored file without opening it. Its name is sealed."""

    sha256: str
    media_type: str
    size: int
    name: bytes
    subject: str
    stored_at: datetime | None = None
    """Set by the store."""


class FileStore(Protocol):
    """Files beside the log, by stream and hash. What it holds is sealed already. All of it raises Unavailable."""

    async def claim(self, stream: UUID, file: StoredFile, content: bytes) -> None:
        """Hold a file for an upload that is about to attach it; nothing is stored twice."""
        ...

    async def confirm(self, stream: UUID, sha256: str) -> None:
        """The event is in the log: keep the file."""
        ...

    async def give_up(self, stream: UUID, sha256: str) -> None:
        """Nothing came of the upload: drop the file, unless another upload holds it or it is attached already."""
        ...

    async def known(self, stream: UUID) -> list[StoredFile]:
        """The files of a stream, the first first, also those whose event is not in the log (yet)."""
        ...

    async def content(self, stream: UUID, sha256: str) -> bytes | None:
        """The sealed content of a file."""
        ...

    async def forget(self, subject: str) -> int:
        """Remove every file that is about somebody; how many there were."""
        ...


class LedgerError(Exception):
    """The ledger did not append. Nothing of the request is in the log."""


class Conflict(LedgerError):
    """A stream, or a guarded stream, has moved on: load it again and decide again."""


class CommandIdReused(LedgerError):
    """This command id was used before for something else."""


class Busy(LedgerError):
    """The queue is full. Try again in `retry_after` seconds."""

    retry_after = 1


class Unavailable(LedgerError):
    """The database cannot be reached. It is not known whether an append that was under way is in the log: send it again
    with the same command id.
    """


class Ledger(Protocol):
    """The log of everything that ever happened."""

    async def append(self, request: Append) -> Receipt:
        """Make events durable. Raises Conflict, CommandIdReused, Busy, Unavailable."""
        ...

    async def find(self, command_id: UUID) -> tuple[bytes, Receipt] | None:
        """Fingerprint and receipt of a registered append, None if there was none with this id."""
        ...

    async def read(
        self,
        stream: UUID,
        *,
        after: int = 0,
        version: int | None = None,
        position: int | None = None,
        moment: datetime | None = None,
    ) -> list[Recorded]:
        """The events of a stream after a version, up to a version, a log position, or a moment of recording."""
        ...

    async def page(self, after: int = 0, *, limit: int = 5000, tags: Sequence[str] = ()) -> list[Recorded]:
        """The next events of the whole log after a position, at most `limit`, optionally only those with these tags."""
        ...

    def subscribe(self, after: int = 0, *, limit: int = 5000) -> AsyncIterator[list[Recorded]]:
        """The whole log after a position in batches, then live, for ever: reconnects, loses and repeats nothing."""
        ...

    async def head(self) -> int:
        """The position of the newest event, 0 for an empty log."""
        ...

    async def wait(self, projection: str, position: int, *, timeout: float) -> bool:  # noqa: ASYNC109 - part of the question
        """Wait until a projection has come to a position. False when it has not within `timeout` seconds."""
        ...


class Principal(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks, once we have made sure of it. What it may do is told by its appointments."""

    id: str
    """Of the person or the program."""
    kind: Literal["person", "program"] = "person"
    scopes: tuple[str, ...] = ()
    """The permissions that its key is limited to; empty: its roles alone are the limit."""
    session: str = ""
    """The id (not the secret) of the session that a person signed in to, or of the key that a program showed."""
    must_change_password: bool = False
    """Signed in with a password that somebody else has set."""


class Context(msgspec.Struct, frozen=True, kw_only=True):
    """Who sends a command, when it happened, and under which id a repeat is recognised."""

    actor: str
    """The id of a person or a program, or the name of a part of the platform (`domain.access.role`). Set by whoever has
    made sure of it, never by the client."""
    occurred_at: datetime
    asked_at: datetime | None = None
    """When the command is asked for: permission is judged as of this moment, whenever the fact itself occurred. None:
    when it occurred."""
    scopes: tuple[str, ...] = ()
    """The permissions that the actor's key is limited to; empty: its roles alone are the limit."""
    correlation_id: str = ""
    command_id: UUID | None = None
    """Set by callers that may repeat themselves (an Idempotency-Key, an activity, an import): decided at most once."""
    fingerprint: bytes = b""
    """Hash of what the caller sent, where that is not the command itself (a time filled in here differs every time).
    The door hashes it once more, with a key, before anything is written."""
    caused_by: int | None = None


class BadCredentials(Exception):
    """Somebody shows credentials that are worth nothing. That is never the same as showing none."""

    def __init__(self, *, reason: Literal["expired", "unknown", "csrf", "locked", "disabled"]) -> None:
        super().__init__(reason)
        self.reason = reason


class Identification(Protocol):
    """Finds out who asks."""

    async def who(self, headers: Mapping[bytes, bytes], method: str) -> Principal | None:
        """The principal whose credentials a request shows (names of headers in small letters); None without any.

        Raises `BadCredentials`. What was revoked, ended or disabled is refused at once, in all processes.
        """
        ...


class Done(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to a command: where its stream and the log stand now. `events` is 0 when there was nothing to do."""

    stream: UUID
    version: int
    position: int
    events: int
    duplicate: bool = False


class Loaded(msgspec.Struct, Generic[S], frozen=True):
    """The state of a stream at a version (0 when nothing ever happened there) and log position."""

    state: S
    version: int
    position: int
    hands: Hands = NOBODY
    """Who did to it what duties are kept apart for."""


class OtherLifecycle(Exception):
    """This stream holds something else than was asked for."""


class VersionMismatch(Exception):
    """The caller saw another version of this stream than the present one."""

    def __init__(self, expected: int, actual: int) -> None:
        super().__init__(expected, actual)
        self.expected = expected
        self.actual = actual


class Door(Protocol):
    """The one door for change: load, fold, decide, append."""

    async def execute(
        self,
        decider: Decider[C, S, E],
        stream: UUID,
        commands: C | Sequence[C],
        context: Context,
        *,
        expected_version: int | None = None,
    ) -> Done:
        """Decide one command, or several as one all-or-nothing step.

        Raises `permission.Denied` (the actor may not), `Refused` (it cannot be done now), `VersionMismatch`,
        `OtherLifecycle`, or what `Ledger.append` raises except `Conflict`, which is met by deciding again. A decision
        that asks for something of another kind is told that there is none.
        """
        ...

    async def load(self, decider: Decider[C, S, E], stream: UUID) -> Loaded[S]:
        """The present state of a stream. Raises `OtherLifecycle`."""
        ...


__all__ = [
    "Admitted",
    "Append",
    "BadCredentials",
    "Busy",
    "CommandIdReused",
    "Conflict",
    "ContentCheck",
    "ContentSealer",
    "Context",
    "Done",
    "Door",
    "FileStore",
    "Forged",
    "Identification",
    "Ledger",
    "LedgerError",
    "Loaded",
    "Looked",
    "Metadata",
    "NewEvent",
    "Opened",
    "OtherLifecycle",
    "Principal",
    "RateLimits",
    "Receipt",
    "Recorded",
    "Refused",
    "SealedEvents",
    "StoredFile",
    "Unavailable",
    "Vault",
    "VersionMismatch",
]

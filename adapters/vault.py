"""The vault: personal data is sealed before it goes into the log, and opened only for somebody who may see it.

    a person and a kind of data -> a data key, random, wrapped by the master key, in the table `linli_keys`
    a text of an event          -> sealed with it: AES-256-GCM, a fresh random nonce for each

Authenticated with each text are its stream, the version of its event, its field and its key, so it can be read in no
other place. Sealing keeps the keys it used at hand. Opening never does: it looks at the keys as they are now, so that
from the moment an erasure is in the log, nothing opens in any process.

A data key seals far fewer than 2^32 texts, below which random nonces are safe (NIST SP 800-38D, 8.3).
"""

import asyncio
import base64
import hmac
import os
from binascii import Error as NotBase64
from binascii import b2a_base64
from collections import OrderedDict
from collections.abc import AsyncGenerator, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final, NamedTuple, TypeVar
from uuid import UUID

import asyncpg
import structlog
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from adapters.ids import new_id
from adapters.master_key import MasterKey
from adapters.postgres import LOST, Pool
from domain.decider import Event
from domain.ports import Forged, LedgerError, Opened, SealedEvents, Unavailable
from domain.privacy import sealing
from domain.privacy.personal import ERASED, RESTRICTED, Kind, Token, token, written
from domain.privacy.sealing import Finding

S = TypeVar("S")
E = TypeVar("E", bound=Event)

_log = structlog.get_logger("vault")

_NONCE, _SECRET = 12, 32  # bytes
_BATCH = 500
_PATIENCE: Final = (0.01, 0.02, 0.05, 0.1, 0.3, 1.0, 2.0)  # seconds

_KEYS_FOR = "SELECT * FROM linli_keys_for($1, $2, $3, $4, $5)"
_KEYS_AT = "SELECT key_id, subject, kind, wrapped, restricted_at IS NOT NULL FROM linli_keys WHERE key_id = ANY($1)"
_STREAMS = """
SELECT DISTINCT uses.stream FROM linli_keys keys JOIN linli_key_uses uses USING (key_id) WHERE keys.subject = $1
"""
_WRAPPED_OTHERWISE = """
SELECT key_id, wrapped FROM linli_keys
WHERE key_id > $2 AND wrapped_by <> $1 AND destroyed_at IS NULL ORDER BY key_id LIMIT 1000
"""
_REWRAP = """
UPDATE linli_keys AS keys SET wrapped = fresh.wrapped, wrapped_by = fresh.by
FROM unnest($1::uuid[], $2::bytea[], $3::bytea[], $4::text[]) AS fresh (key_id, before, wrapped, by)
WHERE keys.key_id = fresh.key_id AND keys.wrapped = fresh.before
"""


class Whose(NamedTuple):
    """What there is one key for."""

    subject: str
    kind: Kind


class _Key(NamedTuple):
    id: UUID
    hex: str
    bytes: bytes
    cipher: AESGCM


class _Kept(NamedTuple):
    """A key as it stands in the table."""

    id: UUID
    subject: str
    kind: str
    wrapped: bytes | None
    restricted: bool


class _Wanted(NamedTuple):
    whose: Whose
    found: asyncio.Future[_Key]


class PostgresVault:
    """Implements `domain.ports.Vault`. `remember` is how many keys are kept at hand for sealing."""

    def __init__(self, pool: Pool, master: MasterKey, *, remember: int = 50_000) -> None:
        self._pool = pool
        self.master = master
        self._remember = remember
        self._fingerprinting = master.derive("fingerprint")
        self._keys: OrderedDict[Whose, _Key] = OrderedDict()
        self._queue: list[_Wanted] = []
        self._task: asyncio.Task[None] | None = None

    # Sealing ----------------------------------------------------------------------------------------------------------

    def try_seal(
        self, stream: UUID, version: int, events: Sequence[E], state: S, evolve: Callable[[S, E], S]
    ) -> SealedEvents[S, E] | None:
        """As `seal`, at once; None when a key is not at hand."""
        return _seal(stream, version, events, state, evolve, self._at_hand)

    async def seal(
        self, stream: UUID, version: int, events: Sequence[E], state: S, evolve: Callable[[S, E], S]
    ) -> SealedEvents[S, E]:
        """Seal what is personal in events that follow on a version of a stream with this state. Raises Unavailable."""
        keys = await self._get(_whose(events, state, stream, evolve))
        done = _seal(stream, version, events, state, evolve, keys.get)
        assert done is not None  # noqa: S101 - all that it takes was fetched
        return done

    def _at_hand(self, whose: Whose) -> _Key | None:
        key = self._keys.get(whose)
        if key is not None:
            self._keys.move_to_end(whose)
        return key

    async def _get(self, wanted: Collection[Whose]) -> dict[Whose, _Key]:
        """These keys, those that are at hand and those that are not."""
        keys = {whose: key for whose in wanted if (key := self._at_hand(whose)) is not None}
        loop = asyncio.get_running_loop()
        waiting = [_Wanted(whose, loop.create_future()) for whose in wanted if whose not in keys]
        self._queue += waiting
        if self._task is None and waiting:
            self._task = asyncio.create_task(self._serve(), name="vault-keys")
        fetched = await asyncio.gather(*(each.found for each in waiting))
        return keys | dict(zip((each.whose for each in waiting), fetched, strict=True))

    async def _serve(self) -> None:
        """Fetch keys, those of everybody who waits in one statement; while it is out, the next ones gather."""
        while self._queue:
            batch, self._queue = self._queue[:_BATCH], self._queue[_BATCH:]
            try:
                keys = await self._fetch({each.whose for each in batch})
            except Exception as error:  # noqa: BLE001 - it must fail its batch, not hang everyone who waits
                failure = error if isinstance(error, LedgerError) else LedgerError(f"the vault failed: {error!r}")
                _log.warning("vault.keys.failed", error=repr(error))
                for each in batch:
                    if not each.found.done():
                        each.found.set_exception(failure)
            else:
                self._keep(keys)
                for each in batch:
                    if not each.found.done():
                        each.found.set_result(keys[each.whose])
        self._task = None

    async def _fetch(self, wanted: Collection[Whose]) -> dict[Whose, _Key]:
        offered = {whose: (new_id(), os.urandom(_SECRET)) for whose in sorted(wanted)}
        wrapped = [self.master.seal(_purpose(key_id), secret) for key_id, secret in offered.values()]
        rows = await self._ask(
            _KEYS_FOR,
            [whose.subject for whose in offered],
            [whose.kind.value for whose in offered],
            [key_id for key_id, _ in offered.values()],
            wrapped,
            list(map(self.master.sealed_by, wrapped)),
        )
        return {
            Whose(subject, Kind(kind)): _Key(key_id, key_id.hex, key_id.bytes, self._cipher(key_id, kept))
            for subject, kind, key_id, kept in rows
        }

    def _cipher(self, key_id: UUID, wrapped: bytes | None) -> AESGCM:
        """The key of an erased person is gone, and what is sealed for them now is sealed to be read by nobody."""
        return AESGCM(os.urandom(_SECRET) if wrapped is None else self.master.unseal(_purpose(key_id), wrapped))

    def _keep(self, keys: Mapping[Whose, _Key]) -> None:
        self._keys.update(keys)
        while len(self._keys) > self._remember:
            self._keys.popitem(last=False)

    # Opening ----------------------------------------------------------------------------------------------------------

    async def open(
        self, sealed: Collection[tuple[UUID, str]], *, custody: bool = False
    ) -> Mapping[tuple[UUID, str], Opened]:
        """The texts of sealed fields, by stream and field. Raises Forged, Unavailable."""
        if not sealed:
            return {}
        tokens = {place: token(place[1]) for place in sealed}
        forged = [place for place, said in tokens.items() if said is None]
        if forged:
            raise Forged(*forged)
        ids = {UUID(said.key) for said in tokens.values() if said is not None}
        kept = {row[0]: _Kept(*row) for row in await self._ask(_KEYS_AT, list(ids))}
        return self._opened(tokens, kept, custody=custody)

    def _opened(
        self, tokens: Mapping[tuple[UUID, str], Token | None], kept: Mapping[UUID, _Kept], *, custody: bool
    ) -> dict[tuple[UUID, str], Opened]:
        opened: dict[tuple[UUID, str], Opened] = {}
        forged: list[tuple[UUID, str]] = []
        ciphers: dict[UUID, AESGCM] = {}
        for place, said in tokens.items():
            key = None if said is None else kept.get(UUID(said.key))
            if said is None or key is None:
                forged.append(place)
            elif key.wrapped is None:
                opened[place] = Opened(ERASED, key.subject, Kind(key.kind), readable=False)
            elif key.restricted and not custody:
                opened[place] = Opened(RESTRICTED, key.subject, Kind(key.kind), readable=False)
            else:
                cipher = ciphers.get(key.id) or ciphers.setdefault(key.id, self._cipher(key.id, key.wrapped))
                text = _text(cipher, place[0], said)
                if text is None:
                    forged.append(place)
                else:
                    opened[place] = Opened(text, key.subject, Kind(key.kind), readable=True)
        if forged:
            _log.error("vault.forged", streams=sorted({str(stream) for stream, _ in forged}))
            raise Forged(*forged)
        return opened

    # Files ------------------------------------------------------------------------------------------------------------

    async def seal_content(self, subject: str, context: str, content: bytes) -> bytes:
        """A whole file, sealed with the key of whom it is about. `context` names the place where it can be opened."""
        whose = Whose(subject, Kind.MEDIA)
        key = (await self._get([whose]))[whose]
        nonce = os.urandom(_NONCE)
        return key.id.bytes + nonce + key.cipher.encrypt(nonce, content, _content_of(context, key.id))

    async def open_content(self, subject: str, context: str, sealed: bytes) -> bytes | None:
        """What was sealed there; None when its key is destroyed, or may not be used. Raises Forged."""
        key_id, nonce, rest = UUID(bytes=sealed[:16]), sealed[16 : 16 + _NONCE], sealed[16 + _NONCE :]
        rows = [_Kept(*row) for row in await self._ask(_KEYS_AT, [key_id])]
        if not rows or rows[0].wrapped is None or rows[0].restricted:
            return None
        if rows[0].subject != subject:
            raise Forged(context)
        try:
            return self._cipher(key_id, rows[0].wrapped).decrypt(nonce, rest, _content_of(context, key_id))
        except InvalidTag as error:
            raise Forged(context) from error

    async def streams(self, subject: str) -> list[UUID]:
        """The streams in which something of a person is, or was, sealed. Raises Unavailable."""
        return [row[0] for row in await self._ask(_STREAMS, subject)]

    def fingerprint(self, said: bytes) -> bytes:
        """A keyed hash (HMAC-SHA-256). It stays when a person is erased, so nobody may be able to try telephones."""
        return hmac.digest(self._fingerprinting, said, "sha256")

    # Keys -------------------------------------------------------------------------------------------------------------

    async def rewrap(self) -> int:
        """Wrap all data keys with the newest master key, page by page, while everything runs. How many."""
        done, last = 0, UUID(int=0)
        current = self.master.current
        while rows := await self._ask(_WRAPPED_OTHERWISE, current, last):
            last = rows[-1][0]
            fresh = [
                self.master.seal(_purpose(key_id), self.master.unseal(_purpose(key_id), before))
                for key_id, before in rows
            ]
            by = list(map(self.master.sealed_by, fresh))
            await self._pool.execute(_REWRAP, [row[0] for row in rows], [row[1] for row in rows], fresh, by)
            done += len(rows)
        return done

    async def wrapped_otherwise(self) -> int:
        """How many data keys are wrapped by other master keys than the newest: those are needed still."""
        rows = await self._ask(
            "SELECT count(*) FROM linli_keys WHERE destroyed_at IS NULL AND wrapped_by <> $1", self.master.current
        )
        amount: int = rows[0][0]
        return amount

    async def _ask(self, query: str, *values: object) -> list[asyncpg.Record]:
        """Ask, and ask again while the database is away: each of our questions may be asked twice."""
        for pause in _PATIENCE:
            try:
                return await self._pool.fetch(query, *values)
            except (asyncpg.DeadlockDetectedError, *LOST):
                await asyncio.sleep(pause)
        try:
            return await self._pool.fetch(query, *values)
        except (asyncpg.DeadlockDetectedError, *LOST) as error:
            msg = f"no answer from the database: {error}"
            raise Unavailable(msg) from error


@asynccontextmanager
async def vault_at(dsn: str, file: Path, *, create: bool = False) -> AsyncGenerator[PostgresVault]:
    """A vault for as long as the block lasts, with the master key of a file. Raises NoMasterKey.

    `create` makes the file, as long as no key was ever wrapped: a new master key beside old keys would hide the loss.
    It has connections of its own: whoever holds one of another pool while he opens something waits for nobody.
    """
    async with asyncpg.create_pool(dsn, min_size=1, max_size=2) as pool:
        fresh = create and not await pool.fetchval("SELECT EXISTS (SELECT FROM linli_keys)")
        yield PostgresVault(pool, MasterKey.at(file, create=fresh))


def _seal(  # noqa: PLR0913, PLR0917 - what is sealed, and where the keys are
    stream: UUID,
    version: int,
    events: Sequence[E],
    state: S,
    evolve: Callable[[S, E], S],
    key_of: Callable[[Whose], _Key | None],
) -> SealedEvents[S, E] | None:
    """The events with their personal texts sealed; None when a key is missing."""
    sealed: list[E] = []
    keys: set[UUID] = set()
    here = stream.bytes
    for number, event in enumerate(events, version + 1):
        texts: dict[str, str] = {}
        for finding in sealing.findings(event, state, stream):
            key = key_of(Whose(finding.subject, finding.kind))
            if key is None:
                return None
            texts[finding.path] = _sealed(key, here, number, finding)
            keys.add(key.id)
        sealed.append(sealing.replaced(event, texts))
        state = evolve(state, sealed[-1])
    return SealedEvents(tuple(sealed), state, frozenset(keys))


def _whose(events: Sequence[E], state: S, stream: UUID, evolve: Callable[[S, E], S]) -> set[Whose]:
    """All keys that it takes to seal these events."""
    wanted: set[Whose] = set()
    for event in events:
        wanted.update(Whose(each.subject, each.kind) for each in sealing.findings(event, state, stream))
        state = evolve(state, event)
    return wanted


def _purpose(key_id: UUID) -> str:
    return f"data key {key_id.hex}"


# Texts ----------------------------------------------------------------------------------------------------------------


def _place(stream: bytes, version: int, field: str, key_id: bytes) -> bytes:
    """What is authenticated with a text: where it belongs. Only the last part varies in length: no two look alike."""
    return b"linli sealed 1%b%b%b%b" % (stream, version.to_bytes(8), key_id, field.encode())


def _content_of(context: str, key_id: UUID) -> bytes:
    return b"linli file 1" + key_id.bytes + context.encode()


def _sealed(key: _Key, stream: bytes, version: int, finding: Finding) -> str:
    nonce = os.urandom(_NONCE)
    place = _place(stream, version, finding.path, key.bytes)
    content = nonce + key.cipher.encrypt(nonce, finding.text.encode(), place)
    return written(Token(key.hex, version, finding.path, _base64(content)))


def _text(cipher: AESGCM, stream: UUID, said: Token) -> str | None:
    """What is sealed there; None when it was not sealed there, or is not what was sealed."""
    try:
        content = base64.urlsafe_b64decode(said.sealed + "=" * (-len(said.sealed) % 4))
        if _base64(content) != said.sealed:
            return None  # bits that no decoder looks at were changed
        place = _place(stream.bytes, said.version, said.field, bytes.fromhex(said.key))
        return cipher.decrypt(content[:_NONCE], content[_NONCE:], place).decode()
    except (InvalidTag, NotBase64, ValueError):
        return None


_URL_SAFE: Final = bytes.maketrans(b"+/", b"-_")


def _base64(content: bytes) -> str:
    return b2a_base64(content, newline=False).translate(_URL_SAFE, b"=").decode("ascii")

"""What the fan-out of a sanction does: find what is under way, carry out what was chosen, report.

Every command carries an id that follows from the fan-out, the item and the how-manieth choice about it is carried out,
so a step that is repeated changes nothing. The boards are waited for before anything is looked for: what was begun
before the sanction stands on them then, and what comes after it is refused.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final, Protocol, TypeAlias, TypeVar
from uuid import UUID, uuid5

import msgspec
from temporalio import activity

from domain.access.permission import Denied
from domain.decider import Command, Refused, tag_of
from domain.ports import Context, Door, Ledger, OtherLifecycle, Recorded
from domain.restraint import fan_out, sanction
from domain.restraint.fan_out import Entry, FanOut, FanOutCommand, Item
from domain.restraint.scope import Scope
from projections.listing import Key, Listed
from projections.restraint import fan_out_board, sanction_register
from projections.restraint.fan_out_board import FanOutBoard
from projections.restraint.sanction_register import SanctionRegister
from workflows.messages import Left, Restrained
from workflows.triggers import Process

S = TypeVar("S")
NAME: Final = "SuspensionFanOut"
BY: Final = "fan_out"
"""The actor on the commands that a fan-out sends."""

_COMMANDS = UUID("6c696e6c-6900-5000-8000-66616e6f7574")
_AT_ONCE = 500
"""Items in one event."""


class _Sanctioned(msgspec.Struct):
    vendor: str
    number: int


_decode = msgspec.json.Decoder(_Sanctioned).decode
_BEGINS = frozenset({tag_of(sanction.Suspended), tag_of(sanction.Blacklisted)})


def run_of(event: Recorded) -> Restrained:
    """The fan-out that an event starts, or that it is news for."""
    if event.tag not in _BEGINS:
        return Restrained(stream=event.stream, position=event.position)
    said = _decode(event.body)
    stream = fan_out.stream(said.vendor, said.number)
    return Restrained(stream=stream, vendor=said.vendor, sanction=said.number, position=event.position)


def run_id(event: Recorded) -> str:
    """The workflow id: one for each sanction."""
    return _id(run_of(event).stream)


def _id(stream: UUID) -> str:
    return f"fan_out/{stream}"


UnderWay: TypeAlias = Callable[[str, Scope], Awaitable[Sequence[Item]]]
"""What is under way with a vendor, as far as a scope reaches."""


@dataclass(frozen=True)
class Wish:
    """An item, what was chosen for it, and who and when carries that out."""

    vendor: str
    """That is sanctioned."""
    sanction: int
    item: Item
    to: str
    context: Context

    @property
    def stream(self) -> UUID:
        """Of the item."""
        return UUID(self.item.id)


class Work(Protocol):
    """What can become of one kind of item. Each raises `Refused`, or `Denied`, where it is not possible."""

    async def keep(self, wish: Wish) -> None:
        """It is finished and paid in spite of the sanction."""
        ...

    async def hold(self, wish: Wish) -> None:
        """Nothing goes on until somebody says so."""
        ...

    async def reassign(self, wish: Wish) -> None:
        """Another vendor does it."""
        ...

    async def cancel(self, wish: Wish) -> None:
        """It need not be done."""
        ...


@dataclass(frozen=True)
class FanOuts:
    """The activities of a fan-out, on one door, one log, what is under way, and what can become of it."""

    door: Door
    ledger: Ledger
    under_way: UnderWay
    work: Mapping[fan_out.ItemKind, Work]
    boards: Sequence[str] = ()
    """The read models that `under_way` looks at."""

    @activity.defn(name="find_under_way")
    async def find(self, run: Restrained) -> bool:
        """Ask for a choice about everything under way that is not known yet. Says whether there was any."""
        head = await self.ledger.head()
        for board in self.boards:
            if not await self.ledger.wait(board, head, timeout=20):
                msg = f"{board} has not come to position {head} yet"
                raise RuntimeError(msg)
        state = await self._state(run)
        vendor, number = state.vendor or run.vendor, state.sanction or run.sanction
        found = (await self.door.load(sanction.decider, sanction.stream(vendor))).state.one(number)
        if found is None or state.closed_at is not None:
            return False
        known = {each.item.id for each in state.entries}
        items = [item for item in await self.under_way(vendor, found.scope) if item.id not in known]
        pages = [tuple(items[place : place + _AT_ONCE]) for place in range(0, len(items), _AT_ONCE)]
        for page in pages or ([()] if state.begun_at is None else []):
            begin = fan_out.Begin(at=_at(run, state), vendor=vendor, sanction=number, items=page)
            await self._tell(run, begin, f"begin/{page[0].id if page else ''}")
        return bool(items)

    @activity.defn(name="carry_out_choices")
    async def carry_out(self, run: Restrained) -> Left:
        """Carry out what was chosen, and say what is left."""
        for entry in (await self._state(run)).to_do:
            await self._carry_out(run, entry)
            activity.heartbeat()
        state = await self._state(run)
        return Left(undecided=len(state.undecided), to_do=len(state.to_do))

    @activity.defn(name="report_fan_out")
    async def report(self, run: Restrained) -> None:
        """Say what became of everything."""
        await self._tell(run, fan_out.Close(at=_at(run, await self._state(run))), "close")

    async def _carry_out(self, run: Restrained, entry: Entry) -> None:
        state = await self._state(run)
        at, name = _at(run, state), f"{entry.item.id}/{entry.tries}"
        context = self._context(run, at, name)
        code = ""
        try:
            await self._become(Wish(state.vendor, state.sanction, entry.item, entry.to, context), entry.choice)
        except (Refused, Denied) as no:
            code = no.code
        except (OtherLifecycle, ValueError):
            code = fan_out.NotUnderWay.__name__
        outcome: fan_out.Outcome = "refused" if code else "done"
        settle = fan_out.Settle(at=at, item=entry.item.id, outcome=outcome, code=code)
        await self._tell(run, settle, f"{name}/settle")

    async def _become(self, wish: Wish, choice: fan_out.Choice | None) -> None:
        work = self.work[wish.item.kind]
        match choice:
            case "keep":
                await work.keep(wish)
            case "hold":
                await work.hold(wish)
            case "reassign":
                await work.reassign(wish)
            case "cancel":
                await work.cancel(wish)
            case None:
                raise fan_out.NothingChosen

    async def _tell(self, run: Restrained, command: FanOutCommand, name: str) -> None:
        context = self._context(run, _moment(command), name)
        await self.door.execute(fan_out.decider, run.stream, command, context)

    def _context(self, run: Restrained, at: datetime, name: str) -> Context:
        return Context(
            actor=BY,
            occurred_at=at,
            command_id=uuid5(_COMMANDS, f"{run.stream}/{name}"),
            fingerprint=b"fan_out",
            caused_by=run.position or None,
        )

    async def _state(self, run: Restrained) -> FanOut:
        return (await self.door.load(fan_out.decider, run.stream)).state


def _at(run: Restrained, state: FanOut) -> datetime:
    """The workflow's now, but never before what is known of the fan-out."""
    moments = [moment for moment in (run.as_of, state.latest) if moment is not None]
    return max(moments)


def _moment(command: Command) -> datetime:
    at: datetime = msgspec.structs.asdict(command)["at"]
    return at


PROCESS = Process(_BEGINS | {tag_of(fan_out.Chosen), tag_of(fan_out.RanOut)}, NAME, run_of, run_id, tells=True)
"""What starts a fan-out, and what is news for it."""


async def unfinished(
    door: Door, register: SanctionRegister, board: FanOutBoard
) -> AsyncIterator[tuple[str, Restrained]]:
    """The fan-outs that ought to be running, by workflow id: those of sanctions in force that have none yet, and those
    that are still open. A Temporal server may have lost its memory.
    """
    async for listed in _pages(partial(register.page, sanction_register.Filters(any=True))):
        for each in listed.state.all:
            stream = fan_out.stream(listed.state.vendor, each.number)
            if not each.ended and (await door.load(fan_out.decider, stream)).version == 0:
                yield _id(stream), Restrained(stream=stream, vendor=listed.state.vendor, sanction=each.number)
    async for open_one in _pages(partial(board.page, fan_out_board.Filters(open=True))):
        yield _id(open_one.id), Restrained(stream=open_one.id)


async def _pages(page: Callable[[Key | None, int], Awaitable[list[Listed[S]]]]) -> AsyncIterator[Listed[S]]:
    after: Key | None = None
    while rows := await page(after, 200):
        for row in rows:
            yield row
        after = rows[-1].key

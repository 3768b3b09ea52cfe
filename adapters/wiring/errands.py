"""What the command line does once: imports, rebuilding, accounts, keys."""

import functools
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from uuid import UUID

import structlog

from adapters import debarment_lists, import_areas, import_layout, importing
from adapters.engines import Engines
from adapters.intake import Progress, Tally
from adapters.settings import Settings
from adapters.signing_keys import SigningKeys
from adapters.vault import vault_at
from adapters.wiring.core import OPERATOR, core, now
from adapters.wiring.desk import signing_in
from adapters.wiring.read_models import PROJECTIONS
from api.account_keeping import bring_in, settle
from domain.access.newcomer import Newcomer
from domain.parties import person
from domain.ports import Context
from projections.bulk import Load, Processes
from projections.rebuild import Rebuilt, rebuild

_log = structlog.get_logger("linli")


async def rebuild_projection(
    engines: Engines, settings: Settings, name: str, progress: Callable[[int], None]
) -> Rebuilt:
    """Replay one read model beside the live one, with all processors, and swap it in. `progress` gets events folded."""
    async with core(settings, engines) as (ledger, _, vault):

        def told(more: Load) -> None:
            progress(more.events)

        own_vault = functools.partial(vault_at, engines.database_url, settings.master_key)
        processes = Processes(os.cpu_count() or 1, engines.database_url, own_vault)
        return await rebuild(PROJECTIONS[name], ledger, ledger.pool, vault=vault, processes=processes, progress=told)


async def import_work_orders(
    engines: Engines, settings: Settings, path: Path, layout: str, progress: Callable[[Progress], None]
) -> importing.Report:
    """Import a file of another system, which a layout describes. Raises UnknownLayout and what the import raises."""
    described = import_layout.layout(layout)
    async with core(settings, engines) as (ledger, door, _):
        return await importing.import_work_orders(door, ledger, path, described, progress)


async def import_area_tree(
    engines: Engines, settings: Settings, paths: Sequence[Path], progress: Callable[[Progress], None]
) -> Tally:
    """Import files of areas. Raises what the import raises."""
    async with core(settings, engines) as (_, door, _):
        return await import_areas.import_areas(door, paths, now(), progress)


async def import_debarment_list(
    engines: Engines,
    settings: Settings,
    path: Path,
    source: debarment_lists.Source,
    progress: Callable[[Progress], None],
) -> debarment_lists.Report:
    """Import a file of debarred organisations. Raises what the import raises."""
    async with core(settings, engines) as (ledger, door, _):
        return await debarment_lists.import_debarments(door, ledger, path, source, now(), progress=progress)


async def create_account(engines: Engines, settings: Settings, newcomer: Newcomer) -> str | None:
    """Let a person sign in, in a role if one is named; the temporary password where none is given. Raises `Refused`."""
    async with core(settings, engines) as running, signing_in(settings, running) as desk:
        return await bring_in(desk, newcomer, Context(actor=OPERATOR, occurred_at=now()))


async def create_accounts(engines: Engines, settings: Settings, newcomers: Sequence[Newcomer]) -> int:
    """The same for several; how many are new. Who is in already is left alone, who got in half way gets the rest."""
    new = 0
    async with core(settings, engines) as running, signing_in(settings, running) as desk:
        for newcomer in newcomers:
            known = (await running.door.load(person.decider, UUID(newcomer.person))).state
            if known.status is not person.Status.UNKNOWN:
                continue
            half_way = (await desk.account(newcomer.person)).password
            await (settle if half_way else bring_in)(desk, newcomer, Context(actor=OPERATOR, occurred_at=now()))
            new += 1
    return new


async def stored(engines: Engines, settings: Settings, stream: UUID) -> list[str]:
    """What the log holds of a stream, as it lies there: what is personal is sealed."""
    async with core(settings, engines) as running:
        return [row.body.decode() for row in await running.ledger.read(stream)]


async def rotate_signing_key(engines: Engines, settings: Settings, *, at_once: bool) -> str:
    """Sign access tokens with a new key from now on: its id."""
    async with core(settings, engines) as (ledger, _, vault):
        return await SigningKeys(ledger.pool, vault.master, now).rotate(at_once=at_once)

"""The command line: `linli up`, or its parts one by one.

    up       everything on this machine, supervised            serve    the API
    demo     the same, with data and a story                   work     the clocks (Temporal worker)
    migrate  bring the database up to date                     follow   read models and triggers
    rebuild  replay read models beside the live ones           import   read files of another system
    account  let a person sign in                              keys     make, rotate and prune keys
    health   is a process of this machine well?

Exit codes: 0 done, 1 failed, 2 wrong arguments or settings, 130 interrupted.
"""

import argparse
import asyncio
import functools
import os
import sys
import urllib.error
import urllib.request
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NoReturn, TypeAlias
from uuid import UUID

import msgspec
from rich import progress as bars
from rich.console import Console

from adapters import heartbeat, logs
from adapters.engines import Engines, engines_for
from adapters.ids import new_id
from adapters.intake import Progress, Tally
from adapters.settings import BadSettings, Settings, read_settings
from adapters.supervised import EngineFailed, FolderInUse
from adapters.supervisor import ROLES, Platform, end_with, platform, stop_requested
from domain.access import role as roles
from domain.access.newcomer import Newcomer, Post
from domain.decider import Refused
from domain.ports import LedgerError

Options: TypeAlias = argparse.Namespace
Command: TypeAlias = Callable[[Settings, Options], int]
Duty: TypeAlias = Callable[[Settings, Engines, asyncio.Event], Awaitable[None]]

OK, FAILED, MISUSED, INTERRUPTED = 0, 1, 2, 130
_out = Console(highlight=False, soft_wrap=True)
_err = Console(stderr=True, highlight=False, soft_wrap=True)


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run one command and leave."""
    _leave(run(arguments))


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit code."""
    options = parser().parse_args(arguments)
    try:
        settings = read_settings()
    except BadSettings as bad:
        _err.print(str(bad), style="red", markup=False)
        return MISUSED
    logs.configure(json=settings.logs_json, level=settings.log_level, process=options.command)
    command: Command = options.run
    try:
        return command(settings, options)
    except KeyboardInterrupt:
        return INTERRUPTED
    except (FolderInUse, EngineFailed, LedgerError, OSError, RuntimeError, ValueError) as failed:
        _err.print(f"{type(failed).__name__}: {failed}", style="red", markup=False)
        return FAILED


def parser() -> argparse.ArgumentParser:
    """What can be asked, with --help for each."""
    top = argparse.ArgumentParser(prog="linli", description="邻里 Linli", epilog="Settings: LINLI_... (see README.md)")
    commands = top.add_subparsers(dest="command", required=True, metavar="command")
    _add(commands, "up", up, "run everything on this machine, supervised 启动整个平台")
    for role, text in zip(
        ROLES,
        (
            "answer HTTP 接口",
            "run the clocks: the Temporal worker 时钟",
            "keep read models and triggers going 投影与触发",
        ),
        strict=True,
    ):
        _add(commands, role, _role(role), text).add_argument("--child-of", type=int, help=argparse.SUPPRESS)
    _add(commands, "migrate", migrate, "bring the database up to date 迁移数据库")
    rebuilding = _add(commands, "rebuild", rebuild, "replay read models beside the live ones, and swap 重建读模型")
    rebuilding.add_argument("projection", nargs="?", help="one of them; all when left out")
    text = "read files of another system, through the same door 导入"
    importing = commands.add_parser("import", help=text, description=text)
    _add_imports(importing.add_subparsers(dest="what", required=True, metavar="what"))
    playing = _add(commands, "demo", demo, "run everything, with generated data and a story 演示")
    playing.add_argument("--once", action="store_true", help="end after the story instead of staying up")
    _keep_accounts(commands)
    keeping = _add(commands, "keys", keys, "make, rotate and prune keys 密钥")
    keeping.add_argument("what", choices=["create", "rotate-master", "prune", "rotate-signing"])
    keeping.add_argument("--at-once", action="store_true", help="rotate-signing: refuse what older keys have signed")
    asking = _add(commands, "health", health, "exit with 0 if a process of this machine is well 健康检查")
    asking.add_argument("role", choices=ROLES)
    return top


def _add_imports(what: Any) -> None:  # argparse's own is private
    orders = _add(what, "work-orders", import_work_orders, "cases of another system 工单")
    orders.add_argument("file", type=Path, help="a .csv or .csv.gz")
    orders.add_argument("--layout", required=True, help="which system it comes from, such as boston311")
    areas = _add(what, "areas", import_areas, "the area tree: a code and a name in each row 区划")
    areas.add_argument("file", type=Path, nargs="+", help="a .csv or .csv.gz with columns code and name")
    debarments = _add(what, "debarments", import_debarments, "a list of debarment 失信与禁入名单")
    debarments.add_argument("file", type=Path, help="a .csv or .csv.gz with columns name, listed_on, ...")
    debarments.add_argument("--list", required=True, metavar="KEY", help="which list, such as dishonest or tax")
    debarments.add_argument("--source", required=True, metavar="NAME", help="who publishes it")
    debarments.add_argument("--retrieved-at", type=_moment, help="when it was fetched; now when left out")
    debarments.add_argument("--part", action="store_true", help="a part of the list only: nobody is taken off")
    for each in (orders, areas, debarments):
        each.add_argument("--json", action="store_true", help="print the numbers as JSON")


def _add(commands: Any, name: str, run_it: Command, text: str) -> argparse.ArgumentParser:  # argparse's own is private
    added: argparse.ArgumentParser = commands.add_parser(name, help=text, description=text)
    added.set_defaults(run=run_it)
    return added


# The platform and its processes ---------------------------------------------------------------------------------------


def up(settings: Settings, _options: Options) -> int:
    """Everything on this machine until told to stop."""

    async def everything() -> int:
        stop = stop_requested()
        async with platform(settings) as running:
            if not await running.ready():
                _err.print("the API did not become ready; see the log above", style="red")
                return FAILED
            _say_where(running)
            await stop.wait()
            _err.print("正在停止… stopping")
        return OK

    return asyncio.run(everything())


def demo(settings: Settings, options: Options) -> int:
    """The platform with generated data and a story; stays up afterwards, unless asked once."""
    from adapters.demo import Backstage, StoryFailed, tell  # noqa: PLC0415 - as above
    from adapters.wiring import errands  # noqa: PLC0415 - what only starts others does without

    async def everything() -> int:
        stop = stop_requested()
        _out.print("[bold]邻里 Linli[/] 演示：正在启动嵌入式 PostgreSQL 与 Temporal… starting the embedded engines")
        async with platform(settings, logs=settings.data_dir) as running:
            if not await running.ready():
                _err.print(f"the API did not become ready; see {settings.data_dir}/serve.log", style="red")
                return FAILED
            _say_where(running)
            backstage = Backstage(
                let_in=functools.partial(errands.create_accounts, running.engines, settings),
                stored=functools.partial(errands.stored, running.engines, settings),
            )
            story = asyncio.create_task(tell(running.api, running.engines.temporal_ui, _out, backstage))
            stopping = asyncio.create_task(stop.wait())
            await asyncio.wait({story, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if not story.done():
                story.cancel()
                return INTERRUPTED
            try:
                story.result()
            except StoryFailed as failed:
                _err.print(f"演示失败 the story failed: {failed}", style="red", markup=False)
                return FAILED
            _out.print("\n[bold green]演示完成[/] the story is over")
            if not options.once:
                _say_where(running)
                await stopping
        return OK

    return asyncio.run(everything())


def _say_where(running: Platform) -> None:
    _out.print(f"接口 API       {running.api}/work-orders")
    _out.print(f"文档 OpenAPI   {running.api}/docs   {running.api}/openapi.json")
    if running.engines.temporal_ui:
        _out.print(f"时钟 Temporal  {running.engines.temporal_ui}")
    _out.print(f"停止 stop      Ctrl-C, kill {os.getpid()}")


def _duty(role: str) -> Duty:
    """What a process does, and no library that it does without: the API lives without Temporal's 40 MB."""
    if role == "serve":
        from adapters.wiring.serving import serve  # noqa: PLC0415 - as said

        return serve
    if role == "work":
        from adapters.wiring.working import work  # noqa: PLC0415 - as said

        return work
    from adapters.wiring.following import follow  # noqa: PLC0415 - as said

    return follow


def _role(role: str) -> Command:
    """The command that runs one of our processes in the foreground."""

    def command(settings: Settings, options: Options) -> int:
        duty = _duty(role)

        async def process(engines: Engines) -> None:
            stop = stop_requested()
            watching = asyncio.create_task(end_with(options.child_of)) if options.child_of else None
            await duty(settings, engines, stop)
            if watching is not None:
                watching.cancel()

        with engines_for(settings, temporal=role != "serve") as engines:
            _run(process(engines))
        return OK

    return command


def health(settings: Settings, options: Options) -> int:
    """Ask the API of this machine, or look for the sign of life of another process."""
    if options.role != "serve":
        return OK if heartbeat.beats(heartbeat.file_of(settings.data_dir, options.role)) else FAILED
    host = "127.0.0.1" if settings.host in {"0.0.0.0", "::"} else settings.host  # noqa: S104 - not bound here
    try:
        with urllib.request.urlopen(f"http://{host}:{settings.port}/health/ready", timeout=4):
            return OK
    except urllib.error.URLError as error:
        _err.print(str(error), markup=False)
        return FAILED


# The database ---------------------------------------------------------------------------------------------------------


def migrate(settings: Settings, _options: Options) -> int:
    """Apply what is missing, and say what that was."""
    from adapters.migrate import migrate as apply  # noqa: PLC0415 - as above

    with engines_for(settings, temporal=False) as engines:
        applied = _run(apply(engines.database_url))
    _out.print("\n".join(applied) or "已是最新 up to date")
    return OK


def keys(settings: Settings, options: Options) -> int:
    """Make a master key; add a new one and wrap everything with it; throw the old ones away."""
    import asyncpg  # noqa: PLC0415 - as above

    from adapters import rewrapping  # noqa: PLC0415
    from adapters.master_key import MasterKey  # noqa: PLC0415
    from adapters.vault import vault_at  # noqa: PLC0415

    file = settings.master_key
    if options.what == "create":
        if file.exists():
            _err.print(f"主密钥已存在 there is a master key in {file}", style="red", markup=False)
            return FAILED
        MasterKey.at(file, create=True)
        _out.print(
            f"已创建 created: {file}\n请另存副本，与数据库备份分开 keep a copy, apart from the database's", markup=False
        )
        return OK

    if options.what == "rotate-signing":
        return rotate_signing(settings, options)

    async def wrap_anew(database: str) -> int:
        async with asyncpg.create_pool(database, min_size=1, max_size=2) as pool, vault_at(database, file) as vault:
            wrapped = await rewrapping.rewrap(pool, vault)
            if options.what == "prune" and not await rewrapping.sealed_otherwise(pool, vault):
                MasterKey.pruned(file)
            return wrapped

    with engines_for(settings, temporal=False) as engines:
        if options.what == "rotate-master":
            MasterKey.rotated(file)
        wrapped = _run(wrap_anew(engines.database_url))
    _out.print(f"重新包装 wrapped anew: {wrapped}. 请更新副本 renew the copy of {file}", markup=False)
    return OK


def rebuild(settings: Settings, options: Options) -> int:
    """Replay read models, with a bar that moves."""
    from adapters.wiring import errands, read_models  # noqa: PLC0415 - as above

    wanted = [options.projection] if options.projection else list(read_models.PROJECTIONS)
    if unknown := set(wanted) - set(read_models.PROJECTIONS):
        known = ", ".join(read_models.PROJECTIONS)
        _err.print(f"no such projection: {', '.join(unknown)}; there are {known}", style="red")
        return MISUSED
    with engines_for(settings, temporal=False) as engines, _bar("events") as bar:
        for name in wanted:
            task = bar.add_task(name, total=None)
            told = functools.partial(bar.advance, task)
            done = _run(errands.rebuild_projection(engines, settings, name, told))
            bar.update(task, total=done.events, completed=done.events)
    return OK


def import_work_orders(settings: Settings, options: Options) -> int:
    """Import a file, tell what is wrong in it, and what its promises came to."""
    from adapters.wiring import errands  # noqa: PLC0415 - as above

    with engines_for(settings, temporal=False) as engines, _bar("bytes") as bar:
        told = _telling(bar, options.file.name)
        report = _run(errands.import_work_orders(engines, settings, options.file, options.layout, told))
    _tell_rejects(report)
    for differing in report.differing:
        verdicts = f"ours {_verdict(differing.ours)}, theirs {_verdict(differing.theirs)}"
        _err.print(f"{options.file.name}:{differing.line}: {differing.key} {verdicts}", markup=False)
    _tell_numbers(report.summary(), as_json=options.json)
    return OK


def import_areas(settings: Settings, options: Options) -> int:
    """Import files, and tell what is wrong in them."""
    from adapters.import_areas import summary  # noqa: PLC0415 - as above
    from adapters.wiring import errands  # noqa: PLC0415 - as above

    with engines_for(settings, temporal=False) as engines, _bar("rows") as bar:
        told = _telling(bar, "区划 areas")
        tally = _run(errands.import_area_tree(engines, settings, options.file, told))
    _tell_rejects(tally)
    _tell_numbers(summary(tally), as_json=options.json)
    return OK


def import_debarments(settings: Settings, options: Options) -> int:
    """Import a list of debarment, and tell what is wrong in it."""
    from adapters.debarment_lists import Source  # noqa: PLC0415 - as above
    from adapters.wiring import core, errands  # noqa: PLC0415 - as above

    source = Source(options.list, options.source, options.retrieved_at or core.now(), whole=not options.part)
    with engines_for(settings, temporal=False) as engines, _bar("rows") as bar:
        told = _telling(bar, options.file.name)
        report = _run(errands.import_debarment_list(engines, settings, options.file, source, told))
    _tell_rejects(report)
    if report.nobody_delisted_because:
        _err.print(
            f"未移出任何条目 nobody was taken off: {report.nobody_delisted_because}", style="yellow", markup=False
        )
    _tell_numbers(report.summary(), as_json=options.json)
    return OK


def _telling(bar: bars.Progress, name: str) -> Callable[[Progress], None]:
    """What moves the bar."""
    task = bar.add_task(name, total=None)

    def told(progress: Progress) -> None:
        rows = f"{name}: {progress.rows} 行 rows, {progress.rejected} 拒绝 rejected"
        bar.update(task, total=progress.of, completed=progress.done, description=rows)

    return told


def _tell_rejects(tally: Tally) -> None:
    for rejected in tally.rejects:
        _err.print(f"{rejected.file}:{rejected.line}: {rejected.key} {rejected.reason}", markup=False)


def _tell_numbers(summary: msgspec.Struct, *, as_json: bool) -> None:
    numbers = msgspec.to_builtins(summary)
    if as_json:
        _out.print_json(data=numbers)
    else:
        _out.print("\n".join(f"{_NUMBERS[name]:　<6}{name:<13}{number:>12}" for name, number in numbers.items()))


_NUMBERS = {
    "rows": "行数",
    "imported": "新导入",
    "known": "已有",
    "rejected": "拒绝",
    "delisted": "移出",
    "on_time": "按时",
    "overdue": "超时",
    "unflagged": "无标记",
    "differences": "判定不一致",
    "seconds": "秒",
}


def _verdict(on_time: bool) -> str:  # noqa: FBT001 - it is the question
    return "on time" if on_time else "overdue"


def _bar(unit: str) -> bars.Progress:
    return bars.Progress(
        bars.TextColumn("{task.description}"),
        bars.BarColumn(),
        bars.MofNCompleteColumn(),
        bars.TextColumn(unit),
        bars.TimeElapsedColumn(),
        console=_err,
    )


# Who gets in ----------------------------------------------------------------------------------------------------------


def _keep_accounts(commands: Any) -> None:  # argparse's own is private
    opening = _add(commands, "account", create_account, "let a person sign in 开户")
    opening.add_argument("what", choices=["create"])
    opening.add_argument("--login", required=True, help="the name to sign in with")
    opening.add_argument("--person", type=UUID, help="the id of the person; a fresh one when left out")
    opening.add_argument("--name", default="", help="what the person is called; the login when left out")
    opening.add_argument("--role", choices=[each.name for each in roles.ALL], help="appoint the person to this role")
    opening.add_argument("--organisation", default="", metavar="ID", help="of which organisation")
    opening.add_argument("--area", default="", metavar="CODE", help="in which area")
    opening.add_argument("--ward", default="", metavar="ID", help="for which person")
    opening.add_argument("--until", type=_moment, help="until when, such as 2027-01-01T00:00:00+08:00")
    opening.add_argument(
        "--password-stdin", action="store_true", help="read the password; otherwise a temporary one is made and printed"
    )


def _moment(said: str) -> datetime:
    """A moment with its offset."""
    at = datetime.fromisoformat(said)
    if at.tzinfo is None:
        raise ValueError(said)
    return at


def create_account(settings: Settings, options: Options) -> int:
    """Open an account. A password is read from the input, never from the arguments, which others can see."""
    from adapters.wiring import errands  # noqa: PLC0415 - as above

    password = sys.stdin.readline().rstrip("\r\n") if options.password_stdin else ""
    if options.password_stdin and not password:
        _err.print("no password on the standard input", style="red")
        return MISUSED
    person = str(options.person or new_id())
    post = None
    if options.role:
        post = Post(options.role, options.organisation, options.area, options.ward, options.until)
    newcomer = Newcomer(person, options.login, password, options.name, post=post)
    with engines_for(settings, temporal=False) as engines:
        try:
            temporary = _run(errands.create_account(engines, settings, newcomer))
        except Refused as no:
            _err.print(f"{no.code}: {no.sentence()}", style="red", markup=False)
            return FAILED
    _out.print(f"person              {person}", markup=False)
    if temporary is not None:
        _out.print(f"temporary password  {temporary}", markup=False)
    return OK


def rotate_signing(settings: Settings, options: Options) -> int:
    """Begin another signing key, and say which."""
    from adapters.wiring import errands  # noqa: PLC0415 - as above

    with engines_for(settings, temporal=False) as engines:
        _out.print(_run(errands.rotate_signing_key(engines, settings, at_once=options.at_once)), markup=False)
    return OK


def _run(work: Coroutine[Any, Any, Any]) -> Any:  # whatever the work results in
    import uvloop  # noqa: PLC0415 - as above

    return uvloop.run(work)


def _leave(code: int) -> NoReturn:
    """Leave without tearing down the interpreter: Temporal's native library crashes now and then when it is."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    main()

"""Finding vendors in a city of 2,160 communities and 5,000 vendors, the way an officer does: over HTTP, page by page.

By words, code, where the file stands, what they hold, what they are qualified for and where, in which band they are,
whether a sanction restrains them; each page as somebody who has signed in asks `linli serve` for it, one at a time.
"""

from collections.abc import Mapping
from pathlib import Path
from time import perf_counter
from typing import Final

import httpx
import uvloop

from adapters.ledger import PostgresLedger
from adapters.master_key import MasterKey
from adapters.signing_keys import SigningKeys
from adapters.supervised import free_port
from adapters.tokens import SignedTokens
from adapters.wiring.core import now
from api.desk import CONSOLE
from benchmarks.bench_projection import follow
from benchmarks.measure import Sample
from benchmarks.processes import linli
from benchmarks.report import VENDOR_SEARCH, Report
from benchmarks.sample import PLANNER, appoint, door_to, key_file, let_in
from benchmarks.vendor_city import BANDS, CATEGORIES, KINDS, TRADES, VENDORS, communities, districts, fill
from projections.admission import qualification_board, vendor_register
from projections.evaluation import standing_register
from projections.restraint import sanction_register

_SEARCHES: Final = 1_000
_READ: Final = (
    vendor_register.projection,
    qualification_board.projection,
    standing_register.projection,
    sanction_register.projection,
)


def bench_vendor_search(database: str, folder: Path, report: Report) -> None:
    """Whatever is asked for, an officer does not wait."""
    port = free_port(None, what="api")
    address = f"http://127.0.0.1:{port}"
    environment = {
        "LINLI_DATABASE_URL": database,
        "LINLI_PORT": str(port),
        "LINLI_LOG_FORMAT": "json",
        "LINLI_MASTER_KEY_FILE": str(key_file()),
        "LINLI_REQUESTS_PER_MINUTE": "0",
    }
    token = uvloop.run(_prepared(database, address))
    with linli("serve", environment, folder) as serve:
        serve.wait_for(f"{address}/health/live")
        sample, found = _searched(address, token)
    assert found > _SEARCHES, "the searches find next to nothing"
    report.measured(VENDOR_SEARCH, sample.percentile(95))


async def _prepared(database: str, address: str) -> str:
    """The city in the log and in its read models, and the token of an officer."""
    async with PostgresLedger(database) as ledger:
        door = door_to(ledger)
        await appoint(door, PLANNER, "procurement_head")
        await fill(ledger)
        for projection in _READ:
            await follow(ledger, projection)
        await ledger.pool.execute("ANALYZE")
        tokens = SignedTokens(SigningKeys(ledger.pool, MasterKey(key_file()), now), address, now)
        return (await tokens.issue(PLANNER, CONSOLE, await let_in(door, PLANNER))).text


def _searched(address: str, token: str) -> tuple[Sample, int]:
    latencies: list[float] = []
    found, begun = 0, perf_counter()
    with httpx.Client(base_url=address, headers={"Authorization": f"Bearer {token}"}, trust_env=False) as http:
        for number in range(_SEARCHES):
            before = perf_counter()
            answer = http.get("/vendors", params=_question(number))
            latencies.append(perf_counter() - before)
            assert answer.status_code == 200, answer.text
            found += len(answer.json()["items"])
    return Sample(_SEARCHES, perf_counter() - begun, latencies), found


def _question(number: int) -> Mapping[str, str]:
    here = communities()[number * 37 % len(communities())]
    category = CATEGORIES[number % len(CATEGORIES)]
    questions: tuple[Mapping[str, str], ...] = (
        {},
        {"q": TRADES[number % len(TRADES)]},
        {"q": f"{number % VENDORS:05}"},
        {"q": "没有这样的名字"},
        {"credit_code": f"{number % VENDORS:018}"},
        {"status": "frozen"},
        {"awaits_verification": "true", "q": "电梯"},
        {"holds": KINDS[number % len(KINDS)], "status": "verified"},
        {"category": category},
        {"category": category, "area": here},
        {"category": category, "area": districts()[number % len(districts())], "band": "preferred"},
        {"area": here, "restrained": "neither", "q": "工程"},
        {"band": BANDS[number % len(BANDS)], "restrained": "neither"},
        {"restrained": "suspended"},
        {"category": category, "area": "", "restrained": "blacklisted"},
    )
    return questions[number % len(questions)]

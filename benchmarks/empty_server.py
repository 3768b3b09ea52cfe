"""The least that a POST handler can do: Litestar decodes the same body and answers, on the same server.

Run as `python -m benchmarks.empty_server PORT`.
"""

import sys

import uvicorn
from litestar import Litestar, post
from msgspec import Struct

from api.change import body_of
from domain.work_order import Report

_Body: type[Struct] = body_of(Report, "ReportWorkOrder")


async def _nothing(data: Struct) -> None:
    """Take the body, and say 201."""


_nothing.__annotations__["data"] = _Body

if __name__ == "__main__":
    uvicorn.run(
        Litestar([post("/work-orders")(_nothing)], openapi_config=None),
        port=int(sys.argv[1]),
        http="httptools",
        loop="uvloop",
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
    )

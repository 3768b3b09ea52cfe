"""The least that a POST handler can do: Litestar decodes the same bodies and answers, on the same kind of server.

Run as `python -m benchmarks.empty_server PORT`.
"""

import sys

import uvicorn
from litestar import Litestar, Response, post
from litestar.handlers import HTTPRouteHandler
from msgspec import Struct

from api.change import body_of
from api.work_order_examples import OFFERS, REPORT
from domain.decider import Command

PATH = "/work-orders"
_SOMEWHERE = {"location": f"{PATH}/00000000-0000-7000-8000-000000000000"}


def _nothing(path: str, command: type[Command]) -> HTTPRouteHandler:
    async def nothing(data: Struct) -> Response[None]:  # noqa: ARG001 - it is decoded, and that is all
        return Response(None, headers=_SOMEWHERE)

    nothing.__annotations__["data"] = body_of(command, f"{command.__name__}WorkOrder")
    return post(path)(nothing)


if __name__ == "__main__":
    of_one = [_nothing(f"{PATH}/{{order_id:uuid}}/{offer.name}", offer.command) for offer in OFFERS]
    uvicorn.run(
        Litestar([_nothing(PATH, REPORT.command), *of_one], openapi_config=None),
        port=int(sys.argv[1]),
        http="httptools",
        loop="uvloop",
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
    )

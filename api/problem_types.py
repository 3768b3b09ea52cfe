"""Every kind of problem, for whoever follows the `type` of one: code, status and sentence, in the reader's language."""

from typing import TypeVar

import msgspec
from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from api.asked import Asked
from api.documentation import operation, problems
from api.problems import Kind, Malformed, NotFound, kinds
from api.sentences import language_of, say

EXAMPLE = {"code": "NotResolved", "status": 409, "sentence": "The work is not resolved yet."}


class ProblemType(msgspec.Struct, frozen=True):
    """One kind of problem."""

    code: str
    status: int
    sentence: str


def routes() -> list[HTTPRouteHandler]:
    """All of them, and one."""

    @get(
        "/problems",
        tags=["problems"],
        summary="Every kind of problem",
        operation_id="allProblemTypes",
        operation_class=operation(gives=[EXAMPLE]),
    )
    async def everything(request: Asked) -> Response[list[ProblemType]]:
        return _said(request, [_in_language(request, kind) for kind in sorted(kinds())])

    @get(
        "/problems/{code:str}",
        tags=["problems"],
        summary="What a kind of problem means",
        operation_id="oneProblemType",
        operation_class=operation(gives=EXAMPLE),
        responses=problems(Malformed, NotFound),
    )
    async def one(request: Asked, code: FromPath[str]) -> Response[ProblemType]:
        for kind in kinds():
            if kind.code == code:
                return _said(request, _in_language(request, kind))
        raise NotFound

    return [everything, one]


T = TypeVar("T")


def _said(request: Asked, content: T) -> Response[T]:
    language = language_of(request.said(b"accept-language"))
    return Response(content, headers={"Content-Language": language, "Vary": "Accept-Language"})


def _in_language(request: Asked, kind: Kind) -> ProblemType:
    language = language_of(request.said(b"accept-language"))
    return ProblemType(kind.code, kind.status, say(kind.sentence, language))

"""What the OpenAPI document says beyond the signatures: headers, examples, problems.

Headers are read by hand where they are needed, which is faster than declaring them as arguments; so they are declared
here, for readers. Every operation has an example of what is sent and of what comes back.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TypeAlias

from litestar import Litestar, Request, Router, get
from litestar.datastructures import State
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import (
    Components,
    Contact,
    Example,
    OpenAPIFormat,
    OpenAPIHeader,
    OpenAPIMediaType,
    OpenAPIResponse,
    OpenAPIType,
    Operation,
    Parameter,
    Reference,
    RequestBody,
    Schema,
    SecurityScheme,
    Tag,
)
from litestar.serialization import encode_json

from api.guide import STYLE, STYLE_PATH, Guide
from api.problems import DENIED, MEDIA_TYPE, REFUSED, Kind, NotFound, Problem, ProblemBody
from domain.access.permission import Denied
from domain.decider import Refused

Json: TypeAlias = object
"""A value as it looks in JSON."""
Responses: TypeAlias = dict[int, ResponseSpec]

SECURITY = [{"token": list[str]()}, {"key": list[str]()}, {"session": list[str]()}]

TAGS = (
    Tag(name="work orders", description="Something is broken: from the report to the acceptance, with deadlines. 工单"),
    Tag(name="areas", description="The tree of areas, from the province to the grid. 区划与网格"),
    Tag(name="organisations", description="Who takes part: government, companies, committees. 单位"),
    Tag(name="estates", description="Estates and their buildings, community by community. 小区与楼栋"),
    Tag(name="vendors", description="Suppliers' files: who they are, what they can show, who works for them. 供应商"),
    Tag(name="sanctions", description="Suspended and blacklisted, and what becomes of work under way. 处理与申诉"),
    Tag(name="engagements", description="What vendors are given to do, and emergency waivers. 委托与应急豁免"),
    Tag(name="evaluation", description="How vendors are rated, and where each of them stands. 考评与信用"),
    Tag(name="restraints", description="Who stands on lists of debarment, and who is screened. 禁入与筛查"),
    Tag(name="concessions", description="Who builds and runs what for years, at shared benefit and risk. 特许经营"),
    Tag(name="admission schemes", description="By which rules vendors are admitted, version by version. 准入方案"),
    Tag(name="qualifications", description="Who may work in what and where: cases, grants, their ends. 供应商准入"),
    Tag(name="people", description="Who people are, what they consented to, and what is held of them. 人员与个人信息"),
    Tag(name="files", description="Photos and documents of a work order, looked into and kept sealed. 附件"),
    Tag(name="service agreements", description="What a community is promised, priority by priority. 服务协议"),
    Tag(name="work calendars", description="When a calendar is open: windows, holidays, make-up days. 工作日历"),
    Tag(name="permissions", description="Who holds which role, and what roles may do. 角色与权限"),
    Tag(name="signing in", description="Sessions for people, tokens for programs, other identity providers. 登录"),
    Tag(name="accounts", description="Who can sign in, and who cannot any more. 账户"),
    Tag(name="programs", description="Devices and partners' systems, and their keys. 程序"),
    Tag(name="problems", description="Every kind of answer that is not a yes. 错误说明"),
    Tag(name="health", description="For whoever watches the processes. 运行状况"),
)

DESCRIPTION = """
Whoever asks signs in (`/sign-in`) or sends a token or a key (`Authorization: Bearer`). Every operation names its row
of the table of permissions (`x-permission`; the table is at `/permissions`): 401 says that we do not know you, 403 that
you may not, 404 that there is nothing here for you.

Every change is a command: `POST` it. The receipt carries `ETag` (the version of the thing) and `X-Position` (the
position of the log). Send an `Idempotency-Key` and repeat as often as you like: it happens once. Name the version you
saw with `If-Match`, wait for your own write in a list with `min_position`, and look at the past with `as_of`. A "no" is
a problem (RFC 9457): its `code` is for programs, its `detail` for people, in Chinese or English as `Accept-Language`
says. Who asks too often is told when to come back (429, `Retry-After`).
"""


def config() -> OpenAPIConfig:
    """The document, and a page at `/docs` that shows it and needs nothing from elsewhere."""
    return OpenAPIConfig(
        title="Linli 邻里",
        version="0.1.0",
        description=DESCRIPTION.strip(),
        contact=Contact(name="Linli"),
        tags=list(TAGS),
        openapi_router=Router("/docs", route_handlers=[], include_in_schema=False, before_request=_only_what_is_there),
        render_plugins=[Guide(path="/")],
        components=Components(
            security_schemes={
                "token": SecurityScheme(
                    type="http", scheme="bearer", bearer_format="JWT", description="A token, for ten minutes."
                ),
                "key": SecurityScheme(
                    type="apiKey", name="X-API-Key", security_scheme_in="header", description="The key of a program."
                ),
                "session": SecurityScheme(
                    type="apiKey",
                    name="linli_session",
                    security_scheme_in="cookie",
                    description="Of the console. A change needs the header X-CSRF-Token besides.",
                ),
            }
        ),
    )


async def _only_what_is_there(request: Request[str, None, State]) -> None:
    """Litestar answers any other address here with a page of its own; ours is a problem."""
    if "path" in request.path_params:
        raise NotFound


@get("/openapi.json", include_in_schema=False, media_type="application/vnd.oai.openapi+json", sync_to_thread=False)
def document(request: Request[str, None, State]) -> bytes:
    """The OpenAPI document."""
    return _document(request.app)


@get(STYLE_PATH, include_in_schema=False, media_type="text/css", sync_to_thread=False)
def style() -> str:
    """How the page for people looks."""
    return STYLE


@lru_cache(maxsize=1)
def _document(app: Litestar) -> bytes:
    return encode_json(app.openapi_schema.to_schema())


def header(name: str, description: str, example: str, *, required: bool = False) -> Parameter:
    """A header of a request."""
    return Parameter(
        name=name,
        param_in="header",
        required=required,
        description=description,
        schema=Schema(type=OpenAPIType.STRING, examples=[example]),
    )


IDEMPOTENCY_KEY = header("Idempotency-Key", "Whatever is sent again under this key happens once.", "7f3c-0001")
CORRELATION_ID = header("X-Correlation-Id", "Ties the request to all that comes of it; echoed.", "shift-2026-03-01")
LANGUAGE = header("Accept-Language", "zh (default) or en, for what people read.", "en")
IF_MATCH = header("If-Match", "The ETag of your last read: refuse (412) if somebody was faster.", '"3"')
IF_MATCH_REQUIRED = header("If-Match", "The ETag of your last read: needed (428).", '"3"', required=True)
IF_NONE_MATCH = header("If-None-Match", "The ETag you hold: 304 if it is still that.", '"3"')

HEADERS: Mapping[str, str] = {
    "ETag": "The version of the thing, in quotes.",
    "X-Position": "The position of the log after this change: hand it on as min_position.",
    "Location": "Where the new thing is found.",
    "Link": 'rel="next": the next page (RFC 8288).',
    "Idempotent-Replayed": "true: this is the answer that was given the first time.",
    "X-Correlation-Id": "Yours, or a fresh one.",
    "Content-Disposition": "attachment, with the name of the file.",
}


def operation(  # noqa: PLR0913 - what there is to say, each by its name
    *parameters: Parameter,
    sends: Json | None = None,
    sends_file: Iterable[str] = (),
    gives: Json | None = None,
    gives_file: Iterable[str] = (),
    form: RequestBody | None = None,
    status: int = 200,
    headers: Sequence[str] = (),
    permission: str = "",
) -> type[Operation]:
    """An operation with these header parameters, an example of the body and one of the answer with its headers, and the
    row of the table of permissions that it takes. Files are named by their media types; `form` stands in for a body
    that no struct describes.
    """
    sent, given = _bytes(sends_file), _bytes(gives_file)

    @dataclass
    class Documented(Operation):
        x_permission: str | None = field(default=permission or None, metadata={"alias": "x-permission"})

        def __post_init__(self) -> None:
            self.parameters = [*(self.parameters or []), CORRELATION_ID, LANGUAGE, *parameters]
            self.request_body = form or self.request_body
            if sent:
                self.request_body = RequestBody(content=sent, required=True, description="The file, byte for byte.")
            elif isinstance(self.request_body, RequestBody) and sends is not None:
                _exemplify(self.request_body, sends)
            answer = (self.responses or {}).get(str(status))
            if isinstance(answer, OpenAPIResponse):
                answer.headers = {name: _header(name) for name in ("X-Correlation-Id", *headers)}
                if given:
                    answer.content = given
                elif gives is not None:
                    _exemplify(answer, gives)
            for each in (self.responses or {}).values():
                _name_examples(each)

    return Documented


def _exemplify(of: RequestBody | OpenAPIResponse, value: Json) -> None:
    for media_type in (of.content or {}).values():
        media_type.examples = {"example": Example(value=value)}


def _bytes(media_types: Iterable[str]) -> dict[str, OpenAPIMediaType]:
    schema = Schema(type=OpenAPIType.STRING, format=OpenAPIFormat.BINARY)
    example = Example(summary="The bytes of the file.", value="...")
    return {media_type: OpenAPIMediaType(schema=schema, examples={"example": example}) for media_type in media_types}


def _name_examples(answer: OpenAPIResponse | Reference) -> None:
    """Litestar names examples by an `id` that it then leaves in the document, where OpenAPI knows no such thing."""
    for media_type in (answer.content or {}).values() if isinstance(answer, OpenAPIResponse) else ():
        for example in (media_type.examples or {}).values():
            if isinstance(example, Example):
                example.id = None


def _header(name: str) -> OpenAPIHeader | Reference:
    return OpenAPIHeader(schema=Schema(type=OpenAPIType.STRING), description=HEADERS[name])


NOT_MODIFIED: Responses = {
    304: ResponseSpec(None, generate_examples=False, description="You hold this version already: there is no body.")
}


def problems(*kinds: type[Problem | Refused | Denied]) -> Responses:
    """The problems that an operation can answer with, one example each."""
    by_status: dict[int, list[Kind]] = {}
    for kind in kinds:
        status = kind.status if issubclass(kind, Problem) else DENIED if issubclass(kind, Denied) else REFUSED
        by_status.setdefault(status, []).append(Kind(kind.__name__, status, kind.sentence()))
    return {status: _spec(found) for status, found in sorted(by_status.items())}


def _spec(kinds: Iterable[Kind]) -> ResponseSpec:
    found = list(kinds)
    return ResponseSpec(
        data_container=ProblemBody,
        generate_examples=False,
        media_type=MEDIA_TYPE,
        description=" ".join(kind.sentence for kind in found),
        examples=[Example(id=kind.code, summary=kind.sentence, value=_example(kind)) for kind in found],
    )


def _example(kind: Kind) -> Json:
    return {
        "type": f"/problems/{kind.code}",
        "title": kind.sentence,
        "status": kind.status,
        "detail": kind.sentence,
        "instance": "/work-orders/019a5b1e-0000-7000-8000-000000000001",
        "code": kind.code,
        "correlation_id": "shift-2026-03-01",
    }

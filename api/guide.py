"""A page that shows the OpenAPI document to people: plain HTML, made on the server, nothing fetched from elsewhere.

Its style has an address of its own, so that nothing written into a page is ever obeyed (`browser_safety`).
"""

import json
from collections.abc import Iterator, Mapping
from html import escape

import msgspec
from litestar import Request
from litestar.datastructures import State
from litestar.openapi.plugins import OpenAPIRenderPlugin

STYLE_PATH = "/docs/style.css"
STYLE = """
body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#222}
summary{cursor:pointer;padding:.3rem 0}code,pre{font:14px/1.4 ui-monospace,monospace}
pre{background:#f4f4f4;padding:.6rem;overflow:auto}b{display:inline-block;width:4rem;color:#06653a}
td{vertical-align:top;padding-right:1rem}
"""


class _Value(msgspec.Struct, frozen=True):
    value: object = None


class _Media(msgspec.Struct, frozen=True):
    examples: dict[str, _Value] = {}


class _Message(msgspec.Struct, frozen=True):
    description: str = ""
    content: dict[str, _Media] = {}


class _Parameter(msgspec.Struct, frozen=True, rename={"place": "in"}):
    name: str
    place: str
    description: str = ""
    required: bool = False


class _Operation(msgspec.Struct, frozen=True, rename="camel"):
    summary: str = ""
    description: str = ""
    tags: list[str] = []
    parameters: list[_Parameter] = []
    request_body: _Message = _Message()
    responses: dict[str, _Message] = {}


class _Info(msgspec.Struct, frozen=True):
    title: str
    description: str = ""


class _Document(msgspec.Struct, frozen=True):
    info: _Info
    paths: dict[str, dict[str, _Operation]]


class Guide(OpenAPIRenderPlugin):
    """Renders the page."""

    def render(self, request: Request[str, None, State], openapi_schema: dict[str, object]) -> bytes:
        """The page as UTF-8."""
        del request
        document = msgspec.convert(openapi_schema, type=_Document)
        return "\n".join(page(document)).encode()


def page(document: _Document) -> Iterator[str]:
    """The page, line by line: the operations by their tags."""
    title = escape(document.info.title)
    yield f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
    yield f'<link rel="stylesheet" href="{STYLE_PATH}"></head><body><h1>{title}</h1>'
    yield f"<p>{escape(document.info.description)}</p>"
    yield '<p><a href="/openapi.json">OpenAPI 3.1</a></p>'
    for tag, operations in _by_tag(document.paths).items():
        yield f"<h2>{escape(tag)}</h2>"
        for path, method, operation in operations:
            yield from _operation(path, method, operation)
    yield "</body></html>"


def _by_tag(paths: Mapping[str, Mapping[str, _Operation]]) -> dict[str, list[tuple[str, str, _Operation]]]:
    found: dict[str, list[tuple[str, str, _Operation]]] = {}
    for path, methods in paths.items():
        for method, operation in methods.items():
            found.setdefault(next(iter(operation.tags), ""), []).append((path, method, operation))
    return found


def _operation(path: str, method: str, operation: _Operation) -> Iterator[str]:
    yield f"<details><summary><b>{escape(method.upper())}</b><code>{escape(path)}</code>"
    yield f" {escape(operation.summary)}</summary><p>{escape(operation.description)}</p><table>"
    for parameter in operation.parameters:
        needed = " *" if parameter.required else ""
        name, place, meaning = escape(parameter.name), escape(parameter.place), escape(parameter.description)
        yield f"<tr><td><code>{name}</code>{needed}</td><td>{place}</td><td>{meaning}</td></tr>"
    yield "</table>"
    yield from _examples("Body", operation.request_body)
    for status, message in operation.responses.items():
        yield from _examples(status, message)
    yield "</details>"


def _examples(name: str, message: _Message) -> Iterator[str]:
    if message.description:
        yield f"<p><b>{escape(name)}</b>{escape(message.description)}</p>"
    for media in message.content.values():
        for example in media.examples.values():
            yield f"<pre>{escape(json.dumps(example.value, ensure_ascii=False, indent=2))}</pre>"

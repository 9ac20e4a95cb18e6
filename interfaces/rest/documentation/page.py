"""The OpenAPI document as a page for people: HTML and one style sheet, no script, nothing from elsewhere."""

import base64
import json
import re
from collections.abc import Iterator, Mapping
from hashlib import sha256
from html import escape
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

from interfaces.rest.errors.table import ANSWERS
from interfaces.rest.problems import example

STYLE: Final = Path(__file__).with_suffix(".css").read_text(encoding="utf-8")
CSP: Final = (
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    f"style-src 'sha256-{base64.b64encode(sha256(STYLE.encode()).digest()).decode()}'"
)
"""The page may show this one style sheet, and load and run nothing."""

MANY: Final = 40
"""Values of which a person wants to see the kind rather than the list, which programs have."""

Json = Mapping[str, Any]


def rendered(document: Json, address: str) -> str:
    """The page; `address` is where the document itself is."""
    groups = _groups(document)
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="description" content="How to use the API of Stage in Seconds">'
        f"<title>{escape(document['info']['title'])} API</title><style>{STYLE}</style></head><body>"
        '<a class="skip" href="#content">Skip to the content</a>'
        # What a phone shows instead of the list at the side, until it is tapped.
        '<input type="checkbox" id="contents"><label for="contents">Endpoints</label><div class="frame">'
        f'<nav aria-label="Endpoints">{"".join(_navigation(groups))}</nav>'
        f'<main id="content">{"".join(_content(document, groups, address))}</main></div></body></html>'
    )


def _groups(document: Json) -> dict[str, list[tuple[str, str, Json]]]:
    """Path, method and operation by tag, in the document's order."""
    groups: dict[str, list[tuple[str, str, Json]]] = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            groups.setdefault((operation.get("tags") or ["Other"])[0], []).append((path, method, operation))
    return groups


def _navigation(groups: Mapping[str, list[tuple[str, str, Json]]]) -> Iterator[str]:
    for tag, operations in groups.items():
        yield f"<h2>{escape(tag)}</h2><ul>"
        for _, _, operation in operations:
            yield f'<li><a href="#{escape(operation["operationId"])}">{escape(operation["summary"])}</a></li>'
        yield "</ul>"
    yield '<h2>Reference</h2><ul><li><a href="#problems">Problem codes</a></li></ul>'


def _content(
    document: Json, groups: Mapping[str, list[tuple[str, str, Json]]], address: str
) -> Iterator[str]:
    yield f"<h1>{escape(document['info']['title'])} API</h1>"
    for paragraph in document["info"]["description"].split("\n\n"):
        yield f"<p>{_prose(paragraph)}</p>"
    yield f'<p>For programs: <a href="{escape(address)}">{escape(address)}</a> (OpenAPI).</p>'
    for tag, operations in groups.items():
        yield f"<section><h2>{escape(tag)}</h2>"
        for path, method, operation in operations:
            yield from _operation(path, method, operation, document["components"]["schemas"])
        yield "</section>"
    yield '<section><h2 id="problems">Problem codes</h2>'
    yield "<table><tr><th>Code</th><th>Status</th><th>Meaning</th></tr>"
    for known in {known.code: known for known in ANSWERS.values()}.values():
        yield (
            f'<tr id="problem-{known.code}"><td><code>{known.code}</code></td><td>{known.status}</td>'
            f"<td>{escape(known.title)}. {escape(example(known)['detail'])}</td></tr>"
        )
    yield "</table></section>"


def _operation(path: str, method: str, operation: Json, schemas: Json) -> Iterator[str]:
    yield (
        f'<article><h3 id="{escape(operation["operationId"])}"><span class="method {method}">{method.upper()}'
        f"</span><code>{escape(path)}</code></h3><p><strong>{escape(operation['summary'])}.</strong> "
        f"{_prose(operation.get('description', ''))}</p>"
    )
    if not operation["security"]:
        yield '<p class="open">No session needed.</p>'
    if parameters := operation.get("parameters"):
        yield "<h4>Parameters</h4><table><tr><th>Name</th><th>In</th><th>About</th></tr>"
        for one in parameters:
            about = (
                one.get("description") or one["schema"].get("description") or _kind(one["schema"], schemas)
            )
            needed = " (needed)" if one.get("required") else ""
            yield (
                f"<tr><td><code>{escape(one['name'])}</code>{needed}</td><td>{one['in']}</td>"
                f"<td>{_prose(about)}</td></tr>"
            )
        yield "</table>"
    if body := operation.get("requestBody"):
        yield "<h4>Body</h4>"
        yield from _media(body["content"], schemas)
    yield from _responses(operation["responses"], schemas)
    yield "</article>"


def _responses(responses: Json, schemas: Json) -> Iterator[str]:
    problems: list[tuple[str, Json]] = []
    for status, response in responses.items():
        content = response.get("content", {})
        if "application/problem+json" in content:
            problems.append((status, content["application/problem+json"]["examples"]))
            continue
        yield f"<h4>Answer {status} {HTTPStatus(int(status)).phrase}</h4>"
        yield from _media(content, schemas)
    yield "<details><summary>Problems</summary><table><tr><th>Status</th><th>Codes</th></tr>"
    for status, examples in problems:
        codes = ", ".join(f'<a href="#problem-{code}"><code>{code}</code></a>' for code in examples)
        yield f"<tr><td>{status}</td><td>{codes}</td></tr>"
    yield "</table></details>"


def _media(content: Json, schemas: Json) -> Iterator[str]:
    yield f"<p><code>{escape(', '.join(content))}</code></p>" if content else "<p>Nothing.</p>"
    for media in content.values():
        if properties := _resolved(media.get("schema", {}), schemas).get("properties"):
            required = _resolved(media["schema"], schemas).get("required", [])
            yield "<table><tr><th>Field</th><th>Kind</th><th>About</th></tr>"
            for name, field in properties.items():
                optional = "" if name in required else " (optional)"
                yield (
                    f"<tr><td><code>{escape(name)}</code>{optional}</td>"
                    f"<td>{escape(_kind(field, schemas))}</td><td>{_prose(_about(field))}</td></tr>"
                )
            yield "</table>"
        if "example" in media:
            text = json.dumps(media["example"], indent=2, ensure_ascii=False)
            yield f"<pre><code>{escape(text)}</code></pre>"


def _resolved(schema: Json, schemas: Json) -> Json:
    resolved: Json = schemas[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
    return resolved


def _about(schema: Json) -> str:
    if about := schema.get("description"):
        return str(about)
    return next((about for one in schema.get("oneOf", []) if (about := _about(one))), "")


def _kind(schema: Json, schemas: Json) -> str:
    """A schema in a few words."""
    if "$ref" in schema:
        resolved = _resolved(schema, schemas)
        return _kind(resolved, schemas) if "enum" in resolved else str(schema["$ref"].rpartition("/")[2])
    if choices := schema.get("oneOf") or schema.get("allOf"):
        return " or ".join(_kind(one, schemas) for one in choices)
    if "items" in schema:
        return f"list of {_kind(schema['items'], schemas)}"
    if len(schema.get("enum", ())) > MANY:
        return str(schema["type"])
    if "enum" in schema:
        return " | ".join(str(one) for one in schema["enum"])
    return str(schema.get("format") or schema.get("type") or "anything")


def _prose(text: str) -> str:
    """Escaped text in which `words` are code."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text))

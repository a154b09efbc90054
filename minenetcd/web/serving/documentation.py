"""The API described for people, out of its own description for programs: a page that needs nothing else."""

import json
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any

from minenetcd.constants import VERSION
from minenetcd.display.page import render_page


def documentation_page(api: Mapping[str, Any]) -> str:
    """Every address of an OpenAPI document, with what it takes and answers, and every model."""
    addresses = "".join(_operations(api))
    models = "".join(_models(api))
    return render_page(
        kind="Programming interface",
        heading=api["info"]["title"],
        subtitle=api["info"].get("description", ""),
        sections=[f"<h2>Addresses</h2>{addresses}", f"<h2>Models</h2>{models}"],
        made="Made from openapi.json, which this server has, too",
        software=f"minenetcd {VERSION}",
    )


def _operations(api: Mapping[str, Any]) -> Iterator[str]:
    for path, methods in api["paths"].items():
        for method, operation in methods.items():
            yield (
                f"<h3><code>{escape(method.upper())} {escape(path)}</code></h3>"
                f"<p>{escape(operation.get('summary', ''))}</p>{_parameters(operation)}{_body(operation)}"
                f"{_answers(operation)}"
            )


def _parameters(operation: Mapping[str, Any]) -> str:
    rows = [
        (each["name"], each["in"], _kind(each.get("schema", {})), each.get("description", ""))
        for each in operation.get("parameters", [])
    ]
    return _table(("takes", "where", "what", ""), rows)


def _body(operation: Mapping[str, Any]) -> str:
    content = operation.get("requestBody", {}).get("content", {})
    return "".join(f"<p>Brings {escape(kind)}: {escape(_kind(each['schema']))}.</p>" for kind, each in content.items())


def _answers(operation: Mapping[str, Any]) -> str:
    rows = []
    for status, answer in operation["responses"].items():
        content = answer.get("content", {})
        kinds = ", ".join(f"{kind}: {_kind(each.get('schema', {}))}" for kind, each in content.items())
        rows.append((status, answer["description"], kinds))
    return _table(("answers", "", "what"), rows)


def _models(api: Mapping[str, Any]) -> Iterator[str]:
    for name, schema in api.get("components", {}).get("schemas", {}).items():
        rows = [(key, _kind(value)) for key, value in schema.get("properties", {}).items()]
        yield f'<h3 id="{escape(name)}">{escape(name)}</h3><p>{escape(schema.get("description", ""))}</p>'
        yield _table(("key", "what"), rows)


def _kind(schema: Mapping[str, Any]) -> str:
    """A schema in a few words."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(map(_kind, schema["anyOf"])))
    if "enum" in schema:
        return " or ".join(map(json.dumps, schema["enum"]))
    if "const" in schema:
        return json.dumps(schema["const"])
    kind = str(schema.get("type", "anything"))
    if kind == "array":
        return f"array of {_kind(schema.get('items', {}))}"
    bounds = {"minimum": ">= ", "maximum": "<= ", "maxLength": "at most ", "pattern": "like "}
    said = [f"{words}{schema[key]}" for key, words in bounds.items() if key in schema]
    return f"{kind} ({', '.join(said)})" if said else kind


def _table(heads: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    if not rows:
        return ""
    head = "".join(f"<th>{escape(each)}</th>" for each in heads)
    body = "".join(f"<tr>{''.join(f'<td>{escape(str(cell))}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"

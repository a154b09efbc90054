"""The frame of every page that runs the bundle: it says by JSON what the page is, and brings or names the bundle."""

import base64
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from html import escape
from importlib import resources
from string import Template
from typing import Any

from minenetcd.constants import VERSION
from minenetcd.display import palettes
from minenetcd.files import finite

#: Of the bundle, in the order in which a page runs them: MapLibre by itself, and what is ours.
SCRIPTS = ("maplibre.js", "app.js")
STYLE = "app.css"

#: What a page may load and run beside its scripts. The map's worker is made of text in the bundle (blob:).
_POLICY = (
    "default-src 'none'; base-uri 'none'; worker-src blob:; style-src 'unsafe-inline'{own}; img-src data: blob:{own}; "
    "connect-src blob:{own}; script-src {scripts}"
)

_PALETTE = {
    "before": palettes.BEFORE,
    "after": palettes.AFTER,
    "changed": palettes.CHANGED_ON_MAP,
    "outline": palettes.OUTLINE,
    "outlineCasing": palettes.OUTLINE_CASING,
    "probability": palettes.PROBABILITY,
}


@dataclass(frozen=True)
class Page:
    """A page of one `kind`: "result", "sites", "label", "samples" or "jobs" (frontend/src/main.tsx).

    `facts` are further keys of its JSON, which the code of that kind reads.
    """

    kind: str
    title: str
    facts: Mapping[str, Any] = field(default_factory=dict)


def served_page(page: Page, *, root: str = "") -> str:
    """The HTML of a page that a server sends: `root` leads from its address to the server's "static/" and "api/"."""
    names = [f"{escape(root)}static/{name}?{_version(name)}" for name in (*SCRIPTS, STYLE)]
    return Template(_beside("page.html")).substitute(
        policy=_POLICY.format(own=" 'self'", scripts="'self'"),
        title=escape(page.title),
        style=f'<link rel="stylesheet" href="{names[-1]}">',
        data=json_element("page", _facts(page, data="served", root=root)),
        scripts="\n".join(f'<script src="{name}"></script>' for name in names[:-1]),
    )


def offline_page(page: Page, elements: Iterable[str]) -> Iterator[str]:
    """The HTML, part by part, of a page with all it needs in one file; it may load nothing.

    `elements`: of `json_element` and its like, what the page's code reads; they are asked for one at a time, so that
    a page may be larger than memory.
    """
    scripts = [bundled(name) for name in SCRIPTS]
    hashes = " ".join(f"'sha256-{_digest(script)}'" for script in scripts)
    mark = "\x00"
    frame = Template(_beside("page.html")).substitute(
        policy=_POLICY.format(own="", scripts=hashes),
        title=escape(page.title),
        style=f"<style>{bundled(STYLE)}</style>",
        data=mark,
        scripts=mark,
    )
    head, between, foot = frame.split(mark)
    yield head
    yield json_element("page", _facts(page, data="embedded", root=""))
    yield from elements
    yield between
    yield "\n".join(f"<script>{script}</script>" for script in scripts)
    yield foot


def json_element(name: str, value: Any) -> str:
    """An element of that id that holds `value` as JSON."""
    return f'<script type="application/json" id="{name}">{json_in_html(value)}</script>\n'


def json_in_html(value: Any) -> str:
    """`value` as JSON in which no text ends the element around it; what is not a finite number is null."""
    return escaped(json.dumps(finite(value), ensure_ascii=False, separators=(",", ":"), allow_nan=False))


def escaped(text: str) -> str:
    """JSON as `json_in_html` gives it."""
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


@cache
def bundled(name: str) -> str:
    """The text of a file of the bundle (built in frontend/)."""
    return _beside(f"bundle/{name}")


def _facts(page: Page, *, data: str, root: str) -> dict[str, Any]:
    own = {"page": page.kind, "data": data, "title": page.title, "root": root, "version": VERSION, "palette": _PALETTE}
    return {**page.facts, **own}


def _digest(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode("ascii")


@cache
def _version(name: str) -> str:
    """So that a browser keeps a file as long as it is the same."""
    return hashlib.sha256(bundled(name).encode()).hexdigest()[:12]


def _beside(name: str) -> str:
    return resources.files("minenetcd.web").joinpath(name).read_text(encoding="utf-8")

"""The page every report is: one file with its style and pictures inside, nothing fetched, fit for print.

No script runs in it but the one that a page to work with brings.
"""

import base64
import hashlib
import io
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from html import escape
from importlib import resources
from string import Template

from PIL import Image

#: What a browser may load and run: nothing from outside the page.
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


def render_page(
    *,
    kind: str,
    heading: str,
    subtitle: str,
    sections: Sequence[str],
    made: str,
    software: str,
    style: str = "",
    script: str = "",
) -> str:
    """The page as HTML, with `sections`, and `style` and `script` of its own, as they are; all other text is escaped.

    At its foot stands how it was `made`, when it was written, and by which `software`.
    """
    written = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    return Template(_beside("page.html")).substitute(
        policy=_POLICY + _allowed(script),
        style=_beside("page.css") + style,
        kind=escape(kind),
        heading=escape(heading),
        subtitle=escape(subtitle),
        sections="\n".join(sections),
        footer=escape(f"{made}, written {written} by {software}."),
        script=f"<script>{script}</script>\n" if script else "",
    )


def key_figures(figures: Iterable[tuple[str, str, str]]) -> str:
    """Large numbers in a row: name, value and unit of each."""
    items = "".join(
        f"<div><dt>{escape(name)}</dt><dd>{escape(value)} <small>{escape(unit)}</small></dd></div>"
        for name, value, unit in figures
    )
    return f'<dl class="key">{items}</dl>'


def picture_source(image: Image.Image, *, photograph: bool) -> str:
    """A picture inside the page: maps exactly, as WebP, photographs in a fifth of the room.

    That is JPEG, which is written in an eighth of the time that WebP takes, or WebP where some of it is transparent.
    """
    if not photograph:
        return _source("webp", exact_webp(image))
    buffer = io.BytesIO()
    if image.mode != "RGBA" or image.getchannel("A").getextrema() == (255, 255):
        image.convert("RGB").save(buffer, format="JPEG", quality=90, subsampling=0)  # outlines keep their colours
        return _source("jpeg", buffer.getvalue())
    image.save(buffer, format="WEBP", quality=88, method=0)  # by default three times as long for 8 %
    return _source("webp", buffer.getvalue())


def exact_webp(image: Image.Image) -> bytes:
    """A file of WebP that holds each pixel as it is: half as long to write as PNG, and smaller."""
    buffer = io.BytesIO()
    image.save(buffer, format="WEBP", lossless=True, quality=0, method=0)  # here effort: four times as long for 4 %
    return buffer.getvalue()


def drawing_source(svg: bytes) -> str:
    """An SVG inside the page."""
    return _source("svg+xml", svg)


def _allowed(script: str) -> str:
    """The part of a policy that lets this script run, and no other."""
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode("ascii")
    return f"; script-src 'sha256-{digest}'" if script else ""


def _source(kind: str, content: bytes) -> str:
    return f"data:image/{kind};base64,{base64.b64encode(content).decode('ascii')}"


def _beside(name: str) -> str:
    return resources.files("minenetcd.display").joinpath(name).read_text(encoding="utf-8")

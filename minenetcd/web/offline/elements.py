"""The parts of an offline page that hold a result: its description, its polygons, and its tiles as text."""

import base64
from collections.abc import Iterator, Mapping
from typing import Any

from minenetcd.constants import Progress
from minenetcd.web.offline.pyramid import BLOCK_ZOOMS, blocks_of, pyramid
from minenetcd.web.pages import escaped, json_element
from minenetcd.web.results.layers import Form, Layer, encoded

#: How the layers that the page shows are packed: photographs with a little loss, probability without.
FORMS: dict[str, Form] = {"before": "WEBP", "after": "WEBP", "probability": "PNG"}


def tile_address(layer: str) -> str:
    """What the page's code looks up in the element `tiles` (frontend/src/data/embedded.ts)."""
    return f"embedded:{layer}/{{z}}/{{x}}/{{y}}"


def result_elements(description: Mapping[str, Any], polygons: str) -> Iterator[str]:
    """What the page is told of the result, and its polygons, which are GeoJSON already and may be very many."""
    yield json_element("description", {**description, "polygons": "embedded"})
    yield f'<script type="application/json" id="polygons">{escaped(polygons)}</script>\n'


def tiles_element(layers: Mapping[str, Layer], progress: Progress) -> Iterator[str]:
    """All tiles of `layers`, base64 by "layer/z/x/y", as JSON, part by part; `progress` in blocks that are read."""
    done, of = 0, sum(map(blocks_of, layers.values()))
    comma = ""
    yield '<script type="application/json" id="tiles">{'
    for name, layer in layers.items():
        for tile, colours, valid in pyramid(layer, layer.placement.minzoom):
            text = base64.b64encode(encoded(colours, valid, FORMS[name])).decode("ascii")
            yield f'{comma}"{name}/{tile.z}/{tile.x}/{tile.y}":"{text}"'
            comma = ","
            if tile.z == max(0, layer.placement.maxzoom - BLOCK_ZOOMS):
                done += 1
                progress(done, of)
    progress(of, of)
    yield "}</script>\n"

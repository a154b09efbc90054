"""A result as a STAC item: item.json, for catalogues."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from pyproj import CRS
from shapely.geometry import mapping

from minenetcd.constants import UNKNOWN
from minenetcd.display.palettes import CHANGED_ON_MAP, UNCHANGED_ON_MAP
from minenetcd.files import write_json
from minenetcd.geo.grid import Grid
from minenetcd.prediction.formats.places import final_folder, href
from minenetcd.prediction.formats.stac.assets import FILE, asset, file_fields
from minenetcd.prediction.outputs import SUMMARY, Result
from minenetcd.prediction.rasters.stored import STEPS
from minenetcd.secrets import without_secrets

if TYPE_CHECKING:  # an extra brings it
    from pystac import Item

EXTENSIONS = [
    "https://stac-extensions.github.io/projection/v2.0.0/schema.json",
    "https://stac-extensions.github.io/raster/v2.0.0/schema.json",
    "https://stac-extensions.github.io/processing/v1.2.0/schema.json",
    "https://stac-extensions.github.io/classification/v2.0.0/schema.json",
    FILE,
]

CLASSES = [
    {"value": 0, "name": "unchanged", "description": "Unchanged", "color_hint": UNCHANGED_ON_MAP[1:].upper()},
    {"value": 1, "name": "changed", "description": "Changed", "color_hint": CHANGED_ON_MAP[1:].upper()},
    {"value": UNKNOWN, "name": "no-data", "description": "No data on both dates", "nodata": True},
]

#: What a file of the result is for, but those of other formats, which hold the polygons, too.
_ROLES = {
    "map": ["data"], "probability": ["data"], "polygons": ["data"], "report": ["overview"], "details": ["metadata"],
    "summary": ["metadata"], "map_style": ["style"], "probability_style": ["style"], "pdf": ["overview"],
    "qgz": ["metadata"],
}  # fmt: skip

#: Points along each side of a footprint: sides bend in degrees.
_POINTS = 5


def write_item(result: Result, path: Path) -> None:
    """The item of a result whose files, its summary among them, lie beside `path`."""
    summary = json.loads((path.parent / SUMMARY).read_text(encoding="utf-8"))
    write_json(path, item_of(result.grid, summary, path).to_dict(transform_hrefs=False))


def item_of(grid: Grid, summary: dict[str, Any], path: Path) -> "Item":
    """The item that is to stand at `path`, of a result on `grid`; ids follow from the map and its tags."""
    import pystac

    assets = {
        what: asset(
            path.parent / name, f"./{name}", title=name, roles=_ROLES.get(what, ["data"]), **_raster(what, summary)
        )
        for what, name in summary["files"].items()
        if name != path.name
    }
    footprint, bbox = _footprint(grid)
    start, end = _dates(summary)
    item = pystac.Item(
        id=f"change-{assets['map'].extra_fields['file:checksum'][4:20]}",
        geometry=mapping(footprint),
        bbox=bbox,
        datetime=None if end else start,
        start_datetime=start if end else None,
        end_datetime=end,
        properties={**_described(summary), **_projected(grid)},
        stac_extensions=EXTENSIONS,
        assets=assets,
    )
    item.add_links(_derived_from(summary, path))
    return item


def _described(summary: dict[str, Any]) -> dict[str, Any]:
    detector, hectares = summary["detector"], summary["hectares"]["changed"]
    when = " and ".join(summary[side]["date"] or "an unknown date" for side in ("before", "after"))
    sources = " and ".join(summary[side]["source"] for side in ("before", "after"))
    undated = "" if summary["before"]["date"] or summary["after"]["date"] else " Its time is that of the processing."
    return {
        "title": f"Change between {when}",
        "description": f"{hectares:.2f} ha in {summary['places']} places.{undated}",
        "created": summary["started"].replace("+00:00", "Z"),
        "gsd": float(np.mean(summary["before"]["metres_per_pixel"])),
        "processing:lineage": f"{detector['name']} on {sources}, changed from {detector['threshold']:g} on",
        "processing:software": summary["software"],
        "change:hectares": hectares,
        "change:share": summary["changed_share"],
        "change:places": summary["places"],
        "change:threshold": detector["threshold"],
    }


def _projected(grid: Grid) -> dict[str, Any]:
    crs = CRS.from_wkt(grid.wkt())
    authority = crs.to_authority()
    return {
        "proj:code": None if authority is None else ":".join(authority),
        **({"proj:wkt2": crs.to_wkt()} if authority is None else {}),
        "proj:shape": list(grid.shape),
        "proj:transform": list(grid.transform)[:6],
        "proj:bbox": list(grid.bounds),
    }


def _raster(what: str, summary: dict[str, Any]) -> dict[str, Any]:
    """What is said of the pixels of the map, and of the probability."""
    if what == "map":
        return {"data_type": "uint8", "nodata": UNKNOWN, "classification:classes": CLASSES}
    if what != "probability":
        return {}
    if summary["options"]["float_probability"]:
        return {"data_type": "float32", "nodata": "nan"}
    return {"data_type": "uint8", "nodata": UNKNOWN, "raster:scale": 1 / STEPS, "raster:offset": 0}


def _dates(summary: dict[str, Any]) -> tuple[datetime, datetime | None]:
    """The only known time, or the first and the last; of undated images that of the processing."""
    known = sorted(
        found if found.tzinfo else found.replace(tzinfo=UTC)
        for side in ("before", "after")
        if summary[side]["date"]
        for found in (datetime.fromisoformat(summary[side]["date"]),)
    )
    if len(known) == 2:
        return known[0], known[1]
    return (known or [datetime.fromisoformat(summary["started"])])[0], None


def _footprint(grid: Grid) -> tuple[Any, list[float]]:
    """The outline of `grid` in degrees, and its box: cut at the antimeridian, where its box begins east of its end."""
    longitude, latitude = grid.to_degrees(*grid.outline(_POINTS))
    if np.ptp(longitude) <= 180:
        outline = shapely.orient_polygons(shapely.Polygon(zip(longitude, latitude, strict=True)))
        return outline, list(outline.bounds)
    outline = shapely.Polygon(zip(longitude % 360, latitude, strict=True))
    west, south, east, north = outline.bounds
    parts = [
        shapely.transform(outline & shapely.box(side, -90, side + 180, 90), lambda points, by=by: points - [by, 0])
        for side, by in ((0, 0), (180, 360))
    ]
    return shapely.orient_polygons(shapely.MultiPolygon(parts)), [west, south, east - 360, north]


def _derived_from(summary: dict[str, Any], path: Path) -> list[Any]:
    """A link to each file that was read."""
    import pystac

    files = [file for side in ("before", "after") for file in summary[side]["files"] or ()]
    names = {file["name"]: file for file in files}
    return [
        pystac.Link(
            "derived_from",
            without_secrets(href(name, final_folder(path))),
            extra_fields=file_fields(file["bytes"], file["sha256"]),
        )
        for name, file in names.items()
    ]

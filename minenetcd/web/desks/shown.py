"""An open desk as a browser sees it."""

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from rasterio.windows import Window

from minenetcd.display.eight_bit import PairStretch
from minenetcd.geo.align import AlignedPair
from minenetcd.geo.raster import Raster
from minenetcd.labelling.labels.desk import Desk
from minenetcd.labelling.labels.making import AFTER, BEFORE, FACTS
from minenetcd.web.desks.description import DeskDescription, DeskState, LabelledPixels, ScaleDescription
from minenetcd.web.desks.tiles import mean_width, segment_tile
from minenetcd.web.results.description import DateDescription, Role
from minenetcd.web.results.file_states import state_of
from minenetcd.web.results.folder import date_description, layer_description, short_name
from minenetcd.web.results.layers import Layer, date_layer
from minenetcd.web.results.placement import Placement, Tile

#: Of both dates, for their stretch. [px]
_SMALL = 1024
#: Mean width of the segments that one begins with, as a share of the longer side of the images.
_BEGIN = 1 / 30


class ShownDesk:
    """`desk`, called `id`, on the browser's map."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.id = desk.folder.resolve().name
        self.placement = Placement(desk.grid)
        self.layers = _date_layers(desk.folder, self.placement)
        self.saved_revision: int | None = None
        #: Another one for each desk that was ever made in the folder: what a browser keeps is of one of them.
        self.version = _version(desk.folder / FACTS)

    @property
    def title(self) -> str:
        """Both images."""
        before, after = (short_name(str(self.desk.sources[role]["source"])) for role in ("before", "after"))
        return f"{before} to {after}"

    def description(self, tiles: Callable[[str], str], segments: str) -> DeskDescription:
        """`tiles` gives the address of a date's tiles, with {z}, {x} and {y}; `segments` is that of segments'."""
        grid, hierarchy = self.desk.grid, self.desk.hierarchy
        widths = [mean_width(self.desk, level) for level in range(len(hierarchy.scales))]
        wanted = max(grid.shape) * _BEGIN
        return DeskDescription(
            id=self.id,
            title=self.title,
            georeferenced=grid.is_georeferenced,
            crs=grid.crs.to_string() if grid.crs is not None else "",
            width=grid.width,
            height=grid.height,
            metres_per_pixel=grid.metres_per_pixel if grid.is_georeferenced else None,
            bounds=self.placement.bounds,
            dates=[self._date(role) for role in ("before", "after")],
            layers={name: layer_description(layer, tiles(name)) for name, layer in self.layers.items()},
            segments=segments,
            scales=[
                ScaleDescription(scale=scale, segments=hierarchy.count(level), width=round(widths[level], 1))
                for level, scale in enumerate(hierarchy.scales)
            ],
            level=min(range(len(widths)), key=lambda level: abs(np.log(max(widths[level], 1e-9) / wanted))),
            proposes=self.desk.proposes,
            state=self.state(),
        )

    def state(self, said: str = "") -> DeskState:
        grid, counts = self.desk.grid, self.desk.counts()
        hectares = counts.changed * grid.pixel_hectares if grid.is_georeferenced else None
        return DeskState(
            revision=self.desk.revision,
            counts=LabelledPixels(
                changed=counts.changed,
                unchanged=counts.unchanged,
                not_labelled=counts.not_labelled,
                hectares=hectares,
            ),
            can_undo=self.desk.can_undo,
            saved_revision=self.saved_revision,
            said=said,
        )

    def save(self) -> dict[str, Path]:
        """Write what was labelled; the files by what they are."""
        revision = self.desk.revision
        files = self.desk.save()
        self.saved_revision = revision
        return files

    def places(self, points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
        """Columns and rows of longitudes and latitudes."""
        columns, rows = self.placement.to_pixels(*np.asarray(points, np.float64).T)
        return list(zip(columns.tolist(), rows.tolist(), strict=True))

    def segments(self, tile: Tile, level: int, *, outlines: bool) -> bytes:
        return segment_tile(self.desk, self.placement, tile, level, outlines=outlines)

    def _date(self, role: Role) -> DateDescription:
        image = self.desk.sources[role]
        date = image.get("date")
        return date_description(role, str(image["source"]), None if date is None else str(date))


def _version(facts: Path) -> str:
    made = facts.read_bytes() + repr(state_of(facts)).encode()  # two of the same images differ in when they were made
    return hashlib.sha256(made).hexdigest()[:12]


def _date_layers(folder: Path, placement: Placement) -> dict[str, Layer]:
    """Both dates by one stretch, that of the smaller images of all."""
    with Raster.open(folder / BEFORE) as before, Raster.open(folder / AFTER) as after:
        with AlignedPair(before, after, grid=before.grid) as pair:
            small = pair.read_small(_SMALL, Window(0, 0, pair.grid.width, pair.grid.height))
        stretch = PairStretch.of(small.before, small.after, small.valid)
        laid = Placement(placement.on_map)
        return {
            "before": date_layer(before, laid, stretch.before),
            "after": date_layer(after, laid, stretch.after),
        }

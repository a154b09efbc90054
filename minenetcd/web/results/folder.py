"""A finished result of `predict`, opened for a browser."""

import json
import os
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock
from typing import Any, Self

from geopandas import GeoDataFrame
from pydantic import BaseModel, ValidationError

from minenetcd.errors import InputError, MineNetCDError
from minenetcd.files import settle
from minenetcd.foreign import LARGEST_JSON, folders_of, refuse_links_out, refused
from minenetcd.geo.polygons.given_verdicts import GEOPACKAGE
from minenetcd.geo.polygons.vector_files import read_polygons
from minenetcd.geo.raster import Raster
from minenetcd.labelling.verdicts.store import Verdicts
from minenetcd.prediction.facts import SceneFacts
from minenetcd.prediction.kept.details import Details, read_details
from minenetcd.prediction.outputs import DETAILS, SUMMARY, SavedPrediction, result_names
from minenetcd.prediction.rasters.stored import StoredProbability
from minenetcd.web.results.classes import mask_layer, probability_layer
from minenetcd.web.results.dates import date_layers
from minenetcd.web.results.description import DateDescription, Description, LayerDescription, Role
from minenetcd.web.results.file_states import FileStates
from minenetcd.web.results.layers import Layer
from minenetcd.web.results.placement import Placement
from minenetcd.web.results.polygons import as_geojson

#: A source of several files is called by so many letters.
LONGEST_NAME = 60


class _Hectares(BaseModel):
    changed: float | None


class _Pixels(BaseModel):
    changed: int | None


class _Summary(BaseModel):
    """Of summary.json, what a page is told."""

    hectares: _Hectares
    pixels: _Pixels
    places: int
    warnings: list[str] | None = None


@dataclass(frozen=True)
class OpenedLayers:
    """Layers by name, and in words why others are missing."""

    by_name: Mapping[str, Layer]
    missing: tuple[str, ...] = ()

    @property
    def problems(self) -> tuple[str, ...]:
        """Why layers are missing, or not as good as they should be."""
        failures = (layer.failure for layer in self.by_name.values())
        return (*self.missing, *dict.fromkeys(failure for failure in failures if failure is not None))

    @property
    def are_final(self) -> bool:
        """Whether no layer becomes better while one waits."""
        return all(layer.is_final for layer in self.by_name.values())


class ResultFolder:
    """A result: `placement` on the map, `layers`, polygons, and its `description`; a context manager.

    Safe to read from several threads. Its images are looked for when `layers` are first asked for; where they are gone
    or were changed, the result is shown without them, and says so.

    `waits`: False where the report's pictures may stand in for large images while these are read.
    """

    def __init__(self, folder: Path, details: Details, *, waits: bool = True) -> None:
        self.folder = folder
        self.details = details
        self.images = FileStates.of_images([details.inputs])
        self._waits = waits
        self.placement = Placement(details.facts.grid)
        self._opened = ExitStack()
        self._layers: OpenedLayers | None = None
        self._opening = Lock()

    @classmethod
    def read(cls, folder: str | Path, *, waits: bool = True) -> Self:
        """InputError where `folder` holds no finished result of `predict`, of this version."""
        place = Path(folder)
        if not place.is_dir():
            raise InputError(f"A folder with a finished result is needed, there is no folder {folder}: name another.")
        settle(place)
        refuse_links_out(place, DETAILS)
        return cls(place, read_details(place / DETAILS), waits=waits)

    @property
    def facts(self) -> SceneFacts:
        return self.details.facts

    @property
    def title(self) -> str:
        """Both images."""
        return f"{short_name(self.facts.before.source)} to {short_name(self.facts.after.source)}"

    @property
    def files(self) -> SavedPrediction:
        """Those that every result has."""
        return result_names(self.facts.grid, replace(self.facts.options, also=(), sheets=0)).within(self.folder)

    @property
    def layers(self) -> OpenedLayers:
        """ "before", "after", "probability" and "second", as far as they are here."""
        with self._opening:  # cached_property has no lock, or, before Python 3.12, one for all results together
            if self._layers is None:
                self._layers = self._open_layers()
            return self._layers

    def _open_layers(self) -> OpenedLayers:
        found: dict[str, Layer] = {}
        missing: list[str] = []
        for read in (self._dates, self._probability, self._second):
            try:
                found.update(read())
            except MineNetCDError as error:
                missing.append(str(error))
        return OpenedLayers(found, tuple(missing))

    def _dates(self) -> Mapping[str, Layer]:
        return date_layers(self.details, self.placement, waits=self._waits)

    def _probability(self) -> Mapping[str, Layer]:
        stored = StoredProbability(self.facts.threshold, as_float=self.facts.options.float_probability)
        with self._raster(self.files.probability) as raster:
            return {"probability": probability_layer(raster, self._laid(raster), stored)}

    def _second(self) -> Mapping[str, Layer]:
        if self.details.second is None:
            return {}
        folder = self._opened.enter_context(TemporaryDirectory(prefix="minenetcd-"))
        rasters = self.details.second_rasters(Path(folder))
        assert rasters is not None  # one was kept
        with self._raster(rasters.mask) as raster:
            return {"second": mask_layer(raster, self._laid(raster))}

    def _raster(self, path: Path) -> Raster:
        if path.parent == self.folder:
            refuse_links_out(self.folder, path.name)
        raster = Raster.open(path, bands=(1,))
        if raster.grid.shape != self.facts.grid.shape:
            raster.close()
            raise InputError(f"The rasters of this result are needed, {path} has another size: predict again.")
        return raster

    def _laid(self, raster: Raster) -> Placement:
        return Placement(self.placement.laid(replace(raster.grid, transform=self.facts.grid.transform)))

    def polygons(self) -> GeoDataFrame:
        """Those of change.gpkg or change.geojson, in coordinates of the grid. InputError where they cannot be read.

        Where people judged them, with their verdicts and the outlines that they drew anew.
        """
        if (self.folder / GEOPACKAGE).is_file():
            return Verdicts(self.folder).polygons()
        return read_polygons(self.files.vector)

    def geojson(self) -> str:
        """The polygons in longitude and latitude."""
        return as_geojson(self.polygons(), self.placement)

    @cached_property
    def summary(self) -> dict[str, Any]:
        """What summary.json says; nothing where an earlier version wrote none."""
        path = self.folder / SUMMARY
        if refused(path, within=folders_of(self.folder), most_bytes=LARGEST_JSON) is not None:
            return {}
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError):
            return {}
        return found if isinstance(found, dict) else {}

    @property
    def _said(self) -> "_Summary | None":
        """What a page is told of the summary; None where an earlier version wrote none. InputError where it is none."""
        try:
            return _Summary.model_validate(self.summary) if self.summary else None
        except ValidationError as error:
            place = ".".join(map(str, error.errors()[0]["loc"]))
            raise InputError(
                f"{self.folder / SUMMARY} is no summary of this version ({place}): predict again, or remove it."
            ) from error

    def description(
        self,
        id: str,
        *,
        tiles: Callable[[str], str],
        polygons: str | dict[str, Any],
        reviewable: bool = False,
    ) -> Description:
        """Of the result that a page calls `id`: `tiles` gives the address of a layer's tiles, with {z}, {x} and {y}."""
        facts, opened, said = self.facts, self.layers, self._said
        changed = self._changed
        return Description(
            id=id,
            title=self.title,
            georeferenced=facts.grid.is_georeferenced,
            crs=facts.before.crs,
            width=facts.grid.width,
            height=facts.grid.height,
            metres_per_pixel=self._metres,
            bounds=self.placement.bounds,
            dates=[
                date_description("before", facts.before.source, facts.before.date, facts.before.shown_in_words),
                date_description("after", facts.after.source, facts.after.date, facts.after.shown_in_words),
            ],
            layers={name: layer_description(layer, tiles(name)) for name, layer in opened.by_name.items()},
            threshold=facts.threshold,
            detector=facts.model,
            hectares=changed[0],
            changed_pixels=changed[1],
            places=changed[2],
            unit="ha" if facts.grid.is_georeferenced else "px",
            warnings=[
                *(facts.warnings if said is None or said.warnings is None else said.warnings),
                *opened.problems,
                *self._problems_of_polygons,
            ],
            second_opinion=facts.second,
            reviewable=reviewable and self.can_be_reviewed,
            polygons=polygons,
            being_read=not opened.are_final,
        )

    @property
    def can_be_reviewed(self) -> bool:
        """Whether verdicts can be kept beside its polygons: in a GeoPackage that may be written, or made."""
        kept = self.folder / GEOPACKAGE
        return os.access(self.folder, os.W_OK) and (not kept.exists() or os.access(kept, os.W_OK))

    @property
    def _problems_of_polygons(self) -> list[str]:
        """Why people cannot judge all of them; nothing where they cannot be read, which who asks for them is told."""
        if not (self.folder / GEOPACKAGE).is_file():
            return []
        try:
            return Verdicts(self.folder).problems()
        except MineNetCDError:
            return []

    @property
    def _metres(self) -> tuple[float, float] | None:
        stated = self.facts.options.metres_per_pixel
        if self.facts.grid.is_georeferenced:
            return self.facts.grid.metres_per_pixel
        return None if stated is None else (stated, stated)

    @property
    def _changed(self) -> tuple[float | None, int | None, int]:
        """Hectares, pixels and places; by the polygons where no summary says them."""
        said = self._said
        if said is not None:
            return said.hectares.changed, said.pixels.changed, said.places
        frame = self.polygons()
        hectares = float(frame["area_ha"].sum()) if "area_ha" in frame else None
        pixels = int(frame["area_px"].sum()) if "area_px" in frame else None
        return hectares, pixels, len(frame)

    def close(self) -> None:
        self._opened.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def short_name(source: str) -> str:
    """What people call an image: the name of its file or folder, of several files the first, and how many more."""
    first, *more = (part.strip() for part in source.split(","))
    name = first.rstrip("/\\").replace("\\", "/").rpartition("/")[2] or first
    name = name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}\N{HORIZONTAL ELLIPSIS}"
    return f"{name} and {len(more)} more" if more else name


def date_description(role: Role, source: str, date: str | None, bands: str | None = None) -> DateDescription:
    """The image `source` of a `date`, in ISO 8601 where it is known, whose `bands` are shown, in words."""
    name = short_name(source)
    label = name if date is None else date[:10]
    return DateDescription(role=role, label=label, source=name, layer=role, bands=bands)


def layer_description(layer: Layer, tiles: str) -> LayerDescription:
    """What a page is told of `layer`, whose tiles are at the address `tiles`."""
    west, south, east, north = layer.bounds
    if east > 180:  # a browser's map asks for no tiles beyond
        west, east = -180.0, 180.0
    placement = layer.placement
    return LayerDescription(
        tiles=tiles, minzoom=placement.minzoom, maxzoom=placement.maxzoom, bounds=(west, south, east, north)
    )

"""Files of places, opened for one scene: read once, before its pixels are."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np

from minenetcd.display.words import counted
from minenetcd.errors import OptionError
from minenetcd.geo.areas.layers import PolygonLayer, find_layer
from minenetcd.geo.areas.limits import Limits, Mask
from minenetcd.geo.areas.masks import PolygonMask, raster_mask
from minenetcd.geo.areas.placed import PlacedPolygons, placed
from minenetcd.geo.areas.quality import find_mask
from minenetcd.geo.areas.wanted import WantedMask
from minenetcd.geo.date_files.finding import DateFiles
from minenetcd.geo.grid import Grid
from minenetcd.geo.source import open_or_explain, quiet_gdal
from minenetcd.prediction.options import PredictOptions
from minenetcd.prediction.where.concessions import Concessions
from minenetcd.prediction.where.known_mines import KnownMines
from minenetcd.prediction.where.places import NO_PLACES, KnownPlaces, ScenePlaces, files_named
from minenetcd.prediction.where.rows import (
    AREA,
    CLOUDS,
    CONCESSIONS,
    KNOWN_MINES,
    MASK,
    MASK_AFTER,
    MASK_BEFORE,
    Row,
)
from minenetcd.secrets import without_secrets


def open_places(before: DateFiles, after: DateFiles, grid: Grid, options: PredictOptions) -> ScenePlaces:
    """What `options` name, for a scene whose before image lies on `grid`.

    OptionError, GridError or RasterError, in one line, for what cannot be used, or misses the scene.
    """
    if not options.names_places:
        return NO_PLACES
    _check_place(grid, options)
    area, masks, concessions, mines = _area(grid, options), _Masks.open(before, after, grid, options), None, None
    told, files = [*_told_area(area), *masks.told], dict(masks.files)
    if area is not None:
        files["area of interest"] = area[0].files
    if options.leases is not None:
        layer = find_layer(options.leases, "--leases")
        concessions = Concessions.read(layer, grid, options.lease_name)
        told.append((CONCESSIONS, f"{layer.text}: {counted(len(concessions.names), 'concession')} here"))
        files["set of concessions"] = layer.files
    if options.prior is not None:
        layer = find_layer(options.prior, "--prior")
        mines = KnownMines.read(layer, grid)
        told.append((KNOWN_MINES, f"{layer.text}: {counted(layer.count, 'area')}"))
        files["set of known mines"] = layer.files
    if options.clouds is not None:
        told.append((CLOUDS, f"on both dates, as {options.clouds} finds them, masked"))
    limits = Limits(None if area is None else area[1], masks.before, masks.after)
    return ScenePlaces(limits, KnownPlaces(concessions, mines), tuple(told), files)


def files_of_places(before: DateFiles, after: DateFiles, options: PredictOptions) -> tuple[Path, ...]:
    """All that `options` name of places and that lie here, also what is found beside an image.

    RasterError for a mask that is not there.
    """
    dates = (before, options.masks_before), (after, options.masks_after)
    rasters = [(mask, date) for date, masks in dates for mask in masks if not mask.is_vector]
    found = [_files_of(find_mask(mask, date, remote=options.remote).date, date) for mask, date in rasters]
    return tuple(dict.fromkeys((*files_named(options), *chain.from_iterable(found))))


def _check_place(grid: Grid, options: PredictOptions) -> None:
    if not grid.is_georeferenced:
        option = options.names_places[0]
        raise OptionError(f"A place on Earth is needed ({option}), got {grid.what_it_lacks(option)}")


def _area(grid: Grid, options: PredictOptions) -> tuple[PolygonLayer, PlacedPolygons] | None:
    if options.aoi is None:
        return None
    layer = find_layer(options.aoi, "--aoi")
    return layer, _polygons(layer, grid)


def _polygons(layer: PolygonLayer, grid: Grid) -> PlacedPolygons:
    return PlacedPolygons(np.array(placed(layer, grid).geometry.array, dtype=object))


def _told_area(area: tuple[PolygonLayer, PlacedPolygons] | None) -> Iterator[Row]:
    if area is not None:
        yield AREA, area[0].text


@dataclass(frozen=True)
class _Masks:
    """The masks of both dates, and what is said of them."""

    before: tuple[Mask, ...]
    after: tuple[Mask, ...]
    told: tuple[Row, ...]
    files: dict[str, tuple[Path, ...]]

    @classmethod
    def open(cls, before: DateFiles, after: DateFiles, grid: Grid, options: PredictOptions) -> "_Masks":
        masks: dict[str, list[Mask]] = {}
        told: dict[str, str] = {}
        files: dict[str, tuple[Path, ...]] = {}
        for name, key, date, wanted in (
            ("before", MASK_BEFORE, before, options.masks_before),
            ("after", MASK_AFTER, after, options.masks_after),
        ):
            opened = [_open(each, date, grid, remote=options.remote) for each in wanted]
            masks[name] = [mask for mask, _, _ in opened]
            if opened:
                told[key] = "; ".join(words for _, words, _ in opened)
                files[f"mask of the {name} image"] = tuple(file for _, _, own in opened for file in own)
        rows = tuple(told.items())
        if len(rows) == 2 and rows[0][1] == rows[1][1]:
            rows = ((MASK, rows[0][1]),)  # one file for both dates
        return cls(tuple(masks["before"]), tuple(masks["after"]), rows, files)


def _open(wanted: WantedMask, date: DateFiles, grid: Grid, *, remote: bool) -> tuple[Mask, str, tuple[Path, ...]]:
    """A mask, what it is in words, and its files."""
    if wanted.is_vector:
        layer = find_layer(str(wanted.name), wanted.option)
        return PolygonMask(_polygons(layer, grid)), f"{layer.text} (polygons)", layer.files
    source, band, kind = find_mask(wanted, date, remote=remote)
    meaning = wanted.meaning(kind)
    words = (
        f"{without_secrets(source.text)}{f', band {band}' if band > 1 else ''} ({_in_words(kind, meaning.in_words)})"
    )
    return raster_mask(source, band, meaning, grid, wanted.option), words, _files_of(source, date)


def _files_of(source: DateFiles, date: DateFiles) -> tuple[Path, ...]:
    """It, and what GDAL reads with it; nothing where it is `date` itself, which is no other file."""
    if source is date:
        return ()
    with quiet_gdal(), open_or_explain(source.name, source.text) as dataset:
        return tuple(dict.fromkeys((*source.local, *(Path(name) for name in dataset.files if os.path.isfile(name)))))


def _in_words(kind: str | None, meaning: str) -> str:
    return meaning if kind is None else f"{kind.upper().replace('LANDSAT-QA', 'QA_PIXEL')}, {meaning}"

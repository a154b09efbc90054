"""The folder of `minenetcd monitor`, opened for a browser: all dates on one map, when pixels changed, what grew."""

from collections.abc import Callable
from contextlib import ExitStack
from io import StringIO
from pathlib import Path
from threading import Lock
from typing import Any, Self

import numpy as np
import pandas as pd
from pydantic import BaseModel

from minenetcd.errors import InputError, MineNetCDError
from minenetcd.files import settle
from minenetcd.foreign import read_text, refuse_links_out
from minenetcd.geo.polygons.vector_files import read_polygons
from minenetcd.geo.raster import Raster
from minenetcd.monitoring.dates.first_change import date_colours
from minenetcd.monitoring.dates.monitor import PAIRS, REPORT, TIMELINE, VECTORS, WHEN
from minenetcd.prediction.kept.details import read_details
from minenetcd.prediction.outputs import DETAILS
from minenetcd.web.results.classes import numbers_layer
from minenetcd.web.results.description import MapDescription
from minenetcd.web.results.file_states import FileStates
from minenetcd.web.results.folder import OpenedLayers, layer_description, short_name
from minenetcd.web.results.layers import Layer
from minenetcd.web.results.placement import Placement
from minenetcd.web.results.polygons import as_geojson
from minenetcd.web.results.series_dates import PairOfDates, series_layers

NO_VALUE = (None, "")
#: Of a row of timeline.csv: what a page is told of a date.
VALUES = (
    *("days", "since_previous_ha", "since_first_ha", "new_ha", "cumulative_ha"),
    *("since_previous_px", "since_first_px", "new_px", "cumulative_px", "missing_share"),
)


class SeriesDate(BaseModel):
    """One date, `number` from 1. `layer`: None where its image is not here. `results`: ids by what it is against.

    `values`: the columns of timeline.csv; None for what is not known.
    """

    number: int
    date: str
    source: str
    layer: str | None
    colour: str | None
    values: dict[str, float | None]
    results: dict[str, str]


class SeriesDescription(MapDescription):
    """A series of dates, to a page. `layers`: "date-1", "date-2", ... as they are seen, "when" in colours of dates."""

    unit: str
    dates: list[SeriesDate]
    polygons: str | None
    report: str | None
    warnings: list[str]


class SeriesFolder:
    """What `monitor` has written; safe to read from several threads."""

    def __init__(self, folder: Path, timeline: pd.DataFrame) -> None:
        self.folder = folder
        self.timeline = timeline
        self.days = [str(day) for day in timeline["date"]]
        self.facts = read_details(self._any_pair / DETAILS).facts
        self.images = FileStates.of_images(read_details(pair.folder / DETAILS).inputs for pair in self.pairs)
        self.placement = Placement(self.facts.grid)
        self._layers: OpenedLayers | None = None
        self._opening = Lock()

    @classmethod
    def read(cls, folder: str | Path) -> Self:
        """InputError where `folder` holds no finished series of this version."""
        place = Path(folder)
        settle(place)
        refuse_links_out(place, TIMELINE)
        text = read_text(place / TIMELINE, InputError)
        try:
            frame = _frame(text)
        except (ValueError, KeyError, pd.errors.ParserError) as error:
            raise InputError(f"{place / TIMELINE} is no timeline of this version: monitor again.") from error
        return cls(place, frame)

    @property
    def pairs(self) -> list[PairOfDates]:
        """Those that have a result."""
        count = len(self.days)
        later = range(2, count + 1)
        wanted = dict.fromkeys([*((1, number) for number in later), *((number - 1, number) for number in later)])
        pairs = [PairOfDates(before, after, self._folder_of(before, after)) for before, after in wanted]
        return [pair for pair in pairs if (pair.folder / DETAILS).is_file()]

    def _folder_of(self, before: int, after: int) -> Path:
        return self.folder / PAIRS / f"{self.days[before - 1]}_{self.days[after - 1]}"

    @property
    def _any_pair(self) -> Path:
        pairs = self.pairs
        if not pairs:
            raise InputError(f"A finished series is needed, {self.folder} holds no result of two dates: monitor again.")
        return min(pairs, key=lambda pair: (pair.before, pair.after)).folder

    @property
    def colours(self) -> dict[int, str]:
        """Of each date from the second on, as #rrggbb."""
        return date_colours(len(self.days))

    @property
    def layers(self) -> OpenedLayers:
        """Opened when they are first asked for."""
        with self._opening:  # as those of `ResultFolder`
            if self._layers is None:
                self._layers = self._open_layers()
            return self._layers

    def _open_layers(self) -> OpenedLayers:
        by_number, missing = series_layers(self.pairs, self.placement)
        found = {f"date-{number}": layer for number, layer in by_number.items()}
        if (self.folder / WHEN).is_file():
            try:
                found["when"] = self._when()
            except MineNetCDError as error:
                missing.append(str(error))
        return OpenedLayers(found, tuple(missing))

    def _when(self) -> Layer:
        with ExitStack() as opened:
            raster = opened.enter_context(Raster.open(self.folder / WHEN, bands=(1,)))
            return numbers_layer(raster, Placement(self.placement.laid(raster.grid)), self.colours)

    @property
    def vector(self) -> Path | None:
        """What changed for good, as polygons; None where no date was laid on the first."""
        return next((self.folder / name for name in VECTORS if (self.folder / name).is_file()), None)

    def geojson(self) -> str:
        """Those polygons in longitude and latitude. InputError where there are none."""
        if self.vector is None:
            raise InputError("Polygons of change for good are of dates laid on the first: monitor --against both.")
        return as_geojson(read_polygons(self.vector, layer=self.vector.stem), self.placement)

    def description(
        self,
        id: str,
        *,
        title: str,
        tiles: Callable[[str], str],
        polygons: str,
        report: str | None,
        result_id: Callable[[Path], str | None],
    ) -> SeriesDescription:
        """Of the series that a page calls `id`; `result_id` gives that of a pair's folder."""
        facts, opened = self.facts, self.layers
        return SeriesDescription(
            id=id,
            title=title,
            georeferenced=facts.grid.is_georeferenced,
            crs=facts.before.crs,
            width=facts.grid.width,
            height=facts.grid.height,
            metres_per_pixel=facts.grid.metres_per_pixel if facts.grid.is_georeferenced else None,
            bounds=self.placement.bounds,
            unit="ha" if self.timeline["cumulative_ha"].notna().any() or facts.grid.is_georeferenced else "px",
            dates=[self._date(place, result_id) for place in range(len(self.days))],
            layers={name: layer_description(layer, tiles(name)) for name, layer in opened.by_name.items()},
            polygons=polygons if self.vector is not None else None,
            report=report if (self.folder / REPORT).is_file() else None,
            warnings=list(opened.missing),
        )

    def _date(self, place: int, result_id: Callable[[Path], str | None]) -> SeriesDate:
        number, row = place + 1, self.timeline.iloc[place]
        layer = f"date-{number}"
        against = {"previous": (place, number), "first": (1, number)} if place else {}
        ids = {name: result_id(self._folder_of(*pair)) for name, pair in against.items()}
        return SeriesDate(
            number=number,
            date=self.days[place],
            source=short_name(str(row["image"])),
            layer=layer if layer in self.layers.by_name else None,
            colour=self.colours.get(number),
            values={name: _number(row.get(name)) for name in VALUES},
            results={name: id for name, id in ids.items() if id is not None},
        )


def _frame(text: str) -> pd.DataFrame:
    frame = pd.read_csv(StringIO(text))
    if frame["number"].tolist() != list(range(1, len(frame) + 1)) or len(frame) < 2:
        raise ValueError("its dates are not numbered")
    _ = frame["date"].map(pd.Timestamp)
    return frame


def _number(value: Any) -> float | None:
    if value in NO_VALUE or not isinstance(value, int | float | np.number) or not np.isfinite(float(value)):
        return None
    return float(value)

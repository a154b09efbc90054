"""The files a prediction leaves."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from minenetcd.errors import OptionError
from minenetcd.geo.grid import Grid
from minenetcd.prediction.options import PredictOptions
from minenetcd.registry import Table, name_alone

if TYPE_CHECKING:  # tiles need not wait for polygons
    import numpy as np
    from geopandas import GeoDataFrame
    from numpy.typing import NDArray

REPORT, DETAILS = "report.html", "details.zip"


@dataclass(frozen=True)
class SavedPrediction:
    """Where each result stands.

    `raster`: 1 changed, 0 unchanged, 255 no data, with a colour table. `probability`: uint8 0 to 254 for 0 to 1,
    255 no data; or float32, NaN no data. `vector`: the polygons of `raster`. Pictures: PNG and GeoJSON in pixels.
    `details`: what `rethreshold` needs beside them.
    `also`: format -> the file in it, of those that were asked for.
    """

    raster: Path
    probability: Path
    vector: Path
    report: Path
    details: Path
    also: Mapping[str, Path] = field(default_factory=dict)

    def __iter__(self) -> Iterator[Path]:
        return iter((self.raster, self.probability, self.vector, self.report, self.details, *self.also.values()))

    def within(self, folder: Path) -> "SavedPrediction":
        """The same files in `folder`."""
        raster, probability, vector, report, details, *also = (folder / path for path in self)
        return SavedPrediction(raster, probability, vector, report, details, dict(zip(self.also, also, strict=True)))


class Result(Protocol):
    """What can be written of a result: a ScenePrediction."""

    @property
    def grid(self) -> Grid:
        """The before image's."""

    @property
    def polygons(self) -> "GeoDataFrame":
        """The changes, in the CRS of `grid`, with the columns of change.gpkg."""

    @property
    def mask(self) -> "NDArray[np.uint8]":
        """1 changed, 0 unchanged, 255 no data (H, W)."""

    @property
    def probability(self) -> "NDArray[np.float32]":
        """0 to 1, NaN no data (H, W)."""


#: Writes a result to a path, whose ending is the format's name.
Writer = Callable[[Result, Path], None]

WRITERS: Table[Writer] = Table(
    "format",
    "minenetcd.writers",
    dict.fromkeys(("geojson", "gpkg", "parquet"), "minenetcd.prediction.formats:polygons"),
)


def result_names(grid: Grid, options: PredictOptions) -> SavedPrediction:
    """The file names of a result on `grid`, without folder.

    Each of `options.also` adds change.NAME, unless that is there already. UnknownNameError for a format that is none,
    OptionError for two that give one name.
    """
    image, vector = ("tif", "gpkg") if grid.has_coordinates else ("png", "geojson")
    probability = "tif" if options.float_probability else image  # PNG holds no float
    names = SavedPrediction(
        Path(f"change.{image}"),
        Path(f"probability.{probability}"),
        Path(f"change.{vector}"),
        Path(REPORT),
        Path(DETAILS),
    )
    also: dict[str, Path] = {}
    for format in options.also:
        _ = WRITERS[format]
        path = Path(f"change.{name_alone(format)}")
        if path in also.values():
            raise OptionError(f"One format is needed for each file, got two for {path}: leave one of them out.")
        if path not in set(names):
            also[format] = path
    return replace(names, also=also)

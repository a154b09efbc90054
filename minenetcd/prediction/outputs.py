"""The files a prediction leaves."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from minenetcd.geo.grid import Grid

REPORT = "report.html"


@dataclass(frozen=True)
class SavedPrediction:
    """Where each result stands.

    `raster`: 1 changed, 0 unchanged, 255 no data, with a colour table. `probability`: uint8 0 to 254 for 0 to 1,
    255 no data; or float32, NaN no data. `vector`: the polygons of `raster`. Pictures: PNG and GeoJSON in pixels.
    """

    raster: Path
    probability: Path
    vector: Path
    report: Path

    def __iter__(self) -> Iterator[Path]:
        return iter((self.raster, self.probability, self.vector, self.report))


def result_names(grid: Grid, *, float_probability: bool) -> SavedPrediction:
    """The file names of a result on `grid`, without folder."""
    image, vector = ("tif", "gpkg") if grid.is_georeferenced else ("png", "geojson")
    probability = "tif" if float_probability else image  # PNG holds no float
    return SavedPrediction(
        Path(f"change.{image}"), Path(f"probability.{probability}"), Path(f"change.{vector}"), Path(REPORT)
    )

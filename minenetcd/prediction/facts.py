"""What a result says about where it comes from."""

import math
from dataclasses import dataclass

import numpy as np
from pyproj import CRS
from rasterio.windows import Window

from minenetcd.constants import VERSION, Provenance
from minenetcd.detectors.learned import ChangeDetector
from minenetcd.geo.align import AlignedPair
from minenetcd.geo.grid import Grid
from minenetcd.geo.raster import Raster
from minenetcd.prediction.options import PredictOptions

LARGEST_GSD_FACTOR = 2.0


@dataclass(frozen=True)
class ImageFacts:
    """One input image, in words."""

    source: str
    date: str | None  # ISO 8601
    grid: Grid
    bands: tuple[int, ...]
    dtype: str

    @classmethod
    def of(cls, raster: Raster) -> "ImageFacts":
        return cls(str(raster.source), raster.date, raster.grid, raster.bands, raster.dtype.name)

    @property
    def crs(self) -> str:
        """Code and name, e.g. "EPSG:32633 (WGS 84 / UTM zone 33N)"."""
        if self.grid.crs is None:
            return "none (picture)"
        code, name = self.grid.crs.to_string(), CRS.from_user_input(self.grid.crs).name
        return f"{code} ({name})" if len(code) < len(name) + 20 else name

    @property
    def pixel_size(self) -> str:
        """Metres on the ground, e.g. "10 x 10 m"."""
        if not self.grid.is_georeferenced:
            return "unknown"
        return " x ".join(f"{metres:.4g}" for metres in self.grid.metres_per_pixel) + " m"


@dataclass(frozen=True)
class SceneFacts:
    """Everything about a prediction but its pixels."""

    before: ImageFacts
    after: ImageFacts
    overlap: Window  # of the before image's grid: where both images lie
    analysed_at: float | None  # metres per pixel of the analysis; None for pictures
    model: str
    provenance: Provenance
    trained_at: float | None  # metres per pixel
    threshold: float
    tile: int
    options: PredictOptions
    version: str
    warnings: tuple[str, ...]

    @property
    def grid(self) -> Grid:
        return self.before.grid

    @property
    def is_trained(self) -> bool:
        return self.provenance.trained_on is not None

    def tags(self) -> dict[str, str]:
        """What the rasters carry in their header."""
        dates = {"DATE_BEFORE": self.before.date, "DATE_AFTER": self.after.date}
        return {
            "MODEL": self.model,
            "THRESHOLD": repr(self.threshold),
            "SOURCE_BEFORE": self.before.source,
            "SOURCE_AFTER": self.after.source,
            "TRAINED_ON": self.provenance.trained_on_in_words or "nothing",
            "SOFTWARE": f"minenetcd {self.version}",
        } | {name: date for name, date in dates.items() if date}

    def columns(self) -> dict[str, str | float]:
        """What every polygon carries, beside its own measures."""
        dates = {"date_before": self.before.date, "date_after": self.after.date}
        always: dict[str, str | float] = {
            "model": self.model,
            "threshold": self.threshold,
            "source_before": self.before.source,
            "source_after": self.after.source,
        }
        return always | {name: date for name, date in dates.items() if date}


def gather_facts(
    detector: ChangeDetector, pair: AlignedPair, native: AlignedPair, options: PredictOptions
) -> SceneFacts:
    """Facts of an analysis of `pair`, written on the grid of `native`."""
    return SceneFacts(
        before=ImageFacts.of(native.before),
        after=ImageFacts.of(native.after),
        overlap=native.overlap,
        analysed_at=mean_metres(pair.grid) if pair.grid.is_georeferenced else None,
        model=detector.name,
        provenance=detector.provenance,
        trained_at=detector.preprocessing.metres_per_pixel,
        threshold=detector.threshold if options.threshold is None else options.threshold,
        tile=options.tile or detector.preprocessing.tile,
        options=options,
        version=VERSION,
        warnings=tuple(_warnings(detector, native.grid, options)),
    )


def mean_metres(grid: Grid) -> float:
    """Side of the square as large as the centre pixel [m]."""
    return float(np.sqrt(np.prod(grid.metres_per_pixel)))


def _warnings(detector: ChangeDetector, grid: Grid, options: PredictOptions) -> list[str]:
    found = []
    if detector.provenance.trained_on is None:
        found.append(
            f"{detector.name} names no data it was trained on: unless it was trained, its map means nothing; "
            "use trained weights."
        )
    trained_at = detector.preprocessing.metres_per_pixel
    if options.gsd is None and trained_at and grid.is_georeferenced:
        metres = mean_metres(grid)
        if abs(math.log(metres / trained_at)) > math.log(LARGEST_GSD_FACTOR):
            found.append(
                f"The pixels are {metres:.3g} m, {detector.name} was trained at {trained_at:.3g} m and may miss or "
                f"invent change: try --gsd {trained_at:.3g}, or a detector trained near {metres:.3g} m."
            )
    return found

"""What a result says about where it comes from."""

import math
from dataclasses import dataclass

from pyproj import CRS
from rasterio.windows import Window

from minenetcd.constants import VERSION, Provenance
from minenetcd.detectors.contract import Detector
from minenetcd.geo.align import AlignedPair
from minenetcd.geo.grid import Grid
from minenetcd.geo.raster import Raster
from minenetcd.prediction.options import FINEST_GSD_FACTOR, PredictOptions


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
    scale: tuple[float, float] | None  # least and largest metres per pixel the detector is good for
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


def gather_facts(detector: Detector, pair: AlignedPair, native: AlignedPair, options: PredictOptions) -> SceneFacts:
    """Facts of an analysis of `pair`, written on the grid of `native`."""
    return SceneFacts(
        before=ImageFacts.of(native.before),
        after=ImageFacts.of(native.after),
        overlap=native.overlap,
        analysed_at=pair.grid.mean_metres if pair.grid.is_georeferenced else None,
        model=detector.name,
        provenance=detector.provenance,
        scale=detector.metres_per_pixel,
        threshold=detector.threshold if options.threshold is None else options.threshold,
        tile=options.tile or detector.tile,
        options=options,
        version=VERSION,
        warnings=tuple(_warnings(detector, native.grid, options)),
    )


def _warnings(detector: Detector, grid: Grid, options: PredictOptions) -> list[str]:
    found = []
    if detector.provenance.trained_on is None:
        found.append(
            f"{detector.name} names no data it was trained on: unless it was trained, its map means nothing; "
            "use trained weights."
        )
    if grid.is_georeferenced:
        found += _scale_warnings(detector, grid.mean_metres, options)
    return found


def _scale_warnings(detector: Detector, metres: float, options: PredictOptions) -> list[str]:
    """What to know of pixels of `metres` when `detector` sees them, or those of the analysis asked for."""
    found, seen = [], options.gsd or metres
    if seen < metres * FINEST_GSD_FACTOR:
        found.append(
            f"The pixels are {metres:.3g} m, and were analysed at {seen:.3g} m: finer pixels hold no more than the "
            "image does; leave --gsd out."
        )
    low, high = detector.metres_per_pixel or (0, math.inf)
    if not low <= seen <= high:
        found.append(
            f"The pixels analysed are {seen:.3g} m, {detector.name} is good for {low:.3g} to {high:.3g} m and may "
            f"miss or invent change: use a detector trained near {seen:.3g} m, or one without training (--model irmad)."
        )
    return found

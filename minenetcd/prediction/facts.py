"""What a result says about where it comes from."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from pyproj import CRS
from rasterio.windows import Window

from minenetcd.constants import VERSION, Provenance
from minenetcd.detectors.contract import Detector
from minenetcd.detectors.engines.computed_by import ComputedBy
from minenetcd.detectors.measured import AUTOMATIC, measured_in_words
from minenetcd.display.words import three_figures
from minenetcd.geo.align import AlignedPair
from minenetcd.geo.bands.doubts import ReadBands, band_doubts
from minenetcd.geo.bands.indices import Indices
from minenetcd.geo.bands.sensors import RGB
from minenetcd.geo.grid import Grid
from minenetcd.geo.metadata.acquired import Acquired
from minenetcd.geo.raster import Raster
from minenetcd.prediction.automatic import Readers
from minenetcd.prediction.opening import COLOURS
from minenetcd.prediction.options import PredictOptions
from minenetcd.secrets import without_secrets


@dataclass(frozen=True)
class ImageFacts:
    """One input image, in words."""

    source: str
    acquired: Acquired
    grid: Grid
    bands: tuple[int, ...]
    shown: tuple[int, ...]  # in the pictures of a report: as red, green and blue, or as grey
    dtype: str
    read: ReadBands  # by the detector, with what the file says of them

    @classmethod
    def of(cls, raster: Raster, bands: tuple[int, ...]) -> "ImageFacts":
        """Of an image that is opened, and of which a detector reads `bands`."""
        return cls(
            without_secrets(str(raster.source)), raster.acquired, raster.grid, bands, raster.bands[:COLOURS],
            raster.dtype.name, ReadBands(raster.said, bands),
        )  # fmt: skip

    @property
    def shown_in_words(self) -> str | None:
        """B08, B04, B02 as red, green, blue; None where these are the true colours, or nobody says otherwise."""
        bands = [self.read.said.band(number) for number in self.shown]
        colours, is_plain = tuple(band.colour for band in bands), self.shown == (1, 2, 3)
        if len(bands) < COLOURS or colours == RGB or (is_plain and not any(band.colour or band.name for band in bands)):
            return None
        pairs = zip(self.shown, bands, strict=True)
        return (
            f"{', '.join(band.name or band.colour or f'band {number}' for number, band in pairs)} as red, green, blue"
        )

    @property
    def date(self) -> str | None:
        """When it was taken, ISO 8601."""
        return self.acquired.date

    @property
    def crs(self) -> str:
        """Code and name, e.g. "EPSG:32633 (WGS 84 / UTM zone 33N)"."""
        if not self.grid.has_coordinates:
            return "none (picture)"
        if self.grid.named_crs is None:
            return "not stated (coordinates without one)"
        code, name = self.grid.named_crs.to_string(), CRS.from_user_input(self.grid.named_crs).name
        if self.grid.crs is None:
            return f"{name} (local, without a place on Earth)"
        return f"{code} ({name})" if len(code) < len(name) + 20 else name

    @property
    def pixel_size(self) -> str | None:
        """Metres on the ground, e.g. "10 x 10 m"; None for a picture."""
        if not self.grid.is_georeferenced:
            return None
        return " x ".join(map(three_figures, self.grid.metres_per_pixel)) + " m"


@dataclass(frozen=True)
class SceneFacts:
    """Everything about a prediction but its pixels."""

    before: ImageFacts
    after: ImageFacts
    overlap: Window  # of the before image's grid: where both images lie
    analysed_at: float | None  # metres per pixel of the analysis; None where nobody says
    model: str
    reason: str | None  # why this detector, where none was named
    expectation: str  # what this detector, or the automatic choice, reached on real pairs with such pixels
    second: str | None  # the detector that gave a second opinion
    second_fits: bool  # whether that is made for such images
    provenance: Provenance
    scale: tuple[float, float] | None  # least and largest metres per pixel the detector is good for
    reads_any_numbers: bool  # whether images that are not 8-bit are what the detector was made for
    feels_tone: bool  # whether a difference in tone can show as change
    detector_options: Mapping[str, Any]  # of a detector without training
    threshold: float
    computed_by: ComputedBy
    tile: int
    options: PredictOptions
    version: str
    why_no_second: str | None = None  # what kept a detector from giving a second opinion that nobody asked for
    adjustments: tuple[tuple[str, str], ...] = ()  # what was found between the dates and done about it: name, in words
    warnings: tuple[str, ...] = ()
    band_doubts: tuple[str, ...] = ()  # what to doubt of which band is which
    where: tuple[tuple[str, str], ...] = ()  # what of the scene is looked at, and what lies there: key, in words
    indices: Indices | None = None  # from which kinds of change are told, where that is asked for
    scene_threshold: tuple[float, float] | None = None  # between which probabilities a network looked for that of here

    network: str | None = None  # the architecture; None without one, or where an earlier version did not keep it

    @property
    def grid(self) -> Grid:
        return self.before.grid

    @property
    def has_probabilities(self) -> bool:
        """Whether scores are what a network takes for probabilities, not moved by what it found in the scene."""
        return not self.provenance.learns_each_scene and self.scene_threshold is None

    @property
    def fits_scale(self) -> bool:
        """Whether the pixels analysed are of a size that the detector is good for, as far as anybody says.

        One that was chosen by them is.
        """
        return self.reason is not None or _is_within(self.analysed_at, self.scale)

    @property
    def fits_numbers(self) -> bool:
        """Whether the images hold numbers such as the detector was made for."""
        return self.reads_any_numbers or _are_eight_bit(self.before, self.after)

    @property
    def fits(self) -> bool:
        """Whether a map without change can mean that nothing changed."""
        return self.fits_scale and self.fits_numbers and self.provenance.is_ready

    @property
    def detector_in_words(self) -> str:
        """Which one, and why, where it was chosen."""
        return self.model if self.reason is None else f"{self.model}, chosen for these images: {self.reason}"

    @property
    def about_nothing(self) -> str:
        """What it means that no change was found."""
        if not self.fits:
            return "The detector is not made for such images: this does not say that nothing changed."
        if self.options.threshold is not None:
            return f"Nothing reaches the stated threshold, {self.threshold:g}: a lower one shows what is less sure."
        if "guarded" in str(self.detector_options.get("threshold_rule")):
            return (
                "Change that is weak, or scattered as noise is, counts as none here; --threshold-rule otsu shows what "
                "differs most, in any scene."
            )
        return ""

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
            **self.computed_by.tags(),
        } | {name: day for name, day in dates.items() if day}

    def columns(self) -> dict[str, str | float]:
        """What every polygon carries, beside its own measures."""
        return {
            "model": self.model,
            "threshold": self.threshold,
            "source_before": self.before.source,
            "source_after": self.after.source,
        }

    def days(self) -> dict[str, date | None]:
        """The days of both images, which every polygon carries, too: None where nobody says one."""
        return {
            name: None if image.date is None else date.fromisoformat(image.date[:10])
            for name, image in (("date_before", self.before), ("date_after", self.after))
        }


def gather_facts(readers: Readers, pair: AlignedPair, native: AlignedPair) -> SceneFacts:
    """Facts of an analysis of `pair`, written on the grid of `native`."""
    detector, options, second = readers.detector, readers.options, readers.second
    before = ImageFacts.of(native.before, pair.before.bands)
    after = ImageFacts.of(native.after, pair.after.bands)
    analysed_at, described = options.analysed_metres(native.grid), detector.describe()
    within = described.get("scene_threshold")
    return SceneFacts(
        before=before,
        after=after,
        overlap=native.overlap,
        analysed_at=analysed_at,
        model=detector.name,
        reason=readers.reason,
        expectation=measured_in_words(detector.name if readers.reason is None else AUTOMATIC, analysed_at),
        second=None if second is None else second.name,
        second_fits=second is not None
        and _is_within(analysed_at, second.metres_per_pixel)
        and (_reads_any_numbers(second) or _are_eight_bit(before, after)),
        provenance=detector.provenance,
        scale=detector.metres_per_pixel,
        reads_any_numbers=_reads_any_numbers(detector),
        feels_tone=detector.feels_tone,
        detector_options=described.get("options", {}) if detector.provenance.learns_each_scene else {},
        threshold=detector.threshold if options.threshold is None else options.threshold,
        computed_by=ComputedBy.of(detector, options.execution),
        tile=options.tile or detector.tile,
        options=options.without_secrets(),
        version=VERSION,
        band_doubts=_band_doubts(readers, native, before, after),
        scene_threshold=None if within is None else (within[0], within[1]),
        network=described.get("model", {}).get("name"),
    )


def _band_doubts(readers: Readers, native: AlignedPair, before: ImageFacts, after: ImageFacts) -> tuple[str, ...]:
    """Of the bands of the detector, or of those that a second opinion by a network reads as colours."""
    asked = readers.options.bands is not None or readers.options.bands_after is not None
    doubts = _colour_doubts(readers, native, before, after, asked=asked)
    chosen = readers.detector.name
    if asked and readers.reason is not None and {*before.read.numbers} != {*native.before.bands}:
        doubts = (
            *doubts,
            f"The bands that were named are red, green and blue of the pictures and of networks; {chosen}, which was "
            f"chosen here, reads all that both dates share: --model {chosen} reads those named alone.",
        )
    return doubts


def _colour_doubts(
    readers: Readers, native: AlignedPair, before: ImageFacts, after: ImageFacts, *, asked: bool
) -> tuple[str, ...]:
    if readers.detector.bands == RGB or readers.second is None or readers.second.bands != RGB:
        as_colours = readers.detector.bands == RGB
        return tuple(band_doubts(before.read, after.read, as_colours=as_colours, asked=asked))
    colours = (ReadBands(raster.said, raster.bands[:COLOURS]) for raster in (native.before, native.after))
    return tuple(band_doubts(*colours, as_colours=True, asked=asked))


def _is_within(metres: float | None, scale: tuple[float, float] | None) -> bool:
    return metres is None or scale is None or scale[0] <= metres <= scale[1]


def _are_eight_bit(before: ImageFacts, after: ImageFacts) -> bool:
    return before.dtype == after.dtype == "uint8"


def _reads_any_numbers(detector: Detector) -> bool:
    """Detectors without training do, and networks with a value range of their training or of the user."""
    preprocessing = detector.describe().get("preprocessing", {})
    return detector.provenance.learns_each_scene or preprocessing.get("value_range") is not None

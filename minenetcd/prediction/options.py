"""What a caller may choose about a prediction."""

import math
from dataclasses import dataclass, replace

from minenetcd.constants import LEAST_SIDE, OVERLAP, USUAL_SHEETS, check_threshold
from minenetcd.errors import OptionError
from minenetcd.geo.areas.wanted import WantedMask, parse_mask
from minenetcd.geo.bands.wanted import Wanted
from minenetcd.geo.grid import Grid
from minenetcd.geo.metadata.stated import Stated
from minenetcd.runtime.execution import Execution
from minenetcd.secrets import without_secrets

LARGEST_OVERLAP = 0.9

#: An analysis at fewer metres per pixel than this share of the image's own invents pixels.
FINEST_GSD_FACTOR = 0.99

#: Pages of a result's sheets.
MOST_SHEETS = 1000

#: Libraries that find clouds (the extra `clouds`).
CLOUD_DETECTORS = ("omnicloudmask", "s2cloudless")


@dataclass(frozen=True)
class PredictOptions:
    """How two images become a change map. OptionError for a value out of range."""

    bands: Wanted | None = None  # numbers from 1 or names, in the detector's order; None: by what the files say
    bands_after: Wanted | None = None  # None: as `bands`
    remote: bool = False  # to read files on the network that a STAC item names
    gsd: float | None = None  # metres per pixel to analyse at; None: as the before image is
    force_gsd: bool = False  # to analyse at `gsd` even where that is finer than the before image
    threshold: float | None = None  # from this probability on, a pixel is changed; None: the detector's own
    seed_threshold: float | None = None  # that some pixel of each change has to reach, >= `threshold`; None: none
    metres_per_pixel: float | None = None  # of pictures, which do not say
    # what follows is not done unless asked for (True); an automatic choice does it where that was found to help
    tone: bool | None = None  # the after image's tone is brought to the before image's
    coregister: bool | None = None  # a displacement of the after image is taken out, where it is known
    min_area_ha: float = 0.0  # smaller polygons are dropped
    tile: int | None = None  # side in pixels; None: as the detector says
    overlap: float = OVERLAP  # of neighbouring tiles
    symmetries: bool = False  # of a tile: a network's scores are the mean over all eight of them
    batch_size: int | None = None  # tiles at once; None: eight, or fewer large ones
    float_probability: bool = False  # float32 with NaN, not 254 steps
    engine: str = "torch"  # that computes networks, see minenetcd.runtime.execution
    precision: str = "float32"  # in which they are computed
    compile: bool = False  # the same as the engine inductor
    yes: bool = False  # to go on where an image claims more pixels than its file has bytes for, or it takes hours
    # what the files do not say of themselves, see minenetcd.geo.metadata.stated
    crs: str | None = None  # of images with coordinates and no CRS on Earth
    nodata: float | None = None  # means no data in the before image, beside what its file declares
    nodata_after: float | None = None  # the same of the after image
    date_before: str | None = None  # ISO 8601
    date_after: str | None = None
    # where is looked, and what lies there: files of polygons (FILE or FILE:LAYER), masks as geo.areas.wanted reads them
    aoi: str | None = None  # only inside of these polygons is analysed
    mask: str | None = None  # of both dates
    mask_before: str | None = None
    mask_after: str | None = None
    mask_values: tuple[int, ...] | None = None  # of rasters, that mean "masked"; None: by their kind, else all but 0
    clouds: str | None = None  # the library that finds clouds in both dates: omnicloudmask or s2cloudless
    leases: str | None = None  # concessions: each polygon says in which it lies
    lease_name: str | None = None  # the column with their names; None: the first of the usual ones
    prior: str | None = None  # known mines: each polygon says how far it lies from the nearest
    prior_distance: float = 1000.0  # farther than this is isolated [m]
    isolated_threshold: float | None = None  # that isolated change has to reach; None: halfway from the usual one to 1
    kind: bool = False  # each polygon says what kind of change it is, as far as the bands tell
    sheets: int | bool = 0  # a page for each of so many changes, the largest; True: of the usual number
    also: tuple[str, ...] = ()  # further formats to write the result in, by name, or package.module:Name

    def __post_init__(self) -> None:
        tile = LEAST_SIDE if self.tile is None else self.tile
        gsd, metres = (1.0 if value is None else value for value in (self.gsd, self.metres_per_pixel))
        for threshold in (self.threshold, self.seed_threshold):
            if threshold is not None:
                check_threshold(threshold)
        _require(0 <= self.overlap <= LARGEST_OVERLAP, "an overlap of 0 to 0.9", self.overlap, str(OVERLAP))
        _require(tile >= LEAST_SIDE, f"tiles of at least {LEAST_SIDE} pixels a side", tile, "256")
        _require(self.batch_size is None or self.batch_size >= 1, "a batch size of at least 1", self.batch_size, "8")
        _require(0.01 <= gsd <= 10_000, "0.01 to 10000 metres per pixel (gsd)", gsd, "1.2")
        _require(0.001 <= metres <= 100_000, "0.001 to 100000 metres per pixel", metres, "1.2")
        if self.force_gsd and self.gsd is None:
            raise OptionError(
                "A finer analysis than the images are is forced (--force-gsd) together with its metres per pixel, got "
                "none: give them (--gsd 1.2), or leave --force-gsd out."
            )
        object.__setattr__(self, "sheets", USUAL_SHEETS if self.sheets is True else int(self.sheets))
        _require(0 <= self.sheets <= MOST_SHEETS, f"0 to {MOST_SHEETS} sheets", self.sheets, str(USUAL_SHEETS))
        _ = self.stated, self.execution
        self._check_where()
        is_area = math.isfinite(self.min_area_ha) and self.min_area_ha >= 0
        _require(is_area, "a smallest area (min_area_ha) of zero or more hectares", self.min_area_ha, "0.1")

    @property
    def stated(self) -> tuple[Stated, Stated]:
        """What is said of either image that its file does not say."""
        before = Stated(self.crs, self.nodata, self.date_before)
        return before, Stated(self.crs, self.nodata_after, self.date_after, "after")

    def _check_where(self) -> None:
        """OptionError for options of places that say nothing, or contradict themselves."""
        for name in ("aoi", "mask", "mask_before", "mask_after", "leases", "prior"):
            if getattr(self, name) is not None:
                object.__setattr__(self, name, str(getattr(self, name)))  # a path, maybe: it is kept as text
        masks = *self.masks_before, *self.masks_after
        if self.mask_values is not None and not any(not mask.is_vector for mask in masks):
            raise OptionError("Values are those of a raster mask (--mask-values), none is given: add --mask FILE.")
        if self.clouds not in (None, *CLOUD_DETECTORS):
            raise OptionError(f"Clouds are found by {' or '.join(CLOUD_DETECTORS)} (--clouds), got {self.clouds!r}.")
        if self.lease_name is not None and self.leases is None:
            raise OptionError(
                "A column of concessions is named (--lease-name), and no file of them: add --leases FILE."
            )
        if self.isolated_threshold is not None:
            check_threshold(self.isolated_threshold)
            if self.prior is None:
                raise OptionError("Known mines say what is isolated (--isolated-threshold): add --prior FILE.")
        is_distance = math.isfinite(self.prior_distance) and self.prior_distance >= 0
        _require(is_distance, "a distance (prior_distance) of zero or more metres", self.prior_distance, "1000")

    @property
    def masks_before(self) -> tuple[WantedMask, ...]:
        """What hides pixels of the before image."""
        return self._masks(("--mask", self.mask), ("--mask-before", self.mask_before))

    @property
    def masks_after(self) -> tuple[WantedMask, ...]:
        return self._masks(("--mask", self.mask), ("--mask-after", self.mask_after))

    def _masks(self, *named: tuple[str, str | None]) -> tuple[WantedMask, ...]:
        return tuple(parse_mask(text, option, self.mask_values) for option, text in named if text is not None)

    @property
    def names_places(self) -> list[str]:
        """The options given that need a place on Earth."""
        names = ("aoi", "mask", "mask_before", "mask_after", "clouds", "leases", "prior")
        return [f"--{name.replace('_', '-')}" for name in names if getattr(self, name) is not None]

    def without_secrets(self) -> "PredictOptions":
        """The same, as a result may show it: a URL of a mask may hold a password."""
        both, before, after = (
            None if text is None else without_secrets(text) for text in (self.mask, self.mask_before, self.mask_after)
        )
        return replace(self, mask=both, mask_before=before, mask_after=after)

    @property
    def is_limited(self) -> bool:
        """Whether something of what both images show is left out."""
        return any(value is not None for value in (self.aoi, self.mask, self.mask_before, self.mask_after, self.clouds))

    @property
    def execution(self) -> Execution:
        """What computes networks."""
        if not self.compile:
            return Execution(self.engine, self.precision)
        if self.engine not in ("torch", "inductor"):
            raise OptionError(f"Only torch compiles (--compile), the engine is {self.engine}: leave one of them out.")
        return Execution("inductor", self.precision)

    def analysed_metres(self, grid: Grid) -> float | None:
        """The size of a pixel that is analysed, of images on `grid`; None where nobody says. [m]"""
        if self.gsd is not None:
            return self.gsd
        return grid.metres_or(self.metres_per_pixel)


def _require(holds: bool, need: str, value: object, advice: str) -> None:
    if not holds:
        raise OptionError(f"A prediction needs {need}, got {value}: try {advice}.")

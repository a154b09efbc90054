"""The two images of a prediction, opened: what is wrong with them is known before a network is."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain
from pathlib import Path

from minenetcd.detectors.contract import Detector
from minenetcd.display.words import three_figures
from minenetcd.errors import OptionError
from minenetcd.files import check_not_input, check_writable
from minenetcd.geo.align import AlignedPair, accept_any, asked_bands, colour_bands, open_pair, shared_bands
from minenetcd.geo.bands.choosing import PairBands
from minenetcd.geo.bands.indices import Indices, known_indices
from minenetcd.geo.bands.wanted import Wanted
from minenetcd.geo.date_files.finding import DateFiles, Image, find_date
from minenetcd.geo.date_files.read_files import ReadPair
from minenetcd.geo.grid import Grid
from minenetcd.geo.metadata.stated import NOTHING_STATED, Stated
from minenetcd.geo.polygons.given_verdicts import refuse_to_lose_verdicts
from minenetcd.geo.raster import Raster
from minenetcd.prediction.costs import check_claim, check_extent
from minenetcd.prediction.options import FINEST_GSD_FACTOR, PredictOptions
from minenetcd.prediction.outputs import SavedPrediction, result_names
from minenetcd.prediction.where.places import NO_PLACES, ScenePlaces

#: Bands that are read where neither the options nor the detector ask for others.
COLOURS = 3

#: An analysis of fewer pixels than this shows nothing.
LEAST_PIXELS = 64

#: Bands by number, from 1, or name; None for what is usual.
Bands = Wanted | None


@dataclass(frozen=True)
class OpenedScene:
    """Both dates: where they are, and as one on the before image's own grid."""

    before: DateFiles
    after: DateFiles
    native: AlignedPair
    stated: tuple[Stated, Stated] = (NOTHING_STATED, NOTHING_STATED)
    accept: Callable[[AlignedPair], None] = accept_any  # asked before pixels of a pair are read
    places: ScenePlaces = NO_PLACES  # what of it is looked at, and what lies there

    def check_out(self, out: str | Path, options: PredictOptions) -> SavedPrediction:
        """The names of the results, which can be written to `out` and replace no image. OutputError otherwise."""
        names = result_names(self.native.grid, options)
        check_writable(out, names)
        refuse_to_lose_verdicts(out)
        places = chain.from_iterable(self.places.files.values())
        check_not_input(out, names, (*self.before.local, *self.after.local, *places))
        return names

    @cached_property
    def inputs(self) -> ReadPair:
        """The files of both dates and their checksums; each is read once more for that."""
        return ReadPair.of(self.before, self.after)

    def read_by(
        self, detector: Detector, bands: Bands, bands_after: Bands, gsd: float | None, opened: ExitStack
    ) -> AlignedPair:
        """The same pair with the bands that `detector` reads, of those given, at `gsd`; `native` where it fits.

        OptionError where these are more or fewer than it needs.
        """
        every_band, asked = reads_every_band(detector), bands is not None or bands_after is not None
        bands, bands_after = _bands(self.before, self.after, bands, bands_after, every_band=every_band)
        if detector.bands is not None and every_band and not asked and bands and bands_after:
            bands, bands_after = PairBands(bands, bands_after).as_in_file()
        held = self.native.before.bands, self.native.after.bands
        read = held[0][:COLOURS], held[1][:COLOURS]
        if bands is not None and bands_after is not None:
            read = bands, bands_after
        _check_count(detector, read[0], self.before, self.after)
        if gsd is None and read == held:
            return self.native
        return opened.enter_context(self.reopened(bands, bands_after, gsd))

    def reopened(self, bands: Bands, bands_after: Bands, gsd: float | None = None) -> AlignedPair:
        """The same pair with other bands, or at other metres per pixel."""
        return open_pair(
            self.before, self.after,
            bands=bands, bands_after=bands_after, gsd=gsd, stated=self.stated, accept=self.accept,
            limits=self.places.limits,
        )  # fmt: skip

    def index_bands(self) -> tuple[Indices, PairBands]:
        """What the bands of both dates can tell of kinds of change, and which are read for it. OptionError: nothing."""
        return _index_bands(self.before, self.after)

    def check_clouds(self, library: str | None) -> None:
        """OptionError where clouds cannot be found by `library`; they are not looked for yet."""
        if library is not None:
            from minenetcd.prediction.where.clouds import check_clouds  # here: few need it, and it brings polygons

            check_clouds(library, self.before, self.after)

    def without_clouds(self, library: str | None, folder: Path, device: str, opened: ExitStack) -> "OpenedScene":
        """The same with what `library` finds clouded on either date masked; nothing is, where none is named.

        The masks are written to `folder`. OptionError where the library cannot be used, RasterError where nothing is
        left.
        """
        if library is None:
            return self
        from minenetcd.prediction.where.clouds import cloud_mask  # here: few need it, and it brings polygons

        dates = ("before", self.before, self.stated[0]), ("after", self.after, self.stated[1])
        before, after = (
            cloud_mask(folder / f"clouds_{name}.tif", date, stated, self.native, library, device)
            for name, date, stated in dates
        )
        limits = self.places.limits
        limits = replace(limits, before=(*limits.before, before), after=(*limits.after, after))
        scene = replace(self, places=replace(self.places, limits=limits))
        held = self.native.before.bands, self.native.after.bands
        return replace(scene, native=opened.enter_context(scene.reopened(*held)))


def reads_every_band(detector: Detector) -> bool:
    """Whether all bands that both dates share are read for `detector`, or the three colours."""
    return detector.bands is None or len(detector.bands) != COLOURS


@contextmanager
def open_scene(
    before: Image, after: Image, options: PredictOptions, *, every_band: bool = False
) -> Iterator[OpenedScene]:
    """Open two images of one place, with the bands of `options`, else colours, or with `every_band` all they share.

    What the options say of places is opened, too. RasterError or GridError where they cannot be compared, OptionError
    for options, CostError where they are larger than anybody is likely to mean.
    """
    before, after = (find_date(image, remote=options.remote) for image in (before, after))
    accept = accept_any if options.yes else check_extent
    if not options.yes:
        check_claim(before)
        check_claim(after)
    if options.kind:
        _ = _index_bands(before, after)
    bands, bands_after = _bands(before, after, options.bands, options.bands_after, every_band=every_band)
    places = _places(before, after, options)
    with open_pair(
        before, after,
        bands=bands, bands_after=bands_after, stated=options.stated, accept=accept, limits=places.limits,
    ) as native:  # fmt: skip
        check_ground(native.grid, options)
        yield OpenedScene(before, after, native, options.stated, accept, places)


def _index_bands(before: DateFiles, after: DateFiles) -> tuple[Indices, PairBands]:
    known = known_indices(before.bands, after.bands)
    if known is None:
        has = " and ".join(f"{date} has {date.bands.in_words() or 'none'}" for date in (before, after))
        raise OptionError(
            "Kinds of change (--kind) are told from red and near infrared, from green and infrared, from two colours, "
            f"or from three bands that both dates share; {has}: give images that name such bands, or leave --kind out."
        )
    return known


def _places(before: DateFiles, after: DateFiles, options: PredictOptions) -> ScenePlaces:
    """What `options` say of them; the before image is opened for its grid only where they say something."""
    if not options.names_places:
        return NO_PLACES
    from minenetcd.prediction.where.reading import open_places  # here: it brings polygons, and a start waits for them

    with Raster.open(before, bands=(1,), stated=options.stated[0]) as raster:
        return open_places(before, after, raster.grid, options)


def _bands(
    before: DateFiles, after: DateFiles, bands: Bands, bands_after: Bands, *, every_band: bool
) -> tuple[tuple[int, ...] | None, tuple[int, ...] | None]:
    """The numbers of the bands to read of each date; None where there are too few to read colours."""
    asked = asked_bands(before, after, bands, bands_after)
    if asked is not None:
        return asked
    return shared_bands(before, after) if every_band else colour_bands(before, after)


def _check_count(detector: Detector, bands: tuple[int, ...], before: DateFiles, after: DateFiles) -> None:
    names = detector.bands
    if names is not None and len(bands) != len(names):
        example = ",".join(str(number) for number in range(1, len(names) + 1))
        raise OptionError(
            f"{len(names)} bands are needed ({', '.join(names)}), {before} and {after} are read with {len(bands)}: "
            f"name those to read, in this order (--bands {example}), or use a detector without training (--model "
            "irmad)."
        )


def check_ground(grid: Grid, options: PredictOptions) -> None:
    """OptionError for options that ask for metres where there are none, for finer pixels than there are, or for few."""
    if options.min_area_ha > 0 and not grid.is_georeferenced:
        raise OptionError(
            "A smallest area in hectares (--min-area-ha) needs a georeferenced image, got "
            f"{grid.what_it_lacks('--min-area-ha')}"
        )
    grid.metres_or(options.metres_per_pixel)  # refuses them where the images say theirs
    if options.gsd is None:
        return
    height, width = grid.resampled(options.gsd).shape  # refuses a picture
    if height * width < min(LEAST_PIXELS, grid.height * grid.width):
        raise OptionError(
            f"An analysis needs {LEAST_PIXELS} pixels or more, --gsd {options.gsd:g} is too coarse for this image: it "
            f"has {grid.width:,} x {grid.height:,} pixels of {three_figures(grid.mean_metres)} m, and would have "
            f"{width} x {height}; leave it out, or give a smaller one."
        )
    if options.gsd < grid.mean_metres * FINEST_GSD_FACTOR and not options.force_gsd:
        raise OptionError(
            f"An analysis needs pixels no finer than the image's {three_figures(grid.mean_metres)} m, got --gsd "
            f"{options.gsd:g}: leave it out, use a detector that is good for such pixels, or insist (--force-gsd)."
        )

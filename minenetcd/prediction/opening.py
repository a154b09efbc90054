"""The two images of a prediction, opened: what is wrong with them is known before a network is."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from minenetcd.errors import OptionError
from minenetcd.files import check_not_input, check_writable
from minenetcd.geo.align import AlignedPair, open_pair, shared_bands
from minenetcd.prediction.options import FINEST_GSD_FACTOR, PredictOptions
from minenetcd.prediction.outputs import SavedPrediction, result_names


@dataclass(frozen=True)
class OpenedScene:
    """Both dates: where they are, and as one on the before image's own grid."""

    before: str | Path
    after: str | Path
    native: AlignedPair
    every_band: bool

    def check_out(self, out: str | Path, options: PredictOptions) -> SavedPrediction:
        """The names of the results, which can be written to `out` and replace no image. OutputError otherwise."""
        names = result_names(self.native.grid, options)
        check_not_input(out, names, (self.before, self.after))
        check_writable(out, names)
        return names

    def analysed(self, options: PredictOptions, opened: ExitStack) -> AlignedPair:
        """The same pair at the metres per pixel of `options`; `native` itself without."""
        if options.gsd is None:
            return self.native
        return opened.enter_context(
            _open(self.before, self.after, options, every_band=self.every_band, gsd=options.gsd)
        )


@contextmanager
def open_scene(
    before: str | Path, after: str | Path, options: PredictOptions, *, every_band: bool = False
) -> Iterator[OpenedScene]:
    """Open two images of one place, with the bands of `options`, else three, or with `every_band` all they share.

    RasterError or GridError where they cannot be compared, OptionError for options.
    """
    with _open(before, after, options, every_band=every_band) as native:
        if options.min_area_ha > 0 and not native.grid.is_georeferenced:
            raise OptionError(
                "A smallest area in hectares (--min-area-ha) needs a georeferenced image, got a picture without CRS: "
                "leave it out, or give GeoTIFFs."
            )
        if options.gsd is not None:
            native.grid.resampled(options.gsd)  # refuses a picture
            _check_gsd(options.gsd, native.grid.mean_metres, forced=options.force_gsd)
        yield OpenedScene(before, after, native, every_band)


def _check_gsd(gsd: float, metres: float, *, forced: bool) -> None:
    if gsd < metres * FINEST_GSD_FACTOR and not forced:
        raise OptionError(
            f"An analysis needs pixels no finer than the image's {metres:.3g} m, got --gsd {gsd:.3g}: leave it out, "
            "use a detector that is good for such pixels, or insist (--force-gsd)."
        )


def _open(
    before: str | Path, after: str | Path, options: PredictOptions, *, every_band: bool, gsd: float | None = None
) -> AlignedPair:
    bands, bands_after = options.bands, options.bands_after
    if every_band and bands is None and bands_after is None:
        bands, bands_after = shared_bands(before, after)
    return open_pair(before, after, bands=bands, bands_after=bands_after, gsd=gsd)

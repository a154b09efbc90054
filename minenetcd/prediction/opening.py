"""The two images of a prediction, opened: what is wrong with them is known before a network is."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from minenetcd.errors import OptionError
from minenetcd.files import check_not_input, check_writable
from minenetcd.geo.align import AlignedPair, open_pair
from minenetcd.prediction.options import PredictOptions
from minenetcd.prediction.outputs import SavedPrediction, result_names


@dataclass(frozen=True)
class OpenedScene:
    """Both dates: where they are, and as one on the before image's own grid."""

    before: str | Path
    after: str | Path
    native: AlignedPair

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
            open_pair(self.before, self.after, bands=options.bands, bands_after=options.bands_after, gsd=options.gsd)
        )


@contextmanager
def open_scene(before: str | Path, after: str | Path, options: PredictOptions) -> Iterator[OpenedScene]:
    """Open two images of one place. RasterError or GridError where they cannot be compared, OptionError for options."""
    with open_pair(before, after, bands=options.bands, bands_after=options.bands_after) as native:
        if options.min_area_ha > 0 and not native.grid.is_georeferenced:
            raise OptionError(
                "A smallest area in hectares (--min-area-ha) needs a georeferenced image, got a picture without CRS: "
                "leave it out, or give GeoTIFFs."
            )
        if options.gsd is not None:
            native.grid.resampled(options.gsd)  # refuses a picture
        yield OpenedScene(before, after, native)

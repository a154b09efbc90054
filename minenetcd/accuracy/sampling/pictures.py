"""What a person who judges a point sees of it: both dates around it, on the grid of the map."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from rasterio.windows import Window

from minenetcd.accuracy.sampling.mapped import ClassMap
from minenetcd.accuracy.sampling.options import SampleOptions
from minenetcd.display.eight_bit import NO_DATA, eight_bit_pair
from minenetcd.errors import GridError
from minenetcd.geo.align import AlignedPair, open_pair
from minenetcd.geo.date_files.read_files import ReadPair
from minenetcd.geo.footprints.overlap import shared_area
from minenetcd.geo.shift import find_shift
from minenetcd.prediction.facts import SceneFacts
from minenetcd.prediction.kept.images import open_images

#: Of a picture that is looked at as a file; a pixel of the image is so many of it that this is nearly reached.
FILE_SIDE = 512
#: Around the pixel that is judged, dark and light, so that one of them is seen on any ground.
_DARK, _LIGHT = (0, 0, 0), (255, 255, 255)


@dataclass(frozen=True)
class Chips:
    """Both dates around a point, (S, S, 3) each; the pixel at (S // 2, S // 2) is the one that is judged."""

    before: NDArray[np.uint8]
    after: NDArray[np.uint8]

    def __iter__(self) -> Iterator[tuple[str, NDArray[np.uint8]]]:
        return iter((("before", self.before), ("after", self.after)))


class ChipReader:
    """Cuts pictures of `side` pixels out of a pair of images."""

    def __init__(self, pair: AlignedPair, side: int) -> None:
        self.pair, self.side = pair, side

    def read(self, row: int, col: int) -> Chips:
        """Around a pixel of the map; both by one stretch, so that equal numbers look equal; white beyond the images."""
        grid, side = self.pair.grid, self.side
        top, left = row - side // 2, col - side // 2
        rows = slice(max(0, top), min(grid.height, top + side))
        cols = slice(max(0, left), min(grid.width, left + side))
        part = self.pair.read(Window(cols.start, rows.start, cols.stop - cols.start, rows.stop - rows.start))
        dates = eight_bit_pair(part.before, part.after, part.valid, stretch_eight_bits=True)
        chips = np.full((2, side, side, 3), NO_DATA, np.uint8)
        for chip, date in zip(chips, dates, strict=True):
            chip[rows.start - top : rows.stop - top, cols.start - left : cols.stop - left] = date
        return Chips(*chips)


@contextmanager
def open_chips(mapped: ClassMap, options: SampleOptions) -> Iterator[ChipReader | None]:
    """Both dates on the grid of the map; None where no pictures are wanted, or nobody says of what.

    Those of a result are read as they were for it: the later one moved back where that was done. RasterError where its
    images are not there any more, GridError where images lie elsewhere.
    """
    facts = mapped.facts
    with ExitStack() as opened:
        if not options.pictures or (options.before is None and facts is None):
            yield None
            return
        if options.before is not None and options.after is not None:
            pair = opened.enter_context(
                open_pair(options.before, options.after, bands=options.bands, bands_after=options.bands_after)
            )
        else:
            assert facts is not None
            pair = opened.enter_context(_pair_of_result(facts, mapped.inputs, options))
        _check_place(mapped, pair)
        if not pair.grid.matches(mapped.grid):
            pair = opened.enter_context(AlignedPair(pair.before, pair.after, grid=mapped.grid))
        if facts is not None and facts.options.coregister:
            pair = pair.adjusted(shift=find_shift(pair))
        yield ChipReader(pair, options.context)


def _pair_of_result(facts: SceneFacts, inputs: ReadPair | None, options: SampleOptions) -> AlignedPair:
    """The images that a result names, as its report shows them."""
    return open_images(
        facts,
        inputs,
        need="Pictures need",
        advice="name both (--before, --after), or leave the pictures out (--no-pictures).",
        bands=options.bands,
        bands_after=options.bands_after,
    )


def _check_place(mapped: ClassMap, pair: AlignedPair) -> None:
    """GridError unless both images show ground of the map."""
    for image in (pair.before, pair.after):
        grids = mapped.grid, image.grid
        alike = grids[0].has_coordinates == grids[1].has_coordinates
        alike = alike and grids[0].is_georeferenced == grids[1].is_georeferenced
        if not alike or not shared_area(*grids).area:
            raise GridError(
                f"Images of the ground of the map are needed, {image.source} lies elsewhere than {mapped.name}: name "
                "those that it was made from (--before, --after)."
            )


def as_file(chip: NDArray[np.uint8]) -> Image.Image:
    """Enlarged by a whole number, the pixel that is judged in a frame."""
    side = chip.shape[0]
    factor = max(1, FILE_SIDE // side)
    large = chip.repeat(factor, axis=0).repeat(factor, axis=1)
    for width, colour in ((2, _DARK), (1, _LIGHT)):
        _frame(large, side // 2 * factor, factor, width, colour)
    return Image.fromarray(large)


def _frame(pixels: NDArray[np.uint8], start: int, size: int, width: int, colour: tuple[int, int, int]) -> None:
    """A line of `width` around the square of `size` from (start, start), outside of it."""
    outer = np.zeros(pixels.shape[:2], bool)
    low, high = max(0, start - width), start + size + width
    outer[low:high, low:high] = True
    outer[start : start + size, start : start + size] = False
    pixels[outer] = colour

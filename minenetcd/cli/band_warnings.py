"""What to doubt of the bands of two images that a command reads as red, green and blue, said on the error stream."""

from typing import TYPE_CHECKING

from minenetcd.cli.console import warn

if TYPE_CHECKING:
    from minenetcd.geo.align import AlignedPair


def warn_of_bands(pair: "AlignedPair", *, asked: bool) -> None:
    """`asked`: somebody chose the bands."""
    from minenetcd.geo.bands.doubts import ReadBands, band_doubts

    before, after = (ReadBands(raster.said, raster.bands) for raster in (pair.before, pair.after))
    warn(band_doubts(before, after, as_colours=True, asked=asked))

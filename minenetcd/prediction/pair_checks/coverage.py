"""Where a scene lies, how much of it both dates cover, and with how large pixels."""

from collections.abc import Iterator

import numpy as np

from minenetcd.display.words import percent, three_figures
from minenetcd.geo.align import AlignedPair
from minenetcd.geo.sample import windows_of
from minenetcd.prediction.pair_checks.thinned import thin

#: Of the before image, the least share that both images share, and of that, the least share with data in both dates.
LEAST_OVERLAP, LEAST_VALID = 0.1, 0.1
#: From this ratio on, the sizes of two pixels are very different.
LARGEST_RATIO = 2.0


def place_findings(pair: AlignedPair) -> Iterator[str]:
    """Where coordinates have no place on Earth, though there may be one."""
    if pair.grid.has_coordinates and not pair.grid.is_georeferenced:
        yield (
            "The images have coordinates and name no CRS on Earth: areas are told in pixels; if you know the CRS, "
            "state it (--crs EPSG:32633, or whichever it is), and they are hectares."
        )


def overlap_findings(pair: AlignedPair) -> Iterator[str]:
    """Where the images share little of the first."""
    area, grid = pair.shared, pair.grid
    share = area.height * area.width / (grid.height * grid.width)
    if share < LEAST_OVERLAP:
        yield (
            f"Both images share {percent(share)} of the before image, {area.width:,} x {area.height:,} pixels: the "
            "rest is not analysed; if more was expected, check that both show the same place, or give the smaller "
            "image first."
        )


def validity_findings(pair: AlignedPair, valid: float) -> Iterator[str]:
    """Where few pixels have data in both dates: `valid` is their share of the overlap."""
    inside = _share_of_interest(pair)
    valid /= inside
    if valid >= LEAST_VALID:
        return
    names = ("before", "after")
    shares = {name: share / inside for name, share in zip(names, _valid_shares(pair), strict=True)}
    if pair.limits.before or pair.limits.after:
        yield (
            f"Masks and images leave {percent(valid)} of what is of interest ({percent(shares['before'])} before, "
            f"{percent(shares['after'])} after), and the map covers little: look at what is masked, or give dates with "
            "fewer clouds."
        )
        return
    nearly_empty = [name for name in names if shares[name] < LEAST_VALID]
    which = f"the {' and the '.join(nearly_empty)} image is nearly empty" if nearly_empty else "they lie apart"
    yield (
        f"{percent(valid)} of the overlap has data in both dates ({percent(shares['before'])} before, "
        f"{percent(shares['after'])} after): {which}, and the map covers little; give another image, or correct its "
        "nodata value."
    )


def resolution_findings(pair: AlignedPair) -> Iterator[str]:
    """Where the pixels of one date are much larger than those of the other, and of those that are analysed."""
    if not pair.grid.is_georeferenced:
        return
    before, after = pair.before.grid.mean_metres, pair.after.grid.mean_metres
    analysed, coarse = pair.grid.mean_metres, max(before, after)
    if coarse < LARGEST_RATIO * min(before, after):
        return
    sizes = f"The pixels are {three_figures(before)} m before and {three_figures(after)} m after"
    if coarse >= LARGEST_RATIO * analysed:
        yield (
            f"{sizes}: the edges of whatever only the finer image shows can look like change; analyse both at the "
            f"coarser size (--gsd {three_figures(coarse)}), or give images of one resolution."
        )
    elif pair.grid.matches(pair.before.grid):  # no size was asked for
        yield (
            f"{sizes}, and are compared at {three_figures(analysed)} m: sites of a few such pixels are lost; where "
            "these matter, give two images of the finer resolution."
        )


def _share_of_interest(pair: AlignedPair) -> float:
    """Of the windows of a sample of the overlap."""
    if pair.limits.area is None:
        return 1.0
    inside = [thin(pair.limits.area.inside(pair.grid.part(window))) for window in windows_of(pair)]
    count = sum(int(part.sum()) for part in inside)
    return max(1, count) / sum(part.size for part in inside)


def _valid_shares(pair: AlignedPair) -> list[float]:
    """Of either date, in the windows of a sample of the overlap."""
    counts = np.zeros(2)
    seen = 0
    for window in windows_of(pair):
        dates = [thin(valid) for _, valid in pair.read_dates(window)]
        counts += [valid.sum() for valid in dates]
        seen += dates[0].size
    return [float(count / seen) for count in counts]

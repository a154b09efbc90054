"""Both dates of a pair cut into segments."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minenetcd.constants import Progress, no_progress
from minenetcd.errors import OptionError, SizeError
from minenetcd.geo.values import Limits, kind_of, robust_limits
from minenetcd.labelling.segments.hierarchy import Hierarchy
from minenetcd.labelling.segments.options import SegmentOptions

#: Images are segmented as numbers of 0 to this.
BRIGHTEST = 255.0


def stretch_of(dates: Sequence[NDArray[Any]]) -> list[Limits]:
    """The numbers that become 0 and 255, of each date, from its valid pixels (N, C), of all dates together.

    Dates whose numbers are of one kind (8-bit, whole, fractions) share them, so that what did not change stays equal.
    """
    if len({kind_of(date.dtype) for date in dates}) == 1 and len({date.shape[-1] for date in dates}) == 1:
        return [robust_limits(np.concatenate(list(dates)))] * len(dates)
    return [robust_limits(date) for date in dates]


def stacked(
    dates: Sequence[NDArray[Any]], valid: NDArray[np.bool_], limits: Sequence[Limits] | None = None
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """`dates` (H, W, C) of one place in one array (H, W, all bands) of 0 to 255, and where all have numbers (H, W).

    `limits` are those of the whole scene, where these dates are a window of it; None: found in them. SizeError where
    dates differ in size.
    """
    for date in dates:
        if date.ndim != 3 or date.shape[:2] != valid.shape:
            raise SizeError(
                f"Dates of one place need arrays (H, W, C) of {valid.shape[0]} x {valid.shape[1]} pixels, got "
                f"{tuple(date.shape)}: lay them on one grid."
            )
        if np.issubdtype(date.dtype, np.floating):
            valid = valid & np.isfinite(date).all(axis=-1)
    limits = stretch_of([date[valid] for date in dates]) if limits is None else limits
    levels = np.empty((*valid.shape, sum(date.shape[-1] for date in dates)), np.float32)
    first = 0
    for date, (low, high) in zip(dates, limits, strict=True):
        last = first + date.shape[-1]
        for band in range(first, last):
            unit = (date[..., band - first] - low[band - first]) / (high[band - first] - low[band - first])
            levels[..., band] = BRIGHTEST * np.clip(unit, 0, 1)
        first = last
    return levels, valid


def segment(
    levels: NDArray[np.float32],
    valid: NDArray[np.bool_] | None = None,
    options: SegmentOptions | None = None,
    *,
    origin: tuple[int, int] = (0, 0),
    progress: Progress = no_progress,
) -> Hierarchy:
    """Segments of levels (H, W, C), numbers of 0 to 255 of both dates, at all scales of `options`.

    What is not `valid` (H, W) has no segment. `origin`: row and column of the first pixel on the grid of the scene, by
    which ties are settled: windows of one scene get the same segments, but near their edges (docs/label.md says how
    near). OptionError without numba; SizeError for other arrays.
    """
    try:
        from minenetcd.labelling.segments.criterion import Weights
        from minenetcd.labelling.segments.growth import Growth
    except ImportError as error:
        raise OptionError("Segments need numba, which is not installed: pip install 'minenetcd[label]'.") from error
    options = options or SegmentOptions()
    valid = np.ones(levels.shape[:2], bool) if valid is None else valid
    if levels.ndim != 3 or not levels.shape[2] or levels.shape[:2] != valid.shape:
        raise SizeError(
            f"Segments need levels (H, W, C) and validity (H, W), got {levels.shape} and {valid.shape}: stack both "
            "dates."
        )
    shape, compactness = options.shape, options.compactness
    weights = Weights(1 - shape, shape * compactness, shape * (1 - compactness))
    parents = []
    with Growth(np.ascontiguousarray(levels, np.float32), np.ascontiguousarray(valid), origin, weights) as growth:
        for number, scale in enumerate(options.scales):
            parents.append(growth.grow(scale))
            progress(number + 1, len(options.scales))
        return Hierarchy(options.scales, growth.labels, tuple(parents[1:]))

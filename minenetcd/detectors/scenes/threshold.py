"""A threshold of each scene: what a network calls change in one place, it may hardly dare to say in another.

Trained on pasted change, which is sharper than real change, networks rank pixels well and are too sure of what did not
change. Where classes part in the log-odds of a scene's own pixels is a better threshold than one for all scenes
(docs/experiments.md). Source of the rule: Otsu, "A threshold selection method from gray-level histograms", IEEE Trans.
SMC 1979. It splits what is one heap as well, which is why the threshold stays within a range.
"""

import math
from collections.abc import Iterator, Sequence
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minenetcd.classical.threshold import otsu
from minenetcd.constants import check_threshold
from minenetcd.detectors.contract import SceneDetector
from minenetcd.detectors.tiling import plan_tiles
from minenetcd.errors import OptionError
from minenetcd.geo.align import Pair

#: The least and the largest probability from which a pixel may be change.
ProbabilityRange = tuple[float, float]

#: So many tiles of a scene are looked at, at most, which is a part of the work of predicting a large one.
MOST_TILES = 12
#: Log-odds beyond these are as sure as can be.
_LARGEST_LOG_ODDS = 8.0
#: Of a scene's tiles, so many numbers are turned into log-odds at once: they stay in a processor's cache.
_AT_ONCE = 2**15


def check_range(wanted: ProbabilityRange | None) -> ProbabilityRange | None:
    """`wanted` itself; OptionError unless it goes from one probability to one that is not smaller."""
    if wanted is None:
        return None
    if not (isinstance(wanted, Sequence) and len(wanted) == 2 and all(isinstance(end, Real) for end in wanted)):
        raise OptionError(f"scene_threshold needs a low and a high probability, got {wanted!r}: e.g. (0.1, 0.5).")
    low, high = map(check_threshold, wanted)
    if low > high:
        raise OptionError(f"scene_threshold needs a low and a high probability, got {low} and {high}: exchange them.")
    return low, high


def sample_tiles(sample: Sequence[Pair], side: int) -> Iterator[Pair]:
    """Tiles of `side` x `side` pixels, or all of a smaller window, with data, spread evenly over a scene's windows."""
    windows = spread(len(sample), MOST_TILES)
    for window in (sample[number] for number in windows):
        height, width = window.valid.shape
        tiles = plan_tiles(height, width, side, overlap=0)
        for tile in (tiles[number] for number in spread(len(tiles), MOST_TILES // len(windows))):
            place = np.s_[tile.row : tile.row + tile.height, tile.col : tile.col + tile.width]
            if window.valid[place].any():
                yield Pair.of_arrays(window.before[place], window.after[place], window.valid[place])


def tile_scores(scene: SceneDetector, tile: Pair) -> NDArray[np.float32]:
    """What `scene` says of one tile: (H, W)."""
    scores: NDArray[np.float32] = scene.scores((tile.before[None], tile.after[None]), tile.valid[None])[0, 0]
    return scores


def spread(count: int, most: int) -> list[int]:
    """At most `most` of the numbers below `count`, far apart."""
    return sorted(set(np.linspace(0, count - 1, min(count, most)).round().astype(int).tolist()))


def log_odds_shift(probabilities: Sequence[NDArray[np.float32]], threshold: float, within: ProbabilityRange) -> float:
    """What to add to log-odds so that the scene's own threshold, which lies `within`, becomes `threshold`."""
    low, high, own = (math.log(probability / (1 - probability)) for probability in (*within, threshold))
    known = [each for each in probabilities if each.size]
    if not known:
        return own - low
    ends = _log_odds(np.array([min(each.min() for each in known), max(each.max() for each in known)]))
    parts = (each[start : start + _AT_ONCE] for each in known for start in range(0, len(each), _AT_ONCE))
    return own - min(max(otsu(ends, map(_log_odds, parts)), low), high)


def shifted(probability: NDArray[np.float32], shift: float) -> NDArray[np.float32]:
    """Probabilities whose log-odds are moved by `shift`; the same array where it is 0."""
    if shift == 0:
        return probability
    return (1 / (1 + np.exp(-_log_odds(probability) - shift))).astype(np.float32)


def _log_odds(probability: NDArray[Any]) -> NDArray[np.float64]:
    """Without scipy, which no network needs before its first tile."""
    exact = probability.astype(np.float64)
    with np.errstate(divide="ignore"):  # of what is as sure as can be
        return (np.log(exact) - np.log1p(-exact)).clip(-_LARGEST_LOG_ODDS, _LARGEST_LOG_ODDS)

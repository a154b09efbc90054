"""Principal components of small blocks of the difference image, in two clusters.

Source: Celik, "Unsupervised change detection in satellite images using principal component analysis and k-means
clustering", GRSL 2009. The difference image is the length of standardised change vectors.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from minenetcd.classical.detector import ClassicalDetector, Paper, check_whole
from minenetcd.classical.scene import ClassicalScene
from minenetcd.errors import RasterError
from minenetcd.geo.align import Pair
from minenetcd.geo.no_change.linear import LinearStatistic, change_vectors
from minenetcd.geo.no_change.pixels import Floats, ScenePixels, Thinned

LARGEST_BLOCK = 16
_STARTS, _MOST_STEPS = 5, 300


@dataclass(frozen=True)
class Neighbourhoods:
    """Every pixel's block x block neighbourhood, from ceil(block / 2) - 1 before it on, in `axes` (S, block, block).

    Outside the image, and where a pixel is not valid, the difference counts as 0. `mean` (block, block) is that of the
    blocks the axes were learned of.
    """

    difference: LinearStatistic
    mean: Floats
    axes: Floats

    @property
    def reach(self) -> int:
        return len(self.mean) // 2

    def projections(self, difference: Floats) -> Floats:
        """A difference image (H, W) -> (H, W, S)."""
        block = len(self.mean)
        first = (block + 1) // 2 - 1
        padded = np.pad(difference, (first, block - 1 - first))
        height, width = difference.shape
        projected = np.zeros((height, width, len(self.axes)))
        for row in range(block):
            for col in range(block):
                shifted = padded[row : row + height, col : col + width] - self.mean[row, col]
                projected += shifted[..., np.newaxis] * self.axes[:, row, col]
        return projected


@dataclass(frozen=True)
class BetweenClusters:
    """How far a neighbourhood lies from the centre of the unchanged ones towards that of the changed ones.

    0 at the one centre and beyond it, half the distance of the centres where both are equally near: there k-means
    splits.
    """

    neighbourhoods: Neighbourhoods
    unchanged: Floats
    changed: Floats

    @property
    def reach(self) -> int:
        return self.neighbourhoods.reach

    @property
    def middle(self) -> float:
        """What k-means splits at."""
        return float(np.linalg.norm(self.changed - self.unchanged)) / 2

    def __call__(self, before: NDArray[Any], after: NDArray[Any], valid: NDArray[np.bool_]) -> Floats:
        difference = self.neighbourhoods.difference(before, after, valid)
        way = (self.changed - self.unchanged) / (2 * self.middle or 1)
        along: Floats = (self.neighbourhoods.projections(difference) - self.unchanged) @ way
        return np.where(valid, np.maximum(along, 0), 0)


@dataclass(frozen=True, kw_only=True)
class PCAKMeans(ClassicalDetector):
    """`block` is the side of blocks and neighbourhoods [pixels], `components` how many principal components count.

    With the rule "k-means" it splits where both centres are equally near, as published.
    """

    threshold_rule: str = "k-means"
    block: int = 4
    components: int = 3

    name: ClassVar[str] = "pca-kmeans"
    measures: ClassVar[str] = "principal components of change vectors in small neighbourhoods, in two clusters"
    paper: ClassVar[Paper] = Paper(
        "Unsupervised change detection in satellite images using principal component analysis and k-means clustering",
        "Celik",
        "IEEE GRSL",
        2009,
        "10.1109/LGRS.2009.2025059",
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        check_whole("block", self.block, 2, LARGEST_BLOCK)
        check_whole("components", self.components, 1, self.block**2)

    def learn(self, pixels: ScenePixels, sample: Sequence[Pair]) -> BetweenClusters:
        difference = change_vectors(pixels)
        neighbourhoods = Neighbourhoods(difference, *_principal_components(difference, sample, self))
        kept = Thinned()
        for pair in sample:
            image = difference(pair.before, pair.after, pair.valid)
            kept.add(neighbourhoods.projections(image)[pair.valid], image[pair.valid])
        features, differences = kept.joined()
        centres, changed = two_clusters(features), 0
        nearer = np.linalg.norm(features - centres[1], axis=1) < np.linalg.norm(features - centres[0], axis=1)
        if nearer.any() and not nearer.all():
            changed = int(differences[nearer].mean() > differences[~nearer].mean())
        return BetweenClusters(neighbourhoods, centres[1 - changed], centres[changed])

    def cut(self, scene: ClassicalScene, values: Floats) -> float:
        published = self.rule == "k-means" and not self.smooth
        if published and isinstance(scene.statistic, BetweenClusters):
            return scene.statistic.middle or float("inf")
        return super().cut(scene, values)


def two_clusters(points: Floats, seed: int = 0) -> Floats:
    """The centres (2, S) of two clusters of `points` (n, S), the best of several starts from points far apart.

    Source: Lloyd, "Least squares quantization in PCM", 1982; starts as in Arthur, Vassilvitskii, "k-means++", 2007.
    """
    rng = np.random.default_rng(seed)
    found = [_lloyd(points, _start(points, rng)) for _ in range(_STARTS)]
    return min(found, key=lambda each: each[0])[1]


def _start(points: Floats, rng: np.random.Generator) -> Floats:
    first = points[rng.integers(len(points))]
    squares = ((points - first) ** 2).sum(axis=1)
    if not squares.any():
        return np.stack([first, first])
    return np.stack([first, points[rng.choice(len(points), p=squares / squares.sum())]])


def _lloyd(points: Floats, centres: Floats) -> tuple[float, Floats]:
    """The sum of squared distances to the nearer centre, up to what all starts share, and the centres."""
    total, count = points.sum(axis=0), len(points)
    inertia = np.inf
    for _ in range(_MOST_STEPS):
        way = centres[1] - centres[0]
        second = points @ way > way @ (centres[0] + centres[1]) / 2
        many = int(second.sum())
        if many in (0, count):
            break
        sum_second = points[second].sum(axis=0)
        moved = np.stack([(total - sum_second) / (count - many), sum_second / many])
        inertia = -float((count - many) * moved[0] @ moved[0] + many * moved[1] @ moved[1])
        if np.array_equal(moved, centres):
            break
        centres = moved
    return inertia, centres


def _principal_components(
    difference: LinearStatistic, sample: Sequence[Pair], options: PCAKMeans
) -> tuple[Floats, Floats]:
    """Mean (block, block) and first axes (components, block, block) of the sample's blocks that are valid throughout.

    RasterError where there are fewer blocks than pixels in one.
    """
    side = options.block
    count, total, products = 0, np.zeros(side**2), np.zeros((side**2, side**2))
    for pair in sample:
        blocks = _blocks(difference(pair.before, pair.after, pair.valid), side)
        blocks = blocks[_blocks(pair.valid, side).all(axis=1)]
        count, total, products = count + len(blocks), total + blocks.sum(axis=0), products + blocks.T @ blocks
    if count <= side**2:
        raise RasterError(
            f"Principal components of blocks of {side} x {side} pixels need more than {side**2} such blocks without "
            f"invalid pixels, got {count}: give larger images, or a smaller block."
        )
    mean = total / count
    vectors = np.linalg.eigh(products / count - np.outer(mean, mean))[1]
    axes = vectors[:, ::-1][:, : options.components].T
    return mean.reshape(side, side), axes.reshape(-1, side, side)


def _blocks(image: NDArray[Any], side: int) -> NDArray[Any]:
    """(H, W) -> whole blocks (n, side^2), from the upper left."""
    rows, cols = (length // side for length in image.shape)
    cut = image[: rows * side, : cols * side].reshape(rows, side, cols, side)
    blocks: NDArray[Any] = cut.swapaxes(1, 2).reshape(-1, side**2)
    return blocks

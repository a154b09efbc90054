"""What detectors without training have in common: they learn a statistic and a threshold from each scene.

They are detectors as `minenetcd.detectors.contract` asks for them.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from minenetcd.classical.bounds import HeldSample, PairBounds
from minenetcd.classical.guard import guard
from minenetcd.classical.guided_filter import GuidedFilter
from minenetcd.classical.scene import ClassicalScene, Statistic
from minenetcd.classical.threshold import RULES
from minenetcd.constants import Provenance
from minenetcd.errors import OptionError, SizeError, UnknownNameError
from minenetcd.geo.align import Pair
from minenetcd.geo.no_change.pixels import Floats, ScenePixels, Thinned
from minenetcd.runtime.execution import AS_TRAINED, Execution

#: What a rule's name ends with where a scene without change is not to be split.
GUARDED = "-guarded"
THRESHOLD_RULES = tuple(name + ending for ending in ("", GUARDED) for name in RULES)
#: Of the values of a scene, the share that may be anything without moving a guarded threshold.
GLINTS = 0.001
#: Above it, the windows of a smoothing do not fit in a tile. [pixels]
LARGEST_SMOOTH = 64


@dataclass(frozen=True)
class Paper:
    """Where a method was published; `venue` and `year` as one cites them."""

    title: str
    authors: str
    venue: str
    year: int
    doi: str


@dataclass(frozen=True, kw_only=True)
class ClassicalDetector(ABC):
    """A detector without training.

    `threshold_rule` is one of `THRESHOLD_RULES`; with "-guarded", change must be visible and lie together
    (`classical.guard`), so that a scene without change is not split. `smooth` is the radius of the guided filter's
    windows, 0 for none. [pixels]
    """

    threshold_rule: str = "otsu"
    smooth: int = 0

    name: ClassVar[str]
    measures: ClassVar[str]  # what, in a line
    paper: ClassVar[Paper]
    threshold: ClassVar[float] = 0.5
    bands: ClassVar[tuple[str, ...] | None] = None
    metres_per_pixel: ClassVar[tuple[float, float] | None] = None
    feels_tone: ClassVar[bool] = False
    tile: ClassVar[int] = 512

    def __post_init__(self) -> None:
        """OptionError or UnknownNameError for options out of range."""
        if self.threshold_rule not in THRESHOLD_RULES:
            raise UnknownNameError("threshold rule", self.threshold_rule, THRESHOLD_RULES)
        check_whole("smooth", self.smooth, 0, LARGEST_SMOOTH)

    @abstractmethod
    def learn(self, pixels: ScenePixels, sample: Sequence[Pair]) -> Statistic:
        """The statistic of a scene, from its valid pixels and, where neighbours count, its windows."""

    @property
    def provenance(self) -> Provenance:
        return Provenance(name=self.name, learns_each_scene=True)

    def for_scene(
        self, sample: Sequence[Pair], device: str = "auto", *, execution: Execution = AS_TRAINED
    ) -> ClassicalScene:
        """The detector of the scene that `sample` holds windows of; it runs on the CPU, and no network is executed.

        Nothing is changed where both dates are equal but for rounding. RasterError for fewer than 10 p valid pixels of
        p bands, and for a band that is one number everywhere.
        """
        pixels = ScenePixels.of(sample)
        bounds = PairBounds.of(pixels) if self.is_guarded else None
        if bounds is not None:
            pixels, sample = bounds.hold_pixels(pixels), HeldSample(sample, bounds)
        smoothing = GuidedFilter.of(pixels, self.smooth) if self.smooth else None
        scene = ClassicalScene(self.learn(pixels, sample), smoothing, bounds=bounds)
        if pixels.are_nearly_equal:
            return scene
        values = _values_of_pixels(scene, pixels) if scene.reach == 0 else _values_of_windows(scene, sample)
        guarding = guard(pixels, sample) if self.is_guarded else None
        return replace(scene, cut=self.cut(scene, values), guard=guarding)

    def probability(
        self, before: NDArray[Any], after: NDArray[Any], *, valid: NDArray[np.bool_] | None = None
    ) -> NDArray[np.float32]:
        """The score (H, W) of two images (H, W, C), a scene of their own, by the name it has with networks.

        `valid` (H, W) marks pixels that hold data on both dates, by default where all bands are finite. Raises
        SizeError for shapes that do not fit, and what `for_scene` raises.
        """
        if before.ndim != 3 or before.shape != after.shape:
            raise SizeError(
                f"A detector needs two images of one shape (H, W, C), got {before.shape} and {after.shape}: crop or "
                "resample one, or use minenetcd.predict, which does."
            )
        valid = np.ones(before.shape[:2], bool) if valid is None else valid
        if valid.shape != before.shape[:2]:
            raise SizeError(f"valid needs the images' shape {before.shape[:2]}, got {valid.shape}: crop it.")
        valid = valid & np.isfinite(before).all(axis=-1) & np.isfinite(after).all(axis=-1)
        scene = self.for_scene([Pair.of_arrays(before, after, valid)])
        found: NDArray[np.float32] = scene.scores((before[np.newaxis], after[np.newaxis]), valid[np.newaxis])[0, 0]
        return found

    def cut(self, scene: ClassicalScene, values: Floats) -> float:
        """From where on the scene's `values` (n,) are change; infinite where nothing is.

        A guarded rule takes the largest of them for equal (GLINTS): a few of them would stretch the histogram until
        all the rest falls into its first bins. Plain rules are as published.
        """
        if self.is_guarded:
            values = np.minimum(values, np.quantile(values, 1 - GLINTS))
        return RULES[self.rule](values)

    @property
    def is_guarded(self) -> bool:
        """Whether a scene without change is left alone; hot pixels and filling are then kept out, too."""
        return self.threshold_rule.endswith(GUARDED)

    @property
    def rule(self) -> str:
        """The threshold rule, whether it is guarded or not."""
        return self.threshold_rule.removesuffix(GUARDED)

    def describe(self) -> dict[str, Any]:
        """Name and options, which `catalog.classical_from` makes it from again."""
        return {
            "detector": self.name,
            "options": asdict(self),
            "threshold": self.threshold,
            "provenance": self.provenance.as_json(),
        }


def check_whole(name: str, value: Any, least: int, most: int) -> None:
    """OptionError unless an option is a whole number from `least` to `most`."""
    if not (isinstance(value, int) and not isinstance(value, bool) and least <= value <= most):
        raise OptionError(f"{name} needs a whole number from {least} to {most}, got {value!r}: choose another.")


def _values_of_pixels(scene: ClassicalScene, pixels: ScenePixels) -> Floats:
    """What the scene's statistic says of its pixels, where no neighbours count; of those beyond its bounds nothing."""
    parts = [scene.measure(*dates, np.ones(len(dates[0]), bool))[scene.knows(*dates)] for dates in pixels.chunks()]
    return np.concatenate(parts)


def _values_of_windows(scene: ClassicalScene, sample: Sequence[Pair]) -> Floats:
    kept = Thinned()
    for pair in sample:
        known = pair.valid & scene.knows(pair.before, pair.after)
        kept.add(scene.measure(pair.before, pair.after, pair.valid)[known])
    values: Floats = kept.joined()[0]
    return values

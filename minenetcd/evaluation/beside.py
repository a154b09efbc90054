"""What any detector must beat: calling everything changed, and the detectors without training, on the same pairs."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Self

import numpy as np
from accelerate import Accelerator
from numpy.typing import NDArray

from minenetcd.classical.catalog import CLASSICAL, create_classical
from minenetcd.constants import Progress, Provenance, no_progress
from minenetcd.data.dataset import ChangeDataset
from minenetcd.data.reading.stored_pairs import spread
from minenetcd.data.subset import Subset
from minenetcd.detectors.contract import Detector
from minenetcd.evaluation.confusion import Confusion
from minenetcd.evaluation.probabilities.curves import average_precision
from minenetcd.evaluation.scenes import evaluate_scenes
from minenetcd.evaluation.tally import Evaluation
from minenetcd.geo.align import Pair
from minenetcd.runtime.execution import AS_TRAINED, Execution

EVERYTHING = "everything changed"

#: As many pairs are looked at beside a test, unless another number is asked for.
MOST_PAIRS = 500


class EverythingChanged:
    """The detector (and, of each scene, the `SceneDetector`) that calls every pixel changed."""

    name: ClassVar[str] = EVERYTHING
    threshold: ClassVar[float] = 0.5
    bands: ClassVar[tuple[str, ...] | None] = None
    metres_per_pixel: ClassVar[tuple[float, float] | None] = None
    feels_tone: ClassVar[bool] = False
    tile: ClassVar[int] = 512
    reach: ClassVar[int | None] = 0
    exact: ClassVar[None] = None

    @property
    def provenance(self) -> Provenance:
        return Provenance(name=self.name, learns_each_scene=True)

    def for_scene(self, sample: Sequence[Pair], device: str = "auto", *, execution: Execution = AS_TRAINED) -> Self:
        return self

    def scores(self, dates: Sequence[NDArray[Any]], valid: NDArray[np.bool_]) -> NDArray[np.float32]:
        """(N, 1, H, W), 1 everywhere."""
        return np.ones((len(valid), 1, *valid.shape[1:]), np.float32)

    def describe(self) -> dict[str, Any]:
        return {"detector": self.name, "options": {}, "threshold": self.threshold}


def list_beside() -> list[str]:
    """Names of all that can stand beside a tested detector."""
    return [EVERYTHING, *CLASSICAL]


def open_beside(name: str, **options: Any) -> Detector:
    """The detector called `name`, one of `list_beside`. UnknownNameError for another, OptionError for its options."""
    return EverythingChanged() if name == EVERYTHING else create_classical(name, **options)


@dataclass(frozen=True)
class BesideRow:
    """A detector on the pairs of a `Beside`. `average_precision` is None where it is not known, or undefined."""

    counts: Confusion
    average_precision: float | None
    refused_pairs: int = 0
    seconds_per_pair: float | None = None

    @classmethod
    def of(cls, result: Evaluation) -> "BesideRow":
        seconds = None if result.seconds is None else result.seconds / max(1, len(result.names))
        return cls(result.confusion, average_precision(result.histogram), len(result.refused), seconds)


@dataclass(frozen=True)
class Beside:
    """The tested detector, first, and others on the same `pairs` of the split's `of`; `seconds` these took."""

    pairs: int
    of: int
    seconds: float
    rows: Mapping[str, BesideRow]

    def as_json(self) -> dict[str, Any]:
        """Plain values without seconds, so that the same test writes the same."""
        rows = {
            name: {
                "counts": asdict(row.counts),
                "metrics": row.counts.metrics(),
                "average_precision": row.average_precision,
                "refused_pairs": row.refused_pairs,
            }
            for name, row in self.rows.items()
        }
        return {"pairs": self.pairs, "of": self.of, "rows": rows}


def measure_beside(
    name: str,
    result: Evaluation,
    dataset: ChangeDataset,
    *,
    most: int = MOST_PAIRS,
    workers: int = 2,
    accelerator: Accelerator | None = None,
    progress: Progress = no_progress,
) -> Beside:
    """The rows beside `result`, that of the detector `name` on `dataset`: on at most so many pairs, spread over it.

    Where these are not all pairs, the tested detector's average precision on them is not known.
    """
    started = time.perf_counter()
    chosen = sorted(spread(len(dataset))[:most])
    pairs = dataset if len(chosen) == len(dataset) else Subset(dataset, chosen, part=f"{most} beside")
    others = [open_beside(other) for other in list_beside() if other != name]
    results = evaluate_scenes(others, pairs, workers=workers, accelerator=accelerator, progress=progress)
    rows = {name: _row_on(result, chosen)} | {
        other.name: BesideRow.of(found) for other, found in zip(others, results, strict=True)
    }
    return Beside(len(chosen), len(dataset), time.perf_counter() - started, rows)


def _row_on(result: Evaluation, chosen: Sequence[int]) -> BesideRow:
    """Of a result on all pairs, that on the `chosen`."""
    if len(chosen) == len(result.names):
        return BesideRow.of(result)
    refused = {result.names[index] for index in chosen} & {*result.refused}
    return BesideRow(Confusion(*result.counts[list(chosen)].sum(axis=0).tolist()), None, len(refused))

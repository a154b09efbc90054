"""What a suite will cost before it runs: pairs, multiply-adds, and hours where a speed was measured."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self

from minenetcd.benchmark.record import Timing
from minenetcd.benchmark.suite.cells import Cell
from minenetcd.benchmark.suite.trunks import complexity_of
from minenetcd.data.dataset import ChangeDataset
from minenetcd.datasets.catalog import available_on_disk, load_dataset
from minenetcd.datasets.drawn import drawn_kind
from minenetcd.datasets.named import find_named
from minenetcd.datasets.source import read_source
from minenetcd.errors import DataError
from minenetcd.evaluation.beside import EVERYTHING
from minenetcd.models.complexity import SIDE, Complexity
from minenetcd.training.plan import Plan

#: A backward pass takes about twice the multiply-adds of the forward pass.
FORWARD_AND_BACKWARD = 3

#: Shares of train, val and test that are assumed where a split is not known (section 5.1 of the paper).
USUAL_SHARES = {"train": 0.6, "val": 0.1, "test": 0.3}

#: About what the test of a detector without training takes for a million pixels of three bands on one core. [s]
SECONDS_PER_MEGAPIXEL = {EVERYTHING: 0.1, "cva": 0.6, "cva-raw": 0.6, "irmad": 10.0, "isfa": 12.0, "pca-kmeans": 3.5}


@dataclass(frozen=True)
class DataSize:
    """Pairs by split, and the side of a pair [pixels]; `is_estimate` where not counted."""

    pairs: Mapping[str, int]
    side: int
    is_estimate: bool = False


@dataclass(frozen=True)
class Cost:
    """Of one cell: pairs that pass through the network, and multiply-adds in all; None where the data are not known.

    What is no network has no `complexity`, and of multiply-adds 0; `usual_seconds` is about what its test takes.
    `train_pairs` counts each epoch anew; validations are in `validation_pairs`, the test in `test_pairs`.
    """

    complexity: Complexity | None
    train_pairs: int | None
    validation_pairs: int | None
    test_pairs: int | None
    train_macs_per_pair: float
    test_macs_per_pair: float
    is_estimate: bool
    usual_seconds: float | None = None

    @property
    def macs(self) -> float | None:
        """Multiply-adds of training, validation and test together."""
        return None if self.train_pairs is None else self.train_macs + self.test_macs

    @property
    def train_macs(self) -> float:
        return FORWARD_AND_BACKWARD * (self.train_pairs or 0) * self.train_macs_per_pair

    @property
    def test_macs(self) -> float:
        return ((self.validation_pairs or 0) + (self.test_pairs or 0)) * self.test_macs_per_pair


class Costs:
    """The cost of cells; data sets and networks are examined once."""

    def __init__(self) -> None:
        self._sizes: dict[tuple[str, tuple[str, ...]], DataSize | None] = {}
        self._complexities: dict[str, Complexity | None] = {}

    def of(self, cell: Cell) -> Cost:
        """The cost of `cell`; nothing is downloaded or drawn to find it."""
        size = self._size(cell)
        complexity = self._complexity(cell.model)
        macs = complexity.macs if complexity else 0
        side = size.side if size else SIDE
        crop = cell.settings.recipe.crop or side
        trained, validated = self._training_pairs(cell, size) if cell.is_trained_here else (0, 0)
        return Cost(
            complexity=complexity,
            train_pairs=trained if size else None,
            validation_pairs=validated if size else None,
            test_pairs=size.pairs.get(cell.test.split, 0) if size else None,
            train_macs_per_pair=macs * (crop / SIDE) ** 2,
            test_macs_per_pair=macs * (side / SIDE) ** 2,
            is_estimate=bool(size and size.is_estimate),
            usual_seconds=_usual_seconds(cell, size) if complexity is None and size else None,
        )

    def _size(self, cell: Cell) -> DataSize | None:
        data = cell.settings.data
        chooses = (
            [data.val_split] if data.val_share is None and data.val_name is None else []
        )  # else not one of its own
        return self._size_of(cell.data, data.train_split, *chooses, cell.test.split)

    def _size_of(self, source: str, *splits: str) -> DataSize | None:
        if (source, splits) not in self._sizes:
            try:
                self._sizes[source, splits] = data_size(source, splits)
            except DataError:  # the cells that need it will say so; others go on
                self._sizes[source, splits] = None
        return self._sizes[source, splits]

    def _training_pairs(self, cell: Cell, size: DataSize | None) -> tuple[int, int]:
        """Pairs in all training steps, and in all validations."""
        data = cell.settings.data
        chooses = size if data.val_name is None else self._size_of(data.val_name, data.val_split)
        if size is None or chooses is None:
            return 0, 0
        train, val = size.pairs.get(data.train_split, 0), chooses.pairs.get(data.val_split, 0)
        if data.val_share is not None:
            val = round(train * data.val_share)
            train -= val
        plan = Plan.of(cell.settings, pairs=max(train, cell.settings.recipe.batch_size), processes=1)
        return plan.steps * plan.pairs_per_step, -(-plan.steps // plan.validate_every) * val

    def _complexity(self, model: Mapping[str, Any]) -> Complexity | None:
        key = repr(sorted(model.items(), key=lambda item: item[0]))
        if key not in self._complexities:
            self._complexities[key] = complexity_of(model)
        return self._complexities[key]


def data_size(source: str, splits: Iterable[str]) -> DataSize | None:
    """How large the `splits` of a data set are, from its description or from this disk; None where neither says."""
    kind = drawn_kind(source)
    named = kind.parse(source) if kind else find_named(source.partition("?")[0].partition("@")[0], or_id=True)
    if named is not None:
        shares = {split: round(named.patches * share) for split, share in USUAL_SHARES.items()}
        return DataSize(named.split_patches or shares, named.side, named.split_patches is None)
    if read_source(source).hub is not None and not available_on_disk(source):
        return None
    sets = {split: load_dataset(source, split) for split in dict.fromkeys(splits)}
    return DataSize({split: len(pairs) for split, pairs in sets.items()}, _side(next(iter(sets.values()))))


def _side(pairs: ChangeDataset) -> int:
    """Side of a square as large as the first pair."""
    _, height, width = pairs[0].before.shape
    return round((height * width) ** 0.5)


def _usual_seconds(cell: Cell, size: DataSize) -> float:
    """About what the test of a detector without training takes."""
    megapixels = size.pairs.get(cell.test.split, 0) * size.side**2 / 1e6
    return megapixels * SECONDS_PER_MEGAPIXEL.get(cell.model["name"], 1.0) / max(1, cell.settings.data.workers)


@dataclass(frozen=True)
class Speeds:
    """What was measured so far: pairs a second by kind of cell, and multiply-adds a second over all of them."""

    train: Mapping[str, float]
    test: Mapping[str, float]
    train_macs: float | None
    test_macs: float | None

    @classmethod
    def of(cls, measured: Iterable[tuple[Cell, Cost, Timing]]) -> Self:
        """From what cells took, finished or begun."""
        train, test, sums = {}, {}, dict.fromkeys(("train", "train_s", "test", "test_s"), 0.0)
        for cell, cost, took in measured:
            if took.train_seconds:
                train[_kind(cell)] = took.train_pairs / took.train_seconds
                sums["train"] += FORWARD_AND_BACKWARD * took.train_pairs * cost.train_macs_per_pair
                sums["train_s"] += took.train_seconds
            if took.test_seconds:
                test[_kind(cell)] = took.test_pairs / took.test_seconds
            if took.test_seconds and cost.complexity is not None:
                sums["test"] += took.test_pairs * cost.test_macs_per_pair
                sums["test_s"] += took.test_seconds
        rates = [sums[key] / sums[f"{key}_s"] if sums[f"{key}_s"] else None for key in ("train", "test")]
        return cls(train, test, *rates)

    def seconds(self, cell: Cell, cost: Cost) -> float | None:
        """How long `cell` will take; None where nothing measured says."""
        if cost.macs is None:
            return None
        if cost.complexity is None:
            return _seconds(cost.test_pairs, 0.0, self.test.get(_kind(cell)), None) or cost.usual_seconds
        train = _seconds(cost.train_pairs, cost.train_macs, self.train.get(_kind(cell)), self.train_macs)
        tested = (cost.validation_pairs or 0) + (cost.test_pairs or 0)
        test = _seconds(tested, cost.test_macs, self.test.get(_kind(cell)), self.test_macs or self.train_macs)
        return None if train is None or test is None else train + test


@dataclass(frozen=True)
class PlannedCell:
    """A cell with its cost, what it will take, and whether its result is there already."""

    cell: Cell
    cost: Cost
    seconds: float | None
    state: str


def _kind(cell: Cell) -> str:
    """Cells of one kind have one speed: the same network, crop and batch."""
    recipe = cell.settings.recipe
    return f"{sorted(cell.model.items())} {recipe.crop} {recipe.batch_size} {cell.data}"


def _seconds(pairs: int | None, macs: float, speed: float | None, rate: float | None) -> float | None:
    if not pairs:
        return 0.0
    if speed:
        return pairs / speed
    return macs / rate if rate else None

"""How much longer a benchmark will take: from what ran so far, weighted by what each cell costs."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from minenetcd.benchmark.record import Timing
from minenetcd.benchmark.suite.cells import Cell
from minenetcd.benchmark.suite.plan import Cost, Costs, Speeds

#: A running cell says something about itself from this part of it on.
ENOUGH = 0.02

#: Share of training and validation in a cell where the data are not known.
USUAL_TRAINING_SHARE = 0.9


@dataclass
class _Running:
    started: float
    first: float | None = None  # how far it was at its first report: a resumed one is not at the beginning
    done: float = 0.0

    def left(self, now: float) -> float | None:
        """Seconds to its end at the speed it has shown."""
        if self.first is None or self.done - self.first < ENOUGH:
            return None
        return (now - self.started) * (1 - self.done) / (self.done - self.first)


@dataclass
class Remaining:
    """The time left for `todo` with `jobs` cells side by side, given what `finished` ones took."""

    todo: Sequence[Cell]
    finished: Sequence[tuple[Cell, Timing]]
    jobs: int
    costs: Costs = field(default_factory=Costs)

    def __post_init__(self) -> None:
        self.cost: dict[str, Cost] = {cell.id: self.costs.of(cell) for cell in self.todo}
        self.measured = [(cell, self.costs.of(cell), timing) for cell, timing in self.finished]
        self.speeds = Speeds.of(self.measured)
        self.waiting = {cell.id: cell for cell in self.todo}
        self.running: dict[str, _Running] = {}

    def start(self, cell: Cell) -> None:
        del self.waiting[cell.id]
        self.running[cell.id] = _Running(time.monotonic())

    def progress(self, cell: Cell, phase: str, done: int, of: int) -> None:
        """`phase` is "train", "validate" or "test"; a validation is part of the training around it."""
        if phase == "validate":
            return
        training = self._training_share(cell)
        part = done / of if of else 1.0
        state = self.running[cell.id]
        state.done = training * part if phase == "train" else training + (1 - training) * part
        if state.first is None:
            state.first, state.started = state.done, time.monotonic()

    def end(self, cell: Cell, timing: Timing | None) -> None:
        """`timing` is None for a cell that failed."""
        self.running.pop(cell.id, None)
        if timing is not None:
            self.measured.append((cell, self.cost[cell.id], timing))
            self.speeds = Speeds.of(self.measured)

    def seconds(self) -> float | None:
        """Until all is done; None as long as nothing says."""
        now = time.monotonic()
        running = [self._left(cell_id, state, now) for cell_id, state in self.running.items()]
        left = running + [self._whole(cell) for cell in self.waiting.values()]
        known = [seconds for seconds in left if seconds is not None]
        return max([*known, sum(known) / self.jobs]) if len(known) == len(left) else None

    def _left(self, cell_id: str, state: _Running, now: float) -> float | None:
        shown = state.left(now)
        if shown is not None:
            return shown
        cell = next(cell for cell in self.todo if cell.id == cell_id)
        whole = self._whole(cell)
        return None if whole is None else whole * (1 - state.done)

    def _whole(self, cell: Cell) -> float | None:
        """Seconds of a whole cell: by a measured speed, else by the multiply-adds of those that run now."""
        known, macs = self.speeds.seconds(cell, self.cost[cell.id]), self.cost[cell.id].macs
        if known is not None or macs is None:
            return known
        rate = self._rate_of_running()
        return None if rate is None else macs / rate

    def _rate_of_running(self) -> float | None:
        """Multiply-adds a second of the cells that run now, each counted for itself."""
        now, done, seconds = time.monotonic(), 0.0, 0.0
        for cell_id, state in self.running.items():
            macs = self.cost[cell_id].macs
            if macs and state.first is not None and state.done - state.first >= ENOUGH:
                done += macs * (state.done - state.first)
                seconds += now - state.started
        return done / seconds if seconds else None

    def _training_share(self, cell: Cell) -> float:
        cost = self.cost[cell.id]
        if not cell.is_trained_here:
            return 0.0
        if not cost.macs:
            return USUAL_TRAINING_SHARE
        return 1 - (cost.test_pairs or 0) * cost.test_macs_per_pair / cost.macs

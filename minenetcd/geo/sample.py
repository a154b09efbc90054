"""What is looked at of a scene before its tiles: all of it, or windows spread over it by a fixed rule."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import overload

from rasterio.windows import Window

from minenetcd.geo.align import AlignedPair, Pair

#: Side of a window. [pixels]
SIDE = 1024

#: As many windows are looked at, at most: 16 megapixels.
MOST_WINDOWS = 16

#: Windows that take no more than this together stay in memory: they are asked for many times. [bytes]
MOST_KEPT = 2**25


class WindowSequence(Sequence[Pair], ABC):
    """Windows of a scene by number, each read when it is asked for: a subclass says how many, and reads one."""

    @abstractmethod
    def read(self, number: int) -> Pair:
        """The window of a number from 0 on."""

    @overload
    def __getitem__(self, index: int) -> Pair: ...

    @overload
    def __getitem__(self, index: slice) -> list[Pair]: ...

    def __getitem__(self, index: int | slice) -> Pair | list[Pair]:
        numbers = range(len(self))[index]
        return self.read(numbers) if isinstance(numbers, int) else [self.read(number) for number in numbers]


class SceneSample(WindowSequence):
    """Windows of both dates at full resolution.

    They cover the overlap of `pair` where it takes at most 16 windows of 1024 x 1024 pixels; else they are the middles
    of a grid of 4 x 4 parts of it (or 2 x 8, 1 x 16, as its sides ask for). Of a pair with an area of interest they are
    those of all windows that it touches, or 16 of them, evenly spread. A small sample is read once, and what is handed
    out is not to be changed.
    """

    def __init__(self, pair: AlignedPair) -> None:
        self.pair = pair
        self._windows = windows_of(pair)
        self._kept: dict[int, Pair] = {}

    def __len__(self) -> int:
        return len(self._windows)

    def read(self, number: int) -> Pair:
        if number in self._kept:
            return self._kept[number]
        window = self.pair.read(self._windows[number])
        size = window.before.nbytes + window.after.nbytes + window.valid.nbytes
        if size * len(self) <= MOST_KEPT:
            self._kept[number] = window
        return window


def windows_of(pair: AlignedPair) -> list[Window]:
    """The windows of the SceneSample of `pair`."""
    area, interest = pair.overlap, pair.limits.area
    if interest is None:
        return sample_windows(area)
    every = side_by_side(area, SIDE)
    touched = [window for window in every if interest.touches(pair.grid.part(window))] or every
    count = min(MOST_WINDOWS, len(touched))
    return [touched[place * len(touched) // count] for place in range(count)]


def sample_windows(area: Window) -> list[Window]:
    """Windows spread over `area`, in the grid in which it is given, from top to bottom."""
    rows, cols = (-(-side // SIDE) for side in (area.height, area.width))
    starts_down: Sequence[int] = range(0, area.height, SIDE)
    starts_across: Sequence[int] = range(0, area.width, SIDE)
    if rows * cols > MOST_WINDOWS:
        down = min((1, 2, 4, 8, 16), key=lambda count: abs(count * count * area.width / area.height - MOST_WINDOWS))
        starts_down = _middles(area.height, min(down, rows))
        starts_across = _middles(area.width, min(MOST_WINDOWS // down, cols))
    return _windows(area, SIDE, starts_down, starts_across)


def side_by_side(area: Window, side: int) -> list[Window]:
    """Windows of `side` x `side` pixels that cover `area`, smaller at its right and lower end."""
    return _windows(area, side, range(0, area.height, side), range(0, area.width, side))


def _windows(area: Window, side: int, starts_down: Sequence[int], starts_across: Sequence[int]) -> list[Window]:
    return [
        Window(area.col_off + col, area.row_off + row, min(side, area.width - col), min(side, area.height - row))
        for row in starts_down
        for col in starts_across
    ]


def _middles(side: int, parts: int) -> Sequence[int]:
    """Where windows start that lie in the middle of each of `parts` equal parts of a side."""
    return [max(0, round((part + 0.5) * side / parts - SIDE / 2)) for part in range(parts)]

"""All dates of a series as layers of one map: stretched alike, and moved back to the first where maps were made so."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minenetcd.display.eight_bit import Stretch, colours
from minenetcd.errors import MineNetCDError
from minenetcd.geo.raster import Raster
from minenetcd.geo.shift import find_shift
from minenetcd.prediction.kept.details import read_details
from minenetcd.prediction.kept.images import open_images
from minenetcd.prediction.outputs import DETAILS
from minenetcd.prediction.report.pictures import MOST_PIXELS_A_SIDE
from minenetcd.web.results.dates import moved_back
from minenetcd.web.results.layers import Layer, date_layer, with_copy
from minenetcd.web.results.placement import Placement


@dataclass(frozen=True)
class PairOfDates:
    """The result in `folder`, of the dates numbered `before` and `after`, from 1."""

    before: int
    after: int
    folder: Path


@dataclass(frozen=True)
class _SeenDate:
    number: int
    raster: Raster
    placement: Placement
    known: NDArray[Any]  # pixels (N, 3) of a small image


def series_layers(pairs: Sequence[PairOfDates], placement: Placement) -> tuple[dict[int, Layer], list[str]]:
    """Layers by the number of their date, from the images of `pairs`, and in words why dates are missing."""
    seen: dict[int, _SeenDate] = {}
    missing: list[str] = []
    for pair in sorted(pairs, key=lambda each: (each.before != 1, each.after)):
        if {pair.before, pair.after} <= set(seen):
            continue
        try:
            for date in _dates_of(pair, placement):
                seen.setdefault(date.number, date)
        except MineNetCDError as error:
            missing.append(str(error))
    stretches = _stretches(list(seen.values()))
    layers: dict[int, Layer] = {
        number: with_copy(date_layer(date.raster, date.placement, stretches[str(date.raster.dtype)]))
        for number, date in sorted(seen.items())
    }
    return layers, list(dict.fromkeys(missing))


def _dates_of(pair: PairOfDates, placement: Placement) -> Iterator[_SeenDate]:
    details = read_details(pair.folder / DETAILS)
    advice = "the other dates are shown without them; put the images back to see them."
    with ExitStack() as opened:
        images = opened.enter_context(
            open_images(details.facts, details.inputs, need="Dates need", advice=advice, quick=True)
        )
        moves = details.facts.options.coregister and pair.before == 1
        adjusted = images.adjusted(shift=find_shift(images)) if moves else images
        small = adjusted.read_small(MOST_PIXELS_A_SIDE)
        after = moved_back(images.after.grid, images.before.grid, adjusted.shift)
        for number, raster, grid, pixels in (
            (pair.before, images.before, images.before.grid, small.before),
            (pair.after, images.after, after, small.after),
        ):
            yield _SeenDate(number, raster, Placement(placement.laid(grid)), colours(pixels)[small.valid])


def _stretches(dates: Sequence[_SeenDate]) -> Mapping[str, Stretch]:
    """One for all dates whose numbers are of one type, so that equal numbers look equal."""
    kinds: dict[str, list[NDArray[Any]]] = {}
    for date in dates:
        kinds.setdefault(str(date.raster.dtype), []).append(date.known)
    return {kind: Stretch.of(np.concatenate(known)) for kind, known in kinds.items()}

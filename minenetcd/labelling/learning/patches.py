"""Training pairs: windows of judged scenes in 8 bits, and scenes that are drawn beside them."""

from collections.abc import Iterator, Sequence
from math import ceil
from pathlib import Path
from typing import NamedTuple

import numpy as np
import rasterio
from numpy.random import Generator
from numpy.typing import NDArray
from rasterio.windows import Window

from minenetcd.building.drawn.options import seed_of
from minenetcd.constants import LEAST_SIDE, UNKNOWN, Progress
from minenetcd.data.dataset import ChangeDataset
from minenetcd.data.reading.read_options import ReadOptions
from minenetcd.datasets.folder import open_path
from minenetcd.detectors.learned import ChangeDetector
from minenetcd.detectors.tiling import plan_tiles
from minenetcd.errors import DataError
from minenetcd.files import atomic_path, make_folder
from minenetcd.geo.sample import SceneSample
from minenetcd.geo.source import quiet_gdal
from minenetcd.geo.values import Limits, to_eight_bits
from minenetcd.labelling.learning.division import Part
from minenetcd.labelling.learning.reading.scenes import OpenScene
from minenetcd.synthetic import make_scene

#: The side of a pair at most, and of the window of it that one step sees. Their difference moves the window about.
SIDE, CROP = 160, 128

#: Neighbouring windows share this much of their side.
_SHARED = 0.2

#: Of windows without any place, whose ground is known, as many are cut as with one, and so many at least.
_LEAST_GROUND = 4

#: From which to which metres per pixel mines are drawn.
_DRAWN_METRES = (0.5, 10.0)


class Cut(NamedTuple):
    """How many pairs were cut, and how many pixels of them are known."""

    pairs: int
    changed: int
    unchanged: int


NOTHING_CUT = Cut(0, 0, 0)


def side_of(parts: Sequence[Part]) -> int:
    """The side of the pairs that are cut from `parts`, none of which it exceeds: a multiple of LEAST_SIDE."""
    least = int(min(min(part.window.height, part.window.width) for part in parts))
    if least < LEAST_SIDE:
        raise DataError(
            f"Scenes of {LEAST_SIDE} pixels a side or more are needed, a part of one has {least}: leave it out."
        )
    return min(SIDE, least - least % LEAST_SIDE)


def cut_pairs(
    parts: Sequence[Part], detector: ChangeDetector, folder: Path, *, side: int, seed: int, progress: Progress
) -> Cut:
    """Write what is known of `parts` to `folder`, as pairs of `side` x `side` pixels that `detector` would see."""
    total = NOTHING_CUT
    for number, part in enumerate(parts):
        rng = np.random.default_rng(seed_of("learn", seed, part.scene.name))
        with part.scene.open(detector) as opened:
            limits = detector.scene_limits(SceneSample(opened.pair))
            for window in _windows(part.window, opened, side, rng):
                mask = _write(
                    folder, f"{number:04d}_{window.row_off:06d}_{window.col_off:06d}", opened, window, part, limits
                )
                found = Cut(int(mask.size > 0), int((mask == 1).sum()), int((mask == 0).sum()))
                total = Cut(*(one + other for one, other in zip(total, found, strict=True)))
        progress(number + 1, len(parts))
    return total


def draw_pairs(folder: Path, count: int, *, side: int, metres: float | None, seed: int, progress: Progress) -> None:
    """Write `count` drawn scenes to `folder`, with pixels about as large as those of the judged ones."""
    at = None if metres is None else float(np.clip(metres, *_DRAWN_METRES))
    for number in range(count):
        scene = make_scene(seed_of("learn", seed, "drawn", number), size=side, metres_per_pixel=at)
        _write_files(folder, f"drawn_{number:05d}", scene.before, scene.after, scene.mask)
        progress(number + 1, count)


def drawn_beside(cut: int, share: float) -> int:
    """How many drawn pairs make `share` of all where `cut` others train."""
    return ceil(cut * share / (1 - share))


def read_pairs(folder: Path, source: str, split: str) -> ChangeDataset:
    """What `cut_pairs` and `draw_pairs` wrote to the folder of that name in `folder`."""
    return open_path(folder, source, split, ReadOptions(not_labelled=UNKNOWN), cache_dir=folder.with_name("rows"))


def _windows(part: Window, opened: OpenScene, side: int, rng: Generator) -> Iterator[Window]:
    """Those that touch a judged place, and, where ground is known, about as many without one, drawn."""
    truth = opened.truth
    tiles = plan_tiles(part.height, part.width, side, _SHARED)
    windows = [
        Window(
            part.col_off + min(tile.col, part.width - side),
            part.row_off + min(tile.row, part.height - side),
            side,
            side,
        )
        for tile in tiles
    ]
    inside = truth.boxes.inside(part)
    with_place = [bool((inside & truth.boxes.meeting(window)).any()) for window in windows]
    yield from (window for window, has in zip(windows, with_place, strict=True) if has)
    if truth.knows_ground:
        others = [window for window, has in zip(windows, with_place, strict=True) if not has]
        most = max(_LEAST_GROUND, sum(with_place))
        yield from (others[number] for number in rng.permutation(len(others))[:most].tolist())


def _write(
    folder: Path, name: str, opened: OpenScene, window: Window, part: Part, limits: tuple[Limits, Limits]
) -> NDArray[np.uint8]:
    """One pair; its known pixels come back, of one in which nothing is known and which is not written none."""
    pair, mask = opened.pair.read(window), opened.truth.read(window, part.window).mask
    mask = np.where(pair.valid, mask, np.uint8(UNKNOWN))
    if (mask == UNKNOWN).all():
        return mask[:0]
    before, after = (
        _shown(date, pair.valid, limit) for date, limit in zip((pair.before, pair.after), limits, strict=True)
    )
    _write_files(folder, name, before, after, mask)
    return mask


def _shown(pixels: NDArray[np.generic], valid: NDArray[np.bool_], limits: Limits) -> NDArray[np.uint8]:
    """In 8 bits, black where there is no data, and there alone."""
    shown = to_eight_bits(pixels, limits)
    shown[shown.max(axis=-1) == 0] = 1
    shown[~valid] = 0
    return shown


def _write_files(
    folder: Path, name: str, before: NDArray[np.uint8], after: NDArray[np.uint8], mask: NDArray[np.uint8]
) -> None:
    for kind, pixels in (("A", before), ("B", after), ("label", mask[..., np.newaxis])):
        with atomic_path(make_folder(folder / kind) / f"{name}.tif") as target, quiet_gdal():
            height, width, bands = pixels.shape
            with rasterio.open(
                target, "w", driver="GTiff", height=height, width=width, count=bands, dtype="uint8", compress="deflate"
            ) as dataset:
                dataset.write(pixels.transpose(2, 0, 1))

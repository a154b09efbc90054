"""Two detectors on two images of one place, each at its own threshold."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from rasterio.windows import Window

from minenetcd.building.scene_label import SceneLabel
from minenetcd.constants import UNKNOWN, Progress, no_progress
from minenetcd.detectors.contract import Detector
from minenetcd.display import palettes
from minenetcd.display.eight_bit import eight_bit_pair
from minenetcd.display.palettes import rgb
from minenetcd.errors import OptionError
from minenetcd.explain.comparison.comparison import EXAMPLES, Comparison, Example, prediction_folder
from minenetcd.explain.comparison.joint_counts import JointCounts, joint_counts
from minenetcd.geo.align import AlignedPair
from minenetcd.geo.grid import Grid
from minenetcd.geo.polygons.hectares import changed_hectares
from minenetcd.geo.raster import RasterWriter
from minenetcd.prediction.automatic import Readers
from minenetcd.prediction.opening import OpenedScene
from minenetcd.prediction.options import PredictOptions
from minenetcd.prediction.outputs import result_names
from minenetcd.prediction.rasters.scene_rasters import read_window
from minenetcd.prediction.scene import predict_opened
from minenetcd.secrets import without_secrets

#: Side of the blocks a scene is counted and shown in. [pixels]
BLOCK = 256

#: What difference.tif holds, and its colours: neither, both, a alone, b alone; no data.
NEITHER, BOTH, ONLY_A, ONLY_B = 0, 1, 2, 3
COLOURS = {
    NEITHER: (255, 255, 255, 255),
    BOTH: (*rgb(palettes.BOTH), 255),
    ONLY_A: (*rgb(palettes.ONLY_A), 255),
    ONLY_B: (*rgb(palettes.ONLY_B), 255),
    UNKNOWN: (0, 0, 0, 0),
}


@dataclass(frozen=True)
class Block:
    """One square of a scene: what `a` and `b` call changed (H, W), where both are known, and the truth if asked."""

    window: Window
    a: NDArray[np.bool_]
    b: NDArray[np.bool_]
    valid: NDArray[np.bool_]
    truth: NDArray[np.uint8] | None

    @property
    def name(self) -> str:
        return f"column {self.window.col_off}, row {self.window.row_off}"

    @property
    def classes(self) -> NDArray[np.uint8]:
        """As in difference.tif."""
        classes = np.array([[NEITHER, ONLY_B], [ONLY_A, BOTH]], np.uint8)
        return np.where(self.valid, classes[self.a.astype(int), self.b.astype(int)], np.uint8(UNKNOWN))

    def counts(self) -> NDArray[np.int64]:
        """Joint counts (2, 2, 2), or (2, 2) by the detectors alone without a truth."""
        truth = np.zeros(self.valid.shape, np.uint8) if self.truth is None else self.truth
        known = np.where(self.valid, truth, np.uint8(UNKNOWN))
        counts = joint_counts(*(torch.from_numpy(array)[None] for array in (self.a, self.b, known)))[0].numpy()
        return counts[0] if self.truth is None else counts


def scene_files(detectors: Iterable[str], grid: Grid, options: PredictOptions) -> list[Path]:
    """What `compare_on_scene` writes of these detectors."""
    names = result_names(grid, options)
    return [_difference(grid), *(path for name in detectors for path in names.within(prediction_folder(name)))]


def compare_on_scene(
    detectors: Mapping[str, Detector],
    scene: OpenedScene,
    out: str | Path,
    *,
    options: PredictOptions,
    label: SceneLabel | None = None,
    device: str = "auto",
    examples: int = EXAMPLES,
    progress: Progress = no_progress,
) -> Comparison:
    """Predict with the two `detectors` and count, block by block, where they differ and, with a `label`, who is right.

    Writes each prediction into a folder of `out`, and difference.tif (a picture: .png) beside them. Groups are blocks
    of BLOCK pixels a side. `label` lies on the grid of `scene`. Raises what `predict_scene` raises.
    """
    if options.threshold is not None:
        raise OptionError("Detectors are compared each at its own threshold: leave the threshold out.")
    out, masks, grid = Path(out), [], scene.native.grid
    for name, detector in detectors.items():
        readers = Readers(detector, None, options)
        with predict_opened(readers, scene, out / prediction_folder(name), device=device, progress=progress) as found:
            assert found.saved is not None  # a folder was given
            masks.append(found.saved.raster)
    names, counts, areas = [], [], []
    with RasterWriter(out / _difference(grid), grid, dtype="uint8", nodata=UNKNOWN, colours=COLOURS) as writer:
        for block in _blocks(grid, masks, label):
            writer.write(block.classes, block.window)
            names.append(block.name)
            counts.append(block.counts())
            areas.append(_hectares(block, grid))
    joint = JointCounts(names, np.stack(counts), names, "block", "block")
    chosen = {names[index] for index in joint.largest_differences(examples)}
    shown = {block.name: block for block in _blocks(grid, masks, label) if block.name in chosen}
    order = [shown[names[index]] for index in joint.largest_differences(examples)]
    pictures = [_example(block, scene.native) for block in order]
    only_a, only_b = np.sum(areas, axis=0).tolist()
    hectares = (only_a, only_b) if grid.is_georeferenced else None
    a, b = detectors
    source = ", ".join(without_secrets(str(date)) for date in (scene.before, scene.after))
    return Comparison(a, b, source, joint, pictures, hectares)


def _blocks(grid: Grid, masks: list[Path], label: SceneLabel | None) -> Iterator[Block]:
    for row in range(0, grid.height, BLOCK):
        for column in range(0, grid.width, BLOCK):
            window = Window(column, row, min(BLOCK, grid.width - column), min(BLOCK, grid.height - row))
            a, b = (read_window(mask, window) for mask in masks)
            truth = None
            if label is not None:
                changed, known = label.read(window)
                truth = np.where(known, changed, UNKNOWN).astype(np.uint8)
            yield Block(window, a == 1, b == 1, (a != UNKNOWN) & (b != UNKNOWN), truth)


def _difference(grid: Grid) -> Path:
    return Path("difference.tif" if grid.is_georeferenced else "difference.png")


def _hectares(block: Block, grid: Grid) -> tuple[float, float]:
    """What a alone, and b alone, sees changed; zeros for a picture."""
    if not grid.is_georeferenced:
        return 0.0, 0.0
    window = block.window
    part = grid.part(window)
    return changed_hectares(block.classes == ONLY_A, part), changed_hectares(block.classes == ONLY_B, part)


def _example(block: Block, pair: AlignedPair) -> Example:
    read = pair.read(block.window)
    before, after = eight_bit_pair(read.before, read.after, read.valid)
    return Example(block.name, before, after, block.a, block.b, block.truth, block.valid)

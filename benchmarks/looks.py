"""How many looks at each pixel a map needs: what tiles, their overlap and their blending change of it.

    python benchmarks/looks.py [IMAGERY] [--table TABLE] [--drawn 2] [--pasted 2] [--first 0] [--side 1536]

Each scene is mapped twice, the second time with all tiles but those at its edges moved down and right by a third of a
tile. What is decided otherwise then is the change by the shifted grid, as a share of the pixels that are changed, and
of all. F1 is that of the map as it is. Scenes are drawn mines, and, made of IMAGERY, which holds sets of images as the
data set `pasted:` reads them, change pasted between two real dates of what that holds out (TABLE says what is to be
known of the sets). Nothing labelled by people is used. All scenes count together, as sums of pixels.

Statistics: what the network standardises dates by, those of each tile or of the scene. Blending: `hann` is Hann's
window, `hann squared` the package's; `ramp` rises in a line over the overlap; `crop` takes each pixel from the
tile in which it lies deepest. The time is that of the network, tile by tile. All of it takes 5 minutes on two cores.
"""

import argparse
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from markdown_table import markdown
from numpy.typing import NDArray
from PIL import Image

import minenetcd
from minenetcd.building.drawn.once import cache_folder
from minenetcd.building.pasted_sets.pair_files import CHANGED, NOT_LABELLED, table_in
from minenetcd.building.pasted_sets.source import PastedSet
from minenetcd.constants import LEAST_SIDE
from minenetcd.detectors.blending import tile_weights
from minenetcd.detectors.contract import SceneDetector
from minenetcd.detectors.learned import ChangeDetector
from minenetcd.detectors.tiling import Tile, looks, plan_tiles
from minenetcd.geo.align import Pair
from minenetcd.synthetic import make_scene

Mask = NDArray[np.bool_]

PASTED_SIDE = 704
LEAST_CHANGED = 0.02  # of a drawn scene
#: Made of two real dates, with edges as soft as real ones have them.
PASTING = (
    "two_dates=100&changed=100&light=0&alike=20&bare=15&pastes=8&smallest=40&largest=140&faint=0&elsewhere=0"
    "&soft=50&soft_from=8&soft_to=32"
)


class Setting(NamedTuple):
    """One way to look at a scene."""

    tile: int
    overlap: float
    statistics: str = "scene"


SETTINGS = (
    Setting(384, 0.5, "tile"), Setting(384, 0.25), Setting(512, 3 / 16), Setting(640, 0.2), Setting(768, 1 / 6)
)  # fmt: skip


def _ramp(side: int, overlap: int) -> NDArray[np.float64]:
    depth = np.minimum(np.arange(side), np.arange(side)[::-1]) + 0.5
    profile = np.minimum(depth / overlap, 1)
    return np.outer(profile, profile)


def _crop(side: int, overlap: int) -> NDArray[np.float64]:
    """So steep that the deepest alone counts."""
    return _ramp(side, overlap) ** 24


BLENDINGS: Mapping[str, Callable[[int, int], NDArray[np.floating]]] = {
    "hann": lambda side, overlap: np.sqrt(tile_weights(side)),
    "hann squared": lambda side, overlap: tile_weights(side),
    "ramp": _ramp,
    "crop": _crop,
}


class Scene(NamedTuple):
    """Two dates, and where they changed; `known` where that is labelled."""

    kind: str
    before: NDArray[np.uint8]
    after: NDArray[np.uint8]
    changed: Mask
    known: Mask


@dataclass
class Sums:
    """Of all scenes, in pixels and seconds."""

    looks: float = 0
    pixels: int = 0
    seconds: float = 0
    otherwise: int = 0
    changed: int = 0
    hits: dict[str, NDArray[np.int64]] = field(default_factory=dict)  # by kind: found rightly, found, to be found

    def f1(self, kind: str) -> str:
        if kind not in self.hits:
            return ""
        both, found, wanted = self.hits[kind]
        return f"{2 * both / max(1, found + wanted):.4f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("imagery", type=Path, nargs="?")
    parser.add_argument("--table", type=Path, default=Path(__file__).with_name("choices.csv"))
    parser.add_argument("--drawn", type=int, default=2)
    parser.add_argument("--pasted", type=int, default=2)
    parser.add_argument("--first", type=int, default=0, help="Scenes of each kind to leave out.")
    parser.add_argument("--side", type=int, default=1536, help="Of drawn scenes [pixels].")
    parser.add_argument("--model", default="minenetcd-nano")
    arguments = parser.parse_args()
    detector = minenetcd.from_pretrained(arguments.model)
    sums: dict[tuple[Setting, str], Sums] = {}
    for scene in _scenes(arguments):
        print(f"{scene.kind}: {scene.changed.mean():.1%} of {scene.changed.shape} pixels changed", flush=True)
        measure(detector, scene, sums)
    rows = [_row(*key, each) for key, each in sorted(sums.items())]
    print(markdown(pd.DataFrame(rows)))


def _scenes(arguments: argparse.Namespace) -> Iterator[Scene]:
    yield from islice(_drawn(arguments.side), arguments.first, arguments.first + arguments.drawn)
    if arguments.imagery is not None:
        count = arguments.first + arguments.pasted
        source = f"pasted:{arguments.imagery}?table={arguments.table}&val={count}&size={PASTED_SIDE}&seed=301&{PASTING}"
        yield from islice(_pasted(source), arguments.first, None)


def _drawn(side: int) -> Iterator[Scene]:
    for seed in range(20_000, 21_000):
        drawn = make_scene(seed, size=side)
        if drawn.mask.mean() >= LEAST_CHANGED:
            yield Scene("drawn", drawn.before, drawn.after, drawn.mask == 1, np.ones(drawn.mask.shape, bool))


def _pasted(source: str) -> Iterator[Scene]:
    made = PastedSet.parse(source).build("val", cache_folder())
    for row in pd.read_csv(table_in(made), dtype=str).to_dict("records"):
        before, after, mask = (np.asarray(Image.open(made / row[name])) for name in ("before", "after", "mask"))
        yield Scene("pasted", before, after, mask == CHANGED, mask != NOT_LABELLED)


def measure(detector: ChangeDetector, scene: Scene, sums: dict[tuple[Setting, str], Sums]) -> None:
    """Add what `scene` says of every setting and blending."""
    height, width = scene.changed.shape
    learned = detector.for_scene([Pair.of_arrays(scene.before, scene.after)])
    by_tile = replace(learned, ready=detector.for_inference())
    for setting in SETTINGS:
        looking = learned if setting.statistics == "scene" else by_tile
        started = time.perf_counter()
        plan = plan_tiles(height, width, setting.tile, setting.overlap)
        scores = _scores(looking, scene, plan)
        seconds = time.perf_counter() - started
        moved = _scores(looking, scene, _moved(height, width, setting))
        for blending in BLENDINGS:
            found, other = (
                _blended(each, (height, width), setting, blending) >= detector.threshold for each in (scores, moved)
            )
            each = sums.setdefault((setting, blending), Sums())
            each.seconds += seconds
            each.looks += looks(plan, height, width) * found.size
            each.pixels += found.size
            each.otherwise += int((found != other).sum())
            each.changed += int(found.sum())
            right = found & scene.changed & scene.known
            counts = [int(mask.sum()) for mask in (right, found & scene.known, scene.changed & scene.known)]
            each.hits[scene.kind] = each.hits.get(scene.kind, np.zeros(3, np.int64)) + counts


Scores = list[tuple[Tile, NDArray[np.float32]]]


def _moved(height: int, width: int, setting: Setting) -> list[Tile]:
    """The tiles at the top and the left, and those of a plan that begins a third of a tile farther down and right."""
    third = setting.tile // 3 // LEAST_SIDE * LEAST_SIDE
    shifted = plan_tiles(height - third, width - third, setting.tile, setting.overlap)
    rows, cols = (
        sorted({0, *(third + start for start in starts)})
        for starts in zip(*((tile.row, tile.col) for tile in shifted), strict=True)
    )
    ends = (
        [(row, min(setting.tile, height - row)) for row in rows],
        [(col, min(setting.tile, width - col)) for col in cols],
    )
    return [Tile(row, col, high, wide, setting.tile) for row, high in ends[0] for col, wide in ends[1]]


def _scores(looking: SceneDetector, scene: Scene, plan: Sequence[Tile]) -> Scores:
    found: Scores = []
    for tile in plan:
        place = np.s_[tile.row : tile.row + tile.height, tile.col : tile.col + tile.width]
        dates = [tile.fill(date[place])[np.newaxis] for date in (scene.before, scene.after)]
        scores = looking.scores(dates, np.ones(dates[0].shape[:3], bool))[0, 0]
        found.append((tile, tile.crop(scores)))
    return found


def _blended(scores: Scores, shape: tuple[int, int], setting: Setting, blending: str) -> NDArray[np.float64]:
    weights = BLENDINGS[blending](setting.tile, round(setting.tile * setting.overlap))
    total, weight = np.zeros(shape), np.zeros(shape)
    for tile, values in scores:
        place = np.s_[tile.row : tile.row + tile.height, tile.col : tile.col + tile.width]
        total[place] += tile.crop(weights) * values
        weight[place] += tile.crop(weights)
    return total / weight


def _row(setting: Setting, blending: str, sums: Sums) -> dict[str, str]:
    step = setting.tile - round(setting.tile * setting.overlap)
    return {
        "tile": str(setting.tile),
        "overlap": f"{setting.overlap:.4g} ({setting.tile - step} px)",
        "statistics": setting.statistics,
        "blending": blending,
        "looks": f"{sums.looks / sums.pixels:.2f}, {(setting.tile / step) ** 2:.2f} of a large scene",
        "otherwise, of changed": f"{sums.otherwise / max(1, sums.changed):.2%}",
        "of all": f"{sums.otherwise / sums.pixels:.3%}",
        "F1 drawn": sums.f1("drawn"),
        "F1 pasted": sums.f1("pasted"),
        "s a megapixel": f"{sums.seconds / sums.pixels * 1e6:.1f}",
    }


if __name__ == "__main__":
    main()

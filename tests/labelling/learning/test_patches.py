"""Training pairs: where they are cut, and in which numbers."""

from pathlib import Path

import numpy as np
import pytest
import rasterio
from rasterio.windows import Window

import minenetcd
from labelling.learning.judged_results import FEW_STEPS, drawn, make_result, say, small_network
from minenetcd.constants import no_progress
from minenetcd.geo.sample import SceneSample
from minenetcd.geo.source import quiet_gdal
from minenetcd.labelling.learning.division import Part
from minenetcd.labelling.learning.material import divided
from minenetcd.labelling.learning.options import LearnOptions
from minenetcd.labelling.learning.patches import cut_pairs, side_of
from minenetcd.labelling.learning.reading.results import read_result
from minenetcd.labelling.learning.reading.sources import read_sources


def test_no_pixel_of_what_judges_is_cut_for_training(tmp_path: Path) -> None:
    """Of one site alone: pixels say where they come from."""
    size = 320
    result = say(make_result(tmp_path, 3, size=size, squares=60), 3, size=size, squares=60)
    start, options = small_network(), LearnOptions(complete=True)
    scenes = read_sources([result], options, print)
    data = divided(scenes, start, options)
    assert not data.division.by_site
    parts = data.division.parts
    side = side_of([*parts["train"], *parts["choose"]])
    for use in ("train", "choose"):
        assert parts[use]
        cut_pairs(parts[use], start, tmp_path / use, side=side, seed=1, progress=no_progress)
    (judge,) = parts["judge"]
    rows = range(judge.window.row_off - 18, judge.window.row_off + judge.window.height + 18)
    cols = range(judge.window.col_off - 18, judge.window.col_off + judge.window.width + 18)
    after = drawn(3, size, 60)[1]
    for use in ("train", "choose"):
        for path in (tmp_path / use / "B").iterdir():
            row, col = (int(part) for part in path.stem.split("_")[1:])
            overlaps = row < rows.stop and row + side > rows.start and col < cols.stop and col + side > cols.start
            assert not overlaps
            with quiet_gdal(), rasterio.open(path) as file:
                assert np.array_equal(file.read().transpose(1, 2, 0), after[row : row + side, col : col + side])


@pytest.mark.slow  # a network is trained
def test_16_bit_images_are_stretched_as_predict_stretches_them(tmp_path: Path) -> None:
    results = [say(make_result(tmp_path, number, bits=16), number) for number in range(3)]
    (scene, _), whole = read_result(results[0], FEW_STEPS), Window(0, 0, 160, 160)
    cut_pairs([Part(scene, whole)], small_network(), tmp_path / "cut", side=160, seed=1, progress=no_progress)
    (path,) = (tmp_path / "cut/B").iterdir()
    with quiet_gdal(), rasterio.open(path) as file, scene.open(small_network()) as opened:
        shown, after = file.read().transpose(1, 2, 0), opened.pair.read(whole).after
        _, limits = small_network().scene_limits(SceneSample(opened.pair))
        share = ((after - limits.low) / (limits.high - limits.low)).clip(0, 1)
        assert np.abs(shown - 255 * share).max() <= 1
    learned = minenetcd.learn(results, tmp_path / "out", start=small_network(), options=FEW_STEPS, device="cpu")
    assert learned.detector.preprocessing.value_range is None  # each scene by itself, as before

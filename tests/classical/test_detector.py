"""What every detector without training keeps of the contract, and what it refuses."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from classical.conftest import drawn_pair, make_pair
from minenetcd.classical.catalog import CLASSICAL, classical_from, create_classical
from minenetcd.classical.detector import THRESHOLD_RULES
from minenetcd.classical.scene import score
from minenetcd.errors import OptionError, RasterError, UnknownNameError

positive = st.floats(1e-6, 1e6)


@given(values=npst.arrays(np.float64, 20, elements=st.floats(0, 1e9)), cut=positive)
def test_scores_rise_with_the_statistic_and_are_half_from_the_cut_on(values: np.ndarray, cut: float) -> None:
    values = np.concatenate([values, [cut, np.nextafter(cut, 0), np.nextafter(cut, np.inf)]])
    found = score(values, cut)
    assert found.dtype == np.float32 and found.min() >= 0 and found.max() <= 1
    assert np.array_equal(found >= 0.5, values >= cut)
    assert (np.diff(found[np.argsort(values)]) >= 0).all()


@pytest.mark.parametrize("name", list(CLASSICAL))
@pytest.mark.parametrize("rule", THRESHOLD_RULES)
def test_a_description_is_json_and_makes_the_detector_again(name: str, rule: str) -> None:
    detector = create_classical(name, threshold_rule=rule, smooth=3)
    again = classical_from(json.loads(json.dumps(detector.describe())))
    assert again == detector and again.describe() == detector.describe()
    assert detector.describe()["provenance"]["trained_on"] is None
    assert detector.provenance.learns_each_scene and detector.provenance.is_ready


@pytest.mark.parametrize("name", list(CLASSICAL))
@pytest.mark.parametrize("rule", THRESHOLD_RULES)
def test_near_equal_images_are_unchanged(name: str, rule: str) -> None:
    image = drawn_pair().before
    noise = np.random.default_rng(0).normal(0, 1e-3, image.shape)
    for after in (image, image + noise, image * 0.5 + 20, (image * 0.9).round().astype(np.uint8)):
        pair = make_pair(image, after)
        scene = create_classical(name, threshold_rule=rule).for_scene([pair])
        assert (scene.scores((pair.before[None], pair.after[None]), pair.valid[None]) < 0.5).all()


@pytest.mark.parametrize("name", ["cva", "irmad", "isfa"])
def test_of_equal_images_but_for_a_square_the_square_alone_is_changed(name: str) -> None:
    before = drawn_pair().before // 2
    after = before.copy()
    after[20:30, 20:30] += 100
    scene = create_classical(name).for_scene([make_pair(before, after)])
    found = scene.scores((before[None], after[None]), np.ones((1, 96, 96), bool))[0, 0] >= 0.5
    assert found[20:30, 20:30].all() and found.sum() == found[20:30, 20:30].sum()


@pytest.mark.parametrize("name", list(CLASSICAL))
def test_dependent_bands_are_no_hindrance(name: str) -> None:
    pair = drawn_pair()
    grey = make_pair(*(date[..., :1].repeat(3, axis=-1) for date in (pair.before, pair.after)))
    scene = create_classical(name).for_scene([grey])
    found = scene.scores((grey.before[None], grey.after[None]), grey.valid[None])[0, 0] >= 0.5
    assert found[26:46, 34:46].mean() > 0.9 and found.mean() < 0.15


@pytest.mark.parametrize("name", list(CLASSICAL))
def test_images_that_cannot_be_used(name: str) -> None:
    detector, pair = create_classical(name), drawn_pair()
    flat = pair.after.copy()
    flat[..., 1] = 7
    with pytest.raises(
        RasterError,
        match=r"band 2 of the after image is 7 everywhere: read the others \(--bands 1,3\), or give another",
    ):
        detector.for_scene([make_pair(pair.before, flat)])
    few = np.zeros((96, 96), bool)
    few[0, :29] = True
    with pytest.raises(RasterError, match="Statistics of 3 bands need 30 pixels valid on both dates, got 29: give"):
        detector.for_scene([make_pair(pair.before, pair.after, few)])
    with pytest.raises(RasterError, match="Both dates need the same bands, got 3 and 2: choose"):
        detector.for_scene([make_pair(pair.before, pair.after[..., :2])])
    with pytest.raises(RasterError, match="got none: give images that overlap"):
        detector.for_scene([])


def test_blocks_need_pixels_side_by_side() -> None:
    pair = drawn_pair()
    with pytest.raises(RasterError, match=r"blocks of 16 x 16 pixels need more than 256 such blocks .*, got 36: give"):
        create_classical("pca-kmeans", block=16).for_scene([pair])


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("cva", {"smooth": -1}, "smooth needs a whole number from 0 to 64, got -1"),
        ("cva", {"radius": 2}, "cva takes the options threshold_rule, smooth "),
        ("irmad", {"passes": 0}, "passes needs a whole number from 1 to 10000, got 0"),
        ("isfa", {"tolerance": 1.0}, "tolerance needs a number between 0 and 1, got 1.0"),
        ("pca-kmeans", {"block": 1}, "block needs a whole number from 2 to 16, got 1"),
        ("pca-kmeans", {"components": 17}, "components needs a whole number from 1 to 16, got 17"),
    ],
)
def test_wrong_options(name: str, options: dict[str, float], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        create_classical(name, **options)


def test_wrong_names() -> None:
    with pytest.raises(UnknownNameError, match="no threshold rule 'otso': did you mean 'otsu'"):
        create_classical("cva", threshold_rule="otso")
    with pytest.raises(UnknownNameError, match="no detector without training 'irmd': did you mean 'irmad'"):
        create_classical("irmd")


def test_no_torch() -> None:
    code = (
        "import sys; from minenetcd.classical.catalog import CLASSICAL; [CLASSICAL[name] for name in CLASSICAL];"
        "print([name for name in ('torch', 'transformers', 'pandas') if name in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"


@pytest.mark.slow  # mypy reads the package
def test_each_is_a_detector_to_mypy(tmp_path: Path) -> None:
    places = [CLASSICAL.built_in[name] for name in CLASSICAL]
    lines = ["from minenetcd.detectors.contract import Detector, SceneDetector"]
    for number, place in enumerate(map(str, places)):
        module, _, name = place.partition(":")
        lines += [f"from {module} import {name}", f"detector{number}: Detector = {name}()"]
        lines += [f"scene{number}: SceneDetector = {name}().for_scene([])"]
    (tmp_path / "typed.py").write_text("\n".join(lines))
    config = Path(__file__).parents[2] / "pyproject.toml"
    command = [sys.executable, "-m", "mypy", "--config-file", str(config), str(tmp_path / "typed.py")]
    result = subprocess.run(command, capture_output=True, text=True, cwd=config.parent)
    assert result.returncode == 0, result.stdout


def test_a_few_glints_do_not_silence_a_guarded_rule() -> None:
    rng = np.random.default_rng(4)
    before = rng.normal(900, 60, (128, 128, 4)).astype(np.uint16)
    after = (before + rng.normal(0, 8, before.shape)).astype(np.uint16)
    after[40:72, 40:72] += 300
    square = np.zeros((128, 128), bool)
    square[40:72, 40:72] = True
    for rule in ("otsu-guarded", "k-means-guarded"):
        after[::40, ::40] = 4000  # 16 of 16,384
        score = create_classical("irmad", threshold_rule=rule).probability(before, after)
        assert (score >= 0.5)[square].mean() > 0.9 and (score >= 0.5)[~square].mean() < 0.02


@pytest.mark.parametrize("name", ["irmad", "isfa"])
@pytest.mark.parametrize("seed", range(4, 7))
def test_pixels_of_one_colour_do_not_take_all_weight(name: str, seed: int) -> None:
    """Dates that agree nowhere but where one colour repeats: passes end before its covariance is rounding alone."""
    rng = np.random.default_rng(seed)
    before = rng.normal(100, 3, (100, 200, 3))
    after = before / 2 + 50 + rng.normal(0, 3, before.shape)
    before[:2], after[:2] = before[0, 0], after[0, 0]
    pair = make_pair(*(date.round().astype(np.uint8) for date in (before, after)))
    scene = create_classical(name).for_scene([pair])
    assert np.isfinite(scene.scores((pair.before[None], pair.after[None]), pair.valid[None])).all()

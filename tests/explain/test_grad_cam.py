"""Grad-CAM against arithmetic, and against a change that moves."""

import sys

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch.nn import functional

import minenetcd
from explain.constructed import BRIGHTNESS, CELL, DIFFERENCE, Known, known_detector
from explain.looking import look, view_of
from minenetcd.errors import OptionError
from minenetcd.explain.grad_cam import TargetScore, grad_cam, heat
from minenetcd.explain.layers import Layer, declared_layers
from minenetcd.explain.options import ExplainOptions

pytestmark = pytest.mark.needs("captum")

SIDE = 64


def dates(seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(1, 3, SIDE, SIDE, generator=generator), torch.rand(1, 3, SIDE, SIDE, generator=generator)


def layer_named(model: Known, stage: str, level: int) -> Layer:
    return next(layer for layer in declared_layers(model, [level]) if layer.stage == stage)


def known_cam(before: torch.Tensor, after: torch.Tensor) -> torch.Tensor:
    cells = [functional.avg_pool2d(x[0, :1], CELL)[0] for x in ((after - before).abs(), after)]
    return (DIFFERENCE * cells[0] + BRIGHTNESS * cells[1]) / cells[0].numel()


@pytest.mark.parametrize("num_classes", [1, 2])
@pytest.mark.parametrize("stage", ["features", "given to the head"])
@pytest.mark.parametrize("pixels", ["all", "a corner"])
def test_the_map_of_a_constructed_network_is_the_known_one(num_classes: int, stage: str, pixels: str) -> None:
    model = Known(num_classes=num_classes).eval().requires_grad_(False)
    chosen = torch.ones(SIDE, SIDE, dtype=torch.bool)
    if pixels == "a corner":
        chosen[SIDE // 4 :] = False
    found = grad_cam(TargetScore(model, "change", chosen), layer_named(model, stage, 1), dates())
    torch.testing.assert_close(found, known_cam(*dates()), rtol=1e-5, atol=1e-8)


def test_no_change_is_explained_by_what_speaks_against_change() -> None:
    model = Known().eval().requires_grad_(False)
    chosen = torch.ones(SIDE, SIDE, dtype=torch.bool)
    layer = layer_named(model, "features", 1)
    change, no_change = (
        grad_cam(TargetScore(model, target, chosen), layer, dates()) for target in ("change", "no-change")
    )
    torch.testing.assert_close(no_change, -change)
    assert heat(change, (SIDE, SIDE)).min() == 0 == heat(no_change, (SIDE, SIDE)).min()


def test_a_layer_without_influence_is_cold() -> None:
    model = Known().eval().requires_grad_(False)
    chosen = torch.ones(SIDE, SIDE, dtype=torch.bool)
    cam = grad_cam(TargetScore(model, "change", chosen), layer_named(model, "features", 2), dates())
    assert cam.shape == (SIDE // CELL, SIDE // CELL) and not cam.any()


def test_gradients_leave_no_trace_in_the_detector() -> None:
    detector = known_detector()
    view = view_of(*(np.full((SIDE, SIDE, 3), value, np.uint8) for value in (10, 200)))
    hooks = len(detector.model.features._forward_hooks)
    look(detector, view)
    assert all(parameter.requires_grad and parameter.grad is None for parameter in detector.parameters())
    assert len(detector.model.features._forward_hooks) == hooks == 0


def test_a_calibrated_detector_is_explained_by_its_own_probability() -> None:
    detector = known_detector()
    images = [np.full((SIDE, SIDE, 3), value, np.uint8) for value in (10, 200)]
    detector.temperature = 4.0
    explained = look(detector, view_of(*images))
    np.testing.assert_allclose(explained.probability, detector.eval().probability(*images), atol=1e-6)


def place_of(heat_map: NDArray[np.float32]) -> tuple[float, float]:
    rows, columns = np.indices(heat_map.shape)
    return float((rows * heat_map).sum() / heat_map.sum()), float((columns * heat_map).sum() / heat_map.sum())


@pytest.mark.parametrize("corner", [(0, 0), (16, 40), (44, 4), (20, 20)])
def test_the_map_moves_with_the_change(corner: tuple[int, int]) -> None:
    before = np.full((SIDE, SIDE, 3), 30, np.uint8)
    after = before.copy()
    row, column = corner
    after[row : row + 16, column : column + 16] = 240
    found = look(known_detector(), view_of(before, after)).maps[0].values
    assert place_of(found) == pytest.approx((row + 7.5, column + 7.5), abs=0.6)
    assert found[row + 4 : row + 12, column + 4 : column + 12].min() > 0.9 and found.max() == 1


def test_the_map_of_a_trained_network_moves_with_the_change() -> None:
    nano = minenetcd.from_pretrained("minenetcd-nano")
    rng = np.random.default_rng(0)
    before = rng.integers(90, 120, (128, 128, 3), dtype=np.uint8)
    places = []
    for row, column in ((8, 8), (72, 72)):
        after = rng.integers(90, 120, (128, 128, 3), dtype=np.uint8)
        after[row : row + 48, column : column + 48] += np.uint8(120)
        explanation = look(nano, view_of(before, after), levels=(2, 3))
        assert [(m.stage, m.level) for m in explanation.maps] == [("dates compared", 2), ("dates compared", 3)]
        places.append([place_of(m.values) for m in explanation.maps])
        region = np.zeros((128, 128), bool)
        region[row : row + 48, column : column + 48] = True
        focus = [m.focus(region) for m in explanation.maps]
        assert min(focus) > 2, focus
    for first, second in zip(*places, strict=True):
        assert second[0] - first[0] > 20 and second[1] - first[1] > 20


def test_only_the_pixels_of_the_target_are_asked_unless_there_are_none() -> None:
    before = np.full((SIDE, SIDE, 3), 30, np.uint8)
    after = before.copy()
    after[:16, :16] = 240
    view, detector = view_of(before, after), known_detector()
    changed = look(detector, view)
    assert (changed.changed[:16, :16]).all() and not changed.fell_back
    assert changed.pixels_explained == changed.changed.sum() < SIDE * SIDE
    rest = look(detector, view, target="no-change")
    assert rest.pixels_explained == SIDE * SIDE - changed.pixels_explained
    assert look(detector, view, pixels="all").pixels_explained == SIDE * SIDE
    detector.threshold = 0.999
    none = look(detector, view)
    assert none.fell_back and none.pixels_explained == SIDE * SIDE


def test_without_captum_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "captum.attr", None)
    view = view_of(*(np.full((SIDE, SIDE, 3), value, np.uint8) for value in (10, 200)))
    with pytest.raises(OptionError, match=r"pip install 'minenetcd\[explain\]'"):
        look(known_detector(), view)


def test_wrong_options_are_told_in_one_line() -> None:
    with pytest.raises(OptionError, match="target needs one of change, no-change, got 'mine'"):
        ExplainOptions(target="mine")
    with pytest.raises(OptionError, match="pixels needs one of predicted, all"):
        ExplainOptions(pixels="some")

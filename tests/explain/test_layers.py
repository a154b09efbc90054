"""What every architecture of the table lets one look at."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from explain.looking import detector_of, look, noise, view_of
from minenetcd.errors import OptionError
from minenetcd.explain.explanation import explain_pair
from minenetcd.explain.layers import declared_layers, read_layers
from minenetcd.explain.options import ExplainOptions
from minenetcd.models.base import ChangeModel
from minenetcd.models.catalog import list_models
from minenetcd.types import ChangeOutput
from minenetcd.weights.maps import MAPS


@pytest.mark.needs("captum")
@pytest.mark.parametrize("name", list_models())
def test_its_declared_layers_give_maps_of_the_images_size(name: str) -> None:
    explanation = look(detector_of(name), view_of(*noise(30, 32)))
    stages = detector_of(name).model.explained_layers
    assert [(m.stage, m.level) for m in explanation.maps] == [
        (stage.name, level) for stage in stages for level in range(1, len(stage.levels) + 1)
    ]
    for heat_map in explanation.maps:
        assert heat_map.values.shape == (30, 32) and np.isfinite(heat_map.values).all()
        assert heat_map.values.min() >= 0 and heat_map.values.max() in (0, 1)
        assert heat_map.peak > 0 or not heat_map.values.any()
    assert any(heat_map.peak > 0 for heat_map in explanation.maps)


@pytest.mark.parametrize("name", list_models())
def test_its_levels_run_from_fine_to_coarse_once_each(name: str) -> None:
    model = detector_of(name).model
    layers = declared_layers(model)
    runs: Counter[nn.Module] = Counter()
    modules = {layer.module for layer in layers}
    hooks = [module.register_forward_hook(lambda module, *_: runs.update([module])) for module in modules]
    dates = torch.rand(1, 3, 64, 64), torch.rand(1, 3, 64, 64)
    read = read_layers(model, layers, dates)
    for hook in hooks:
        hook.remove()
    assert set(runs.values()) == {1}, "a module that runs several times has no one output"
    for stage in model.explained_layers:
        sides = [features.shape[-1] for layer, features in zip(layers, read, strict=True) if layer.stage == stage.name]
        assert sides == sorted(sides, reverse=True) and all(64 % side == 0 for side in sides)


@pytest.mark.needs("captum")
@pytest.mark.parametrize("name", [name for name in MAPS if MAPS[name].OPTIONS])
def test_published_options_can_be_looked_into_too(name: str) -> None:
    explanation = look(detector_of(name, **MAPS[name].OPTIONS), view_of(*noise(64, 64)))
    assert any(heat_map.peak > 0 for heat_map in explanation.maps)


@pytest.mark.needs("captum")
def test_levels_that_the_answer_is_not_read_from_are_cold() -> None:
    explanation = look(detector_of("a2net", prediction="coarsest"), view_of(*noise(64, 64)))
    peaks = {
        heat_map.level: heat_map.peak for heat_map in explanation.maps if heat_map.stage == "change representation"
    }
    assert peaks[1] == peaks[2] == peaks[3] == 0


@pytest.mark.needs("captum")
def test_a_network_with_heads_side_by_side_has_one_stage_of_as_many_levels_as_its_trunk() -> None:
    explanation = look(detector_of("minenetcd_lite", levels=2), view_of(*noise(64, 64)))
    assert explanation.stages == ["dates compared"] and explanation.levels == [1, 2] and explanation.spectra == []


@pytest.mark.needs("captum")
def test_levels_are_chosen() -> None:
    explanation = look(detector_of("minenetcd"), view_of(*noise(64, 64)), levels=(2, 4))
    assert explanation.levels == [2, 4] and len(explanation.maps) == 4


def test_wrong_levels_are_told_in_one_line(tmp_path: Path) -> None:
    nano, bit = detector_of("minenetcd"), detector_of("bit")
    pictures = [tmp_path / f"{date}.png" for date in ("before", "after")]
    for path, pixels in zip(pictures, noise(64, 64), strict=True):
        Image.fromarray(pixels).save(path)
    with pytest.raises(OptionError, match="no level 5: nano, bit has levels 1 to 4"):
        explain_pair({"nano": nano, "bit": bit}, *pictures, options=ExplainOptions(levels=(5,)))
    with pytest.raises(OptionError, match="no level 2: bit has levels 1 to 1"):
        explain_pair({"bit": bit}, *pictures, options=ExplainOptions(levels=(2,)))


def test_a_detector_without_the_level_has_no_maps() -> None:
    explanation = look(detector_of("bit"), view_of(*noise(64, 64)), levels=(2,))
    assert explanation.maps == [] and explanation.probability.shape == (64, 64)


def test_a_method_without_declared_layers_says_what_to_do() -> None:
    class Closed(ChangeModel):
        def compare(self, before: Tensor, after: Tensor) -> ChangeOutput:
            return ChangeOutput(after - before)

    with pytest.raises(OptionError, match="Closed names no layers to look into: give its class explained_layers"):
        declared_layers(Closed())

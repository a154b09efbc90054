"""What every architecture of the table keeps."""

import json

import pytest
import torch

from minenetcd.models.catalog import create_model, list_models, model_class, model_name
from minenetcd.types import change_probability
from minenetcd.weights.maps import MAPS

SMALL = {"minenetcd": {"backbone": "resnet_nano", "decoder_channels": 32, "auxiliary_channels": 16}}


def build(name: str) -> torch.nn.Module:
    torch.manual_seed(0)
    return create_model(name, **SMALL.get(name, {})).eval()


@pytest.mark.parametrize("name", list_models())
@pytest.mark.parametrize("size", [(64, 64), (35, 51)])
def test_logits_have_the_size_of_the_images(name: str, size: tuple[int, int]) -> None:
    before, after = torch.rand(1, 3, *size), torch.rand(1, 3, *size)
    with torch.inference_mode():
        output = build(name)(before, after)
    probability = change_probability(output.logits)
    assert output.logits.shape[-2:] == size and output.logits.isfinite().all()
    assert probability.shape == (1, *size) and probability.min() >= 0 and probability.max() <= 1


@pytest.mark.parametrize("name", list_models())
def test_every_auxiliary_output_has_a_weight(name: str) -> None:
    model = build(name)
    with torch.inference_mode():
        output = model(torch.rand(1, 3, 64, 64), torch.rand(1, 3, 64, 64))
    assert len(output.auxiliary) == len(model.auxiliary_weights)


@pytest.mark.parametrize("name", list_models())
def test_its_config_is_json_and_rebuilds_it(name: str) -> None:
    model = build(name)
    twin = create_model(name, **json.loads(json.dumps(model.config)))
    assert model_name(twin) == name and twin.config == model.config
    assert {k: v.shape for k, v in twin.state_dict().items()} == {k: v.shape for k, v in model.state_dict().items()}


@pytest.mark.parametrize("name", list_models())
def test_it_says_where_it_comes_from(name: str) -> None:
    about = model_class(name).about
    assert about.title and about.authors and about.venue and 2015 <= about.year <= 2026


@pytest.mark.parametrize("name", list_models())
def test_published_options_build_it(name: str) -> None:
    create_model(name, **{**SMALL.get(name, {}), **MAPS[name].OPTIONS, **SMALL.get(name, {})})

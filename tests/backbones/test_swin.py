"""Swin gives what the transformers library makes of the same tensors, at every size, and its gradients."""

import pytest
import torch
from torch import nn
from transformers import SwinBackbone, SwinConfig

from minenetcd.backbones.swin import Swin

DEPTHS, HEADS, WINDOW = (2, 2, 3, 2), (1, 2, 4, 8), 5


def both() -> tuple[Swin, SwinBackbone]:
    torch.manual_seed(0)
    own = Swin(embed_dim=16, depths=DEPTHS, heads=HEADS, window=WINDOW, drop_path=0.5)
    stages = [f"stage{i}" for i in (1, 2, 3, 4)]
    options = {"embed_dim": 16, "depths": DEPTHS, "num_heads": HEADS, "window_size": WINDOW, "drop_path_rate": 0.5}
    library = SwinBackbone(SwinConfig(out_features=stages, **options))
    library.swin.layernorm = nn.Identity()
    tensors = {name: x + 0.1 * torch.randn_like(x) for name, x in own.network.state_dict().items()}
    own.network.load_state_dict(tensors)
    library.load_state_dict(tensors)
    return own, library


@pytest.mark.parametrize("size", [(32, 32), (64, 96), (33, 50), (80, 80)])
def test_maps_are_those_of_the_library(size: tuple[int, int]) -> None:
    own, library = (network.eval() for network in both())
    image = torch.randn(2, 3, *size)
    with torch.inference_mode():
        for found, expected in zip(own(image), library(image).feature_maps, strict=True):
            torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-6)


def test_training_is_that_of_the_library() -> None:
    """Stochastic depth draws the same numbers, too."""
    own, library = (network.train() for network in both())
    image = torch.randn(2, 3, 48, 40)
    torch.manual_seed(1)
    found = sum(x.square().mean() for x in own(image))
    torch.manual_seed(1)
    expected = sum(x.square().mean() for x in library(image).feature_maps)
    torch.testing.assert_close(found, expected)
    found.backward()
    expected.backward()
    gradients = dict(library.named_parameters())
    for name, parameter in own.network.named_parameters():
        torch.testing.assert_close(parameter.grad, gradients[name].grad, rtol=1e-3, atol=1e-5, msg=name)


def test_a_seed_gives_the_weights_of_the_library() -> None:
    torch.manual_seed(5)
    own = Swin(embed_dim=16, depths=DEPTHS, heads=HEADS, window=WINDOW).network.state_dict()
    torch.manual_seed(5)
    options = {"embed_dim": 16, "depths": DEPTHS, "num_heads": HEADS, "window_size": WINDOW}
    library = SwinBackbone(SwinConfig(out_features=[f"stage{i}" for i in (1, 2, 3, 4)], **options)).state_dict()
    assert all(torch.equal(x, library[name]) for name, x in own.items())

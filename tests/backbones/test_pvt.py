import pytest
import torch
from torch import nn
from torchvision.ops import StochasticDepth
from transformers import PvtV2Config, PvtV2Model

from minenetcd.backbones.pvt import PRETRAINED_ID, PvtV2B1, from_library
from minenetcd.errors import OptionError, WeightsError


@pytest.fixture(scope="module")
def library() -> PvtV2Model:
    """The transformers library's PVTv2-B1 with random weights, and with its norms' eps set as in the authors' code."""
    torch.manual_seed(0)
    config = PvtV2Config(hidden_sizes=[64, 128, 320, 512], mlp_ratios=[8, 8, 4, 4])
    model = PvtV2Model(config).eval()
    for name, parameter in model.named_parameters():
        if parameter.ndim == 1:
            nn.init.normal_(parameter, mean=1.0 * ("norm" in name and "weight" in name), std=0.2)
    for name, module in model.named_modules():
        if name.endswith(("patch_embedding.layer_norm", "attention.layer_norm")):
            module.eps = 1e-5
    return model


@pytest.mark.parametrize("size", [(64, 64), (100, 76)])
def test_all_four_levels_equal_the_library(library: PvtV2Model, size: tuple[int, int]) -> None:
    trunk = PvtV2B1().eval()
    trunk.load_state_dict(from_library(library.state_dict()))
    image = torch.randn(2, 3, *size, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        levels, theirs = trunk(image), library(image, output_hidden_states=True).hidden_states
    for level, channels, stride, expected in zip(levels, trunk.channels, trunk.strides, theirs, strict=True):
        assert level.shape == (2, channels, -(-size[0] // stride), -(-size[1] // stride))
        torch.testing.assert_close(level, expected, rtol=0, atol=1e-5 * expected.abs().max().item())


def test_pretrained_weights_fill_a_trunk_cut_short(library: PvtV2Model, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr("minenetcd.backbones.pretrained.hub_answers", lambda: True)
    monkeypatch.setattr(PvtV2Model, "from_pretrained", lambda name: asked.append(name) or library)
    trunk = PvtV2B1(levels=3).eval()
    trunk.load_pretrained()
    image = torch.randn(1, 3, 64, 64, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        levels, theirs = trunk(image), library(image, output_hidden_states=True).hidden_states[:3]
    for level, expected in zip(levels, theirs, strict=True):
        torch.testing.assert_close(level, expected, rtol=0, atol=1e-5 * expected.abs().max().item())
    assert asked == [PRETRAINED_ID]


def test_what_cannot_be_loaded_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(OptionError, match="read 3 bands, this trunk 5"):
        PvtV2B1(5).load_pretrained()

    def unreachable(name: str) -> None:
        raise OSError("no connection\nsecond line")

    monkeypatch.setattr("minenetcd.backbones.pretrained.hub_answers", lambda: True)
    monkeypatch.setattr(PvtV2Model, "from_pretrained", unreachable)
    with pytest.raises(WeightsError, match=r"\(no connection\).*pretrained_backbone=False"):
        PvtV2B1().load_pretrained()


def test_epsilons_are_the_authors() -> None:
    small = {n for n, m in PvtV2B1().named_modules() if isinstance(m, nn.LayerNorm) and m.eps == 1e-6}
    large = {n for n, m in PvtV2B1().named_modules() if isinstance(m, nn.LayerNorm) and m.eps == 1e-5}
    assert len(small) == 4 + 2 * 8 and all(n.endswith((".norm", "attention_norm", "mlp_norm")) for n in small)
    assert len(large) == 4 + 6 and all(n.endswith(("embed_norm", "reduce_norm")) for n in large)


@pytest.mark.parametrize("levels", [1, 2, 3, 4])
def test_a_trunk_cut_short_keeps_the_stochastic_depth_of_its_blocks(levels: int) -> None:
    rates = [m.p for m in PvtV2B1(levels=levels, drop_path=0.1).modules() if isinstance(m, StochasticDepth)]
    assert rates == pytest.approx([i * 0.1 / 7 for i in range(2 * levels)])

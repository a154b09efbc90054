"""ResUnet against its published implementation."""

import pytest
import torch
from torch import Tensor

from minenetcd.errors import OptionError, WeightsError
from minenetcd.models.resunet import ResUNet
from minenetcd.weights.keymap import load_strictly, rename
from minenetcd.weights.maps.resunet import OPTIONS, RULES
from parity.golden import golden_pair, load_golden


@pytest.fixture(scope="module")
def model() -> ResUNet:
    """The network under the deterministic weights, in eval mode."""
    published = ResUNet(**OPTIONS)
    load_strictly(published, rename(load_golden("resunet").weights, RULES))
    return published.eval()


def random_pair(height: int, width: int, *, batch: int = 1, channels: int = 3) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(height * width)
    before, after = torch.randn(2, batch, channels, height, width, generator=generator)
    return before, after


@torch.inference_mode()
def test_published_weights_give_published_output(model: ResUNet) -> None:
    golden, (before, after) = load_golden("resunet"), golden_pair()
    output = model(before, after)
    assert output.auxiliary == model.auxiliary_weights == ()
    golden.check("main", output.logits, tolerance=1e-5)
    swapped = model(after, before).logits
    assert float((swapped - output.logits).abs().max()) == pytest.approx(0.512, abs=1e-3)


def test_parameters_count_as_published(model: ResUNet) -> None:
    count = sum(parameter.numel() for parameter in model.parameters())
    assert count == load_golden("resunet").facts["params"]
    assert round(count / 2**20, 2) == model.about.parameters_mi


def test_a_missing_tensor_is_named() -> None:
    weights = load_golden("resunet").weights
    del weights["bridge.conv_skip.0.bias"]
    with pytest.raises(WeightsError, match=r"encoder\.4\.shortcut\.0\.bias"):
        load_strictly(ResUNet(), rename(weights, RULES))


def test_an_unexpected_tensor_is_named() -> None:
    weights = load_golden("resunet").weights
    with pytest.raises(WeightsError, match=r"step5\.up\.weight"):
        load_strictly(ResUNet(), rename(weights | {"upsample_5.upsample.weight": torch.zeros(1)}, RULES))
    with pytest.raises(WeightsError, match=r"fc\.weight"):
        rename(weights | {"fc.weight": torch.zeros(1)}, RULES)


def test_gradients_reach_every_parameter() -> None:
    torch.manual_seed(0)
    model = ResUNet().train()
    model(*random_pair(64, 64, batch=2)).logits.square().mean().backward()
    unreached = [key for key, value in model.named_parameters() if value.grad is None or not value.grad.any()]
    assert unreached == []


@pytest.mark.parametrize(("height", "width"), [(32, 32), (33, 47), (100, 70)])
@torch.inference_mode()
def test_any_size_goes_in_and_comes_out(model: ResUNet, height: int, width: int) -> None:
    logits = model(*random_pair(height, width)).logits
    assert logits.shape == (1, 2, height, width)
    assert logits.isfinite().all()


@torch.inference_mode()
def test_bands_and_classes_are_free() -> None:
    model = ResUNet(in_channels=4, num_classes=1).eval()
    assert model(*random_pair(32, 32, channels=4)).logits.shape == (1, 1, 32, 32)
    assert model.config == {"in_channels": 4, "num_classes": 1}


@torch.inference_mode()
def test_precision_follows_the_input(model: ResUNet) -> None:
    before, after = random_pair(32, 32)
    exact = ResUNet().double().eval()
    exact.load_state_dict(model.state_dict())
    coarse = ResUNet().bfloat16().eval()
    coarse.load_state_dict(model.state_dict())
    precise = exact(before.double(), after.double()).logits
    rough = coarse(before.bfloat16(), after.bfloat16()).logits
    assert (precise.dtype, rough.dtype) == (torch.float64, torch.bfloat16)
    torch.testing.assert_close(rough.double(), precise, rtol=0, atol=0.1 * float(precise.abs().max()))


@torch.no_grad()
def test_in_training_both_dates_move_the_statistics_of_the_bottom() -> None:
    model, (before, after) = ResUNet().train(), random_pair(32, 32, batch=2)
    bottom = model.encoder[4].main[0]
    means: list[Tensor] = []
    bottom.register_forward_pre_hook(lambda _, inputs: means.append(inputs[0].mean(dim=(0, 2, 3))))
    model(before, after)
    assert int(bottom.num_batches_tracked) == 2
    torch.testing.assert_close(bottom.running_mean, 0.09 * means[0] + 0.1 * means[1])


@torch.inference_mode()
def test_in_evaluation_the_unused_bottom_is_not_computed(model: ResUNet) -> None:
    calls: list[int] = []
    handle = model.encoder[4].register_forward_hook(lambda *_: calls.append(1))
    model(*random_pair(32, 32))
    handle.remove()
    assert len(calls) == 1


def test_there_is_no_pretrained_trunk(model: ResUNet) -> None:
    with pytest.raises(OptionError, match="no pretrained trunk"):
        model.load_pretrained_backbone()

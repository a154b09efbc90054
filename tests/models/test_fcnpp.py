"""FCNPP against its published implementation."""

import pytest
import torch
from torch import Tensor

from minenetcd.errors import OptionError, SizeError, WeightsError
from minenetcd.models.fcnpp import FCNPP, centre_on, double
from minenetcd.types import change_probability
from minenetcd.weights.keymap import load_strictly, rename
from minenetcd.weights.maps.fcnpp import OPTIONS, RULES
from parity.golden import golden_pair, load_golden


def filled(*, gain: float = 1.0, **options: bool) -> FCNPP:
    """The network under the deterministic weights, those of two or more dimensions times `gain`, in eval mode."""
    factor = torch.tensor(gain)
    weights = {
        name: tensor * factor if tensor.ndim >= 2 else tensor for name, tensor in load_golden("fcnpp").weights.items()
    }
    model = FCNPP(**options)
    load_strictly(model, rename(weights, RULES))
    return model.eval()


@pytest.fixture(scope="module")
def model() -> FCNPP:
    """As published."""
    return filled(**OPTIONS)


def random_pair(height: int, width: int, *, batch: int = 1, channels: int = 3) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(height * width)
    before, after = torch.randn(2, batch, channels, height, width, generator=generator)
    return before, after


@torch.inference_mode()
def test_published_weights_give_published_output(model: FCNPP) -> None:
    golden, (before, after) = load_golden("fcnpp"), golden_pair()
    output = model(before, after)
    assert output.auxiliary == model.auxiliary_weights == ()
    absolute = 1e-5  # this filling hides the pyramid: mistakes there move the logits by some 1e-3 only
    golden.check("main_logits", output.logits, tolerance=absolute / float(golden.arrays["main_logits.absmax"]))
    golden.check("main", change_probability(output.logits)[:, None], tolerance=1e-5)
    swapped = change_probability(model(after, before).logits)
    assert float((swapped - change_probability(output.logits)).abs().max()) == pytest.approx(0.052, abs=1e-3)


@torch.inference_mode()
def test_published_output_under_weights_that_show_the_pyramid() -> None:
    golden, model = load_golden("fcnpp", "gain2"), filled(gain=2**0.5, **OPTIONS)
    logits = model(*golden_pair()).logits
    golden.check("main_logits", logits, tolerance=1e-5)
    golden.check("main", change_probability(logits)[:, None], tolerance=1e-5)
    model.magnify_pyramid = False
    assert float((model(*golden_pair()).logits - logits).abs().max()) > 2


def test_parameters_count_as_published(model: FCNPP) -> None:
    count = sum(parameter.numel() for parameter in model.parameters())
    assert count == load_golden("fcnpp").facts["params"]
    assert round(count / 2**20, 2) == model.about.parameters_mi


def test_a_missing_tensor_is_named() -> None:
    weights = load_golden("fcnpp").weights
    del weights["aspp.aspp2.block.depthwise.weight"]
    with pytest.raises(WeightsError, match=r"pyramid\.dilated\.rate2\.depthwise\.conv\.weight"):
        load_strictly(FCNPP(), rename(weights, RULES))


def test_an_unexpected_tensor_is_named() -> None:
    weights = load_golden("fcnpp").weights
    with pytest.raises(WeightsError, match=r"step5\.0\.weight"):
        load_strictly(FCNPP(), rename(weights | {"up5.conv.double_conv.0.weight": torch.zeros(1)}, RULES))
    with pytest.raises(WeightsError, match=r"up1\.up\.weight"):
        rename(weights | {"up1.up.weight": torch.zeros(1)}, RULES)


@pytest.mark.parametrize("magnify_pyramid", [True, False])
def test_gradients_reach_every_parameter(magnify_pyramid: bool) -> None:
    torch.manual_seed(0)
    model = FCNPP(magnify_pyramid=magnify_pyramid).train()
    model(*random_pair(64, 64, batch=2)).logits.square().mean().backward()
    unreached = [key for key, value in model.named_parameters() if value.grad is None or not value.grad.any()]
    assert unreached == []


@pytest.mark.parametrize("magnify_pyramid", [True, False])
@pytest.mark.parametrize(("height", "width"), [(32, 32), (33, 47), (100, 70)])
@torch.inference_mode()
def test_any_size_goes_in_and_comes_out(model: FCNPP, magnify_pyramid: bool, height: int, width: int) -> None:
    other = FCNPP(magnify_pyramid=magnify_pyramid).eval()
    other.load_state_dict(model.state_dict())
    logits = other(*random_pair(height, width)).logits
    assert logits.shape == (1, 1, height, width)
    assert logits.isfinite().all()


@torch.inference_mode()
def test_bands_classes_and_dropout_are_free() -> None:
    model = FCNPP(in_channels=4, num_classes=3, dropout=0.5).eval()
    assert model(*random_pair(32, 32, channels=4)).logits.shape == (1, 3, 32, 32)
    assert model.config == {"in_channels": 4, "num_classes": 3, "dropout": 0.5, "magnify_pyramid": False}
    assert model.pyramid.drop.p == 0.5


@torch.inference_mode()
def test_precision_follows_the_input(model: FCNPP) -> None:
    before, after = random_pair(32, 32)
    exact = FCNPP(**OPTIONS).double().eval()
    exact.load_state_dict(model.state_dict())
    coarse = FCNPP(**OPTIONS).bfloat16().eval()
    coarse.load_state_dict(model.state_dict())
    precise = exact(before.double(), after.double()).logits
    rough = coarse(before.bfloat16(), after.bfloat16()).logits
    assert (precise.dtype, rough.dtype) == (torch.float64, torch.bfloat16)
    torch.testing.assert_close(rough.double(), precise, rtol=0, atol=0.1 * float(precise.abs().max()))


def test_magnifying_keeps_the_centre_of_the_pyramid() -> None:
    ramp = torch.arange(32.0).expand(1, 1, 32, 32)
    magnified = centre_on(double(ramp), like=ramp)
    torch.testing.assert_close(magnified, double(ramp)[..., 16:48, 16:48])
    assert float(magnified.max() - magnified.min()) == pytest.approx(31 * 31 / 63)


def test_centring_pads_with_zeros_and_cuts_the_rim() -> None:
    rows = torch.tensor([[[[1.0], [2.0], [3.0]]]])
    assert centre_on(rows, like=torch.empty(1, 1, 6, 1)).flatten().tolist() == [0, 1, 2, 3, 0, 0]
    assert centre_on(rows, like=torch.empty(1, 1, 1, 1)).flatten().tolist() == [2]
    assert centre_on(rows, like=torch.empty(1, 1, 2, 1)).flatten().tolist() == [2, 3]  # the odd row goes at the top
    assert centre_on(rows, like=rows).equal(rows)


def test_training_on_a_single_sample_is_refused() -> None:
    model, pair = FCNPP().train(), random_pair(32, 32)
    with pytest.raises(SizeError, match="at least 2 samples a batch in training, got 1"):
        model(*pair)
    model.pyramid.pooled.norm.eval()
    assert model(*pair).logits.isfinite().all()


def test_there_is_no_pretrained_trunk(model: FCNPP) -> None:
    with pytest.raises(OptionError, match="no pretrained trunk"):
        model.load_pretrained_backbone()

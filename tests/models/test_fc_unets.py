"""FC-EF, FC-Siam-conc and FC-Siam-diff against their published implementations."""

import pytest
import torch
from torch import Tensor

from minenetcd.errors import OptionError, WeightsError
from minenetcd.models.base import ChangeModel
from minenetcd.models.fc_unets import FCEF, SiamUNetConc, SiamUNetDiff, extend_to
from minenetcd.weights.keymap import load_strictly, rename
from minenetcd.weights.maps import fc_ef, siamunet_conc, siamunet_diff
from parity.golden import golden_pair, load_golden

MODELS: dict[str, type[ChangeModel]] = {
    "fc_ef": FCEF,
    "siamunet_conc": SiamUNetConc,
    "siamunet_diff": SiamUNetDiff,
}
MAPS = {"fc_ef": fc_ef, "siamunet_conc": siamunet_conc, "siamunet_diff": siamunet_diff}
every_model = pytest.mark.parametrize("name", MODELS)


def published(name: str) -> ChangeModel:
    """The network with the published options, under the deterministic weights, in eval mode."""
    model = MODELS[name](**MAPS[name].OPTIONS)
    load_strictly(model, rename(load_golden(name).weights, MAPS[name].RULES))
    return model.eval()


def random_pair(height: int, width: int, *, batch: int = 1, channels: int = 3) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(height * width)
    before, after = torch.randn(2, batch, channels, height, width, generator=generator)
    return before, after


# The published swap is what exchanging the dates does to the log-probabilities; in FC-Siam-diff hardly anything.
@pytest.mark.parametrize(
    ("name", "published_swap"), [("fc_ef", 2.556), ("siamunet_conc", 4.655), ("siamunet_diff", 0.002628)]
)
@torch.inference_mode()
def test_published_weights_give_published_output(name: str, published_swap: float) -> None:
    golden, model, (before, after) = load_golden(name), published(name), golden_pair()
    output = model(before, after)
    assert output.auxiliary == model.auxiliary_weights == ()
    golden.check("main_logits", output.logits, tolerance=1e-5)
    golden.check("main", output.logits.log_softmax(dim=1), tolerance=1e-5)
    swapped = model(after, before).logits.log_softmax(dim=1)
    assert float((swapped - output.logits.log_softmax(dim=1)).abs().max()) == pytest.approx(published_swap, rel=1e-3)


@every_model
def test_parameters_count_as_published(name: str) -> None:
    model = MODELS[name]()
    count = sum(parameter.numel() for parameter in model.parameters())
    assert count == load_golden(name).facts["params"]
    assert round(count / 2**20, 2) == model.about.parameters_mi


@every_model
def test_a_missing_tensor_is_named(name: str) -> None:
    weights = load_golden(name).weights
    del weights["conv43d.weight"]
    with pytest.raises(WeightsError, match=r"decoder\.level4\.merge\.unit3\.conv\.weight"):
        load_strictly(MODELS[name](), rename(weights, MAPS[name].RULES))


@every_model
def test_an_unexpected_tensor_is_named(name: str) -> None:
    weights = load_golden(name).weights
    with pytest.raises(WeightsError, match=r"conv55\.weight|level5"):
        load_strictly(MODELS[name](), rename(weights | {"conv55.weight": torch.zeros(1)}, MAPS[name].RULES))
    with pytest.raises(WeightsError, match=r"fc\.weight"):
        rename(weights | {"fc.weight": torch.zeros(1)}, MAPS[name].RULES)


@every_model
def test_gradients_reach_every_parameter(name: str) -> None:
    torch.manual_seed(0)
    model = MODELS[name]().train()
    model(*random_pair(64, 64, batch=2)).logits.square().mean().backward()
    unreached = [key for key, value in model.named_parameters() if value.grad is None or not value.grad.any()]
    assert unreached == []


@pytest.mark.parametrize(("height", "width"), [(32, 32), (33, 47), (100, 70)])
@every_model
@torch.inference_mode()
def test_any_size_goes_in_and_comes_out(name: str, height: int, width: int) -> None:
    logits = published(name)(*random_pair(height, width)).logits
    assert logits.shape == (1, 2, height, width)
    assert logits.isfinite().all()


@torch.inference_mode()
def test_sizes_are_repaired_by_repeating_the_last_row_and_column() -> None:
    small = torch.tensor([[[[1.0, 2.0], [3.0, 4.0]]]])
    repaired = extend_to(small, torch.empty(1, 8, 3, 3))
    assert repaired[0, 0].tolist() == [[1, 2, 2], [3, 4, 4], [3, 4, 4]]
    assert extend_to(small, small) is small


@every_model
@torch.inference_mode()
def test_bands_classes_and_dropout_are_free(name: str) -> None:
    model = MODELS[name](in_channels=13, num_classes=1, dropout=0.5).eval()
    assert model(*random_pair(32, 32, channels=13)).logits.shape == (1, 1, 32, 32)
    assert model.config == {"in_channels": 13, "num_classes": 1, "dropout": 0.5}
    assert {module.p for module in model.modules() if isinstance(module, torch.nn.Dropout2d)} == {0.5}


@every_model
@torch.inference_mode()
def test_precision_follows_the_input(name: str) -> None:
    model, (before, after) = published(name), random_pair(48, 48)
    exact = model.double()(before.double(), after.double()).logits
    coarse = model.bfloat16()(before.bfloat16(), after.bfloat16()).logits
    assert exact.dtype == torch.float64
    assert coarse.dtype == torch.bfloat16
    torch.testing.assert_close(coarse.double(), exact, rtol=0, atol=0.1 * float(exact.abs().max()))


@pytest.mark.parametrize("name", ["siamunet_conc", "siamunet_diff"])
@torch.no_grad()
def test_in_training_each_date_is_normalised_by_itself_the_earlier_first(name: str) -> None:
    model, (before, after) = MODELS[name]().train(), random_pair(32, 32, batch=2)
    first = model.encoder["level1"].unit1
    expected = torch.zeros(16)
    for date in (before, after):
        expected = 0.9 * expected + 0.1 * first.conv(date).mean(dim=(0, 2, 3))
    model(before, after)
    torch.testing.assert_close(first.norm.running_mean, expected)
    assert int(first.norm.num_batches_tracked) == 2


def test_dates_that_agree_leave_the_difference_network_its_bottom_alone() -> None:
    model, (before, _) = published("siamunet_diff"), random_pair(64, 64)
    seen: list[Tensor] = []
    for level in model.decoder.values():
        level.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[1]))
    model(before, before)
    assert len(seen) == 4
    assert not any(skip.any() for skip in seen)


@every_model
def test_there_is_no_pretrained_trunk(name: str) -> None:
    with pytest.raises(OptionError, match="no pretrained trunk"):
        MODELS[name]().load_pretrained_backbone()

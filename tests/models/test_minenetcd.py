import pytest
import torch
from torch import nn

from minenetcd.errors import OptionError, SizeError, UnknownNameError, WeightsError
from minenetcd.models.catalog import create_model
from minenetcd.models.minenetcd import MineNetCD
from minenetcd.weights.keymap import load_strictly, rename
from minenetcd.weights.maps.minenetcd import RULES
from parity.golden import Golden, golden_pair, load_golden

BACKBONES = [
    *("swin_t", "swin_s", "swin_b", "resnet18", "resnet50", "resnet101"),
    *("vmamba_t", "vmamba_s", "vmamba_b"),
]
LARGE = {"swin_s", "swin_b", "resnet50", "resnet101", "vmamba_s", "vmamba_b"}
# resnet101 without ChangeFFT: float32 rounding puts the golden itself 1.1e-5 from the float64 result.
TOLERANCE = {("resnet101", "none"): 2e-5}
SMALL = {"backbone": "resnet_nano", "decoder_channels": 32, "auxiliary_channels": 16}


def published(golden: Golden, backbone: str, change_fft: str) -> MineNetCD:
    model = MineNetCD(backbone=backbone, change_fft=change_fft)
    load_strictly(model, rename(golden.weights, RULES))
    return model


@pytest.mark.parametrize("change_fft", ["spatial", "none"])
@pytest.mark.parametrize("backbone", [pytest.param(b, marks=pytest.mark.slow if b in LARGE else ()) for b in BACKBONES])
def test_published_weights_give_the_published_output(backbone: str, change_fft: str) -> None:
    golden = load_golden(f"minenetcd_{backbone}{'_nofft' * (change_fft == 'none')}")
    model = published(golden, backbone, change_fft).eval()
    assert sum(p.numel() for p in model.parameters()) == golden.facts["params"]
    with torch.inference_mode():
        output = model(*golden_pair())
    golden.check("main", output.logits, tolerance=TOLERANCE.get((backbone, change_fft), 1e-5))
    if "aux0.samples" in golden.arrays:
        golden.check("aux0", output.auxiliary[0], tolerance=1e-5)


@pytest.mark.parametrize("change_fft", ["spatial", "none"])
@pytest.mark.parametrize("backbone", ["swin_t", "resnet18", "vmamba_t"])
def test_training_mode_gives_the_published_output_and_loss(backbone: str, change_fft: str) -> None:
    golden = load_golden(f"minenetcd_{backbone}{'_nofft' * (change_fft == 'none')}")
    model = published(golden, backbone, change_fft).train()
    for module in model.modules():
        if hasattr(module, "drop_path"):
            module.drop_path = nn.Identity() if isinstance(module.drop_path, nn.Module) else 0.0
        if isinstance(module, nn.Dropout):
            module.p = 0.0
    output = model(*golden_pair(batch=2))
    labels = torch.zeros(2, 256, 256, dtype=torch.long)
    labels[:, 64:192, 64:192] = 1
    cross_entropy = nn.CrossEntropyLoss()
    loss = cross_entropy(output.logits, labels) + 0.4 * cross_entropy(output.auxiliary[0], labels)
    golden.check("train.main", output.logits, tolerance=1e-3)
    golden.check("train.aux0", output.auxiliary[0], tolerance=1e-3)
    assert loss.item() == pytest.approx(float(golden.arrays["train.loss.value"]), rel=1e-3)


@pytest.mark.parametrize("backbone", ["swin_t", "vmamba_t"])
def test_layer_norms_use_the_published_epsilon(backbone: str) -> None:
    model = MineNetCD(backbone=backbone, change_fft="spatial")
    assert {m.eps for m in model.modules() if isinstance(m, nn.LayerNorm)} == {1e-5}


def test_behind_vmamba_the_spatial_changefft_keeps_the_difference() -> None:
    """The released wirings differ: D reaches the decoder past the block behind VMamba, never behind other trunks."""
    for backbone, expected in (("vmamba_t", 1.0), ("resnet_nano", 0.0)):
        block = MineNetCD(**{**SMALL, "backbone": backbone}, change_fft="spatial").eval().change_fft[0]
        for parameter in block.parameters():
            nn.init.zeros_(parameter)
        difference = torch.randn(1, block.norm.weight.numel(), 8, 8)
        assert torch.equal(block(difference), expected * difference)


def test_missing_unexpected_and_misshapen_tensors_are_named() -> None:
    model = MineNetCD(**SMALL)
    tensors = model.state_dict()
    with pytest.raises(WeightsError, match=r"decoder\.classifier\.bias"):
        load_strictly(model, {k: v for k, v in tensors.items() if k != "decoder.classifier.bias"})
    with pytest.raises(WeightsError, match=r"'extra\.weight'"):
        load_strictly(model, {**tensors, "extra.weight": torch.zeros(1)})
    with pytest.raises(WeightsError, match=r"classifier\.bias.*\(2,\).*\(3,\)"):
        load_strictly(model, {**tensors, "decoder.classifier.bias": torch.zeros(3)})


@pytest.mark.parametrize("change_fft", ["channel", "spatial", "none"])
def test_gradients_reach_every_parameter_that_can_act(change_fft: str) -> None:
    torch.manual_seed(0)
    model = MineNetCD(change_fft=change_fft, **SMALL).train()
    output = model(torch.randn(2, 3, 64, 64), torch.randn(2, 3, 64, 64))
    (output.logits.square().mean() + output.auxiliary[0].square().mean()).backward()
    assert [name for name, p in model.named_parameters() if p.grad is None] == []


def test_swapping_the_dates_is_not_a_symmetry() -> None:
    torch.manual_seed(0)
    model = MineNetCD(change_fft="channel", **SMALL).eval()
    before, after = torch.randn(1, 3, 64, 64), torch.randn(1, 3, 64, 64)
    assert not torch.allclose(model(before, after).logits, model(after, before).logits, atol=1e-4)


@pytest.mark.parametrize("size", [(33, 47), (100, 70), (64, 96)])
def test_any_size_comes_back_at_that_size(size: tuple[int, int]) -> None:
    model = MineNetCD(**SMALL).eval()
    output = model(torch.randn(1, 3, *size), torch.randn(1, 3, *size))
    assert output.logits.shape[-2:] == size and output.auxiliary[0].shape[-2:] == size


def test_channels_classes_and_double_precision_follow_the_options() -> None:
    model = MineNetCD(in_channels=5, num_classes=1, **SMALL).double().eval()
    date = torch.randn(1, 5, 64, 64, dtype=torch.float64)
    logits = model(date, -date).logits
    assert logits.shape == (1, 1, 64, 64) and logits.dtype == torch.float64


def test_fused_inference_equals_the_trained_network() -> None:
    torch.manual_seed(0)
    model = MineNetCD(change_fft="channel", **SMALL).eval()
    pair = torch.randn(1, 3, 96, 96), torch.randn(1, 3, 96, 96)
    with torch.inference_mode():
        plain, fused = model(*pair).logits, model.fused()(*pair).logits
    torch.testing.assert_close(fused, plain, rtol=0, atol=1e-5 * plain.abs().max().item())
    assert isinstance(model.change_fft[0], type(MineNetCD(**SMALL).change_fft[0])), "the original is left as it was"


def test_runs_in_bfloat16_under_autocast_and_as_a_whole() -> None:
    pair = torch.randn(1, 3, 64, 64), torch.randn(1, 3, 64, 64)
    for change_fft in ("channel", "spatial"):
        model = MineNetCD(change_fft=change_fft, **SMALL).eval()
        with torch.autocast("cpu", dtype=torch.bfloat16):
            assert model(*pair).logits.isfinite().all()
        assert model.bfloat16()(*(x.bfloat16() for x in pair)).logits.dtype == torch.bfloat16


def test_wrong_input_is_told_in_one_line() -> None:
    model = MineNetCD(**SMALL)
    with pytest.raises(SizeError, match="one shape"):
        model(torch.zeros(1, 3, 64, 64), torch.zeros(1, 3, 64, 65))
    with pytest.raises(SizeError, match="built for 3 channels, got 4"):
        model(torch.zeros(1, 4, 64, 64), torch.zeros(1, 4, 64, 64))
    with pytest.raises(SizeError, match="at least 32 x 32 pixels, got 16 x 64"):
        model(torch.zeros(1, 3, 16, 64), torch.zeros(1, 3, 16, 64))
    with pytest.raises(OptionError, match="change_fft needs one of"):
        MineNetCD(change_fft="paper")
    with pytest.raises(UnknownNameError, match="did you mean 'swin_t'"):
        MineNetCD(backbone="swin-t")
    with pytest.raises(OptionError, match="no option 'backbon'"):
        create_model("minenetcd", backbon="swin_t")
    with pytest.raises(UnknownNameError, match="did you mean 'minenetcd'"):
        create_model("minenet")


def test_an_unreachable_pretrained_trunk_names_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises((WeightsError, OptionError), match="pretrained_backbone=False"):
        create_model("minenetcd", pretrained_backbone=True, **SMALL)

import copy
from collections.abc import Iterable
from dataclasses import dataclass

import pytest
import torch
from torch import nn

from minenetcd.errors import OptionError, UnknownNameError, WeightsError
from minenetcd.models.base import ChangeModel
from minenetcd.models.catalog import create_model
from minenetcd.models.minenetcd import MineNetCD
from parity.golden import Golden, golden_pair, load_golden
from parity.loading import published_network

BACKBONES = [
    *("swin_t", "swin_s", "swin_b", "resnet18", "resnet50", "resnet101"),
    *("vmamba_t", "vmamba_s", "vmamba_b"),
]
LARGE = {"swin_s", "swin_b", "resnet50", "resnet101", "vmamba_s", "vmamba_b"}
# resnet101 without ChangeFFT: float32 rounding puts the golden itself 1.1e-5 from the float64 result.
TOLERANCE = {("resnet101", "none"): 2e-5}
SMALL = {"backbone": "resnet_nano", "decoder_channels": 32, "auxiliary_channels": 16}


@dataclass
class Published:
    """One of the released networks, under its golden's weights."""

    backbone: str
    change_fft: str
    golden: Golden
    model: ChangeModel


def releases(backbones: Iterable[str]) -> list[object]:
    """Each with ChangeFFT as released and without, large ones marked slow."""
    return [
        pytest.param(
            (backbone, change_fft), id=f"{backbone}-{change_fft}", marks=[pytest.mark.slow] * (backbone in LARGE)
        )
        for backbone in backbones
        for change_fft in ("spatial", "none")
    ]


@pytest.fixture(scope="module", params=releases(BACKBONES))
def published(request: pytest.FixtureRequest) -> Published:
    backbone, change_fft = request.param
    golden = load_golden(f"minenetcd_{backbone}{'_nofft' * (change_fft == 'none')}")
    model = published_network("minenetcd", golden, backbone=backbone, change_fft=change_fft)
    return Published(backbone, change_fft, golden, model)


@pytest.mark.slow
def test_published_weights_give_the_published_output(published: Published) -> None:
    golden, model = published.golden, published.model
    assert sum(p.numel() for p in model.parameters()) == golden.facts["params"]
    with torch.inference_mode():
        output = model(*golden_pair())
    golden.check("main", output.logits, tolerance=TOLERANCE.get((published.backbone, published.change_fft), 1e-5))
    if "aux0.samples" in golden.arrays:
        golden.check("aux0", output.auxiliary[0], tolerance=1e-5)


# goldens hold training outputs of the small trunks alone
@pytest.mark.slow
@pytest.mark.parametrize("published", releases(b for b in BACKBONES if b not in LARGE), indirect=True, scope="module")
@torch.no_grad()
def test_training_mode_gives_the_published_output_and_loss(published: Published) -> None:
    golden = published.golden
    model = copy.deepcopy(published.model).train()
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
    with torch.device("meta"):
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


@pytest.mark.parametrize("change_fft", ["channel", "spatial", "none"])
def test_gradients_reach_every_parameter_that_can_act(change_fft: str) -> None:
    torch.manual_seed(0)
    model = MineNetCD(change_fft=change_fft, **SMALL).train()
    output = model(torch.randn(2, 3, 64, 64), torch.randn(2, 3, 64, 64))
    (output.logits.square().mean() + output.auxiliary[0].square().mean()).backward()
    assert [name for name, p in model.named_parameters() if p.grad is None] == []


def test_runs_in_bfloat16_under_autocast_and_as_a_whole() -> None:
    pair = torch.randn(1, 3, 64, 64), torch.randn(1, 3, 64, 64)
    for change_fft in ("channel", "spatial"):
        model = MineNetCD(change_fft=change_fft, **SMALL).eval()
        with torch.autocast("cpu", dtype=torch.bfloat16):
            assert model(*pair).logits.isfinite().all()
        assert model.bfloat16()(*(x.bfloat16() for x in pair)).logits.dtype == torch.bfloat16


def test_wrong_options_are_told_in_one_line() -> None:
    with pytest.raises(OptionError, match="change_fft needs one of"):
        MineNetCD(change_fft="paper")
    with pytest.raises(UnknownNameError, match="did you mean 'swin_t'"):
        MineNetCD(backbone="swin-t")
    with pytest.raises(OptionError, match="no option 'backbon'"):
        create_model("minenetcd", backbon="swin_t")
    with pytest.raises(OptionError, match=r"built with backbone=3 .*: correct a value; it takes backbone, change_fft"):
        create_model("minenetcd", backbone=3)
    with pytest.raises(UnknownNameError, match="did you mean 'minenetcd'"):
        create_model("minenet")


def test_an_unreachable_pretrained_trunk_names_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises((WeightsError, OptionError), match="pretrained_backbone=False"):
        create_model("minenetcd", pretrained_backbone=True, **SMALL)

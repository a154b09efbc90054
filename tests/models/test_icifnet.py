import pytest
import torch
from torch import Tensor, nn

from minenetcd.errors import OptionError, WeightsError
from minenetcd.layers.cross_interaction import FactorisedAttention, SinusoidalPosition
from minenetcd.models.icifnet import AttentionUp, ICIFNet
from minenetcd.weights.keymap import load_strictly, rename
from minenetcd.weights.maps.icifnet import OPTIONS, RULES
from parity.golden import Golden, golden_pair, load_golden

# dead in the published code: ImageNet classifier, PVT's last stage, and five tensors of every interaction
DEAD = ("resnet.fc.", "backbone.patch_embed4.", "backbone.block4.", "backbone.norm4.")
DEAD_ENDS = (".query.weight", ".key.weight", ".value.weight", ".factoratt_crpe.qkv.weight", ".factoratt_crpe.qkv.bias")


@pytest.fixture(scope="module")
def golden() -> Golden:
    return load_golden("icifnet")


@pytest.fixture(scope="module")
def tensors(golden: Golden) -> dict[str, Tensor]:
    return rename(golden.weights, RULES)


@pytest.fixture(scope="module")
def published(tensors: dict[str, Tensor]) -> ICIFNet:
    model = ICIFNet(**OPTIONS).eval()
    load_strictly(model, tensors)
    return model


def small_pair(height: int = 64, width: int = 64, *, channels: int = 3, batch: int = 1) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    before, after = torch.randn(2, batch, channels, height, width, generator=generator)
    return before, after


def test_published_weights_give_the_published_outputs(golden: Golden, published: ICIFNet) -> None:
    with torch.inference_mode():
        output = published(*golden_pair())
    golden.check("main", output.logits, tolerance=5e-6)  # sees a wrong eps of PVT's norms
    golden.check("main", output.auxiliary[0], tolerance=5e-6)
    golden.check("aux0", output.auxiliary[1], tolerance=1e-5)
    golden.check("aux1", output.auxiliary[2], tolerance=1e-5)


def test_parameters_are_the_published_ones_without_the_dead(golden: Golden, published: ICIFNet) -> None:
    shapes = golden.facts["state_dict"]
    dead = [name for name in shapes if name.startswith(DEAD) or name.endswith(DEAD_ENDS)]
    dropped = sum(torch.Size(shapes[name]).numel() for name in dead)
    assert len(dead) == 70
    assert sum(p.numel() for p in published.parameters()) == golden.facts["params"] - dropped
    assert round(golden.facts["params_mi"], 2) == ICIFNet.about.parameters_mi


def test_a_checkpoint_of_several_processes_with_its_counters_loads(golden: Golden) -> None:
    counters = {name: torch.tensor(7) for name in golden.facts["integer_buffers"]}
    checkpoint = {f"CD_model.module.{name}": x for name, x in {**golden.weights, **counters}.items()}
    model = ICIFNet(**OPTIONS)
    load_strictly(model, rename(checkpoint, RULES))
    assert model.after.up_fine.conv2.norm.num_batches_tracked == 7


def test_missing_and_unexpected_tensors_are_named(published: ICIFNet, tensors: dict[str, Tensor]) -> None:
    frequencies = "before.interact.0.local_position.frequencies"
    with pytest.raises(WeightsError, match=frequencies.replace(".", r"\.")):
        load_strictly(published, {name: x for name, x in tensors.items() if name != frequencies})
    with pytest.raises(WeightsError, match=r"'heads\.3\.classifier\.bias'"):
        load_strictly(published, {**tensors, "heads.3.classifier.bias": torch.zeros(2)})
    with pytest.raises(WeightsError, match=r"'cross4_img3\.qkv\.bias'"):
        rename({"cross4_img3.qkv.bias": torch.zeros(1)}, RULES)


def test_prediction_is_the_sum_of_the_decoders_or_the_global_one(published: ICIFNet) -> None:
    authors = ICIFNet().eval()
    authors.load_state_dict(published.state_dict())
    with torch.inference_mode():
        summed, single = authors(*small_pair()), published(*small_pair())
    torch.testing.assert_close(summed.auxiliary, single.auxiliary, rtol=0, atol=0)
    torch.testing.assert_close(summed.logits, torch.stack(summed.auxiliary).sum(0))
    assert single.logits is single.auxiliary[0]
    assert (summed.logits - single.logits).abs().max() > 0.1
    assert authors.auxiliary_weights == (1, 1, 0.5) and published.auxiliary_weights == (0, 0, 0)


def test_training_reaches_every_parameter(tensors: dict[str, Tensor]) -> None:
    """A bias before a BatchNorm gets a gradient that is zero but for rounding; the next test shows its effect."""
    model = ICIFNet().train()
    load_strictly(model, tensors)
    output = model(*small_pair(batch=2))
    sum(x.square().mean() for x in (output.logits, *output.auxiliary)).backward()
    assert [name for name, p in model.named_parameters() if p.grad is None] == []
    still = [name for name, p in model.named_parameters() if not p.grad.any()]
    assert [name for name in still if not name.endswith(".attend.conv.bias")] == []


def test_every_parameter_has_an_effect(tensors: dict[str, Tensor]) -> None:
    model = ICIFNet().double().eval()
    load_strictly(model, tensors)
    output = model(*(date.double() for date in small_pair()))
    sum(x.square().mean() for x in (output.logits, *output.auxiliary)).backward()
    assert [name for name, p in model.named_parameters() if p.grad.abs().max() < 1e-12] == []


def test_swapping_the_dates_is_not_a_symmetry(published: ICIFNet) -> None:
    before, after = small_pair()
    with torch.inference_mode():
        forth, back = published(before, after), published(after, before)
    for there, here in zip(forth.auxiliary, back.auxiliary, strict=True):
        assert (there - here).abs().max() > 1e-2


def test_factorised_attention_equals_its_formula() -> None:
    torch.manual_seed(0)
    attention, size = FactorisedAttention(32, dropout=0.1).double().eval(), (5, 3)
    query, key, value = torch.randn(3, 2, 8, 15, 4, dtype=torch.float64)
    content = torch.einsum("bhid,bhjd,bhje->bhie", query, key.softmax(dim=2), value) / 2
    maps = value.transpose(2, 3).reshape(2, 32, *size)
    surroundings = torch.cat(
        [
            nn.functional.conv2d(maps[:, first:last], window.weight, window.bias, padding=pad, groups=last - first)
            for window, first, last, pad in zip(attention.windows, (0, 8, 20), (8, 20, 32), (1, 2, 3), strict=True)
        ],
        dim=1,
    )
    position = query * surroundings.reshape(2, 8, 4, 15).transpose(2, 3)
    expected = attention.project((content + position).transpose(1, 2).reshape(2, 15, 32))
    torch.testing.assert_close(attention(query, key, value, size=size), expected)


def test_positions_are_sines_and_cosines_of_row_and_column() -> None:
    code = SinusoidalPosition(8)(torch.zeros(1, 8, 4, 5))[0]
    for row, column in ((0, 0), (3, 1), (2, 4)):
        for k, frequency in enumerate((1.0, 0.01)):
            angles = torch.tensor([row * frequency, column * frequency])
            torch.testing.assert_close(code[[k, 4 + k], row, column], angles.sin())
            torch.testing.assert_close(code[[2 + k, 6 + k], row, column], angles.cos())


@pytest.mark.parametrize("side", [(13, 13), (15, 16)])
def test_a_coarser_map_is_centred_on_the_finer_one(side: tuple[int, int]) -> None:
    up = AttentionUp(6, 4).eval()
    below, level = torch.randn(1, 6, 7, 8), torch.randn(1, 4, *side)
    seen = []
    up.ask_below.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    with torch.inference_mode():
        assert up(below, level).shape == level.shape
    doubled = nn.functional.interpolate(below, size=(14, 16), mode="bilinear", align_corners=True)
    if side == (13, 13):  # one row and three columns too many: rounded down, -1 and -2 come off at the top and left
        torch.testing.assert_close(seen[0], doubled[..., 1:, 2:-1])
    else:  # a row too few: rounded down, nothing at the top
        torch.testing.assert_close(seen[0], nn.functional.pad(doubled, (0, 0, 0, 1)))


@pytest.mark.parametrize("size", [(33, 47), (100, 70), (32, 32)])
def test_any_size_comes_back_at_that_size(published: ICIFNet, size: tuple[int, int]) -> None:
    with torch.inference_mode():
        output = published(*small_pair(*size))
    for logits in (output.logits, *output.auxiliary):
        assert logits.shape == (1, 2, *size) and logits.isfinite().all()


def test_sizes_the_published_code_takes_are_not_padded(published: ICIFNet) -> None:
    pair = small_pair(100, 68)  # multiples of 4, uneven inside
    with torch.inference_mode():
        torch.testing.assert_close(published(*pair).logits, published.compare(*pair).logits, rtol=0, atol=0)


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
def test_channels_classes_and_precision_follow_the_options(dtype: torch.dtype) -> None:
    model = ICIFNet(in_channels=5, num_classes=1).to(dtype).eval()
    with torch.inference_mode():
        output = model(*(date.to(dtype) for date in small_pair(32, 32, channels=5)))
    assert output.logits.shape == (1, 1, 32, 32) and output.logits.dtype == dtype
    assert output.logits.isfinite().all()


def test_dropout_acts_in_training_only_and_can_be_left_out() -> None:
    torch.manual_seed(0)
    pair = small_pair(32, 32, batch=2)
    for model, same in ((ICIFNet(), False), (ICIFNet(dropout=0.0, drop_path=0.0), True)):
        with torch.no_grad():
            first, second = model.train()(*pair).logits, model(*pair).logits
        assert torch.equal(first, second) is same


def test_the_configuration_rebuilds_the_model() -> None:
    model = ICIFNet(in_channels=4, num_classes=3, prediction="global", dropout=0.2, drop_path=0.0)
    assert ICIFNet(**model.config).config == model.config
    with pytest.raises(OptionError, match="prediction 'sum' or 'global', got 'fused'"):
        ICIFNet(prediction="fused")
    with pytest.raises(OptionError, match="read 3 bands, this trunk 4"):
        model.load_pretrained_backbone()


def test_both_trunks_are_asked_for_their_pretrained_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    model, asked = ICIFNet(), []
    for trunk in (model.local_trunk, model.global_trunk):
        monkeypatch.setattr(trunk, "load_pretrained", lambda trunk=trunk: asked.append(trunk))
    model.load_pretrained_backbone()
    assert asked == [model.local_trunk, model.global_trunk]

import pytest
import torch
from torch import Tensor, nn

from minenetcd.errors import OptionError
from minenetcd.layers.cross_interaction import FactorisedAttention, SinusoidalPosition
from minenetcd.models.icifnet import AttentionUp, ICIFNet
from parity.golden import load_golden
from parity.loading import published_network


def small_pair(side: int = 64, *, batch: int = 1) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    before, after = torch.randn(2, batch, 3, side, side, generator=generator)
    return before, after


def test_prediction_is_the_sum_of_the_decoders_or_the_global_one() -> None:
    published = published_network("icifnet", load_golden("icifnet"))
    authors = ICIFNet().eval()
    authors.load_state_dict(published.state_dict())
    with torch.inference_mode():
        summed, single = authors(*small_pair()), published(*small_pair())
    torch.testing.assert_close(summed.auxiliary, single.auxiliary, rtol=0, atol=0)
    torch.testing.assert_close(summed.logits, torch.stack(summed.auxiliary).sum(0))
    assert single.logits is single.auxiliary[0]
    assert (summed.logits - single.logits).abs().max() > 0.1
    assert authors.auxiliary_weights == (1, 1, 0.5) and published.auxiliary_weights == (0, 0, 0)


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


def test_dropout_acts_in_training_only_and_can_be_left_out() -> None:
    torch.manual_seed(0)
    pair = small_pair(32, batch=2)
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

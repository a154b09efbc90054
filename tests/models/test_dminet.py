import pytest
import torch
from torch import Tensor
from torchvision.models import resnet18

from minenetcd.backbones import torchvision_resnet18 as trunk_module
from minenetcd.errors import OptionError
from minenetcd.models.dminet import DMINet, JointQueryAttention
from parity.golden import load_golden
from parity.loading import published_network


def small_pair() -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    before, after = torch.randn(2, 1, 3, 64, 64, generator=generator)
    return before, after


def test_prediction_is_the_sum_of_the_fine_heads_or_the_coarse_one() -> None:
    published = published_network("dminet", load_golden("dminet"))
    authors = DMINet().eval()
    authors.load_state_dict(published.state_dict())
    with torch.inference_mode():
        summed, coarse = authors(*small_pair()), published(*small_pair())
    torch.testing.assert_close(summed.auxiliary, coarse.auxiliary, rtol=0, atol=0)
    torch.testing.assert_close(summed.logits, summed.auxiliary[0] + summed.auxiliary[1], rtol=0, atol=0)
    assert coarse.logits is coarse.auxiliary[3]
    assert (summed.logits - coarse.logits).abs().max() > 0.1
    assert authors.auxiliary_weights == (1, 1, 0.5, 0.5) and published.auxiliary_weights == (0, 0, 0, 0)


def test_a_fresh_attention_changes_nothing_so_the_difference_branch_is_symmetric() -> None:
    model = DMINet().eval()
    before, after = small_pair()
    with torch.inference_mode():
        forth, back = model(before, after).auxiliary, model(after, before).auxiliary
    for difference_head in (1, 3):
        torch.testing.assert_close(forth[difference_head], back[difference_head], rtol=0, atol=0)
    for concatenation_head in (0, 2):
        assert (forth[concatenation_head] - back[concatenation_head]).abs().max() > 1e-3


def test_attention_equals_its_formula() -> None:
    torch.manual_seed(0)
    attention = JointQueryAttention(16).double().eval()
    torch.nn.init.constant_(attention.gamma, 0.7)
    before, after = torch.randn(2, 2, 16, 5, 3, dtype=torch.float64)
    exchanged = attention(before, after)
    query = torch.cat([attention.before.query(before), attention.after.query(after)], dim=1).flatten(2)
    for date, projection, ours in ((before, attention.before, 1), (after, attention.after, 2)):
        weights = torch.einsum("bci,bcj->bij", query, projection.key(date).flatten(2)).softmax(dim=-1)
        answer = torch.einsum("bij,bcj->bci", weights, projection.value(date).flatten(2)).view_as(date)
        torch.testing.assert_close(exchanged[ours], 0.7 * answer + date)
    torch.testing.assert_close(exchanged.merged, attention.merge(torch.cat(exchanged[1:], dim=1)))


def test_the_configuration_rebuilds_the_model() -> None:
    model = DMINet(in_channels=4, num_classes=3, prediction="coarse")
    assert DMINet(**model.config).config == model.config
    assert {n: x.shape for n, x in DMINet(**model.config).state_dict().items()} == {
        n: x.shape for n, x in model.state_dict().items()
    }
    with pytest.raises(OptionError, match="prediction 'sum' or 'coarse', got 'mean'"):
        DMINet(prediction="mean")


def test_the_trunk_starts_from_torchvision_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    library = resnet18().eval()
    monkeypatch.setattr(
        trunk_module, "imagenet_weights", lambda name: library.state_dict() if name == "resnet18" else {}
    )
    model = DMINet().eval()
    model.load_pretrained_backbone()
    image, _ = small_pair()
    with torch.inference_mode():
        levels = model.trunk(image)
        x = library.maxpool(library.relu(library.bn1(library.conv1(image))))
        for level, layer in zip(levels, (library.layer1, library.layer2, library.layer3), strict=True):
            x = layer(x)
            torch.testing.assert_close(level, x, rtol=0, atol=0)
    with pytest.raises(OptionError, match="read 3 bands, this trunk 4"):
        DMINet(in_channels=4).load_pretrained_backbone()

import pytest
import torch

from minenetcd.layers.change_guide import ChangeGuide, DateFusion


def test_a_fresh_guide_changes_nothing() -> None:
    x, guide = torch.randn(1, 8, 4, 4), torch.randn(1, 1, 8, 8)
    assert torch.equal(ChangeGuide(8)(x, guide), x)


@pytest.mark.parametrize(("logit", "emphasis"), [(-100.0, 1.0), (0.0, 1.5), (100.0, 2.0)])
def test_expected_change_counts_up_to_twice(logit: float, emphasis: float) -> None:
    torch.manual_seed(0)
    attention = ChangeGuide(16).double()
    torch.nn.init.constant_(attention.gamma, 0.7)
    x, guide = torch.randn(2, 16, 5, 3, dtype=torch.float64), torch.full((2, 1, 10, 6), logit, dtype=torch.float64)
    query, key, value = (
        (emphasis * project(x)).flatten(2) for project in (attention.query, attention.key, attention.value)
    )
    weights = torch.einsum("bdi,bdj->bij", query, key).softmax(dim=-1)
    answer = torch.einsum("bij,bcj->bci", weights, value).view_as(x)
    torch.testing.assert_close(attention(x, guide), x + 0.7 * answer)


def test_the_later_date_comes_first() -> None:
    fusion = DateFusion([1, 1]).eval()
    for level in fusion.values():
        level.conv.weight.data.zero_()[0, 0, 1, 1] = 1  # passes its first channel
    before, after = ([torch.full((1, 1, n, n), value) for n in (4, 2)] for value in (3.0, 5.0))
    joint = fusion(before, after)
    assert [level.shape for level in joint] == [level.shape for level in before]
    for level in joint:
        torch.testing.assert_close(level, torch.full_like(level, 5), rtol=0, atol=1e-4)

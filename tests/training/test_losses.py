import pytest
import torch
from torch.nn import functional

from minenetcd.training.losses import LOSSES, bce, binary_logit, change_loss, dice
from minenetcd.types import ChangeOutput, change_probability


@pytest.mark.parametrize("classes", [1, 2, 4])
def test_the_binary_logit_has_the_probability_of_change(classes: int) -> None:
    logits = torch.randn(2, classes, 5, 7, dtype=torch.float64)
    torch.testing.assert_close(torch.sigmoid(binary_logit(logits)), change_probability(logits))


def test_bce_is_equation_6_and_equals_cross_entropy_for_two_classes() -> None:
    logits = torch.randn(2, 2, 5, 7, dtype=torch.float64)
    mask = torch.randint(0, 2, (2, 5, 7), dtype=torch.uint8)
    p, y = change_probability(logits), mask.double()
    torch.testing.assert_close(bce(logits, mask).double(), -(y * p.log() + (1 - y) * (1 - p).log()).mean())
    torch.testing.assert_close(bce(logits, mask).double(), functional.cross_entropy(logits, mask.long()))


def test_dice_is_its_formula() -> None:
    logits = torch.randn(2, 1, 5, 7, dtype=torch.float64)
    mask = torch.randint(0, 2, (2, 5, 7), dtype=torch.uint8)
    p, y = torch.sigmoid(logits[:, 0]), mask.double()
    expected = 1 - (2 * (p * y).sum() + 1) / (p.sum() + y.sum() + 1)
    torch.testing.assert_close(dice(logits, mask), expected)


@pytest.mark.parametrize("name", sorted(LOSSES))
def test_ignored_pixels_count_for_nothing(name: str) -> None:
    logits = torch.randn(1, 2, 4, 4)
    mask = torch.tensor([[[0, 1, 255, 255]] * 4], dtype=torch.uint8)
    changed = logits.clone()
    changed[..., 2:] += 100
    torch.testing.assert_close(LOSSES[name](changed, mask), LOSSES[name](logits, mask))


def test_auxiliary_outputs_enter_with_their_weight_at_the_masks_size() -> None:
    mask = torch.randint(0, 2, (1, 8, 8), dtype=torch.uint8)
    main, side = torch.randn(1, 2, 8, 8), torch.randn(1, 2, 4, 4)
    output = ChangeOutput(main, (side,))
    enlarged = functional.interpolate(side, size=(8, 8), mode="bilinear", align_corners=False)
    expected = bce(main, mask) + 0.4 * bce(enlarged, mask)
    torch.testing.assert_close(change_loss(output, mask, name="bce", auxiliary_weights=(0.4,)), expected)

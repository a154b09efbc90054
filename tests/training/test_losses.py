from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional

from minenetcd.errors import OptionError, UnknownNameError
from minenetcd.models.catalog import create_model
from minenetcd.training.losses import LOSSES, bce, ce, change_loss, dice
from minenetcd.types import ChangeOutput, change_log_odds

# --- the formulas, written out in NumPy: probabilities p (B, K, H, W) and labels y (B, H, W) in, a number out


def softmax(logits: np.ndarray) -> np.ndarray:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def probabilities(logits: np.ndarray) -> np.ndarray:
    """(B, K, H, W), K = 1 being a sigmoid -> the probability of every class, at least two of them."""
    if logits.shape[1] == 1:
        changed = 1 / (1 + np.exp(-logits))
        return np.concatenate([1 - changed, changed], axis=1)
    return softmax(logits)


def binary(p: np.ndarray, y: np.ndarray, ignored: int) -> tuple[np.ndarray, np.ndarray]:
    return np.stack([p[:, 0], p[:, 1:].sum(axis=1)], axis=1), np.where(y == ignored, 255, y > 0)


def plain_ce(p: np.ndarray, y: np.ndarray, weights: list[float], ignored: int, exponent: float = 0.0) -> float:
    total = weight = 0.0
    for b, row, column in np.argwhere(y != ignored):
        label = y[b, row, column]
        pt = p[b, label, row, column]
        total += weights[label] * -((1 - pt) ** exponent) * np.log(pt)
        weight += weights[label]
    return total / weight


def plain_bce(p: np.ndarray, y: np.ndarray, weights: list[float], ignored: int) -> float:
    p, y = binary(p, y, ignored)
    return plain_ce(p, y, weights, 255)


def plain_focal(p: np.ndarray, y: np.ndarray, weights: list[float], ignored: int) -> float:
    return plain_ce(p, y, weights, ignored, exponent=0.5)


def plain_dice(p: np.ndarray, y: np.ndarray, weights: list[float] | None, ignored: int) -> float:
    p, y = binary(p, y, ignored)
    classes = []
    for label in (0, 1):
        images = []
        for b in range(len(y)):
            known = y[b] != 255
            q, t = p[b, label][known], (y[b][known] == label).astype(float)
            images.append(1 - (2 * (q * t).sum() + 1) / (q.sum() + t.sum() + 1))
        classes.append(np.mean(images))
    return float(classes[1] if weights is None else np.average(classes, weights=weights))


def plain_batch_dice(p: np.ndarray, y: np.ndarray, weights: list[float] | None, ignored: int) -> float:
    return plain_dice(np.concatenate(list(p), axis=1)[None], np.concatenate(list(y))[None], weights, ignored)


PLAIN: dict[str, Callable[..., float]] = {
    "bce": plain_bce,
    "ce": plain_ce,
    "focal": plain_focal,
    "dice": plain_dice,
    "bce_dice": lambda p, y, w, i: plain_bce(p, y, w or [1, 1], i) + plain_dice(p, y, w, i),
    "batch_dice": plain_batch_dice,
    "bce_batch_dice": lambda p, y, w, i: plain_bce(p, y, w or [1, 1], i) + plain_batch_dice(p, y, w, i),
    "dice_focal": lambda p, y, w, i: plain_dice(p, y, w, i) + plain_focal(p, y, w or [1, 1], i),
}


def case(seed: int, classes: int, labels: list[int]) -> tuple[torch.Tensor, torch.Tensor]:
    rng = np.random.default_rng(seed)
    logits = torch.from_numpy(rng.normal(0, 2, (3, classes, 4, 5)))
    mask = torch.from_numpy(rng.choice(labels, (3, 4, 5)).astype(np.uint8))
    mask[0, 0, 0] = 0  # some pixel is labelled
    return logits, mask


@pytest.mark.parametrize("name", sorted(LOSSES))
@settings(deadline=None, max_examples=30)
@given(seed=st.integers(0, 9999), classes=st.sampled_from([1, 2, 4]), ignored=st.sampled_from([255, 7]), data=st.data())
def test_every_loss_is_its_formula(name: str, seed: int, classes: int, ignored: int, data: st.DataObject) -> None:
    count = max(2, classes) if name in ("ce", "focal") else 2
    if name == "dice_focal" and classes == 4:
        classes = 2  # its parts want another number of class weights
    values = st.none() | st.lists(st.floats(0.1, 5), min_size=count, max_size=count)
    weights = data.draw(values)
    logits, mask = case(seed, classes, [*range(max(2, classes)), ignored])
    loss = LOSSES[name](logits, mask, class_weights=weights, ignore_label=ignored)
    pooled = weights if "dice" in name else weights or [1.0] * count
    expected = PLAIN[name](probabilities(logits.numpy()), mask.numpy().astype(int), pooled, ignored)
    assert loss.item() == pytest.approx(expected, rel=1e-9, abs=1e-12)


def test_for_two_classes_all_roads_lead_to_torchs_cross_entropy() -> None:
    logits, mask = case(0, 2, [0, 1, 255])
    expected = functional.cross_entropy(logits, mask.long(), ignore_index=255)
    for loss in (bce(logits, mask), ce(logits, mask), bce(change_log_odds(logits)[:, None], mask)):
        torch.testing.assert_close(loss, expected)
    weighted = functional.cross_entropy(logits, mask.long(), torch.tensor([1.0, 3.0]).double(), ignore_index=255)
    torch.testing.assert_close(ce(logits, mask, class_weights=(1.0, 3.0)), weighted)


def test_the_focal_factor_passes_no_gradient() -> None:
    logits, mask = case(1, 2, [0, 1])
    logits.requires_grad_()
    (gradient,) = torch.autograd.grad(LOSSES["focal"](logits, mask), logits)
    probability = torch.softmax(logits.detach(), dim=1)
    truth = functional.one_hot(mask.long(), 2).permute(0, 3, 1, 2)
    factor = (1 - (probability * truth).sum(dim=1, keepdim=True)).sqrt()
    torch.testing.assert_close(gradient, factor * (probability - truth) / mask.numel())


@pytest.mark.parametrize("name", sorted(LOSSES))
@pytest.mark.parametrize("classes", [1, 2])
def test_ignored_pixels_count_for_nothing(name: str, classes: int) -> None:
    logits = torch.randn(1, classes, 4, 4)
    mask = torch.tensor([[[0, 1, 255, 255]] * 4], dtype=torch.uint8)
    changed = logits.clone()
    changed[..., 2:] += 100
    torch.testing.assert_close(LOSSES[name](changed, mask), LOSSES[name](logits, mask))
    halves = [LOSSES[name](logits[..., :2], mask[..., :2]), LOSSES[name](logits, mask)]
    torch.testing.assert_close(*halves)


@pytest.mark.parametrize("name", sorted(LOSSES))
@pytest.mark.parametrize("classes", [1, 2, 3])
@pytest.mark.parametrize("weights", [None, (1.0, 3.0)])
def test_a_batch_without_labels_gives_zero_and_a_gradient_of_zero(name: str, classes: int, weights) -> None:
    weights = None if classes == 3 else weights
    logits = torch.randn(2, classes, 4, 4, requires_grad=True)
    loss = LOSSES[name](logits, torch.full((2, 4, 4), 255, dtype=torch.uint8), class_weights=weights)
    loss.backward()
    assert loss.item() == 0 and torch.equal(logits.grad, torch.zeros_like(logits))


@pytest.mark.parametrize("name", sorted(LOSSES))
@pytest.mark.parametrize("classes", [1, 2, 3])
@pytest.mark.parametrize("scale", [0.0, 1e2, 1e5, 1e30])
def test_extreme_logits_give_finite_losses_and_gradients(name: str, classes: int, scale: float) -> None:
    logits = (scale * torch.randn(2, classes, 4, 4).sign()).requires_grad_()
    loss = LOSSES[name](logits, torch.randint(0, 2, (2, 4, 4), dtype=torch.uint8))
    loss.backward()
    assert loss.isfinite() and loss >= 0 and logits.grad.isfinite().all()


@pytest.mark.parametrize("name", sorted(LOSSES))
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_does_not_overflow(name: str, dtype: torch.dtype) -> None:
    logits = torch.full((1, 2, 512, 512), 0.0, dtype=dtype)
    loss = LOSSES[name](logits, torch.ones(1, 512, 512, dtype=torch.uint8))
    assert loss.dtype == torch.float32 and 0.2 < loss < 2  # 512 x 512 pixels are more than float16 can count


@pytest.mark.parametrize("name", sorted(name for name in LOSSES if "batch" not in name))
def test_the_loss_of_a_batch_is_the_mean_of_its_halves(name: str) -> None:
    logits, mask = case(3, 2, [0, 1])
    logits, mask = logits[:2], mask[:2]
    halves = [LOSSES[name](logits[i : i + 1], mask[i : i + 1]) for i in range(2)]
    torch.testing.assert_close(LOSSES[name](logits, mask), (halves[0] + halves[1]) / 2)


def test_dice_of_one_image_is_the_published_formula() -> None:
    logits = torch.randn(1, 1, 5, 7, dtype=torch.float64)
    mask = torch.randint(0, 2, (1, 5, 7), dtype=torch.uint8)
    p, y = torch.sigmoid(logits[:, 0]), mask.double()
    torch.testing.assert_close(dice(logits, mask), 1 - (2 * (p * y).sum() + 1) / (p.sum() + y.sum() + 1))


def test_auxiliary_outputs_enter_with_their_weight_at_the_masks_size() -> None:
    mask = torch.randint(0, 2, (1, 8, 8), dtype=torch.uint8)
    main, side = torch.randn(1, 2, 8, 8), torch.randn(1, 2, 4, 4)
    output = ChangeOutput(main, (side,))
    enlarged = functional.interpolate(side, size=(8, 8), mode="bilinear", align_corners=False)
    expected = bce(main, mask) + 0.4 * bce(enlarged, mask)
    torch.testing.assert_close(change_loss(output, mask, name="bce", auxiliary_weights=(0.4,)), expected)
    told = {"name": "bce", "auxiliary_weights": (0.4,), "main_weight": 0.5, "class_weights": (1, 2), "ignore_label": 1}
    options = {"class_weights": (1, 2), "ignore_label": 1}
    expected = 0.5 * bce(main, mask, **options) + 0.4 * bce(enlarged, mask, **options)
    torch.testing.assert_close(change_loss(output, mask, **told), expected)


def test_outputs_of_weight_zero_are_left_alone() -> None:
    mask = torch.randint(0, 2, (1, 8, 8), dtype=torch.uint8)
    main, side = (torch.randn(1, 2, 8, 8, requires_grad=True) for _ in range(2))
    output = ChangeOutput(main, (side,))
    change_loss(output, mask, name="bce", auxiliary_weights=(1.0,), main_weight=0.0).backward()
    assert main.grad is None and side.grad is not None


@pytest.mark.parametrize(("name", "alone"), [("dminet", "coarse"), ("icifnet", "global")])
def test_a_sum_of_heads_has_no_loss_of_its_own(name: str, alone: str) -> None:
    assert create_model(name).main_weight == 0
    assert create_model(name, prediction=alone).main_weight == 1


def test_class_weights_that_do_not_fit_and_unknown_losses_are_refused() -> None:
    logits, mask = torch.zeros(1, 3, 4, 4), torch.zeros(1, 4, 4, dtype=torch.uint8)
    for weights, name, classes in (((1, 2), "ce", 3), ((1, 2, 3), "bce", 2), ((1, -1), "dice", 2), ((0, 0), "bce", 2)):
        with pytest.raises(OptionError, match=f"0 or more for each of {classes} classes"):
            LOSSES[name](logits, mask, class_weights=weights)
    with pytest.raises(UnknownNameError, match="There is no loss 'dise': did you mean 'dice'"):
        change_loss(ChangeOutput(logits), mask, name="dise", auxiliary_weights=())

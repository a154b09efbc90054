from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.optim import SGD, Adam, AdamW
from torch.optim.lr_scheduler import CosineAnnealingLR, LinearLR, MultiStepLR, PolynomialLR, StepLR

from minenetcd.configs.recipe import Recipe
from minenetcd.configs.schema import Settings
from minenetcd.errors import OptionError
from minenetcd.models.catalog import create_model
from minenetcd.training.optimise import RunningAverage, make_optimiser
from minenetcd.training.plan import Plan
from minenetcd.training.records.options_used import options_used
from minenetcd.training.schedules import learning_rate

PAPER = Recipe.read("paper")


@pytest.mark.parametrize(
    ("options", "used", "unused"),
    [
        ({}, {"betas", "final_learning_rate", "epochs", "auxiliary"}, {"momentum", "power", "milestones", "drop"}),
        ({"optimiser": "sgd", "schedule": "step", "steps": 4}, {"momentum", "milestones", "drop", "steps"},
         {"betas", "final_learning_rate", "power", "epochs"}),
        ({"schedule": "poly", "optimiser": "a:B"}, {"final_learning_rate", "power", "betas", "momentum"}, {"drop"}),
        ({"schedule": "constant"}, {"learning_rate"}, {"final_learning_rate", "power", "milestones", "crop"}),
    ],
)  # fmt: skip
def test_of_a_recipe_only_what_is_used_is_listed(options: dict[str, Any], used: set[str], unused: set[str]) -> None:
    found = options_used(Recipe(**options), create_model("minenetcd_lite", width=3))
    assert used <= found.keys() and not unused & found.keys()
    assert "auxiliary" not in options_used(Recipe(), create_model("fc_ef"))


def test_the_papers_rate_falls_from_1e_4_to_1e_7() -> None:
    rates = [learning_rate(step, 100, PAPER) for step in range(100)]
    assert rates[0] == pytest.approx(1e-4) and rates[-1] == pytest.approx(1e-7)
    assert all(late < early for early, late in pairwise(rates))


def test_the_strong_rate_rises_first() -> None:
    rates = [learning_rate(step, 100, Recipe(learning_rate=1.0)) for step in range(100)]
    assert rates[:5] == pytest.approx([0.2, 0.4, 0.6, 0.8, 1.0]) and rates[-1] == pytest.approx(1e-5)


@pytest.mark.parametrize(
    ("schedule", "torch_schedule"),
    [
        ({"schedule": "poly"}, lambda optimiser: PolynomialLR(optimiser, total_iters=100, power=0.9)),
        ({"schedule": "poly", "power": 1}, lambda optimiser: LinearLR(optimiser, 1, 0, total_iters=100)),
        ({"schedule": "step"}, lambda optimiser: MultiStepLR(optimiser, [50, 75], gamma=0.1)),
        (
            {"schedule": "step", "milestones": (0.3, 0.6, 0.9), "drop": 0.5},
            lambda optimiser: StepLR(optimiser, step_size=30, gamma=0.5),
        ),
        ({"schedule": "cosine"}, lambda optimiser: CosineAnnealingLR(optimiser, T_max=100)),
    ],
    ids=["poly", "straight line", "step", "other steps", "cosine"],
)
def test_schedules_are_those_of_torch(
    schedule: dict[str, Any], torch_schedule: Callable[[SGD], torch.optim.lr_scheduler.LRScheduler]
) -> None:
    recipe = Recipe.read({"learning_rate": 0.01, "final_learning_rate": 0, "warmup_share": 0, **schedule})
    optimiser = SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.01)
    theirs = torch_schedule(optimiser)
    for number in range(101):
        expected = optimiser.param_groups[0]["lr"]
        assert learning_rate(number, 101, recipe) == pytest.approx(expected, rel=1e-9, abs=1e-12)
        optimiser.step()
        theirs.step()


def test_schedules_begin_after_the_warm_up_and_poly_ends_at_the_final_rate() -> None:
    recipe = Recipe(learning_rate=1.0, schedule="poly", warmup_share=0.1, final_learning_rate=0.25, power=2)
    rates = [learning_rate(number, 100, recipe) for number in range(100)]
    assert rates[9:11] == [1.0, 1.0] and rates[-1] == 0.25
    assert rates[55] == pytest.approx(0.25 + 0.75 * (1 - 45 / 89) ** 2)


@pytest.mark.parametrize(
    ("options", "theirs"),
    [
        ({"optimiser": "sgd"}, lambda groups: SGD(groups, lr=0.1, momentum=0.9)),
        ({"optimiser": "sgd", "momentum": 0.5}, lambda groups: SGD(groups, lr=0.1, momentum=0.5)),
        ({"optimiser": "adam"}, lambda groups: Adam(groups, lr=0.1, betas=(0.9, 0.99))),
        ({"optimiser": "adamw"}, lambda groups: AdamW(groups, lr=0.1, betas=(0.9, 0.99))),
    ],
    ids=["sgd", "other momentum", "adam", "adamw"],
)
def test_optimisers_are_those_of_torch(options: dict[str, Any], theirs: Callable[[Any], torch.optim.Optimizer]) -> None:
    """Weights after steps with decay on the kernel, none on the bias."""
    torch.manual_seed(0)
    ours, other = torch.nn.Linear(3, 2), torch.nn.Linear(3, 2)
    other.load_state_dict(ours.state_dict())
    recipe = Recipe.read({"learning_rate": 0.1, "weight_decay": 5e-4, **options})
    groups = [{"params": [other.weight], "weight_decay": 5e-4}, {"params": [other.bias], "weight_decay": 0.0}]
    inputs = torch.randn(4, 3)
    for model, optimiser in ((ours, make_optimiser(ours, recipe)), (other, theirs(groups))):
        for _ in range(5):
            optimiser.zero_grad()
            model(inputs).square().sum().backward()
            optimiser.step()
    torch.testing.assert_close(ours.weight, other.weight, rtol=0, atol=0)
    torch.testing.assert_close(ours.bias, other.bias, rtol=0, atol=0)


def test_momentum_by_hand() -> None:
    """v = m v + (gradient + decay w), w = w - rate v; the rule of the papers that train with it."""
    weight = torch.nn.Parameter(torch.tensor([[2.0]]))
    layer = torch.nn.Module()
    layer.weight = weight
    optimiser = make_optimiser(layer, Recipe(optimiser="sgd", learning_rate=0.1, momentum=0.9, weight_decay=0.5))
    value, velocity = 2.0, 0.0
    for _ in range(3):
        optimiser.zero_grad()
        weight.square().sum().backward()
        optimiser.step()
        velocity = 0.9 * velocity + (2 * value + 0.5 * value)
        value -= 0.1 * velocity
    assert weight.item() == pytest.approx(value, rel=1e-6)


@given(st.integers(1, 500), st.sampled_from(["cosine", "constant", "poly", "step"]), st.floats(0, 1))
def test_every_rate_is_positive_and_at_most_the_recipes(steps: int, schedule: str, warmup: float) -> None:
    recipe = Recipe(schedule=schedule, warmup_share=warmup, learning_rate=1e-2)
    assert all(0 < learning_rate(step, steps, recipe) <= 1e-2 for step in range(steps))


def test_decay_acts_on_matrices_only() -> None:
    groups = make_optimiser(torch.nn.Linear(2, 3), Recipe(weight_decay=0.5)).param_groups
    assert [(len(group["params"]), group["weight_decay"]) for group in groups] == [(1, 0.5), (1, 0.0)]


def test_what_a_layer_spares_is_not_decayed() -> None:
    layer = torch.nn.Linear(2, 3)
    layer.no_weight_decay = ("weight",)
    assert [group["weight_decay"] for group in make_optimiser(layer, Recipe(weight_decay=0.5)).param_groups] == [0.0]


def test_the_running_average_follows_the_weights_and_steps_in_for_them() -> None:
    model = torch.nn.Linear(1, 1)
    average = RunningAverage(model, 0.9)
    with torch.no_grad():
        model.weight.fill_(1.0)
    for _ in range(200):
        average.update()
    assert average.values[0].item() == pytest.approx(1.0, abs=1e-3)
    with torch.no_grad():
        model.weight.fill_(5.0)
    with average.in_place():
        assert model.weight.item() == pytest.approx(1.0, abs=1e-3)
    assert model.weight.item() == 5.0 and average.values[0].item() == pytest.approx(1.0, abs=1e-3)


def test_the_running_average_holds_the_statistics_of_its_weights() -> None:
    """Against the plain formula; what is constant or counts is left as it is."""
    model = torch.nn.BatchNorm1d(2, momentum=0.5)
    model.register_buffer("constant", torch.tensor([0.1, 1 / 3]))
    average, expected = RunningAverage(model, 0.6), torch.zeros(2)
    for step in range(1, 8):
        model(torch.randn(5, 2, generator=torch.Generator().manual_seed(step)) + step)
        average.update()
        decay = min(0.6, (1 + step) / (10 + step))
        expected = decay * expected + (1 - decay) * model.running_mean
    newest = model.running_mean.clone()
    with average.in_place():
        torch.testing.assert_close(model.running_mean, expected)
        assert torch.equal(model.constant, torch.tensor([0.1, 1 / 3])) and model.num_batches_tracked == 7
    assert torch.equal(model.running_mean, newest) and not torch.allclose(newest, expected)


def plan(*, pairs: int = 21, processes: int = 2, **trainer: int) -> Plan:
    settings = Settings.read(
        {"model": {"name": "bit"}, "data": "x", "recipe": {"epochs": 3, "batch_size": 2}, "trainer": trainer}
    )
    return Plan.of(settings, pairs=pairs, processes=processes)


def test_a_run_of_epochs_in_steps() -> None:
    five = plan()  # 21 pairs are five batches of 2 x 2, and one pair waits for another order
    assert (five.steps, five.validate_every, five.checkpoint_every) == (15, 5, None)
    assert [step for step in range(1, 16) if five.validates(step)] == [5, 10, 15]
    assert [five.position(step) for step in (0, 4, 5, 7)] == [(0, 0), (0, 16), (1, 0), (1, 8)]


def test_accumulation_makes_steps_fewer() -> None:
    two = plan(accumulation=2, checkpoint_steps=3)
    assert (two.steps, two.pairs_per_step) == (6, 8)
    assert [two.position(step) for step in (1, 2, 3)] == [(0, 8), (0, 16), (1, 4)]
    assert [step for step in range(1, 7) if two.saves(step)] == [3, 6]


def test_a_split_smaller_than_a_batch_is_refused() -> None:
    with pytest.raises(OptionError, match=r"lower recipe\.batch_size"):
        plan(pairs=3)

import re
from collections.abc import Callable

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from minenetcd.errors import WeightsError
from minenetcd.weights.keymap import load_strictly, rename, strip_wrappers

WRAPPERS = ("CD_model.", "module.", "_orig_mod.")

components = st.from_regex(r"[a-z_]{1,6}[0-9]{0,2}", fullmatch=True).filter(lambda x: f"{x}." not in WRAPPERS)
names = st.lists(components, min_size=1, max_size=4).map(".".join)
wrappings = st.lists(st.sampled_from(WRAPPERS), max_size=5).map("".join)


def for_all(*strategies: st.SearchStrategy) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Hypothesis' `given`, at ease on a busy machine."""
    return lambda test: settings(deadline=None, max_examples=50)(given(*strategies)(test))


def tensors(*names: str) -> dict[str, Tensor]:
    return {name: torch.full((1,), float(i)) for i, name in enumerate(names)}


def renamed(name: str, rules: list[tuple[str, str | None]]) -> list[str]:
    return list(rename(tensors(name), rules))


# --- wrappers ---


@for_all(wrappings, names)
def test_wrappers_go_in_any_order_and_number(wrapping: str, name: str) -> None:
    assert strip_wrappers(wrapping + name) == name


@for_all(wrappings, names)
def test_stripping_twice_is_stripping_once(wrapping: str, name: str) -> None:
    once = strip_wrappers(wrapping + name)
    assert strip_wrappers(once) == once


@pytest.mark.parametrize(
    "name",
    ["head.module.weight", "head._orig_mod.weight", "modules.weight", "submodule.weight", "CD_models.weight", "module"],
)
def test_only_whole_wrappers_at_the_front_go(name: str) -> None:
    assert strip_wrappers(name) == name


@for_all(wrappings, names)
def test_rules_see_names_without_wrappers(wrapping: str, name: str) -> None:
    assert renamed(wrapping + name, [("", "")]) == [name]


# --- prefixes ---


@for_all(names, names, names)
def test_a_prefix_is_replaced_and_the_rest_kept(prefix: str, rest: str, ours: str) -> None:
    assert renamed(f"{prefix}.{rest}", [(prefix, ours)]) == [f"{ours}.{rest}"]
    assert renamed(prefix, [(prefix, ours)]) == [ours]


@for_all(names, st.from_regex(r"[a-z0-9_]{1,4}", fullmatch=True), names)
def test_a_prefix_matches_whole_components_only(prefix: str, tail: str, rest: str) -> None:
    with pytest.raises(WeightsError):
        rename(tensors(f"{prefix}{tail}.{rest}"), [(prefix, "ours")])


def test_a_prefix_matches_at_the_start_only() -> None:
    with pytest.raises(WeightsError, match=r"'encoder\.head\.weight'"):
        rename(tensors("encoder.head.weight"), [("head", "ours")])


def test_dots_and_other_signs_stand_for_themselves() -> None:
    for theirs in ("a.b", "a+", "(a|x)", "a*", "[ax]"):
        with pytest.raises(WeightsError):
            rename(tensors("axb.weight"), [(theirs, "ours")])
        assert renamed(f"{theirs}.weight", [(theirs, "ours")]) == ["ours.weight"]


@for_all(names, names)
def test_the_first_rule_that_matches_wins(prefix: str, rest: str) -> None:
    special, general = (f"{prefix}.{rest}", "special"), (prefix, "general")
    assert renamed(f"{prefix}.{rest}", [special, general]) == ["special"]
    assert renamed(f"{prefix}.{rest}", [general, special]) == [f"general.{rest}"]


@for_all(names, names)
def test_an_empty_prefix_takes_whatever_is_left(name: str, ours: str) -> None:
    rules = [("first", "one"), ("", ours)]
    assert renamed("first.weight", rules) == ["one.weight"]
    assert renamed(f"second.{name}", rules) == [f"{ours}.second.{name}"]


@for_all(names, names)
def test_an_empty_name_of_ours_takes_the_prefix_off(prefix: str, rest: str) -> None:
    assert renamed(f"{prefix}.{rest}", [(prefix, "")]) == [rest]


# --- indices ---


@for_all(st.integers(0, 10**6), names, names, names)
def test_an_index_is_kept(index: int, theirs: str, ours: str, rest: str) -> None:
    assert renamed(f"{theirs}.{index}.{rest}", [(f"{theirs}.{{}}", f"{ours}.{{}}")]) == [f"{ours}.{index}.{rest}"]


@for_all(st.integers(0, 99), st.integers(0, 99))
def test_several_indices_keep_their_order(stage: int, block: int) -> None:
    rules = [("block{}.{}.mlp", "stages.stage{}.blocks.{}.mlp")]
    assert renamed(f"block{stage}.{block}.mlp.bias", rules) == [f"stages.stage{stage}.blocks.{block}.mlp.bias"]


@for_all(st.integers(0, 10**6))
def test_an_index_may_stand_behind_letters(index: int) -> None:
    assert renamed(f"cross{index}.gamma", [("cross{}", "exchange.{}")]) == [f"exchange.{index}.gamma"]
    assert renamed(f"cross{index}_img2.gamma", [("cross{}_img2", "after.{}")]) == [f"after.{index}.gamma"]


@pytest.mark.parametrize("name", ["layers.weight", "layers.x.weight", "layers.1a.weight", "layers.-1.weight", "layers"])
def test_only_whole_numbers_are_indices(name: str) -> None:
    with pytest.raises(WeightsError):
        rename(tensors(name), [("layers.{}", "ours.{}")])


@for_all(st.integers(0, 99), st.integers(0, 99))
def test_numbers_in_a_prefix_without_braces_are_literal(index: int, other: int) -> None:
    rules = [(f"layers.{index}", "chosen"), ("layers.{}", "others.{}")]
    expected = "chosen.bias" if other == index else f"others.{other}.bias"
    assert renamed(f"layers.{other}.bias", rules) == [expected]


# --- what is left out, unknown or double ---


@for_all(names, names)
def test_none_drops_what_is_under_the_prefix(dropped: str, kept: str) -> None:
    published = tensors(f"dead.{dropped}", f"live.{kept}", "dead")
    assert list(rename(published, [("dead", None), ("", "")])) == [f"live.{kept}"]
    assert rename(published, [("", None)]) == {}


def test_an_index_drops_too() -> None:
    published = tensors("pool.0.weight", "pool.12.weight", "pool.last.weight")
    assert list(rename(published, [("pool.{}", None), ("pool", "pool")])) == ["pool.last.weight"]


def test_dropped_tensors_do_not_clash() -> None:
    assert list(rename(tensors("dead.a", "module.dead.a", "live"), [("dead", None), ("", "")])) == ["live"]


@for_all(names)
def test_a_name_no_rule_covers_is_told_in_one_line(name: str) -> None:
    for rules in ([], [("other.prefix", "ours")]):
        with pytest.raises(WeightsError) as caught:
            rename(tensors(f"unknown.{name}"), rules)
        assert f"'unknown.{name}'" in str(caught.value)
        assert "no place in this model" in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("published", "rules", "shared"),
    [
        (("a.weight", "b.weight"), [("a", "c"), ("b", "c")], "c.weight"),
        (("head.bias", "module.head.bias"), [("", "")], "head.bias"),
        (("layers.1.bias", "layers.2.bias"), [("layers.{}", "layer")], "layer.bias"),
    ],
)
def test_two_tensors_for_one_place_are_refused(
    published: tuple[str, str], rules: list[tuple[str, str]], shared: str
) -> None:
    with pytest.raises(WeightsError) as caught:
        rename(tensors(*published), rules)
    assert f"'{shared}'" in str(caught.value) and f"'{published[1]}'" in str(caught.value)


@for_all(st.lists(names, unique=True, max_size=6))
def test_tensors_are_passed_on_as_they_are_and_in_order(published_names: list[str]) -> None:
    published = tensors(*published_names)
    ours = rename(published, [("", "model")])
    assert list(published) == published_names, "the mapping that came in is left alone"
    assert list(ours) == [f"model.{name}" for name in published_names]
    assert all(x is y for x, y in zip(ours.values(), published.values(), strict=True))


# --- loading ---


class Small(nn.Module):
    """Parameters, a float buffer, the counter of a BatchNorm and an index table."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(2, 3, kernel_size=1)
        self.norm = nn.BatchNorm2d(3)
        self.scale = nn.Parameter(torch.ones(()))
        self.register_buffer("frequencies", torch.rand(4))
        self.register_buffer("table", torch.arange(5))


FLOATS = [name for name, x in Small().state_dict().items() if x.is_floating_point()]
COUNTERS = {"norm.num_batches_tracked", "table"}


def snapshot(model: nn.Module) -> dict[str, Tensor]:
    return {name: x.clone() for name, x in model.state_dict().items()}


def other_weights() -> dict[str, Tensor]:
    """None as in a new model; an index table holds the same places in another order."""
    return {name: x.flip(0) if name == "table" else x + 1 for name, x in snapshot(Small()).items()}


def refusal(model: nn.Module, weights: dict[str, Tensor]) -> str:
    """The one-line message with which `weights` are refused, the model having stayed as it was."""
    before = snapshot(model)
    with pytest.raises(WeightsError) as caught:
        load_strictly(model, weights)
    torch.testing.assert_close(snapshot(model), before, rtol=0, atol=0)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_every_tensor_arrives() -> None:
    model, weights = Small(), other_weights()
    load_strictly(model, weights)
    torch.testing.assert_close(snapshot(model), weights, rtol=0, atol=0)


def test_weights_are_copied_not_shared() -> None:
    model, weights = Small(), other_weights()
    load_strictly(model, weights)
    weights["scale"].fill_(99)
    assert model.scale.item() != 99 and isinstance(model.scale, nn.Parameter)


@for_all(st.sets(st.sampled_from(sorted(COUNTERS))))
def test_integer_buffers_may_be_absent_and_then_stay(absent: set[str]) -> None:
    model, weights = Small(), other_weights()
    own = snapshot(model)
    load_strictly(model, {name: x for name, x in weights.items() if name not in absent})
    expected = {name: own[name] if name in absent else x for name, x in weights.items()}
    torch.testing.assert_close(snapshot(model), expected, rtol=0, atol=0)


@for_all(st.sets(st.sampled_from(FLOATS), min_size=1))
def test_missing_tensors_are_named_and_counted(absent: set[str]) -> None:
    message = refusal(Small(), {name: x for name, x in other_weights().items() if name not in absent})
    first = next(name for name in FLOATS if name in absent)
    assert message.startswith(f"Small needs '{first}'") and "which the weights lack" in message
    assert (f"and {len(absent) - 1} more" in message) == (len(absent) > 1)


@for_all(st.lists(names.map("extra.{}".format), unique=True, min_size=1, max_size=3))
def test_unexpected_tensors_are_named_and_counted(extra: list[str]) -> None:
    message = refusal(Small(), {**other_weights(), **tensors(*extra)})
    assert f"'{extra[0]}'" in message and "unknown to Small" in message
    assert (f"and {len(extra) - 1} more" in message) == (len(extra) > 1)


@for_all(st.sampled_from([*FLOATS, *sorted(COUNTERS)]))
def test_a_misshapen_tensor_is_told_with_both_shapes(name: str) -> None:
    weights = other_weights()
    right, wrong = tuple(weights[name].shape), (*weights[name].shape, 2)
    message = refusal(Small(), {**weights, name: torch.zeros(wrong)})
    assert f"'{name}' of shape {right}" in message and str(wrong) in message and "wrong options" in message


def test_a_tensor_that_would_broadcast_is_misshapen() -> None:
    assert "shape (3,), the weights hold (1,)" in refusal(Small(), {**other_weights(), "conv.bias": torch.zeros(1)})
    assert "shape (), the weights hold (1,)" in refusal(Small(), {**other_weights(), "scale": torch.zeros(1)})


def test_what_is_missing_is_told_before_what_is_unexpected_or_misshapen() -> None:
    wrong = {**other_weights(), "extra": torch.zeros(1), "scale": torch.zeros(7)}
    without_bias = {name: x for name, x in wrong.items() if name != "conv.bias"}
    assert re.search(r"needs 'conv\.bias'", refusal(Small(), without_bias))
    assert re.search(r"hold 'extra'", refusal(Small(), wrong))
    assert re.search(r"'scale' of shape", refusal(Small(), {k: x for k, x in wrong.items() if k != "extra"}))


def test_weights_of_another_precision_take_the_model_s() -> None:
    model, weights = Small(), other_weights()
    load_strictly(model, {n: x.double() if x.is_floating_point() else x for n, x in weights.items()})
    torch.testing.assert_close(snapshot(model), weights)


def test_nothing_at_all_is_refused() -> None:
    assert f"'{FLOATS[0]}' and {len(FLOATS) - 1} more tensors" in refusal(Small(), {})


def test_an_index_table_may_not_lead_out_of_the_network() -> None:
    weights = other_weights()
    weights["table"][0] = 5
    assert "cannot take 'table' of the weights (a table of places leads out" in refusal(Small(), weights)

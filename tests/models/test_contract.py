"""What every architecture of the catalogue keeps. Published outputs of published weights: weights/test_published.py.

The checks of minenetcd/models/contract.py for all of them, a stranger's that is registered included; below them what
`facts.py` makes testable.
"""

import copy
import inspect
import re
from collections.abc import Callable
from functools import cached_property

import pytest
import torch
import torchvision
from torch import Tensor

from minenetcd.errors import OptionError, WeightsError
from minenetcd.models.base import ChangeModel
from minenetcd.models.catalog import MODELS, create_model, list_models, model_class, model_name
from minenetcd.models.contract import (
    CHECKS,
    is_rebuilt_by_its_configuration,
    keeps_the_precision_of_its_images,
    random_dates,
)
from minenetcd.types import ChangeOutput
from minenetcd.weights.keymap import load_strictly, rename
from minenetcd.weights.maps import MAPS
from models.facts import FACTS, Facts
from parity.golden import Golden, load_golden
from parity.loading import published_network

#: Checks that say most about a network of other bands, classes and options than the defaults.
WITH_OTHER_OPTIONS = (is_rebuilt_by_its_configuration, keeps_the_precision_of_its_images)


class Method:
    """An architecture with its facts; its network is built once, and no test may change it."""

    def __init__(self, name: str) -> None:
        self.name, self.facts = name, FACTS.get(name, Facts())

    @cached_property
    def network(self) -> ChangeModel:
        """In eval mode: the published one in its most telling filling, or a small one of random weights."""
        if self.facts.has_published_weights:
            return published_network(self.name, self.golden)
        torch.manual_seed(0)
        return create_model(self.name, **self.facts.small).eval()

    @cached_property
    def other(self) -> ChangeModel:
        """One of random weights with other bands, classes and options."""
        if not self.facts.others:
            return self.network
        torch.manual_seed(0)
        return create_model(self.name, **self.facts.others).eval()

    @property
    def golden(self) -> Golden:
        return load_golden(self.name, self.facts.outputs[-1].filling)

    def dates(self, *, batch: int) -> tuple[Tensor, Tensor]:
        return random_dates(self.network, self.facts.side, self.facts.side, batch=batch)


@pytest.fixture(scope="module", params=list_models())
def method(request: pytest.FixtureRequest) -> Method:
    return Method(request.param)


def methods_with(fact: Callable[[Facts], object]) -> pytest.MarkDecorator:
    """The methods whose facts say something of what `fact` takes out of them."""
    names = [name for name in list_models() if fact(FACTS.get(name, Facts()))]
    return pytest.mark.parametrize("method", names, indirect=True, scope="module")


def all_of(output: ChangeOutput) -> list[Tensor]:
    return [output.logits, *output.auxiliary]


# --- every network that is registered ---


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_it_keeps_the_contract(method: Method, check: Callable[[ChangeModel], None]) -> None:
    check(method.other if check in WITH_OTHER_OPTIONS else method.network)


@pytest.mark.parametrize(
    "wrong", [{"in_channels": 0}, {"num_classes": -1}, {"in_channels": 2.5}, {"num_classes": True}]
)
@pytest.mark.parametrize("name", list_models())
def test_no_network_is_built_without_channels_or_classes(name: str, wrong: dict[str, object]) -> None:
    ((key, value),) = wrong.items()
    with pytest.raises(OptionError) as caught:
        create_model(name, **wrong)
    message = str(caught.value)
    assert (
        f"needs a whole number of 1 or more as {key}, got {value!r}: correct it." in message or "no option" in message
    )
    assert "\n" not in message


def test_its_name_leads_back_to_it(method: Method) -> None:
    assert model_name(method.network) == method.name
    assert type(method.network) is model_class(method.name)


def test_its_configuration_holds_every_option(method: Method) -> None:
    options = inspect.signature(type(method.network)).parameters
    given = {name: parameter.default for name, parameter in options.items()} | method.facts.others
    plain = {name: list(value) if isinstance(value, tuple) else value for name, value in given.items()}
    assert method.other.config == plain


def test_tensors_that_are_missing_too_many_or_misshapen_are_named(method: Method) -> None:
    tensors = method.network.state_dict()
    last = [name for name, tensor in tensors.items() if tensor.is_floating_point()][-1]
    shape = tuple(tensors[last].shape)
    with pytest.raises(WeightsError, match=re.escape(f"{last!r}, which the weights lack")):
        load_strictly(method.network, {name: x for name, x in tensors.items() if name != last})
    with pytest.raises(WeightsError, match=r"hold 'extra\.weight'"):
        load_strictly(method.network, {**tensors, "extra.weight": torch.zeros(1)})
    with pytest.raises(WeightsError, match=re.escape(f"{last!r} of shape {shape}, the weights hold (7, 7)")):
        load_strictly(method.network, {**tensors, last: torch.zeros(7, 7)})


def test_without_a_pretrained_trunk_none_is_loaded(method: Method) -> None:
    if not method.network.has_pretrained_backbone:
        with pytest.raises(OptionError, match=r"has no pretrained (trunk|weights): build it with pretrained_backbone="):
            method.network.load_pretrained_backbone()


# --- methods of this package, by their facts ---


def test_every_method_of_this_package_has_facts() -> None:
    assert FACTS.keys() == set(MODELS.built_in) >= MAPS.keys()


@pytest.mark.parametrize("name", MAPS)
def test_it_says_where_it_comes_from(name: str) -> None:
    about = model_class(name).about
    assert about.title and about.authors and about.venue and 2015 <= about.year <= 2026


@pytest.mark.parametrize("name", [name for name, facts in FACTS.items() if facts.outputs])
def test_parameters_count_as_published_without_the_unused(name: str) -> None:
    facts, published = FACTS[name], load_golden(name).facts["params"]
    with torch.device("meta"):
        model = create_model(name, **MAPS[name].OPTIONS)
    assert sum(parameter.numel() for parameter in model.parameters()) == published - facts.unused
    assert model.about.parameters_mi == (facts.printed_mi or round(published / 2**20, 2))


@pytest.mark.parametrize("name", [name for name, facts in FACTS.items() if facts.outputs])
def test_every_published_tensor_has_one_home(name: str) -> None:
    golden = load_golden(name).facts
    with torch.device("meta"):
        model = create_model(name, **MAPS[name].OPTIONS)
    published = dict.fromkeys([*golden["state_dict"], *golden["integer_buffers"]], torch.empty(0))
    assert rename(published, MAPS[name].RULES).keys() == model.state_dict().keys()


@methods_with(lambda facts: facts.missing)
def test_published_tensors_that_do_not_fit_are_named(method: Method) -> None:
    facts = method.facts
    rules, model = MAPS[method.name].RULES, method.network
    tensors = dict.fromkeys(load_golden(method.name).facts["state_dict"], torch.zeros(1))
    published, ours = facts.missing
    with pytest.raises(WeightsError, match=re.escape(f"needs {ours!r}")):
        load_strictly(model, rename({name: x for name, x in tensors.items() if name != published}, rules))
    published, ours = facts.unexpected
    with pytest.raises(WeightsError, match=re.escape(ours)):
        extra = {ours: torch.zeros(1)} if published is None else rename({published: torch.zeros(1)}, rules)
        assert ours in extra
        load_strictly(model, rename(tensors, rules) | extra)
    with pytest.raises(WeightsError, match=re.escape(repr(facts.unknown))):
        rename({**tensors, facts.unknown: torch.zeros(1)}, rules)


@methods_with(lambda facts: facts.has_published_weights)
def test_a_checkpoint_of_several_processes_with_its_counters_loads(method: Method) -> None:
    rules, golden, model = MAPS[method.name].RULES, method.golden, copy.deepcopy(method.network)
    counters = dict.fromkeys(golden.facts["integer_buffers"], torch.tensor(7))
    saved = {f"CD_model.module.{name}": tensor for name, tensor in {**golden.weights, **counters}.items()}
    load_strictly(model, rename(saved, rules))
    assert {int(model.get_buffer(name)) for name in rename(counters, rules)} <= {7}


@methods_with(lambda facts: facts.outputs)
def test_gradients_reach_what_acts_and_nothing_else(method: Method) -> None:
    """In float64. In training a norm subtracts the biases before it; outside of it they act."""
    facts = method.facts
    model = copy.deepcopy(method.network).double()
    assert idle(method, model, batch=1) == matching(model, facts.idle)
    if facts.subtracted is not None:
        model.train().zero_grad()
        pattern = f"{facts.idle}|{facts.subtracted}" if facts.idle else facts.subtracted
        assert idle(method, model, batch=2) == matching(model, pattern)


def idle(method: Method, model: ChangeModel, *, batch: int) -> set[str]:
    """Parameters that no output of `model` depends on by more than rounding."""
    output = model(*(date.double() for date in method.dates(batch=batch)))
    sum(x.square().mean() for x in all_of(output)).backward()
    gradients = {name: parameter.grad for name, parameter in model.named_parameters()}
    return {name for name, g in gradients.items() if g is None or g.abs().max() < method.facts.rounding}


def matching(model: ChangeModel, pattern: str) -> set[str]:
    return {name for name, _ in model.named_parameters() if re.fullmatch(pattern, name)}


@methods_with(lambda facts: facts.one_date)
@torch.no_grad()
def test_statistics_move_once_a_date_before_first(method: Method) -> None:
    model, alone = (copy.deepcopy(method.network).train() for _ in range(2))
    dates = method.dates(batch=2)
    model(*dates)
    for date in dates:
        getattr(alone, method.facts.sees)(date)
    for part in method.facts.one_date:
        for name, buffer in getattr(model, part).named_buffers():
            assert torch.equal(buffer, getattr(alone, part).get_buffer(name)), name


@methods_with(lambda facts: facts.symmetric or facts.exchange_moves)
@torch.inference_mode()
def test_exchanging_the_dates_changes_the_answer_unless_the_method_is_symmetric(method: Method) -> None:
    facts = method.facts
    before, after = method.dates(batch=1)
    pairs = zip(all_of(method.network(before, after)), all_of(method.network(after, before)), strict=True)
    for there, back in pairs:
        assert torch.equal(there, back) if facts.symmetric else (there - back).abs().max() > facts.exchange_moves


@torch.inference_mode()
def test_outputs_have_the_classes_and_sizes_of_their_options(method: Method) -> None:
    facts, model, size = method.facts, method.other, (33, 47)
    output, classes = model(*random_dates(model, *size)), model.config.get("num_classes", 1)
    assert output.logits.shape == (1, classes, *size)
    padded = [side + -side % model.size_multiple for side in size]
    shapes = [tuple(side // stride for side in padded) for stride in facts.auxiliary_strides]
    expected = [(1, facts.auxiliary_channels or classes, *x) for x in shapes or [size] * len(output.auxiliary)]
    assert [x.shape for x in output.auxiliary] == expected


@methods_with(lambda facts: facts.bfloat16_is_near)
@torch.inference_mode()
def test_bfloat16_stays_near(method: Method) -> None:
    dates = method.dates(batch=1)
    exact, coarse = (
        copy.deepcopy(method.network).to(dtype)(*(date.to(dtype) for date in dates)).logits
        for dtype in (torch.float64, torch.bfloat16)
    )
    torch.testing.assert_close(coarse.double(), exact, rtol=0, atol=0.1 * float(exact.abs().max()))


@methods_with(lambda facts: facts.trunk)
def test_the_trunk_starts_from_imagenet_when_asked(method: Method, monkeypatch: pytest.MonkeyPatch) -> None:
    trunk, model = method.facts.trunk, copy.deepcopy(method.network)
    with torch.device("meta"):
        shapes = torchvision.models.get_model(trunk.library).state_dict()
    library = {name: torch.rand(x.shape).to(x.dtype) for name, x in shapes.items() if name.startswith(trunk.prefix)}
    monkeypatch.setattr(trunk.asks, {trunk.library: library}.__getitem__)
    rest = {name: x.clone() for name, x in model.state_dict().items() if not name.startswith("trunk.")}
    assert model.has_pretrained_backbone
    model.load_pretrained_backbone()
    for name, tensor in model.trunk.state_dict().items():
        assert torch.equal(tensor, library[f"{trunk.prefix}{name}"]), name
    assert all(torch.equal(model.state_dict()[name], tensor) for name, tensor in rest.items())
    with torch.device("meta"):
        other = type(model)(**model.config | {"in_channels": 4})
    with pytest.raises(OptionError, match=trunk.refusal):
        other.load_pretrained_backbone()

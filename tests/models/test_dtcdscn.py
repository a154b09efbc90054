"""DTCDSCN against its published implementation, and its own promises."""

import copy
import math

import pytest
import torch
from torch import Tensor

from minenetcd.errors import OptionError
from minenetcd.models.dtcdscn import DTCDSCN
from minenetcd.weights.keymap import load_strictly, rename
from minenetcd.weights.maps.dtcdscn import DUAL_TASK_RULES
from parity.golden import Golden, golden_pair, load_golden
from parity.loading import about_to_be_loaded, published_network

#: A stricter limit than elsewhere: at 1e-4 the gates could be wrong unseen.
TOLERANCE = 1e-5
#: A BatchNorm follows, which subtracts them in training.
SUBTRACTED = ("narrow.conv.bias", "enlarge.bias", "widen.conv.bias")


@pytest.fixture(scope="module")
def golden() -> Golden:
    return load_golden("dtcdscn")


@pytest.fixture(scope="module")
def published(golden: Golden) -> DTCDSCN:
    return published_network("dtcdscn", golden)


@pytest.fixture(scope="module")
def dual(golden: Golden) -> DTCDSCN:
    """The same weights, with the published but unused branch for buildings switched on."""
    with about_to_be_loaded():
        model = DTCDSCN(dual_task=True)
    load_strictly(model, rename(golden.weights, DUAL_TASK_RULES))
    return model.eval()


def dates(height: int = 64, width: int = 64, *, channels: int = 3, batch: int = 2) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(1)
    before, after = torch.randn(2, batch, channels, height, width, generator=generator)
    return before, after


@pytest.mark.slow
@torch.inference_mode()
def test_the_second_task_gives_the_published_buildings_and_leaves_the_change_alone(
    golden: Golden, published: DTCDSCN, dual: DTCDSCN
) -> None:
    before, after = golden_pair()
    output = dual(before, after)
    for name, logits in zip(golden.facts["extra_outputs"], output.auxiliary, strict=True):
        golden.check(name, logits, tolerance=TOLERANCE)
    assert torch.equal(output.logits, published(before, after).logits)
    assert all(map(torch.equal, dual(after, before).auxiliary, reversed(output.auxiliary)))


@torch.inference_mode()
def test_the_answer_to_two_equal_dates_does_not_depend_on_them(published: DTCDSCN) -> None:
    one, other = dates()
    assert torch.equal(published(one, one).logits, published(other, other).logits)


def test_every_published_tensor_has_one_home(golden: Golden, dual: DTCDSCN) -> None:
    """decoder4 is another tensor's beginning than decoder4_master."""
    assert sum(p.numel() for p in dual.parameters()) == golden.facts["params"]
    tensors = dict.fromkeys([*golden.facts["state_dict"], *golden.facts["integer_buffers"]], torch.empty(0))
    assert rename(tensors, DUAL_TASK_RULES).keys() == dual.state_dict().keys()


@pytest.mark.slow
def test_training_reaches_every_parameter_but_biases_that_a_norm_subtracts(dual: DTCDSCN) -> None:
    model = copy.deepcopy(dual).double().train()
    for branch in (model.change, model.buildings):  # one hidden unit, whose ReLU would be closed
        branch.steps[3].excitation.channel[1].weight.data.abs_()
    output = model(*(date.double() for date in dates()))
    sum(logits.square().mean() for logits in (output.logits, *output.auxiliary)).backward()
    idle = {name for name, p in model.named_parameters() if p.grad is None or p.grad.abs().max() < 1e-12}
    assert idle == {name for name, _ in model.named_parameters() if name.endswith(SUBTRACTED)}


@torch.no_grad()
def test_statistics_move_once_a_date_before_first(dual: DTCDSCN) -> None:
    model, (before, after) = copy.deepcopy(dual).train(), dates()
    alone = copy.deepcopy(model)
    model(before, after)
    for date in (before, after):
        alone.buildings(alone.features(date))
    for part in ("stem", "encoder", "buildings"):
        for name, buffer in getattr(model, part).named_buffers():
            assert torch.equal(buffer, getattr(alone, part).get_buffer(name)), name
    assert int(model.change.steps[0].norm.num_batches_tracked) == 1


def test_starts_from_normal_weights_for_what_leaves_a_convolution() -> None:
    torch.manual_seed(0)
    model = DTCDSCN()
    for conv in model.change.centre:
        assert not conv.bias.any()
        assert float(conv.weight.detach().std()) == pytest.approx(math.sqrt(2 / (9 * 512)), rel=0.01)
    assert float(model.stem[0].weight.detach().std()) == pytest.approx(math.sqrt(2 / (49 * 64)), rel=0.05)
    assert model.change.head[2].bias.any()
    with pytest.raises(OptionError, match="no pretrained trunk"):
        model.load_pretrained_backbone()


@pytest.mark.slow
@torch.inference_mode()
def test_bands_classes_and_the_second_task_are_free() -> None:
    model = DTCDSCN(in_channels=5, num_classes=1, dual_task=True).eval()
    output = model(*dates(70, 33, channels=5, batch=1))
    assert [logits.shape for logits in (output.logits, *output.auxiliary)] == [(1, 1, 70, 33)] * 3
    # change masks are no building masks, so training on them must leave the second task out
    assert model.auxiliary_weights == (0.0, 0.0) and DTCDSCN().auxiliary_weights == ()
    load_strictly(DTCDSCN(**model.config), model.state_dict())

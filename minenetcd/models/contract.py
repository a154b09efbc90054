"""What every architecture keeps, as checks that any network can be put to.

Each of `CHECKS` takes a built network, leaves it as it was, and raises AssertionError that names what is not kept.
For a network of your own, with pytest (options that keep it small keep the checks short):

    @pytest.mark.parametrize("check", CHECKS)
    def test_contract(check):
        check(MyNetwork(width=8))
"""

import copy
import json
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional
from torch.nn.modules.batchnorm import _BatchNorm

from minenetcd.constants import LEAST_SIDE
from minenetcd.errors import SizeError
from minenetcd.layers.memory_order import channels_last
from minenetcd.models.base import ChangeModel
from minenetcd.types import ChangeOutput, change_probability

#: The smallest height and width, some that divide by hardly anything, and some that are far apart.
SIZES = ((32, 32), (33, 47), (100, 70))


def answers_at_any_size(model: ChangeModel) -> None:
    """Finite logits of the images' size, a probability between 0 and 1, a loss weight for each auxiliary output."""
    for size in SIZES:
        output = _answer(model, *random_dates(model, *size))
        probability = change_probability(output.logits)
        _require(output.logits.shape[-2:] == size, f"logits of {tuple(output.logits.shape)} for images of {size}")
        _require(all(bool(x.isfinite().all()) for x in _all(output)), f"values that are not finite for {size}")
        _require(
            probability.shape == (1, *size) and probability.min() >= 0 and probability.max() <= 1,
            f"a probability between 0 and 1 of every pixel of {size}",
        )
        _require(
            len(output.auxiliary) == len(model.auxiliary_weights),
            f"{len(model.auxiliary_weights)} auxiliary weights for {len(output.auxiliary)} auxiliary outputs",
        )


def pads_only_what_does_not_divide(model: ChangeModel) -> None:
    """Multiples of `size_multiple` reach `compare` untouched; others are reflected at bottom and right, and cropped."""
    multiple = model.size_multiple
    height, width = (multiple * (-(-least // multiple) // 2 * 2 + 1) for least in (72, 48))  # odd multiples
    dates = random_dates(model, height, width)
    with torch.inference_mode():
        _require_equal(model(*dates), model.compare(*dates), "an answer that padding has changed")
        if multiple > 1:
            cut = [date[..., : height - 1, : width - multiple + 1].contiguous() for date in dates]
            padded = [functional.pad(date, (0, multiple - 1, 0, 1), mode="reflect") for date in cut]
            logits, expected = model(*cut).logits, model.compare(*padded).logits
            _require(
                torch.equal(logits, expected[..., : logits.shape[-2], : logits.shape[-1]]),
                "an answer other than the cropped one of reflected images",
            )


def is_rebuilt_by_its_configuration(model: ChangeModel) -> None:
    """`config` survives JSON, and builds a network that takes the same tensors and gives the same answer."""
    twin = type(model)(**json.loads(json.dumps(model.config)))
    _require(twin.config == model.config, f"the configuration {model.config}, which came back as {twin.config}")
    twin.load_state_dict(model.state_dict())
    dates = random_dates(model, 32, 32)
    _require_equal(_answer(twin.eval(), *dates), _answer(model, *dates), "another answer of a network built again")


def trains_every_parameter(model: ChangeModel) -> None:
    """In training a gradient reaches every parameter that is not frozen, from the logits or an auxiliary output."""
    student = copy.deepcopy(model).train()
    outputs = _all(student(*random_dates(model, 32, 32, batch=2)))
    torch.stack([output.square().mean() for output in outputs]).sum().backward()
    idle = [
        name for name, parameter in student.named_parameters() if parameter.requires_grad and parameter.grad is None
    ]
    _require(not idle, f"parameters without a gradient: {', '.join(idle[:3])}")


def keeps_the_precision_of_its_images(model: ChangeModel) -> None:
    """Double in, double out; bfloat16 in, bfloat16 out; and finite."""
    dates = random_dates(model, 32, 32)
    for dtype in (torch.float64, torch.bfloat16):
        output = _answer(copy.deepcopy(model).to(dtype), *(date.to(dtype) for date in dates))
        _require(all(x.dtype == dtype for x in _all(output)), f"outputs of another type than {dtype}")
        _require(all(bool(x.isfinite().all()) for x in _all(output)), f"values that are not finite in {dtype}")


def is_the_same_fused(model: ChangeModel) -> None:
    """`fused()` gives the same logits up to rounding and nothing else, and leaves the network itself as it was."""
    model = copy.deepcopy(model).eval()
    _draw_statistics(model)
    twin, dates = model.fused(), random_dates(model, 96, 96)
    if twin is model:  # nothing to fold
        return
    plain, found = _answer(model, *dates).logits, _answer(twin, *dates)
    torch.testing.assert_close(found.logits, plain, rtol=0, atol=1e-5 * plain.abs().max().item())
    _require(not found.auxiliary, "auxiliary outputs of a network made ready to predict")
    _require(torch.equal(_answer(model, *dates).logits, plain), "another answer after it was fused")


@torch.no_grad()
def _draw_statistics(model: ChangeModel) -> None:
    """Means, variances, scales and shifts as no new BatchNorm has them: those would change nothing."""
    generator = torch.Generator().manual_seed(0)
    for norm in model.modules():
        if isinstance(norm, _BatchNorm) and norm.track_running_stats:
            for values, low, high in ((norm.running_mean, -0.2, 0.2), (norm.running_var, 0.5, 2.0)):
                assert values is not None
                values.uniform_(low, high, generator=generator)
            if norm.affine:
                norm.weight.uniform_(0.5, 1.5, generator=generator)
                norm.bias.uniform_(-0.2, 0.2, generator=generator)


def is_the_same_with_channels_last(model: ChangeModel) -> None:
    """The same logits up to rounding where weights and images have their channels side by side in memory."""
    model, dates = copy.deepcopy(model).eval(), random_dates(model, 96, 96)
    plain = _answer(model, *dates).logits
    found = _answer(channels_last(model), *(date.contiguous(memory_format=torch.channels_last) for date in dates))
    torch.testing.assert_close(found.logits, plain, rtol=0, atol=1e-5 * plain.abs().max().item())


def refuses_what_it_cannot_take(model: ChangeModel) -> None:
    """Dates of two shapes, other channels than it was built for and images under 32 px are SizeErrors of one line."""
    before, after = random_dates(model, 64, 64)
    small = before[..., : LEAST_SIDE // 2, :]
    wrong = [(before, after[..., 1:], "one shape"), (small, small, f"at least {LEAST_SIDE} x {LEAST_SIDE} pixels")]
    if "in_channels" in model.config:
        more = torch.cat([before, before[:, :1]], dim=1)
        wrong.append((more, more, f"built for {before.shape[1]} channels, got {more.shape[1]}"))
    for first, second, words in wrong:
        try:
            model(first, second)
        except SizeError as error:
            _require(words in str(error) and "\n" not in str(error), f"one line with {words!r}, not {error}")
        else:
            _require(False, f"no error for {tuple(first.shape)} and {tuple(second.shape)}: {words}")


CHECKS: tuple[Callable[[ChangeModel], None], ...] = (
    answers_at_any_size,
    pads_only_what_does_not_divide,
    is_rebuilt_by_its_configuration,
    trains_every_parameter,
    keeps_the_precision_of_its_images,
    is_the_same_fused,
    is_the_same_with_channels_last,
    refuses_what_it_cannot_take,
)


def random_dates(model: ChangeModel, height: int, width: int, *, batch: int = 1) -> tuple[Tensor, Tensor]:
    """Two dates (B, C, height, width) of noise, the same at each call, with as many channels as `model` takes."""
    generator = torch.Generator().manual_seed(1)
    shape = (2, batch, model.config.get("in_channels", 3), height, width)
    before, after = torch.randn(shape, generator=generator)
    return before, after


def _answer(model: ChangeModel, before: Tensor, after: Tensor) -> ChangeOutput:
    with torch.inference_mode():
        output: ChangeOutput = model.eval()(before, after)
    return output


def _all(output: ChangeOutput) -> list[Tensor]:
    return [output.logits, *output.auxiliary]


def _require(kept: bool | Tensor, otherwise: str) -> None:
    if not kept:
        raise AssertionError(f"The contract of minenetcd.models.base.ChangeModel is not kept: {otherwise}.")


def _require_equal(ours: ChangeOutput, theirs: ChangeOutput, otherwise: str) -> None:
    same = len(_all(ours)) == len(_all(theirs))
    _require(same and all(map(torch.equal, _all(ours), _all(theirs))), otherwise)

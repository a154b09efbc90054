"""Published tensor names -> ours, strictly."""

import re
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from minenetcd.errors import WeightsError

#: (published prefix, our prefix), tried in order; `{}` stands for one index, kept; our prefix None drops the tensor.
Rules = Sequence[tuple[str, str | None]]

_FRACTIONS = (torch.float16, torch.bfloat16, torch.float32, torch.float64)
_WHOLE = (torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64)
_WRAPPERS = ("CD_model.", "module.", "_orig_mod.")


def strip_wrappers(name: str) -> str:
    """The published name without what frameworks put before it: CD_model., module., _orig_mod. in any order."""
    while wrapper := next((w for w in _WRAPPERS if name.startswith(w)), None):
        name = name.removeprefix(wrapper)
    return name


def rename(published: Mapping[str, Tensor], rules: Rules) -> dict[str, Tensor]:
    """Give published tensors our names.

    Prefixes match whole dotted components. Raises WeightsError for a name no rule covers, and for two
    published tensors that would share one name of ours.
    """
    patterns = [(_pattern(theirs), ours) for theirs, ours in rules]
    renamed: dict[str, Tensor] = {}
    for name, tensor in published.items():
        target = _translate(strip_wrappers(name), patterns)
        if target is None:
            continue
        if target in renamed:
            raise WeightsError(f"Two published tensors were found for {target!r}, the second is {name!r}: keep one.")
        renamed[target] = tensor
    return renamed


def load_strictly(model: nn.Module, tensors: Mapping[str, Tensor]) -> None:
    """Copy `tensors` into `model`; every parameter and floating-point buffer must be there, nothing more.

    Integer buffers (counters, index tables) may be absent: the model has built them. Raises WeightsError
    naming the first missing, unexpected or misshapen tensor, and the first of numbers that no network has: of a type
    for other things, not finite, a variance below 0, a table of places beyond the model's own. The model is
    untouched then.
    """
    own = model.state_dict()
    missing = [name for name, value in own.items() if name not in tensors and not _rebuilt(value)]
    unexpected = [name for name in tensors if name not in own]
    misshapen = [name for name, value in tensors.items() if name in own and own[name].shape != value.shape]
    if missing:
        raise WeightsError(f"{type(model).__name__} needs {_tensors(missing)}, which the weights lack: wrong model?")
    if unexpected:
        raise WeightsError(f"The weights hold {_tensors(unexpected)}, unknown to {type(model).__name__}: wrong model?")
    if misshapen:
        name = misshapen[0]
        raise WeightsError(
            f"{type(model).__name__} needs {name!r} of shape {tuple(own[name].shape)}, the weights hold "
            f"{tuple(tensors[name].shape)}: wrong model, or wrong options for it?"
        )
    for name, value in tensors.items():
        reason = _unfit(name, value, own[name])
        if reason is not None:
            raise WeightsError(
                f"{type(model).__name__} cannot take {name!r} of the weights ({reason}): fetch or save them again."
            )
    model.load_state_dict(dict(tensors), strict=False)


def _unfit(name: str, value: Tensor, own: Tensor) -> str | None:
    """Why the numbers in `value` cannot become those of the model's `own` tensor; None where they can."""
    if _rebuilt(own):
        if value.dtype not in _WHOLE:
            return f"whole numbers are needed, it holds {_dtype(value)}"
        leads_out = own.numel() > 1 and not own.min() <= value.min() <= value.max() <= own.max()
        return "a table of places leads out of this network" if leads_out else None
    if value.dtype not in _FRACTIONS:
        return f"fractions of 16, 32 or 64 bits are needed, it holds {_dtype(value)}"
    if value.numel() == 0:
        return None
    low, high = (float(end) for end in torch.aminmax(value))
    most = torch.finfo(own.dtype).max
    if not -most <= low <= high <= most:  # which NaN is not either
        return "it holds numbers that are not finite"
    return "a variance below 0" if low < 0 and name.endswith("running_var") else None


def _dtype(tensor: Tensor) -> str:
    return str(tensor.dtype).removeprefix("torch.")


def _rebuilt(value: Tensor) -> bool:
    """Whether a tensor is an integer buffer, which the model builds by itself."""
    return not (value.is_floating_point() or value.is_complex())


def _pattern(prefix: str) -> re.Pattern[str]:
    return re.compile(re.escape(prefix).replace(r"\{\}", r"(\d+)") + r"(?=\.|$)" if prefix else "")


def _translate(name: str, patterns: list[tuple[re.Pattern[str], str | None]]) -> str | None:
    for pattern, ours in patterns:
        if match := pattern.match(name):
            if ours is None:
                return None
            rest = name[match.end() :].removeprefix(".")
            return ".".join(part for part in (ours.format(*match.groups()), rest) if part)
    raise WeightsError(f"The tensor {name!r} has no place in this model: are these the weights of another one?")


def _tensors(names: list[str]) -> str:
    others = len(names) - 1
    return f"{names[0]!r}" + (f" and {others} more tensor{'s' * (others > 1)}" if others else "")

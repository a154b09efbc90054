"""The declared layers of a network (`ChangeModel.explained_layers`), found in it and read."""

import re
from collections.abc import Collection, Sequence
from contextlib import ExitStack
from typing import NamedTuple

import torch
from torch import Tensor, nn

from minenetcd.errors import OptionError
from minenetcd.models.base import ChangeModel

_PLACE = re.compile(r"([\w.]+?)(?:\((\d+)\))?")

Dates = tuple[Tensor, Tensor]


class Layer(NamedTuple):
    """One level of one stage: what `module` gives or, with `argument`, that of the tensors it is given."""

    stage: str
    level: int  # from 1, the finest
    module: nn.Module
    argument: int | None


def declared_layers(model: ChangeModel, levels: Collection[int] | None = None) -> list[Layer]:
    """The layers `model` declares, stage by stage, fine to coarse; of `levels` alone where given.

    Levels it does not have are left out. OptionError for a method that declares none.
    """
    if not model.explained_layers:
        raise OptionError(f"{type(model).__name__} names no layers to look into: give its class explained_layers.")
    layers = [
        _find(model, stage.name, level, place)
        for stage in model.explained_layers
        for level, place in enumerate(stage.levels, start=1)
    ]
    return [layer for layer in layers if levels is None or layer.level in levels]


@torch.no_grad()
def read_layers(model: ChangeModel, layers: Sequence[Layer], dates: Dates) -> list[Tensor]:
    """What each of `layers` holds when `model` sees `dates`, in one forward."""
    captured: dict[int, Tensor] = {}
    with ExitStack() as hooks:
        for index, layer in enumerate(layers):
            hooks.callback(_capture(layer, index, captured).remove)
        model(*dates)
    return [captured[index] for index in range(len(layers))]


def _find(model: ChangeModel, stage: str, level: int, place: str) -> Layer:
    found = _PLACE.fullmatch(place)
    if found is None:
        raise OptionError(f"A level of {stage!r} needs a module's path, or path(number), got {place!r}: correct it.")
    path, argument = found.groups()
    return Layer(stage, level, model.get_submodule(path), None if argument is None else int(argument))


def _capture(layer: Layer, index: int, captured: dict[int, Tensor]) -> torch.utils.hooks.RemovableHandle:
    def keep_output(_: nn.Module, __: tuple[Tensor, ...], output: Tensor) -> None:
        captured[index] = output.clone()

    argument = layer.argument
    if argument is None:
        return layer.module.register_forward_hook(keep_output)

    def keep_input(_: nn.Module, given: tuple[Tensor, ...]) -> None:
        captured[index] = given[argument].clone()

    return layer.module.register_forward_pre_hook(keep_input)

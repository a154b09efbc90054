"""Networks that are built only to be loaded."""

from collections.abc import Iterator
from contextlib import contextmanager
from unittest import mock

from torch import Tensor, nn
from transformers import initialization

from minenetcd.models.base import ChangeModel
from minenetcd.models.catalog import create_model
from minenetcd.weights.keymap import load_strictly, rename
from minenetcd.weights.maps import MAPS
from parity.golden import Golden

#: Random fillings of a network that is built.
RANDOM = ("uniform_", "normal_", "trunc_normal_", "kaiming_uniform_", "kaiming_normal_")


@contextmanager
def about_to_be_loaded() -> Iterator[None]:
    """Networks built inside hold what lay in memory where random weights would be drawn, which takes most of the time.

    For networks whose tensors are all loaded next, strictly.
    """

    def left_alone(tensor: Tensor, *_: object, **__: object) -> Tensor:
        return tensor

    replaced = dict.fromkeys(RANDOM, left_alone)
    with mock.patch.multiple(nn.init, **replaced), mock.patch.dict(initialization.TORCH_INIT_FUNCTIONS, replaced):
        yield


def published_network(name: str, golden: Golden, **options: object) -> ChangeModel:
    """The architecture `name` under the weights of `golden`, in eval mode; `options` go before the published ones."""
    with about_to_be_loaded():
        model = create_model(name, **{**MAPS[name].OPTIONS, **options})
    load_strictly(model, rename(golden.weights, MAPS[name].RULES))
    return model.eval()

"""Parameters and multiply-adds of a network, measured.

`measured.csv` holds them for every architecture as `create_model(name)` builds it, so that a table of all
answers at once; `python -m minenetcd.models.complexity` measures and writes it again.
"""

import copy
import csv
from contextlib import nullcontext
from dataclasses import astuple, dataclass, fields
from pathlib import Path

import torch
from torch import nn
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.nn.modules.batchnorm import _BatchNorm
from torch.utils.flop_counter import FlopCounterMode

from minenetcd.models.base import ChangeModel
from minenetcd.models.catalog import MODELS, create_model

MEASURED = Path(__file__).parent / "measured.csv"

#: Height and width at which methods are compared. [pixels]
SIDE = 256


@dataclass(frozen=True)
class Complexity:
    """`parameters` that train, and `macs`: multiply-adds for one pair of images. `frozen_parameters` do not train."""

    parameters: int
    macs: int
    frozen_parameters: int = 0

    @property
    def parameters_mi(self) -> float:
        """Parameters / 2**20, the unit of the published tables."""
        return self.parameters / 2**20

    @property
    def all_parameters_mi(self) -> float:
        """The same of all, frozen ones too."""
        return (self.parameters + self.frozen_parameters) / 2**20

    @property
    def macs_gi(self) -> float:
        """Multiply-adds / 2**30, the unit of the published tables."""
        return self.macs / 2**30


def measure_complexity(model: ChangeModel, *, side: int = SIDE, computed: bool = False) -> Complexity:
    """Parameters, and multiply-adds of one forward in evaluation for one pair (1, C, side, side).

    Counted are convolutions and matrix products, attention included; not FFTs, normalisation, activations,
    pooling and resizing. Published figures count some of the latter too and lie up to a few percent higher.
    Nothing is computed: tensors are shapes only, so the largest network takes a second or two. `computed`: with
    numbers, for a network that looks at them, as `minenetcd_lite` made ready to predict. `model` is left as it is.
    """
    twin = copy.deepcopy(model).cpu().eval()
    for module in list(twin.modules()):
        for name, inner in module.named_children():
            if isinstance(inner, _BatchNorm):  # not counted, and slow to trace
                setattr(module, name, nn.Identity().eval())
    counter = FlopCounterMode(display=False)
    # SDPBackend.MATH shows the matrix products that fused attention kernels hide from the counter
    tensors = nullcontext() if computed else FakeTensorMode(allow_non_fake_inputs=True)
    with torch.no_grad(), tensors, sdpa_kernel(SDPBackend.MATH), counter:
        image = torch.zeros(1, model.config.get("in_channels", 3), side, side)
        twin(image, image)
    trained, frozen = (
        sum(p.numel() for p in model.parameters() if p.requires_grad == is_on) for is_on in (True, False)
    )
    return Complexity(trained, counter.get_total_flops() // 2, frozen)


def default_complexity(name: str) -> Complexity:
    """Complexity of `create_model(name)`, from `measured.csv` where it stands there, else measured now."""
    stored = read_measured()
    return stored[name] if name in stored else measure_complexity(create_model(name))


def read_measured() -> dict[str, Complexity]:
    """The stored measurements by name."""
    if not MEASURED.is_file():
        return {}
    with MEASURED.open(encoding="utf-8", newline="") as file:
        return {row.pop("model"): Complexity(**{k: int(v) for k, v in row.items()}) for row in csv.DictReader(file)}


def write_measured() -> None:
    """Measure every architecture of this package and store it in `measured.csv`."""
    rows = {name: measure_complexity(create_model(name)) for name in sorted(MODELS.built_in)}
    with MEASURED.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("model", *(field.name for field in fields(Complexity))))
        writer.writerows((name, *astuple(row)) for name, row in rows.items())


if __name__ == "__main__":
    write_measured()

"""Architectures by name."""

import inspect
from typing import Any

from minenetcd.errors import OptionError, UnknownNameError
from minenetcd.models.a2net import A2Net
from minenetcd.models.afcf3d import AFCF3D
from minenetcd.models.base import ChangeModel
from minenetcd.models.bit import BIT
from minenetcd.models.cgnet import CGNet
from minenetcd.models.changeformer import ChangeFormer
from minenetcd.models.dminet import DMINet
from minenetcd.models.dtcdscn import DTCDSCN
from minenetcd.models.fc_unets import FCEF, SiamUNetConc, SiamUNetDiff
from minenetcd.models.fcnpp import FCNPP
from minenetcd.models.hcgmnet import HCGMNet
from minenetcd.models.icifnet import ICIFNet
from minenetcd.models.minenetcd import MineNetCD
from minenetcd.models.mspsnet import MSPSNet
from minenetcd.models.rdpnet import RDPNet
from minenetcd.models.resunet import ResUNet
from minenetcd.models.snunet import SNUNet
from minenetcd.models.tfi_gr import TFIGR
from minenetcd.models.tinycd import TinyCD

MODELS: dict[str, type[ChangeModel]] = {
    "a2net": A2Net,
    "afcf3d": AFCF3D,
    "bit": BIT,
    "cgnet": CGNet,
    "changeformer": ChangeFormer,
    "dminet": DMINet,
    "dtcdscn": DTCDSCN,
    "fc_ef": FCEF,
    "fcnpp": FCNPP,
    "hcgmnet": HCGMNet,
    "icifnet": ICIFNet,
    "minenetcd": MineNetCD,
    "mspsnet": MSPSNet,
    "rdpnet": RDPNet,
    "resunet": ResUNet,
    "siamunet_conc": SiamUNetConc,
    "siamunet_diff": SiamUNetDiff,
    "snunet": SNUNet,
    "tfi_gr": TFIGR,
    "tinycd": TinyCD,
}


def list_models() -> list[str]:
    """Names that `create_model` takes."""
    return sorted(MODELS)


def model_class(name: str) -> type[ChangeModel]:
    """The class behind `name`; UnknownNameError suggests the nearest."""
    if name not in MODELS:
        raise UnknownNameError("model", name, MODELS)
    return MODELS[name]


def create_model(name: str, *, pretrained_backbone: bool = False, **options: Any) -> ChangeModel:
    """Build the architecture `name` with its keyword `options`, on the CPU, in training mode.

    Weights are random; `pretrained_backbone=True` fetches the trunk's ImageNet weights. Raises
    UnknownNameError, OptionError for an unknown option, WeightsError where the trunk cannot be fetched.
    """
    architecture = model_class(name)
    known = list(inspect.signature(architecture).parameters)
    if unknown := next((option for option in options if option not in known), None):
        raise OptionError(f"{name} has no option {unknown!r}: it takes {', '.join(known)}.")
    model = architecture(**options)
    if pretrained_backbone:
        model.load_pretrained_backbone()
    return model


def model_name(model: ChangeModel) -> str:
    """The name `model` was created by."""
    return next(name for name, architecture in MODELS.items() if type(model) is architecture)

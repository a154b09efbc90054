"""Architectures by name."""

import inspect
from typing import Any

from minenetcd.errors import OptionError, UnknownNameError
from minenetcd.models.base import ChangeModel
from minenetcd.registry import resolve

#: Name -> class, as text: choosing one network imports that network alone.
MODELS = {
    "a2net": "minenetcd.models.a2net:A2Net",
    "afcf3d": "minenetcd.models.afcf3d:AFCF3D",
    "bit": "minenetcd.models.bit:BIT",
    "cgnet": "minenetcd.models.cgnet:CGNet",
    "changeformer": "minenetcd.models.changeformer:ChangeFormer",
    "dminet": "minenetcd.models.dminet:DMINet",
    "dtcdscn": "minenetcd.models.dtcdscn:DTCDSCN",
    "fc_ef": "minenetcd.models.fc_unets:FCEF",
    "fcnpp": "minenetcd.models.fcnpp:FCNPP",
    "hcgmnet": "minenetcd.models.hcgmnet:HCGMNet",
    "icifnet": "minenetcd.models.icifnet:ICIFNet",
    "minenetcd": "minenetcd.models.minenetcd:MineNetCD",
    "mspsnet": "minenetcd.models.mspsnet:MSPSNet",
    "rdpnet": "minenetcd.models.rdpnet:RDPNet",
    "resunet": "minenetcd.models.resunet:ResUNet",
    "siamunet_conc": "minenetcd.models.fc_unets:SiamUNetConc",
    "siamunet_diff": "minenetcd.models.fc_unets:SiamUNetDiff",
    "snunet": "minenetcd.models.snunet:SNUNet",
    "tfi_gr": "minenetcd.models.tfi_gr:TFIGR",
    "tinycd": "minenetcd.models.tinycd:TinyCD",
}


def list_models() -> list[str]:
    """Names that `create_model` takes."""
    return sorted(MODELS)


def model_class(name: str) -> type[ChangeModel]:
    """The class behind `name`; UnknownNameError suggests the nearest."""
    if name not in MODELS:
        raise UnknownNameError("model", name, MODELS)
    architecture: type[ChangeModel] = resolve(MODELS[name])
    return architecture


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
    path = f"{type(model).__module__}:{type(model).__qualname__}"
    return next(name for name, known in MODELS.items() if known == path)

"""Architectures by name. Names are known without torch, so that a wrong one is refused at once."""

import inspect
import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from minenetcd.backbones.catalog import BACKBONES
from minenetcd.errors import InputError, OptionError, one_line
from minenetcd.registry import Table

if TYPE_CHECKING:
    from minenetcd.models.base import ChangeModel

#: Name -> class, as text: choosing one network imports that network alone.
MODELS: "Table[type[ChangeModel]]" = Table(
    "model",
    "minenetcd.models",
    {
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
        "minenetcd_lite": "minenetcd.models.minenetcd_lite:MineNetCDLite",
        "mspsnet": "minenetcd.models.mspsnet:MSPSNet",
        "rdpnet": "minenetcd.models.rdpnet:RDPNet",
        "resunet": "minenetcd.models.resunet:ResUNet",
        "siamunet_conc": "minenetcd.models.fc_unets:SiamUNetConc",
        "siamunet_diff": "minenetcd.models.fc_unets:SiamUNetDiff",
        "snunet": "minenetcd.models.snunet:SNUNet",
        "tfi_gr": "minenetcd.models.tfi_gr:TFIGR",
        "tinycd": "minenetcd.models.tinycd:TinyCD",
    },
)


#: What constructors raise for options that do not fit.
_UNFIT = (
    *(TypeError, ValueError, AttributeError, RuntimeError, LookupError),
    *(ArithmeticError, AssertionError, MemoryError),
)


def list_models() -> list[str]:
    """Names that `create_model` takes, those of plug-ins among them."""
    return list(MODELS)


def register_model(name: str, architecture: "type[ChangeModel]") -> None:
    """Make a network of your own known as `name`, wherever a model is named, also in processes started from here.

    OptionError where the name is taken or `architecture` is no ChangeModel.
    """
    MODELS.register(name, _checked(name, architecture))


def model_class(name: str) -> "type[ChangeModel]":
    """The class behind `name`, or at "package.module:Name"; UnknownNameError suggests the nearest."""
    return _checked(name, MODELS[name])


def create_model(name: str, *, pretrained_backbone: bool = False, **options: Any) -> "ChangeModel":
    """Build the architecture `name` with its keyword `options`, on the CPU, in training mode.

    Weights are random; `pretrained_backbone=True` fetches the trunk's ImageNet weights. Raises
    UnknownNameError, OptionError for options that do not fit, WeightsError where the trunk cannot be fetched.
    """
    architecture = model_class(name)
    signature = inspect.signature(architecture)
    taken = f"it takes {', '.join(signature.parameters)}"
    try:
        signature.bind(**options)
    except TypeError as error:
        unknown = next((option for option in options if option not in signature.parameters), None)
        wrong = f"has no option {unknown!r}" if unknown else f"cannot be built with these options ({error})"
        raise OptionError(f"{name} {wrong}: {taken}.") from error
    try:
        model = architecture(**options)
    except InputError:
        raise
    except _UNFIT as error:
        if not options:  # nothing to correct: the network itself is wrong
            raise
        given = ", ".join(f"{option}={value!r}" for option, value in options.items())
        reason = one_line(error, with_kind=True)[:300]
        raise OptionError(f"{name} cannot be built with {given} ({reason}): correct a value; {taken}.") from error
    if pretrained_backbone:
        model.load_pretrained_backbone()
    return model


def described(model: "ChangeModel") -> dict[str, Any]:
    """What builds `model` once more, as plain values: its name and options.

    OptionError for an option that JSON does not hold: neither a run nor a detector could keep it.
    """
    try:
        options = json.loads(json.dumps(model.config, default=list))
    except TypeError as error:
        raise OptionError(
            f"{type(model).__name__} was built with an option that is no plain value ({error}): hand only numbers, "
            "words, lists and mappings of them to super().__init__()."
        ) from error
    return {"name": model_name(model), **options}


def model_name(model: "ChangeModel") -> str:
    """The name `model` was created by; of a class that has none, where it is defined: "package.module:Name"."""
    return MODELS.name_of(type(model))


class KnownConfigurations(Mapping[str, Mapping[str, Any]]):
    """Name -> the model section of a configuration that needs no file: every model, and MineNetCD on each backbone."""

    def __getitem__(self, name: str) -> Mapping[str, Any]:
        if name.startswith(_ON_BACKBONE):
            backbone = name.removeprefix(_ON_BACKBONE)
            for known in (backbone.replace("-", "_"), backbone):
                if known in BACKBONES:
                    return {"backbone": known}
        if name in MODELS:
            return {"name": name}
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        yield from MODELS
        for backbone in BACKBONES:
            yield _ON_BACKBONE + backbone.replace("_", "-")

    def __len__(self) -> int:
        return sum(1 for _ in self)


_ON_BACKBONE = "minenetcd-"
KNOWN_CONFIGURATIONS = KnownConfigurations()


def _checked(name: str, architecture: Any) -> "type[ChangeModel]":
    from minenetcd.models.base import ChangeModel  # here, because it brings torch

    if not (isinstance(architecture, type) and issubclass(architecture, ChangeModel)):
        raise OptionError(
            f"A model is a class that derives from minenetcd.ChangeModel, {name!r} is {architecture!r}: derive it."
        )
    return architecture

"""Reading the authors' checkpoints: which network, options and pixels a published config.json asks for.

Two layouts exist. MineNetCD's own repositories (`ericyu/minenetcd-upernet-...`) carry a transformers
UperNetConfig with `Backbone_type`; those of the unified framework (`HZDR-FWGEL/UCD-...`) carry the
framework's training configuration with `model_name`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from minenetcd.errors import UnknownNameError, WeightsError
from minenetcd.weights.maps import MAPS

IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)

#: The framework's `model_name` -> ours.
FRAMEWORK_MODELS = {
    "A2Net": "a2net",
    "BIT": "bit",
    "ChangeFormer": "changeformer",
    "DMINet": "dminet",
    "FC-EF": "fc_ef",
    "FCNPP": "fcnpp",
    "ICIFNet": "icifnet",
    "MineNetCD": "minenetcd",
    "RDPNet": "rdpnet",
    "ResUnet": "resunet",
    "SNUNet": "snunet",
    "SiamUnet_diff": "siamunet_diff",
    "Tiny_CD": "tinycd",
    "siamunet_conc": "siamunet_conc",
}

#: The framework's `dataset_name` -> the data set's name and ground sampling distance in metres, where it has one.
FRAMEWORK_DATA: dict[str, tuple[str, float | None]] = {
    "MNCD256": ("MineNetCD256", 1.2),
    "MNCD512": ("MineNetCD", 1.2),
    "LEVIRCD256": ("LEVIR-CD", 0.5),
    "SYSUCD": ("SYSU-CD", 0.5),
    "GVLM256": ("GVLM", 0.59),
    "EGY_BCD": ("EGY-BCD", 0.25),
    "CLCD256": ("CLCD", None),
}

_RESNETS = {"ResNet_Diff_18": "resnet18", "ResNet_Diff_50": "resnet50", "ResNet_Diff_101": "resnet101"}
_SWINS = {"Swin_Diff_T": "swin_t", "Swin_Diff_S": "swin_s", "Swin_Diff_B": "swin_b"}
_SWIN_SHAPES = {(96, (2, 2, 6, 2)): "swin_t", (96, (2, 2, 18, 2)): "swin_s", (128, (2, 2, 18, 2)): "swin_b"}


@dataclass(frozen=True)
class PublishedModel:
    """What a published configuration means in our words."""

    model: str
    options: dict[str, Any]
    mean: tuple[float, ...] = (0.0, 0.0, 0.0)
    std: tuple[float, ...] = (1.0, 1.0, 1.0)
    metres_per_pixel: float | None = None
    trained_on: str | None = None
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def rules(self) -> Any:
        """Name rules of its tensors."""
        return MAPS[self.model].RULES


def is_published(config: Mapping[str, Any]) -> bool:
    """Whether `config` has one of the two published layouts."""
    return "Backbone_type" in config or "model_name" in config


def read_published(config: Mapping[str, Any]) -> PublishedModel:
    """Understand a published config.json; UnknownNameError or WeightsError for a method or trunk we lack."""
    return _from_release(config) if "Backbone_type" in config else _from_framework(config)


def _from_release(config: Mapping[str, Any]) -> PublishedModel:
    """A MineNetCD repository: the trunk is told by `Backbone_type`; the Swin `backbone_config` may be a left-over."""
    classes = len(config["id2label"]) if "id2label" in config else config.get("num_labels", 2)
    options = {
        "backbone": _released_backbone(config["Backbone_type"], config.get("backbone_config")),
        "change_fft": "spatial" if config.get("channel_mixing", False) else "none",
        "num_classes": classes,
        "decoder_channels": config.get("hidden_size", 512),
    }
    return PublishedModel(
        "minenetcd",
        options,
        IMAGENET_MEAN,
        IMAGENET_STD,
        metres_per_pixel=1.2,
        trained_on="MineNetCD256",
        facts={"Backbone_type": config["Backbone_type"]},
    )


def _released_backbone(kind: str, backbone_config: Mapping[str, Any] | None) -> str:
    if kind in _RESNETS:
        return _RESNETS[kind]
    if kind not in _SWINS:
        raise UnknownNameError("released trunk", kind, [*_SWINS, *_RESNETS])
    if not backbone_config:
        return _SWINS[kind]
    shape = backbone_config.get("embed_dim", 96), tuple(backbone_config.get("depths", (2, 2, 6, 2)))
    if shape not in _SWIN_SHAPES:
        raise WeightsError(f"A Swin trunk needs the width and depths of T, S or B, got {shape}: not a released model?")
    return _SWIN_SHAPES[shape]


def _from_framework(config: Mapping[str, Any]) -> PublishedModel:
    name = config["model_name"]
    if name not in FRAMEWORK_MODELS:
        raise UnknownNameError("method of the unified framework", name, FRAMEWORK_MODELS)
    model = FRAMEWORK_MODELS[name]
    normalised = "normalize" in (config.get("transform") or ())
    data, metres = FRAMEWORK_DATA.get(config.get("dataset_name", ""), (config.get("dataset_name"), None))
    return PublishedModel(
        model,
        dict(MAPS[model].OPTIONS),
        IMAGENET_MEAN if normalised else (0.0, 0.0, 0.0),
        IMAGENET_STD if normalised else (1.0, 1.0, 1.0),
        metres,
        data,
        facts={key: config[key] for key in ("model_name", "dataset_name", "train") if key in config},
    )

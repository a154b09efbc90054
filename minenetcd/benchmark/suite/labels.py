"""What methods, backbones, data sets and measures are called in tables and figures."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from minenetcd.datasets.drawn import name_parts
from minenetcd.registry import name_alone
from minenetcd.weights.maps import MAPS


def method_label(name: str) -> str:
    """How the paper spells a method; one that is not published is called by its own name, or that of its class."""
    if name not in MAPS:
        return name_alone(name)
    published = MAPS[name].PUBLISHED
    return published.label or published.table


class Trunk(NamedTuple):
    """A backbone of figure 13: its family, its own name, and the size it stands for there."""

    family: str
    label: str
    size: str


TRUNKS = {
    "vmamba_t": Trunk("VMamba", "VMamba-T", "Tiny"),
    "vmamba_s": Trunk("VMamba", "VMamba-S", "Small"),
    "vmamba_b": Trunk("VMamba", "VMamba-B", "Base"),
    "swin_t": Trunk("Swin Transformer", "Swin-T", "Tiny"),
    "swin_s": Trunk("Swin Transformer", "Swin-S", "Small"),
    "swin_b": Trunk("Swin Transformer", "Swin-B", "Base"),
    "resnet18": Trunk("ResNet", "ResNet-18", "Tiny"),
    "resnet50": Trunk("ResNet", "ResNet-50", "Small"),
    "resnet101": Trunk("ResNet", "ResNet-101", "Base"),
    "resnet_nano": Trunk("ResNet", "ResNet-nano", "Nano"),
}


def has_change_fft(model: Mapping[str, Any]) -> bool | None:
    """Whether a MineNetCD has ChangeFFT, in whichever form; None for other methods."""
    return model.get("change_fft", "channel") != "none" if backbone_of(model) else None


def backbone_of(model: Mapping[str, Any]) -> str | None:
    """Name of a MineNetCD's trunk; None for other methods."""
    return model.get("backbone", "swin_t") if model["name"] == "minenetcd" else None


def option_label(option: str, value: Any) -> str:
    """An option of a row in words: backbone swin_t is "Swin-T", change_fft none is "without ChangeFFT"."""
    if option == "backbone" and value in TRUNKS:
        return TRUNKS[value].label
    if option == "change_fft":
        forms = {"none": "without ChangeFFT", "channel": "ChangeFFT", "spatial": "ChangeFFT (spatial)"}
        return forms.get(value, f"ChangeFFT ({value})")
    return f"{option} {value}"


def data_label(name: str) -> str:
    """A short name of a data set: the last part of a path or id, and how it is drawn where it is."""
    drawn, last = name_parts(name)
    return f"{drawn.capitalize()}: {last}" if drawn else last


def recipe_label(recipe: str | Mapping[str, Any]) -> str:
    """A recipe by its label, else by its name and what it changes."""
    if isinstance(recipe, str) or "label" in recipe:
        return recipe if isinstance(recipe, str) else recipe["label"]
    changes = [f"{key} {value}" for key, value in recipe.items() if key != "name"]
    return ", ".join([recipe.get("name", "strong"), *changes])

"""Training files of the earlier unified framework, read as they are: what they mean in our words.

Source: the framework's configuration fields, losses and defaults (EricYu97/UCD).
"""

from collections.abc import Mapping
from typing import Any

from minenetcd.errors import OptionError, UnknownNameError
from minenetcd.weights.published import PublishedModel, read_published

#: Its losses, none of which uses auxiliary outputs; "integrated" is the model's own, which does.
LOSSES = {
    "BCE": {"loss": "bce", "auxiliary": False},
    "CrossEntropy": {"loss": "ce", "auxiliary": False},
    "Dice": {"loss": "bce_dice", "auxiliary": False},
    "DiceFocal": {"loss": "dice_focal", "auxiliary": False},
    "integrated": {"loss": "ce", "auxiliary": True},
}
OPTIMISERS = {"Adam": "adam", "AdamW": "adamw"}
SCHEDULES = {None: "constant", "cosine": "cosine"}

KEYS = {
    "": (
        *("device", "model_name", "dataset_name", "dataset_path", "data_type", "input_nc", "num_classes"),
        *("push_to_hub", "transform", "model", "train", "eval", "test"),
    ),
    "train": (
        *("epochs", "batch_size", "lr", "loss", "optim", "weight_decay", "lr_scheduler"),
        *("snapshots_dir", "save_intervals"),
    ),
}


def translate(config: Mapping[str, Any]) -> dict[str, Any]:
    """A configuration of this package that trains as the framework would with `config`.

    What it left to its defaults is stated here: seed 8888, constant rate, no augmentation, decision at 0.5. Raises
    UnknownNameError for a key, method, loss or optimiser it does not know, OptionError for what is missing.
    """
    _check_keys(config, "")
    train = _section(config, "train")
    _check_keys(train, "train")
    published = read_published(config)
    return {
        "name": f"{published.model}-{config.get('dataset_name', 'data')}".lower(),
        "model": {"name": published.model, **_model_options(published, config)},
        "preprocessing": _preprocessing(published, config),
        "data": {"name": str(_needed(config, "dataset_path"))},
        "recipe": _recipe(train),
        "trainer": {"validate_epochs": int(train.get("save_intervals", 10))},
        "start_from": _external_checkpoint(config),
        "seed": 8888,
        "device": str(config.get("device", "auto")),
    }


def _model_options(published: PublishedModel, config: Mapping[str, Any]) -> dict[str, Any]:
    bands = config.get("input_nc", 3)
    return published.options | ({} if bands == 3 else {"in_channels": bands})


def _preprocessing(published: PublishedModel, config: Mapping[str, Any]) -> dict[str, Any]:
    bands = config.get("input_nc", 3)
    names = ("red", "green", "blue") if bands == 3 else tuple(f"band {number}" for number in range(1, bands + 1))
    return {
        "bands": names,
        "mean": (published.mean * bands)[:bands],
        "std": (published.std * bands)[:bands],
        "metres_per_pixel": published.metres_per_pixel,
    }


def _recipe(train: Mapping[str, Any]) -> dict[str, Any]:
    optimiser = OPTIMISERS[_known("optimiser", _needed(train, "optim", "train"), OPTIMISERS)]
    decay = float(_needed(train, "weight_decay", "train")) if optimiser == "adamw" else 0.0
    return {
        "name": "paper",
        "epochs": int(_needed(train, "epochs", "train")),
        "batch_size": int(_needed(train, "batch_size", "train")),
        "optimiser": optimiser,
        "learning_rate": float(_needed(train, "lr", "train")),
        "betas": (0.9, 0.999),
        "weight_decay": decay,
        "schedule": SCHEDULES[_known("lr_scheduler", train.get("lr_scheduler"), SCHEDULES)],
        "final_learning_rate": 0.0,
        **LOSSES[_known("loss", _needed(train, "loss", "train"), LOSSES)],
    }


def _external_checkpoint(config: Mapping[str, Any]) -> str | None:
    test = config.get("test") or {}
    return test.get("external_checkpoint") if test.get("use_external_checkpoint") else None


def _section(config: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    section = _needed(config, name)
    if not isinstance(section, Mapping):
        raise OptionError(
            f"{name} needs keys of its own in a file of the earlier framework, got {section!r}: write them."
        )
    return section


def _needed(values: Mapping[str, Any], key: str, section: str = "") -> Any:
    if values.get(key) is None:
        full = f"{section}.{key}".lstrip(".")
        raise OptionError(f"A training file of the earlier framework needs {full!r}, and it is not there: add it.")
    return values[key]


def _known(kind: str, name: Any, table: Mapping[Any, Any]) -> Any:
    if name not in table:
        raise UnknownNameError(f"{kind} of the earlier framework", str(name), [str(key) for key in table if key])
    return name


def _check_keys(values: Mapping[str, Any], section: str) -> None:
    for key in values:
        if key not in KEYS[section]:
            prefix = f"{section}." if section else ""
            raise UnknownNameError("configuration key", f"{prefix}{key}", [prefix + known for known in KEYS[section]])

"""Reading the authors' checkpoints: which network, options and pixels a published config.json asks for.

Two layouts exist. MineNetCD's own repositories (`ericyu/minenetcd-upernet-...`) carry a transformers
UperNetConfig with `Backbone_type`; those of the unified framework (`HZDR-FWGEL/UCD-...`) carry the
framework's training configuration with `model_name`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from minenetcd.constants import IMAGENET_MEAN, IMAGENET_STD, Provenance, TrainedOn
from minenetcd.errors import UnknownNameError, WeightsError
from minenetcd.weights.maps import MAPS
from minenetcd.weights.maps.minenetcd import released_options
from minenetcd.weights.scores import published_scores, score_of

#: The framework's `dataset_name` -> the data set's name and ground sampling distance in metres, where it has one.
FRAMEWORK_DATA: dict[str, tuple[str, float | None]] = {
    "MNCD256": ("MineNetCD256", 1.2),
    "MNCD512": ("MineNetCD512", 1.2),
    "LEVIRCD256": ("LEVIR-CD", 0.5),
    "SYSUCD": ("SYSU-CD", 0.5),
    "GVLM256": ("GVLM", 0.59),
    "EGY_BCD": ("EGY-BCD", 0.25),
    "CLCD256": ("CLCD", None),
}


@dataclass(frozen=True)
class PublishedModel:
    """What a published configuration means in our words."""

    model: str
    options: dict[str, Any]
    mean: tuple[float, ...] = (0.0, 0.0, 0.0)
    std: tuple[float, ...] = (1.0, 1.0, 1.0)
    metres_per_pixel: float | None = None
    trained_on: str | None = None
    recipe: str | None = None
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def rules(self) -> Any:
        """Name rules of its tensors."""
        return MAPS[self.model].RULES

    def provenance(self, source: str) -> Provenance:
        """Where the weights of repository `source` come from, with the scores printed for that hub id."""
        score = score_of(source)
        return Provenance(
            name=source,
            trained_on=TrainedOn(self.trained_on) if self.trained_on else None,
            recipe=self.recipe,
            metrics={f"{metric}, as published": digits for metric, digits in score.printed.items()} if score else {},
            limits=f"The published scores are doubtful: {score.note}." if score and score.note else None,
            extra={"published": self.facts} if self.facts else {},
        )


def published_ids(model: str) -> list[str]:
    """Hub ids of the authors' weights of our `model`."""
    released = MAPS[model].PUBLISHED.released if model in MAPS else ()
    return [*(score.weights for score in published_scores(model)), *released]


def read_published(config: Mapping[str, Any]) -> PublishedModel:
    """Understand a published config.json; UnknownNameError or WeightsError for what this package lacks."""
    return _from_release(config) if "Backbone_type" in config else _from_framework(config)


def _from_release(config: Mapping[str, Any]) -> PublishedModel:
    """A MineNetCD repository."""
    return PublishedModel(
        "minenetcd",
        released_options(config),
        IMAGENET_MEAN,
        IMAGENET_STD,
        metres_per_pixel=1.2,
        trained_on="MineNetCD256",
        facts={"Backbone_type": config["Backbone_type"]},
    )


def _from_framework(config: Mapping[str, Any]) -> PublishedModel:
    model = _framework_model(config["model_name"])
    mean, std = _normalisation(config.get("transform") or ())
    data, metres = _dataset(str(config.get("dataset_name", "")), str(config.get("dataset_path", "")))
    return PublishedModel(
        model,
        dict(MAPS[model].OPTIONS),
        mean,
        std,
        metres,
        data,
        _recipe(config.get("train")),
        facts={key: config[key] for key in ("model_name", "dataset_name", "train") if key in config},
    )


def framework_models() -> dict[str, str]:
    """The framework's `model_name` -> ours."""
    return {method.PUBLISHED.framework: name for name, method in MAPS.items()}


def _framework_model(name: Any) -> str:
    known = framework_models()
    if str(name) not in known:
        raise UnknownNameError("method of the unified framework", str(name), known)
    return known[str(name)]


def _normalisation(transforms: Any) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and deviation for what the framework lists under `transform`: nothing but "normalize" exists there."""
    if not isinstance(transforms, list | tuple):
        transforms = [transforms]
    unknown = next((name for name in transforms if name != "normalize"), None)
    if unknown is not None:
        raise WeightsError(f"The published transform {unknown!r} is not known here, only 'normalize' is: correct it.")
    return (IMAGENET_MEAN, IMAGENET_STD) if transforms else ((0.0, 0.0, 0.0), (1.0, 1.0, 1.0))


def _dataset(label: str, path: str) -> tuple[str | None, float | None]:
    """Several models of the 256 px patches are labelled MNCD512; the path of their data tells."""
    if label == "MNCD512" and path.rstrip("/").endswith("256"):
        label = "MNCD256"
    return FRAMEWORK_DATA.get(label, (label or None, None))


def _recipe(train: Any) -> str | None:
    """The `train` section in words, as far as it is there."""
    if not isinstance(train, Mapping):
        return None
    words = {
        "epochs": "{} epochs",
        "batch_size": "batches of {} a process",
        "optim": "{}",
        "lr": "learning rate {}",
        "weight_decay": "weight decay {}",
        "loss": "{} loss",
    }
    parts = [text.format(train[key]) for key, text in words.items() if key in train]
    return ", ".join(["unified change-detection framework", *parts])

"""What a run begins with: its detector, from a configuration, a network or a detector."""

import copy
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from minenetcd.configs.detector import DetectorSettings
from minenetcd.configs.reading import read_config
from minenetcd.configs.schema import HANDED_OVER, Settings
from minenetcd.constants import Provenance
from minenetcd.detectors.learned import ChangeDetector
from minenetcd.detectors.preprocessing import Preprocessing
from minenetcd.errors import OptionError
from minenetcd.evaluation.calibration import CALIBRATION
from minenetcd.models.base import ChangeModel
from minenetcd.models.catalog import described
from minenetcd.registry import path_of
from minenetcd.training.settings import Config, merged, with_known_names
from minenetcd.weights.keymap import load_strictly


def settings_of(detector: ChangeDetector, **overrides: Any) -> Settings:
    """The base configuration around `detector`, with `overrides`, checked.

    Raises UnknownNameError or OptionError for what does not fit, also for a network whose options are no plain values:
    neither a run nor a detector could keep them.
    """
    if "model" in overrides:
        raise OptionError("A network was handed over, and with it its options: leave model out, or build another.")
    values = {
        **read_config("base"),
        "name": detector.name,
        "model": described(detector.model),
        "preprocessing": asdict(detector.preprocessing),
        "threshold": detector.threshold,
        "scene_threshold": detector.scene_threshold,
        "pretrained_backbone": False,
        "start_from": f"{HANDED_OVER}{path_of(type(detector.model))}",
    }
    return with_known_names(merged(values, overrides))


def handed_over(source: Config | ChangeModel | ChangeDetector) -> ChangeDetector | None:
    """The detector or the network, as a detector, that `source` is; None where it is a configuration."""
    if isinstance(source, ChangeModel):
        return ChangeDetector(source)
    if isinstance(source, ChangeDetector):
        if source.folded:
            raise OptionError(
                "Training needs a detector with all its layers, got one folded by for_inference, which could not be "
                "saved: hand over the one it was made from."
            )
        return source
    if isinstance(source, str | Path | Mapping):
        return None
    raise OptionError(
        f"Training needs a configuration (a name, a YAML file or a mapping), a ChangeModel or a ChangeDetector, got "
        f"{type(source).__name__}: derive the network from minenetcd.ChangeModel."
    )


def starting_point(settings: Settings, given: ChangeDetector | None = None) -> ChangeDetector:
    """The detector a run moves: a copy of the one `given`, or a new one, its trunk pretrained where it can be.

    With `start_from` its weights are those of a detector trained before. What else its weights come from stays in its
    provenance: their terms may ask to be named. OptionError where nothing of it may move.
    """
    detector = _copy(given, settings) if given else _new(settings)
    is_object = (settings.start_from or "").startswith(HANDED_OVER)
    if is_object and given is None:
        raise OptionError(
            f"The run began with a network handed over in Python ({settings.start_from}): call minenetcd.train with "
            "it again (resume=True), or name another start_from."
        )
    pretrained = settings.pretrained_backbone
    if settings.start_from and not is_object:
        began = ChangeDetector.from_pretrained(settings.start_from)
        load_strictly(detector.model, began.model.state_dict())
        detector.provenance = Provenance(extra=without_calibration(began.provenance.extra))
    elif detector.model.has_pretrained_backbone if pretrained is None else pretrained:
        detector.model.load_pretrained_backbone()
        if about := detector.model.about:
            detector.provenance = Provenance(extra={"trunk": about.pretrained_trunk})
    if not any(parameter.requires_grad for parameter in detector.parameters()):
        raise OptionError(
            f"Training moves parameters, and {detector.name} has none that may move: leave requires_grad of some of "
            "them True."
        )
    return detector


def _new(settings: Settings) -> ChangeDetector:
    return ChangeDetector.from_config(settings.model_dump(include=set(DetectorSettings.model_fields)))


def _copy(given: ChangeDetector, settings: Settings) -> ChangeDetector:
    """Another with the same weights, so that the one given stays as it is.

    It keeps a temperature: thresholds are probabilities by it. That it was fitted is no longer true once weights move.
    """
    return given.with_model(
        copy.deepcopy(given.model),
        preprocessing=Preprocessing.of(settings.preprocessing),
        threshold=settings.threshold,
        scene_threshold=settings.scene_threshold,
        provenance=Provenance(extra=without_calibration(given.provenance.extra)),
    )


def without_calibration(extra: Mapping[str, Any]) -> dict[str, Any]:
    """What a card says beside its fields, but for the fit of a temperature to weights that are others now."""
    return {key: value for key, value in extra.items() if key != CALIBRATION}

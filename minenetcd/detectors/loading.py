"""The parts of a detector: read from a folder, the hub or the package, or new, as a configuration says."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from torch import Tensor

from minenetcd.backbones.catalog import BACKBONES
from minenetcd.configs.detector import FORMAT, SavedDetector
from minenetcd.constants import Provenance
from minenetcd.detectors.preprocessing import Preprocessing
from minenetcd.detectors.scenes.threshold import ProbabilityRange
from minenetcd.detectors.sources import find_detector
from minenetcd.errors import WeightsError
from minenetcd.models.base import ChangeModel
from minenetcd.models.catalog import KNOWN_CONFIGURATIONS, MODELS, create_model
from minenetcd.registry import Table, is_path, package_of
from minenetcd.weights.budget import no_larger_than
from minenetcd.weights.keymap import load_strictly, rename
from minenetcd.weights.repository import open_repository, read_tensors


class DetectorParts(NamedTuple):
    """What `ChangeDetector` is built from."""

    model: ChangeModel
    preprocessing: Preprocessing
    threshold: float
    provenance: Provenance
    scene_threshold: ProbabilityRange | None = None
    temperature: float = 1.0


def load_parts(source: str | Path, *, trust: str | Iterable[str] = (), **hub_options: Any) -> DetectorParts:
    """The parts of a trained detector.

    `source`: a folder, a hub id (ours or published) or an embedded name. Loading is strict and runs no pickled
    code. Of classes that are not of this package it imports those of plug-ins, and of the packages in `trust`.
    Raises UnknownNameError or WeightsError, naming the tensor that does not fit, or the package that is needed.
    """
    repository = open_repository(find_detector(source), **hub_options)
    tensors = read_tensors(repository.weights)
    trusted = (trust,) if isinstance(trust, str) else tuple(trust)
    with no_larger_than(repository.weights):
        if repository.is_published:
            return _load_published(repository.config, tensors, repository.source)
        return _load_own(repository.config, tensors, repository.source, trusted)


def new_parts(source: str | Path | Mapping[str, Any], overrides: Mapping[str, Any]) -> DetectorParts:
    """The parts of a detector with random weights, from a shipped name, a YAML file or a mapping; `overrides` win.

    Raises UnknownNameError for a name, OptionError for a key or value that does not fit.
    """
    # here, because weights that are saved need no configuration
    from minenetcd.configs.reading import merge, read_config
    from minenetcd.configs.schema import detector_part

    config = detector_part(merge(read_config(source, KNOWN_CONFIGURATIONS), overrides))
    model = create_model(config.model.name, **config.model.options)
    name = source if isinstance(source, str) and "/" not in source and "." not in source else None
    provenance = Provenance(name=config.name or name)
    preprocessing = Preprocessing.of(config.preprocessing)
    return DetectorParts(model, preprocessing, config.threshold, provenance, config.scene_threshold)


def _load_own(
    config: Mapping[str, Any], tensors: Mapping[str, Tensor], source: str, trust: Sequence[str]
) -> DetectorParts:
    if "minenetcd_format" not in config or "model" not in config:
        raise WeightsError(
            f"{source!r} is no detector of this package nor a published one: its config.json is foreign."
        )
    if config["minenetcd_format"] != FORMAT or isinstance(config["minenetcd_format"], bool):
        raise WeightsError(
            f"{source!r} was saved in format {config['minenetcd_format']!r:.40}, this version reads {FORMAT}: update "
            "minenetcd, or have it saved by this version."
        )
    settings = SavedDetector.read(config)
    model = create_model(_trusted_name(settings, source, trust), **settings.model.options)
    load_strictly(model, tensors)
    preprocessing = Preprocessing.of(settings.preprocessing)
    provenance = Provenance.read(settings.provenance)
    return DetectorParts(
        model, preprocessing, settings.threshold, provenance, settings.scene_threshold, settings.temperature
    )


def _trusted_name(settings: SavedDetector, source: str, trust: Sequence[str]) -> str:
    """The name to build the network by: a file may not decide what is imported, neither by it nor by its options."""
    name, path = settings.model.name, settings.model_class
    if path is not None and name not in MODELS:
        name = path
    _check_trusted(MODELS, name, source, trust)
    for option in settings.model.options.values():
        if isinstance(option, str) and is_path(option):
            _check_trusted(BACKBONES, option, source, trust)
    return name


def _check_trusted(table: Table[Any], name: str, source: str, trust: Sequence[str]) -> None:
    """WeightsError for a class of a package that nobody here asked for."""
    if is_path(name) and not table.is_trusted(name, trust):
        package = package_of(name)
        raise WeightsError(
            f"{source!r} needs {name} of the package {package}, and a file does not decide what is imported: if you "
            f"trust it, say so (from_pretrained(..., trust=[{package!r}]), minenetcd --trust {package}), or import "
            "it before."
        )


def _load_published(config: Mapping[str, Any], tensors: Mapping[str, Tensor], source: str) -> DetectorParts:
    from minenetcd.weights.published import read_published  # here, because it brings the tables of every method

    published = read_published(config)
    model = create_model(published.model, **published.options)
    load_strictly(model, rename(tensors, published.rules))
    preprocessing = Preprocessing(mean=published.mean, std=published.std, metres_per_pixel=published.metres_per_pixel)
    return DetectorParts(model, preprocessing, 0.5, published.provenance(source))

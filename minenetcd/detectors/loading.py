"""The parts of a trained detector, read from a folder, the hub or the package."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from minenetcd.configs.detector import SavedDetector
from minenetcd.detectors.preprocessing import Preprocessing
from minenetcd.errors import UnknownNameError, WeightsError
from minenetcd.models.catalog import MODELS, create_model
from minenetcd.registry import is_path
from minenetcd.weights.keymap import load_strictly, rename
from minenetcd.weights.repository import CONFIG_FILE, is_hub_id, open_repository, read_tensors

EMBEDDED = Path(__file__).parents[1] / "weights" / "embedded"


def list_detectors() -> list[str]:
    """Names of the trained detectors shipped with the package."""
    return sorted(path.parent.name for path in EMBEDDED.glob(f"*/{CONFIG_FILE}"))


def load_parts(source: str | Path, **hub_options: Any) -> dict[str, Any]:
    """What `ChangeDetector` is built from: model, preprocessing, threshold, provenance.

    `source`: a folder, a hub id (ours or published) or an embedded name. Loading is strict and runs no pickled
    code. Raises UnknownNameError or WeightsError, naming the tensor that does not fit.
    """
    if str(source) in list_detectors():
        source = EMBEDDED / str(source)
    elif not (Path(source).is_dir() or is_hub_id(str(source))):
        raise UnknownNameError("trained detector", str(source), list_detectors())
    repository = open_repository(source, **hub_options)
    tensors = read_tensors(repository.weights)
    load = _load_published if repository.is_published else _load_own
    return load(repository.config, tensors, repository.source)


def _load_own(config: Mapping[str, Any], tensors: Mapping[str, Tensor], source: str) -> dict[str, Any]:
    if "minenetcd_format" not in config or "model" not in config:
        raise WeightsError(
            f"{source!r} is no detector of this package nor a published one: its config.json is foreign."
        )
    settings = SavedDetector.read(config)
    _check_at_hand(settings.model.name, source)
    model = create_model(settings.model.name, **settings.model.options)
    load_strictly(model, tensors)
    return {
        "model": model,
        "preprocessing": Preprocessing.of(settings.preprocessing),
        "threshold": settings.threshold,
        "provenance": settings.provenance,
    }


def _check_at_hand(name: str, source: str) -> None:
    """A file may not decide what is imported: only what was installed as a plug-in, registered, or imported before."""
    if is_path(name) and not MODELS.is_at_hand(name):
        raise WeightsError(
            f"{source!r} needs the network {name}: import {name.partition(':')[0]} before, or install a package that "
            "brings it as a plug-in (entry point minenetcd.models)."
        )


def _load_published(config: Mapping[str, Any], tensors: Mapping[str, Tensor], source: str) -> dict[str, Any]:
    from minenetcd.weights.published import read_published  # here, because it brings the tables of every method

    published = read_published(config)
    model = create_model(published.model, **published.options)
    load_strictly(model, rename(tensors, published.rules))
    preprocessing = Preprocessing(mean=published.mean, std=published.std, metres_per_pixel=published.metres_per_pixel)
    provenance = published.provenance(source)
    return {"model": model, "preprocessing": preprocessing, "threshold": 0.5, "provenance": provenance}

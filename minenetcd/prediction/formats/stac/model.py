"""A trained detector as a STAC item of the extension for machine learning models (MLM): for catalogues of models."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import shapely
import torch
from shapely.geometry import mapping

from minenetcd.detectors.learned import ChangeDetector
from minenetcd.detectors.sources import find_detector
from minenetcd.files import slug
from minenetcd.models.catalog import model_name
from minenetcd.prediction.formats.stac.assets import FILE, asset
from minenetcd.prediction.formats.stac.item import CLASSES
from minenetcd.prediction.outputs import check_library
from minenetcd.registry import name_alone
from minenetcd.weights.repository import open_repository

MLM = "https://stac-extensions.github.io/mlm/v1.4.0/schema.json"

_HUB = "https://huggingface.co"
_TASKS = ["semantic-segmentation"]
_DIMENSIONS = ["batch", "channel", "height", "width"]

#: Nobody says where and when a network may be used: on all the Earth, at any time.
_EVERYWHERE = [-180.0, -90.0, 180.0, 90.0]
_EVER = datetime(1900, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)

#: What STAC takes for the name of a licence.
_LICENCE = re.compile(r"[\w.+-]+")


def model_item(source: str) -> dict[str, Any]:
    """The trained detector `source` (embedded name, folder, hub id) as an item; its weights are read once.

    Files are named as they lie beside the item, those of the hub by their address there. OptionError without pystac.
    Raises what `ChangeDetector.from_pretrained` raises.
    """
    check_library("stac")
    import pystac

    detector = ChangeDetector.from_pretrained(source)
    found = find_detector(source)
    repository = open_repository(found)
    weights = repository.weights
    href = f"./{weights.name}" if Path(found).is_dir() else f"{_HUB}/{found}/resolve/main/{weights.name}"
    item = pystac.Item(
        id=slug(detector.name),
        geometry=mapping(shapely.box(*_EVERYWHERE)),
        bbox=_EVERYWHERE,
        datetime=None,
        start_datetime=_EVER[0],
        end_datetime=_EVER[1],
        properties=model_properties(detector),
        stac_extensions=[MLM, FILE],
        assets={
            "model": asset(
                weights, href, title="Weights", roles=["mlm:model", "mlm:weights"],
                **{"mlm:artifact_type": weights.suffix.removeprefix(".")},
            )
        },
    )  # fmt: skip
    return dict(item.to_dict(transform_hrefs=False))


def model_properties(detector: ChangeDetector) -> dict[str, Any]:
    """What the extension says of a network: what it reads, what it gives, and where its weights come from."""
    provenance, network = detector.provenance, detector.model
    side = detector.tile
    first, second = detector.preprocessing.date_order
    licence = provenance.license or ""
    return {
        "title": detector.name,
        "description": provenance.limits or "A network that finds change between two images of one place.",
        "license": licence if _LICENCE.fullmatch(licence) else "other",
        "mlm:name": slug(detector.name),
        "mlm:architecture": name_alone(model_name(network)),
        "mlm:tasks": _TASKS,
        "mlm:framework": "pytorch",
        "mlm:framework_version": torch.__version__,
        "mlm:total_parameters": sum(parameter.numel() for parameter in network.parameters()),
        "mlm:pretrained": provenance.trained_on is not None,
        "mlm:pretrained_source": provenance.trained_on_in_words,
        "mlm:input": [_input(detector, date, side) for date in (first, second)],
        "mlm:output": [
            {
                "name": "logits",
                "tasks": _TASKS,
                "result": _structure([-1, network.config.get("num_classes", -1), side, side]),
                "description": _of_logits(detector),
                "classification:classes": CLASSES[:2],
                "post_processing_function": {"format": "python", "expression": "minenetcd.types:change_probability"},
            }
        ],
        "mlm:hyperparameters": _hyperparameters(network.config, detector),
    }


def _input(detector: ChangeDetector, date: str, side: int) -> dict[str, Any]:
    reads = detector.preprocessing
    return {
        "name": date,
        "bands": list(reads.bands),
        "input": _structure([-1, len(reads.bands), side, side]),
        "description": "Numbers from 0 to 1 (8 bits divided by 255), then normalised; any height and width.",
        "value_scaling": [
            {"type": "z-score", "mean": mean, "stddev": std} for mean, std in zip(reads.mean, reads.std, strict=True)
        ],
        "pre_processing_function": None,
    }


def _of_logits(detector: ChangeDetector) -> str:
    """How the stored threshold goes with what the network gives."""
    if detector.temperature == 1:
        return "Logits; the stored threshold is one of their probability."
    return (
        f"Logits; the stored threshold is one of the probability of logits divided by {detector.temperature:g}, the "
        "stored temperature."
    )


def _structure(shape: list[int]) -> dict[str, Any]:
    return {"shape": shape, "dim_order": _DIMENSIONS, "data_type": "float32"}


def _hyperparameters(config: Mapping[str, Any], detector: ChangeDetector) -> dict[str, Any]:
    """What the network was built with, from which probability on it calls a pixel changed, and by which temperature."""
    decides = {"threshold": detector.threshold, "temperature": detector.temperature}
    return {**config, **decides, "metres_per_pixel": detector.preprocessing.metres_per_pixel}

"""The parts of a trained detector, described as plain values and written: what `loading` reads back."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import save_file

from minenetcd.configs.detector import FORMAT
from minenetcd.detectors.loading import DetectorParts
from minenetcd.files import staged_files, unwritable, write_json, write_text
from minenetcd.models.catalog import MODELS, described, model_name
from minenetcd.registry import path_of
from minenetcd.weights.repository import CONFIG_FILE, WEIGHT_FILES


def describe_parts(parts: DetectorParts) -> dict[str, Any]:
    """Everything but the weights, as plain values: what config.json holds."""
    built_in = model_name(parts.model) in MODELS.built_in
    return {
        "minenetcd_format": FORMAT,
        "model": described(parts.model),
        **({} if built_in else {"model_class": path_of(type(parts.model))}),
        "preprocessing": asdict(parts.preprocessing),
        "threshold": parts.threshold,
        **({} if parts.scene_threshold is None else {"scene_threshold": list(parts.scene_threshold)}),
        **({} if parts.temperature == 1 else {"temperature": parts.temperature}),
        "provenance": parts.provenance.as_json(),
    }


def save_parts(parts: DetectorParts, folder: Path, *, name: str, source: str) -> None:
    """Write config.json, model.safetensors and README.md, all of them or none, of the detector called `name`.

    `source` is what the model card tells to load it by. OutputError where `folder` cannot be written.
    """
    from minenetcd.weights.card import model_card  # here, because a prediction writes none

    tensors = {key: tensor.detach().contiguous().cpu() for key, tensor in parts.model.state_dict().items()}
    description = describe_parts(parts)
    try:
        with staged_files(folder, (WEIGHT_FILES[0], CONFIG_FILE, "README.md")) as hidden:
            save_file(tensors, hidden / WEIGHT_FILES[0], metadata={"format": "pt"})
            write_json(hidden / CONFIG_FILE, description)
            write_text(hidden / "README.md", model_card(name, description, source=source))
    except SafetensorError as error:
        raise unwritable(folder, error) from error

"""summary.json: a result in numbers, for programs. Its keys are those of summary.schema.json, and stay.

Keys are only ever added; where one has to change its meaning, `version` grows.
"""

import platform
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import rasterio

from minenetcd.files import write_json
from minenetcd.geo.date_files.read_files import ReadFile, ReadPair
from minenetcd.prediction.facts import ImageFacts
from minenetcd.prediction.kept.plain_facts import plain
from minenetcd.prediction.outputs import SavedPrediction
from minenetcd.prediction.report.outcome import Outcome
from minenetcd.secrets import without_secrets

FORMAT, VERSION = "minenetcd-summary", 1


def write_summary(path: Path, outcome: Outcome, inputs: ReadPair | None, names: SavedPrediction) -> None:
    """The summary of `outcome` at `path`; `names` are the files that stand beside it."""
    write_json(path, summary(outcome, inputs, names))


def summary_schema() -> str:
    """The JSON schema (draft 2020-12) of every summary of this version."""
    return files(__package__).joinpath("summary.schema.json").read_text(encoding="utf-8")


def summary(outcome: Outcome, inputs: ReadPair | None, names: SavedPrediction) -> dict[str, Any]:
    """Everything in plain values without secrets; what nobody knows is None."""
    facts, change = outcome.facts, outcome.change
    height, width = outcome.scene.grid.shape
    described = {
        "format": FORMAT,
        "version": VERSION,
        "started": outcome.started.isoformat(timespec="seconds"),
        "seconds": round(outcome.seconds, 3),
        "software": _software(outcome),
        "before": _image(facts.before, *((None, None) if inputs is None else (inputs.before, inputs.opened_before))),
        "after": _image(facts.after, *((None, None) if inputs is None else (inputs.after, inputs.opened_after))),
        "detector": {
            "name": facts.model,
            "chosen_because": facts.reason,
            "threshold": facts.threshold,
            "trained_on": facts.provenance.trained_on_in_words,
            "measured": facts.expectation,
            "options": plain(facts.detector_options),
            "computed_by": facts.computed_by.as_json(),
        },
        "second_opinion": None
        if facts.second is None
        else {"name": facts.second, "changed_share": change.second_share, "agreement": outcome.agreement},
        "options": plain(facts.options),
        "analysed_at_metres": facts.analysed_at,
        "hectares": {"changed": change.hectares, "valid": change.valid_hectares, "scene": change.scene_hectares},
        "pixels": {"changed": change.changed_pixels, "valid": change.valid_pixels, "scene": height * width},
        "changed_share": change.changed_pixels / change.valid_pixels,
        "places": len(change.polygons),
        "adjustments": {name.lower(): words for name, words in facts.adjustments},
        "where": change.where.as_json(facts.where),
        "warnings": list(facts.warnings),
        "files": {what: path.as_posix() for what, path in names.by_what_they_are().items()},
    }
    if change.kinds is not None:
        described["kinds"] = change.kinds.as_json()
    return {key: _without_secrets(value) for key, value in described.items()}


def _software(outcome: Outcome) -> dict[str, str]:
    computed_by = outcome.facts.computed_by
    return {
        "minenetcd": outcome.facts.version,
        "python": platform.python_version(),
        "gdal": rasterio.__gdal_version__,
        "rasterio": rasterio.__version__,
        "numpy": np.__version__,
        computed_by.engine: computed_by.version,
    }


def _image(image: ImageFacts, read: Sequence[ReadFile] | None, opened: str | None) -> dict[str, Any]:
    return {
        "source": image.source,
        "date": image.date,
        "date_known_by": image.acquired.witness,
        "crs": image.crs,
        "crs_wkt": None if image.grid.named_crs is None else image.grid.named_crs.to_wkt(),
        "height": image.grid.height,
        "width": image.grid.width,
        "metres_per_pixel": list(image.grid.metres_per_pixel) if image.grid.is_georeferenced else None,
        "bands": image.read.as_json(),
        "shown_bands": list(image.shown),
        "dtype": image.dtype,
        "opened": opened,
        "files": plain(read),
    }


def _without_secrets(value: Any) -> Any:
    """`value` with every text in it stripped."""
    if isinstance(value, str):
        return without_secrets(value)
    if isinstance(value, dict):
        return {key: _without_secrets(each) for key, each in value.items()}
    return [_without_secrets(each) for each in value] if isinstance(value, list) else value

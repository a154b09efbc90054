"""Parameters and multiply-adds of a network by its name and options, from stored measurements where it can be.

`measured_trunks.csv` holds them for MineNetCD with each published trunk and form of ChangeFFT;
`python -m minenetcd.benchmark.suite.trunks` measures and writes it again.
"""

import csv
import inspect
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from minenetcd.benchmark.suite.labels import TRUNKS, backbone_of
from minenetcd.evaluation.beside import list_beside
from minenetcd.models.catalog import create_model, model_class
from minenetcd.models.complexity import Complexity, default_complexity, measure_complexity

MEASURED_TRUNKS = Path(__file__).parent / "measured_trunks.csv"
FORMS = ("channel", "spatial", "none")


def complexity_of(model: Mapping[str, Any]) -> Complexity | None:
    """Complexity of the network that `model` (name and options) builds, for one pair of 3 x 256 x 256 images.

    None for what is no network.
    """
    if model["name"] in list_beside():
        return None
    options = own_options(model)
    if not options:
        return default_complexity(model["name"])
    if backbone_of(model) and set(options) <= {"backbone", "change_fft"}:
        key = (options.get("backbone", "swin_t"), options.get("change_fft", "channel"))
        if key in (stored := read_trunks()):
            return stored[key]
    return measure_complexity(create_model(model["name"], **options))


def own_options(model: Mapping[str, Any]) -> dict[str, Any]:
    """The options of `model` that are not what its architecture has by default."""
    defaults = inspect.signature(model_class(model["name"])).parameters
    options = {key: value for key, value in model.items() if key != "name"}
    return {
        key: value
        for key, value in options.items()
        if key not in defaults or _list_if_tuple(defaults[key].default) != _list_if_tuple(value)
    }


def read_trunks() -> dict[tuple[str, str], Complexity]:
    """The stored measurements by backbone and form of ChangeFFT."""
    with MEASURED_TRUNKS.open(encoding="utf-8", newline="") as file:
        return {
            (row["backbone"], row["change_fft"]): Complexity(int(row["parameters"]), int(row["macs"]))
            for row in csv.DictReader(file)
        }


def write_trunks() -> None:
    """Measure MineNetCD with every published trunk and form of ChangeFFT, and store it."""
    with MEASURED_TRUNKS.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("backbone", "change_fft", "parameters", "macs"))
        for backbone in (name for name in TRUNKS if name != "resnet_nano"):
            for form in FORMS:
                measured = measure_complexity(create_model("minenetcd", backbone=backbone, change_fft=form))
                writer.writerow((backbone, form, measured.parameters, measured.macs))


def _list_if_tuple(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


if __name__ == "__main__":
    write_trunks()

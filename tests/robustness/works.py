"""The commands that are killed: predict, data build, train and benchmark, of a size that takes a second or some."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import pyarrow.parquet as pq
import rasterio
import torch
import yaml
from safetensors.torch import load_file

from fixtures.scene_files import make_sites, write_table
from minenetcd.geo.source import quiet_gdal
from robustness.killed import Work
from robustness.scenes import AFTER, BEFORE
from training.squares import write_config, write_squares

SQUARES = {"train": 8, "val": 4, "test": 4}


def write_pair(folder: Path, *, times: int = 6) -> None:
    """The pair of the corpus, side by side so many times a side."""
    for image in (BEFORE, AFTER):
        tiled = np.tile(image.pixels, (1, times, times))
        with quiet_gdal(), rasterio.open(folder / image.name, "w", driver="GTiff", count=3, height=tiled.shape[1],
            width=tiled.shape[2], dtype="uint8", crs=image.crs, transform=image.transform) as file:  # fmt: skip
            file.write(tiled)


def predict(folder: Path, *, resume: bool) -> Work:
    write_pair(folder)
    words = ["predict", "before.tif", "after.tif", "--model", "irmad", "--out", "out"]
    return Work(words, [*words, "--resume"] if resume else words, _predicted_is_whole, _predicted)


def _predicted(out: Path) -> Any:
    """Bytes of the rasters, and the polygons."""
    rasters = [(out / name).read_bytes() for name in ("change.tif", "probability.tif")]
    return rasters, geopandas.read_file(out / "change.gpkg").to_csv()


def _predicted_is_whole(out: Path) -> None:
    """What stands there is read to its end."""
    for path in out.glob("*.tif"):
        with rasterio.open(path) as file:
            file.read()
    for path in out.glob("*.gpkg"):
        geopandas.read_file(path)
    for path in out.glob("*.html"):
        assert path.read_text(encoding="utf-8").rstrip().endswith("</html>")
    for path in out.glob("*.json"):
        json.loads(path.read_text(encoding="utf-8"))


def build(folder: Path) -> Work:
    write_table(folder / "sites.csv", make_sites(folder, 5, side=200))
    words = ["data", "build", "sites.csv", "--out", "out", "--size", "64"]
    return Work(words, words, _built_is_whole, _built)


def _built(out: Path) -> Any:
    return {str(path.relative_to(out)): path.read_bytes() for path in out.rglob("*.parquet")}


def _built_is_whole(out: Path) -> None:
    """What has a manifest has all files that it names, in their size; each file that is there can be read."""
    for path in out.glob("data/*.parquet"):
        pq.read_table(path)
    if (out / "manifest.json").exists():
        files = json.loads((out / "manifest.json").read_text())["files"]
        assert [(out / file["path"]).stat().st_size for file in files] == [file["bytes"] for file in files]


def train(folder: Path) -> Work:
    data = write_squares(folder / "squares", counts=SQUARES)
    write_config(
        folder / "config.yaml", data.name, recipe={"steps": 9}, trainer={"validate_steps": 3, "checkpoint_steps": 1}
    )
    words = ["train", "config.yaml", "--out", "out", "--device", "cpu"]
    return Work(words, [*words, "--resume"], _trained_is_whole, _trained)


def _trained(out: Path) -> Any:
    """Weights bit for bit, and the losses of every step."""
    rows = [line.split(",")[:3] for line in (out / "log.csv").read_text().splitlines()]
    return (out / "model.safetensors").read_bytes(), rows


def _trained_is_whole(out: Path) -> None:
    for path in _seen(out, "*.safetensors"):
        load_file(path)
    for path in _seen(out, "*.pt"):
        torch.load(path, weights_only=False)
    for path in _seen(out, "*.json"):
        json.loads(path.read_text(encoding="utf-8"))
    assert (out / "model.safetensors").exists() == (out / "config.json").exists()


def _seen(out: Path, pattern: str) -> list[Path]:
    """What is not hidden."""
    return [
        path for path in out.rglob(pattern) if not any(part.startswith(".") for part in path.relative_to(out).parts)
    ]


def benchmark(folder: Path) -> Work:
    write_squares(folder / "squares", counts=SQUARES)
    narrow = {"model": {"decoder_channels": 8, "auxiliary_channels": 8}}
    suite = {
        "name": "squares", "methods": [{"config": "minenetcd-compact", "label": "compact", "settings": narrow}],
        "datasets": [{"name": "squares", "label": "Squares"}], "seeds": [1], "beside": [],
        "recipes": [{"name": "strong", "label": "short", "steps": 8, "batch_size": 4, "crop": None}],
        "settings": {"data": {"workers": 0}, "trainer": {"validate_steps": 100, "checkpoint_steps": 1, "trackers": []}},
    }  # fmt: skip
    (folder / "suite.yaml").write_text(yaml.safe_dump(suite))
    words = ["benchmark", "suite.yaml", "--out", "out", "--device", "cpu"]
    return Work(words, words, _measured_is_whole, _measured)


def _measured(out: Path) -> Any:
    """Weights and counts of every cell."""
    weights = {path.parent.name: path.read_bytes() for path in out.glob("runs/*/model.safetensors")}
    records = {path.parent.name: json.loads(path.read_text()) for path in out.glob("cells/*/record.json")}
    return weights, {name: [record[count] for count in ("tp", "fp", "fn", "tn")] for name, record in records.items()}


def _measured_is_whole(out: Path) -> None:
    for path in (*out.glob("*.json"), *out.glob("cells/*/*.json")):
        json.loads(path.read_text(encoding="utf-8"))
    for path in out.glob("*.parquet"):
        pq.read_table(path)
    for path in out.glob("*.html"):
        assert path.read_text(encoding="utf-8").rstrip().endswith("</html>")
    for run in out.glob("runs/[!.]*/"):
        _trained_is_whole(run)


WORKS: dict[str, Callable[[Path], Work]] = {
    "predict": lambda folder: predict(folder, resume=False), "predict --resume": lambda folder: predict(folder,
    resume=True),
    "data build": build, "train": train, "benchmark": benchmark,
}  # fmt: skip

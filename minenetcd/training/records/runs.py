"""The runs in a folder."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from minenetcd.errors import DataError
from minenetcd.training.records.run_folder import CONFIG, SUMMARY, RunFolder


@dataclass(frozen=True)
class Run:
    """One run as far as its folder shows; `steps` are those logged, `best_f1` is on the validation split."""

    name: str
    model: str
    data: str
    recipe: str
    steps: int
    best_f1: float | None
    best_step: int | None
    finished: bool


def list_runs(folder: Path) -> list[Run]:
    """Every run under `folder`, best first; DataError where there is none."""
    found = [_read(path.parent, folder) for path in sorted(folder.rglob(SUMMARY)) if (path.parent / CONFIG).exists()]
    if not found:
        raise DataError(f"There is no run in {str(folder)!r}: train one with 'minenetcd train', or name its folder.")
    return sorted(found, key=lambda run: -1 if run.best_f1 is None else run.best_f1, reverse=True)


def _read(path: Path, folder: Path) -> Run:
    settings = yaml.safe_load((path / CONFIG).read_text(encoding="utf-8"))
    record, rows = RunFolder(path).read_summary(), RunFolder(path).read_log()
    best = record.get("best") or {}
    return Run(
        name=str(path.relative_to(folder)),
        model=_model(settings["model"]),
        data=settings["data"]["name"],
        recipe=settings["recipe"]["name"],
        steps=int(rows[-1]["step"]) if rows else 0,
        best_f1=best.get("f1"),
        best_step=best.get("step"),
        finished=record.get("finished", False),
    )


def _model(model: dict[str, Any]) -> str:
    return " ".join([model["name"], *([model["backbone"]] if "backbone" in model else [])])

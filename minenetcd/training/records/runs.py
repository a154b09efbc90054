"""The runs in a folder."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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


def list_runs(folder: Path, *, on_damage: Callable[[DataError], object] | None = None) -> list[Run]:
    """Every run under `folder`, best first; DataError where there is none.

    One whose files are damaged is a DataError too, or, where there is `on_damage`, handed to that and left out.
    """
    places = [path.parent for path in sorted(folder.rglob(SUMMARY)) if (path.parent / CONFIG).exists()]
    if not places:
        raise DataError(f"There is no run in {str(folder)!r}: train one with 'minenetcd train', or name its folder.")
    found = []
    for place in places:
        try:
            found.append(_read(place, folder))
        except DataError as error:
            if on_damage is None:
                raise
            on_damage(error)
    return sorted(found, key=lambda run: -1 if run.best_f1 is None else run.best_f1, reverse=True)


def _read(path: Path, folder: Path) -> Run:
    run = RunFolder(path)
    settings, record, rows = run.read_settings(), run.read_summary(), run.read_log()
    best = record.get("best") or {}
    return Run(
        name=str(path.relative_to(folder)),
        model=_model(settings.model.model_dump(mode="json")),
        data=settings.data.name,
        recipe=settings.recipe.name,
        steps=int(rows[-1]["step"]) if rows else 0,
        best_f1=best.get("f1"),
        best_step=best.get("step"),
        finished=record.get("finished", False),
    )


def _model(model: dict[str, Any]) -> str:
    return " ".join([model["name"], *([model["backbone"]] if "backbone" in model else [])])

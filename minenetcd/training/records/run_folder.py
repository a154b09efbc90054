"""The folder of a run: its configuration, where it ran, what it did, and what may be written into it."""

import csv
import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any
from uuid import uuid4

import yaml
from safetensors.torch import load_file, save_file
from torch import Tensor

from minenetcd.configs.schema import Settings
from minenetcd.configs.yaml_text import parse_yaml
from minenetcd.data.dataset import DatasetFacts
from minenetcd.errors import DataError, OptionError, OutputError, one_line
from minenetcd.files import atomic_path, check_writable, make_folder, write_json, write_text
from minenetcd.foreign import read_text
from minenetcd.training.records.environment import environment, git_state

CONFIG, LOG, SUMMARY = "config.yaml", "log.csv", "run.json"
LOG_COLUMNS = ("step", "epoch", "loss", "learning_rate", "samples_per_second", "val_f1", "val_ciou", "val_threshold")


class RunFolder:
    """Paths and records of one run in the folder `path`; only the main process writes."""

    def __init__(self, path: Path) -> None:
        self.path, self.checkpoints = path, path / "checkpoints"
        self.config = path / CONFIG
        self.best = path / "checkpoints" / "best.safetensors"

    def prepare(self, settings: Settings, *, resume: bool, bytes_needed: int) -> None:
        """Make it, or go on in it. OptionError where it holds another run, OutputError where it cannot be written."""
        check_writable(make_folder(self.path), ())
        has_begun = self.config.exists() and bool(self.read_log() or any(self.checkpoints.glob("*")))
        if has_begun:
            self._check_stored(settings, resume=resume)
        free = shutil.disk_usage(self.path).free
        if free < bytes_needed:
            raise OutputError(
                f"The run needs {bytes_needed / 1e9:.1f} GB in {str(self.path)!r}, {free / 1e9:.1f} GB are free: make "
                f"room, keep fewer checkpoints (trainer.keep), or choose another folder."
            )
        self.checkpoints.mkdir(exist_ok=True)
        if not has_begun:
            write_text(self.config, yaml.safe_dump(settings.model_dump(mode="json"), sort_keys=False))

    def record_start(self, data: Mapping[str, DatasetFacts], accelerator_state: Mapping[str, Any]) -> None:
        """Write what this run stands on: machine, packages, git state, data; and an id no other run has.

        OptionError where it goes on, but not on the data it began with.
        """
        known = self.read_summary()
        for split, facts in data.items():
            before = known.get("data", {}).get(split, {}).get("fingerprint", facts.fingerprint)
            if before != facts.fingerprint and self.read_log():
                raise OptionError(
                    f"The {split} split of {facts.source!r} has changed since the run in {str(self.path)!r} began: "
                    "bring it back, or train anew in another folder."
                )
        record = {
            "id": known.get("id") or uuid4().hex,
            "environment": environment(),
            "git": git_state(),
            "processes": dict(accelerator_state),
            "data": {split: asdict(facts) for split, facts in data.items()},
        }
        self.update_summary(record)

    def read_summary(self) -> dict[str, Any]:
        """What run.json holds; nothing before there is one. DataError where it is damaged."""
        path = self.path / SUMMARY
        if not path.exists():
            return {}
        with _reading(path, "remove it, and it is written anew when the run goes on"):
            return dict(json.loads(path.read_text(encoding="utf-8")))

    def read_settings(self) -> Settings:
        """What config.yaml holds: keys added since are filled in. DataError where it is lost or damaged."""
        with _reading(self.config, "bring it back, or train anew in another folder"):
            return Settings.read(parse_yaml(read_text(self.config, DataError), str(self.config)))

    def update_summary(self, values: Mapping[str, Any]) -> None:
        """Add `values` to run.json."""
        write_json(self.path / SUMMARY, {**self.read_summary(), **values})

    def write_best(self, state: Mapping[str, Tensor]) -> None:
        """Keep the weights of the best validation so far."""
        with atomic_path(self.best) as temporary:
            save_file({name: tensor.contiguous() for name, tensor in state.items()}, temporary)

    def read_best(self) -> dict[str, Tensor]:
        """What `write_best` kept."""
        return load_file(self.best)

    def start_log(self, step: int) -> None:
        """Keep the rows up to `step`, so that a run that goes on writes each step once."""
        rows = [row for row in self.read_log() if int(row["step"]) <= step]
        with atomic_path(self.path / LOG) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, LOG_COLUMNS)
            writer.writeheader()
            writer.writerows(rows)

    def log(self, row: Mapping[str, Any]) -> None:
        """Append one step to log.csv."""
        with (self.path / LOG).open("a", newline="", encoding="utf-8") as file:
            csv.DictWriter(file, LOG_COLUMNS).writerow(row)

    def read_log(self) -> list[dict[str, str]]:
        """The rows of log.csv; a last one that was cut off is left out. DataError where it is damaged."""
        path = self.path / LOG
        if not path.exists():
            return []
        with (
            _reading(path, "remove it, and what is still to come is logged"),
            path.open(newline="", encoding="utf-8") as file,
        ):
            return [row for row in csv.DictReader(file) if None not in row.values() and row["step"].isdigit()]

    def how_to_go_on(self, settings: Settings) -> str:
        """What continues a run of `settings` in this folder."""
        if settings.is_handed_over:
            return "minenetcd.train(..., resume=True), handing over the same objects"
        return f"'minenetcd train {self.config} --out {self.path} --resume'"

    def _check_stored(self, settings: Settings, *, resume: bool) -> None:
        before = self.read_settings()
        if not resume:
            raise OptionError(
                f"{str(self.path)!r} holds a run already: go on with --resume, or choose another folder with --out."
            )
        # the name decides nothing
        old, new = (each.model_dump(mode="json", exclude={"name"}) for each in (before, settings))
        if changed := _differences(old, new):
            raise OptionError(
                f"The run in {str(self.path)!r} was started with other settings ({'; '.join(changed)}): resume it with "
                f"{self.how_to_go_on(before)}, or choose another folder."
            )


@contextmanager
def _reading(path: Path, advice: str) -> Iterator[None]:
    """DataError, naming the file `path`, where what the block reads from it is damaged."""
    try:
        yield
    except Exception as error:  # each format has errors of its own for what is cut off or replaced
        reason = one_line(error, with_kind=isinstance(error, KeyError))[:200].removesuffix(".")
        raise DataError(f"{str(path)!r} cannot be read ({reason}): {advice}.") from error


def _differences(before: Mapping[str, Any], now: Mapping[str, Any], prefix: str = "") -> list[str]:
    """Keys whose values differ, with both values."""
    found = []
    for key in [*before, *(key for key in now if key not in before)]:
        old, new = before.get(key), now.get(key)
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            found += _differences(old, new, f"{prefix}{key}.")
        elif old != new:
            found.append(f"{prefix}{key} was {old!r}, is {new!r}")
    return found

"""Where curves go besides the run's own folder."""

from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any

from accelerate import Accelerator

from minenetcd.configs.schema import Settings, TrainerSettings
from minenetcd.errors import OptionError, one_line
from minenetcd.training.records.run_folder import RunFolder

PROJECT = "minenetcd"

Plain = bool | int | float | str | None


def tracker_names(settings: TrainerSettings) -> list[str] | None:
    """Trackers of a run: those asked for, or tensorboard where it is installed. OptionError for one that is not."""
    if settings.trackers is None:
        return ["tensorboard"] if find_spec("tensorboard") else None
    for name in settings.trackers:
        if find_spec(name) is None:
            raise OptionError(f"trainer.trackers names {name!r}, which is not installed: pip install {name}.")
    return list(settings.trackers) or None


def start_trackers(accelerator: Accelerator, settings: Settings, folder: RunFolder, *, step: int) -> None:
    """Open the trackers of a run that stands at `step` and send them its configuration; for the main process.

    A run that goes on goes on in its trackers too. OptionError where one does not start.
    """
    name, run_id = folder.path.name, folder.read_summary()["id"]
    options = {
        "tensorboard": {"purge_step": step + 1},  # hides what was logged after the last checkpoint
        "wandb": {"name": name, "id": run_id, "resume": "allow", "dir": str(folder.path / "trackers")},
        "trackio": {"name": f"{name}-{run_id[:6]}", "resume": "allow"},
    }
    try:
        accelerator.init_trackers(PROJECT, config=flat(settings.model_dump(mode="json")), init_kwargs=options)
    except Exception as error:  # each has errors of its own: no account, no network, no disk
        reason = one_line(error)[:300]
        raise OptionError(
            f"A tracker of {', '.join(map(str, accelerator.log_with))} could not start ({reason}): set it up, or "
            "choose others with trainer.trackers ([] for none)."
        ) from error


def flat(values: Mapping[str, Any], prefix: str = "") -> dict[str, Plain]:
    """Nested `values` under dotted keys, as trackers tabulate them; what is no plain value becomes its text."""
    found: dict[str, Plain] = {}
    for key, value in values.items():
        if isinstance(value, Mapping):
            found |= flat(value, f"{prefix}{key}.")
        else:
            found[prefix + key] = value if isinstance(value, Plain) else str(value)
    return found

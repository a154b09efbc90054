"""Where curves go besides the run's own folder."""

from importlib.util import find_spec

from minenetcd.errors import OptionError
from minenetcd.training.settings import TrainerSettings


def tracker_names(settings: TrainerSettings) -> list[str] | None:
    """Trackers of a run: those asked for, or tensorboard where it is installed. OptionError for one that is not."""
    if settings.trackers is None:
        return ["tensorboard"] if find_spec("tensorboard") else None
    for name in settings.trackers:
        if find_spec(name) is None:
            raise OptionError(f"trainer.trackers names {name!r}, which is not installed: pip install {name}.")
    return list(settings.trackers) or None

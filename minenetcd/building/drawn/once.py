"""What is drawn is drawn once, file by file, and kept where this system keeps what can be made again."""

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol, TypeVar

from minenetcd.constants import Progress
from minenetcd.files import from_home, locked, make_folder
from minenetcd.runtime.parallel_map import parallel_map


class Drawing(Protocol):
    """Something to draw as files, each complete or absent."""

    @property
    def paths(self) -> tuple[Path, ...]: ...


Job = TypeVar("Job", bound=Drawing)


def made_once(folder: Path, last: Path, make: Callable[[], object]) -> None:
    """`make`, unless the file `last`, which it writes last, is there. Of two processes one makes, the other waits."""
    if last.exists():
        return
    make_folder(folder)
    with locked(folder / "lock"):
        if not last.exists():
            make()


def draw_missing(draw: Callable[[Job], None], jobs: Sequence[Job], *, workers: int, progress: Progress) -> None:
    """`draw` those of `jobs` whose files are not all there, `workers` at a time; `progress` counts jobs."""
    missing = [job for job in jobs if not all(path.exists() for path in job.paths)]
    progress(len(jobs) - len(missing), len(jobs))
    with parallel_map(workers) as mapped:
        for done, _ in enumerate(mapped(draw, missing), start=len(jobs) - len(missing) + 1):
            progress(done, len(jobs))


def cache_folder(cache_dir: str | Path | None = None) -> Path:
    """`cache_dir`, else MINENETCD_CACHE, else this system's folder for what can be made again."""
    if chosen := cache_dir or os.environ.get("MINENETCD_CACHE"):
        return from_home(chosen)
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA", "~/AppData/Local")
    elif sys.platform == "darwin":
        base = "~/Library/Caches"
    else:
        base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return from_home(base) / "minenetcd"

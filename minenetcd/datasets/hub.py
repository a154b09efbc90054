"""Data sets on the Hugging Face hub: looked up, fetched split by split into the hub's own cache, and read from there.

Files that are complete stay, so what was interrupted goes on where it stopped: a broken connection in the middle of a
file, a broken process with the files it had not finished.
"""

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from huggingface_hub import constants, get_cached_repo_tree, snapshot_download
from huggingface_hub.errors import (
    CachedRepoTreeNotFoundError,
    GatedRepoError,
    HFValidationError,
    HTTPError,
    LocalEntryNotFoundError,
    RepositoryNotFoundError,
)
from huggingface_hub.utils import tqdm

from minenetcd.constants import Progress, no_progress
from minenetcd.data.split_names import WHOLE, by_split
from minenetcd.errors import DataError
from minenetcd.runtime.hub import hub_answers, is_as_announced, quiet_hub, refusal
from minenetcd.runtime.interruption import end_by, handled

_CARD = "README.md"
_FILES_AT_A_TIME = 4  # more only lose more when they are interrupted
_SPARE = 1.05  # a disk needs a little more than the files


class MissingRepository(DataError):
    """The hub has no data set of that id."""


@dataclass(frozen=True)
class HubDataset:
    """A data set at one commit: its files with their sizes, and the folder of those that are on this disk."""

    repo_id: str
    commit: str
    folder: Path
    sizes: dict[str, int]

    @property
    def files(self) -> dict[str, list[str]]:
        """Parquet files by split; without any, every file is in the split "all"."""
        parquet = [file for file in self.sizes if file.endswith(".parquet")]
        return by_split(parquet, repr(self.repo_id)) if parquet else {WHOLE: sorted(self.sizes)}

    @property
    def is_parquet(self) -> bool:
        """Whether it is in the published layout, and can be fetched split by split."""
        return any(file.endswith(".parquet") for file in self.sizes)

    def missing(self, files: list[str]) -> list[str]:
        """Those of `files` that are not on this disk."""
        return [file for file in files if not (self.folder / file).is_file()]


def look_up(repo_id: str, *, revision: str | None = None, cache_dir: str | Path | None = None) -> HubDataset:
    """What the hub, or without a connection this disk, has by that id: only its card is fetched.

    `revision` is a branch, a tag or a commit. DataError where there is none, or no way to know;
    MissingRepository, which is one, where the hub does not have the id.
    """
    with _hub_errors(repo_id, revision):
        offline = not hub_answers()  # asked first, because the hub's client waits for ever
        folder = Path(_snapshot(repo_id, revision, cache_dir, allow_patterns=[_CARD], local_files_only=offline))
    return _here(repo_id, folder, cache_dir)


def look_up_here(
    repo_id: str, *, revision: str | None = None, cache_dir: str | Path | None = None
) -> HubDataset | None:
    """What is known of it on this disk, without asking the hub; None where nothing is."""
    with quiet_hub():
        try:
            folder = snapshot_download(
                repo_id, repo_type="dataset", revision=revision, cache_dir=cache_dir, local_files_only=True,
                allow_patterns=[_CARD],
            )  # fmt: skip
        except (OSError, HFValidationError):
            return None
    return _here(repo_id, Path(folder), cache_dir)


def fetch(
    data: HubDataset, splits: list[str], *, cache_dir: str | Path | None = None, progress: Progress | None = None
) -> None:
    """Bring the files of `splits` to this disk; those that are here are not fetched again.

    `progress` counts bytes; without it a bar is drawn. Interrupted, it stops within some megabytes. DataError where the
    hub cannot be reached or the disk has no room.
    """
    files = sorted({file for split in splits for file in data.files[split]})
    missing = data.missing(files)
    of, todo = (sum(data.sizes[file] for file in part) for part in (files, missing))
    report = progress or no_progress
    report(of - todo, of)
    if missing:
        _check_room(data, todo)
        if not hub_answers():
            raise _unreachable(data.repo_id)
        with _hub_errors(data.repo_id, data.commit), _interruptible() as stopped:
            bar = _bar(stopped, progress, of - todo, of)
            _snapshot(data.repo_id, data.commit, cache_dir, allow_patterns=missing, tqdm_class=bar)
        _check_content(data, missing)
    report(of, of)


def _here(repo_id: str, folder: Path, cache_dir: str | Path | None) -> HubDataset:
    """The files of a commit, as the hub listed them when it was first looked up."""
    try:
        tree = get_cached_repo_tree(repo_id, repo_type="dataset", revision=folder.name, cache_dir=cache_dir)
        sizes = {file.path: file.size for file in tree}
    except CachedRepoTreeNotFoundError:  # another program fetched it
        files = (file for file in folder.rglob("*") if file.is_file())
        sizes = {file.relative_to(folder).as_posix(): file.stat().st_size for file in files}
    return HubDataset(repo_id, folder.name, folder, sizes)


def _snapshot(repo_id: str, revision: str | None, cache_dir: str | Path | None, **options: Any) -> str:
    with quiet_hub():
        return snapshot_download(
            repo_id,
            repo_type="dataset",
            revision=revision,
            cache_dir=cache_dir,
            max_workers=_FILES_AT_A_TIME,
            **{"tqdm_class": _bar(threading.Event(), no_progress, 0, 0)} | options,
        )


def _bar(stopped: threading.Event, progress: Progress | None, done: int, of: int) -> type[tqdm]:
    """A progress bar that reports to `progress` how many bytes are written to disk instead of being drawn.

    Threads that download call it; they end with `_Stopped` once `stopped` is set.
    """
    count, lock = [done], threading.Lock()

    class Bar(tqdm):
        def __init__(self, *args: Any, **options: Any) -> None:
            self._counts = options.get("name") == "huggingface_hub.snapshot_download"
            super().__init__(*args, **options | ({} if progress is None else {"disable": True}))

        def update(self, n: float | None = 1) -> bool | None:
            if stopped.is_set():
                raise _Stopped
            if progress is not None and self._counts:
                with lock:
                    count[0] = min(of, count[0] + int(n or 0))
                    progress(count[0], of)
            return super().update(n)

    return Bar


class _Stopped(Exception):
    """Ends a thread that downloads."""


@contextmanager
def _interruptible() -> Iterator[threading.Event]:
    """An event that Ctrl-C and SIGTERM set: the hub's client would first finish every file it has begun."""
    stopped = threading.Event()

    def stop(number: int, _: object) -> None:
        stopped.set()
        end_by(number)

    with handled(stop):
        yield stopped


def _check_content(data: HubDataset, files: list[str]) -> None:
    """DataError, naming them, where `files` came with other checksums than the hub states; they are removed."""
    wrong = [file for file in files if not is_as_announced(data.folder / file)]
    if wrong:
        raise DataError(
            f"{wrong[0]} of the data set {data.repo_id!r}, one of {len(wrong)} files, came with another checksum than "
            "the hub states: start again; what was wrong was removed."
        )


def _check_room(data: HubDataset, needed: int) -> None:
    folder = next(parent for parent in data.folder.parents if parent.exists())
    free = shutil.disk_usage(folder).free
    if free < needed * _SPARE:
        raise DataError(
            f"The data set {data.repo_id!r} needs {needed / 1e9:.1f} GB more, {folder} has {free / 1e9:.1f} GB free: "
            "free some, name another cache folder (HF_HOME), or stream it."
        )


@contextmanager
def _hub_errors(repo_id: str, revision: str | None) -> Iterator[None]:
    """What the hub refuses, in one line with what to do."""
    try:
        yield
    except LocalEntryNotFoundError as error:
        raise _unreachable(repo_id) from error
    except HFValidationError as error:
        raise MissingRepository(f"The hub has no data set {repo_id!r}: check the id.") from error
    except (OSError, HTTPError, RuntimeError) as error:  # RuntimeError: the client was closed by another of its threads
        if refused := refusal(f"data set {repo_id!r}", error, revision):
            is_missing = isinstance(error, RepositoryNotFoundError) and not isinstance(error, GatedRepoError)
            raise (MissingRepository if is_missing else DataError)(refused) from error
        reason = " ".join(str(error).split()) or type(error).__name__
        raise DataError(
            f"The data set {repo_id!r} cannot be had from the hub ({reason}): check your connection and start again; "
            "what is complete is not fetched twice."
        ) from error


def _unreachable(repo_id: str) -> DataError:
    return DataError(
        f"The data set {repo_id!r} is not, or not completely, on this disk and the hub ({constants.ENDPOINT}) "
        "cannot be reached: go online once, or give a folder that holds it."
    )

"""The folder in which a detector is trained further, beside the one for it: gone when it is done."""

import json
import shutil
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from minenetcd.errors import OptionError, OutputPathError, RunInterrupted, WorkerLostError
from minenetcd.files import HIDDEN, check_writable, in_use, json_text, locked, make_folder, refuse_name, write_text

_LOCK = "lock"


@dataclass(frozen=True)
class WorkFolder:
    """`path`, in which everything lies until the detector stands in `out`; `task`: what is made in it, as a word."""

    out: Path
    path: Path
    resume: bool
    task: str = "adaptation"

    @classmethod
    def beside(
        cls, out: str | Path, *, resume: bool = False, task: str = "adaptation", ending: str = "adapting"
    ) -> Self:
        """That of a new folder `out`, called like it with an `ending`; with `resume`, one that was begun may go on.

        OutputPathError where something lies in `out` already or it cannot be written, and where the folder beside it
        holds what no such `task` left; OutputError where one is at work there; OptionError where one was begun.
        """
        out = Path(out)
        refuse_name(out)
        if out.is_dir() and any(out.iterdir()):
            raise OutputPathError(f"A new folder is needed, {out} holds something already: choose another (--out).")
        folder = cls(out, out.absolute().with_name(f"{out.absolute().name}.{ending}"), resume, task)
        refuse_name(folder.path)
        check_writable(out, ())
        folder._refuse_busy()
        if folder._request.exists() and not resume:
            raise OptionError(
                f"{_with_article(task).capitalize()} was begun in {folder.path}: go on with it (--resume), or remove "
                "that folder."
            )
        folder._refuse_strangers()
        return folder

    @contextmanager
    def begun(self, request: Mapping[str, Any]) -> Iterator[Path]:
        """Within the block the folder is there, for this process alone; afterwards it is gone, what made it fail too.

        It stays where the block is interrupted or one of its processes is killed, and RunInterrupted or WorkerLostError
        says how to go on; and where it fails having gone on. OptionError where it was begun with another `request`.
        """
        make_folder(self.path)
        with locked(self.path / _LOCK, refusal=self._busy):
            is_new = not self._request.exists()
            try:
                self._agree(request)
                yield self.path
            except (KeyboardInterrupt, RunInterrupted) as error:
                raise RunInterrupted(
                    f"Stopped, what is done lies in {self.path}: go on with the same command and --resume.",
                    getattr(error, "number", signal.SIGINT),
                ) from error
            except WorkerLostError as error:
                raise WorkerLostError(f"{error} What is done lies in {self.path}: add --resume.") from error
            except Exception:
                if is_new:
                    shutil.rmtree(self.path, ignore_errors=True)
                raise
        shutil.rmtree(self.path, ignore_errors=True)

    @property
    def _request(self) -> Path:
        return self.path / "request.json"

    @property
    def _busy(self) -> str:
        return in_use(self.path, _LOCK)

    def _refuse_busy(self) -> None:
        """To remove the folder, or to go on in it, is no advice while another process is at work there."""
        if self._request.exists():
            with locked(self.path / _LOCK, refusal=self._busy):
                pass

    def _refuse_strangers(self) -> None:
        """What lies in the folder is removed in the end: without a request, it may only be what a stop left."""
        if self._request.exists() or not self.path.exists():
            return
        if not self.path.is_dir():
            raise OutputPathError(f"A folder {self.path} is needed to work in, it is a file: choose another --out.")
        if others := [path for path in self.path.iterdir() if path.name != _LOCK and not path.name.startswith(HIDDEN)]:
            raise OutputPathError(
                f"A folder {self.path} is needed to work in, and removed in the end, it holds {min(others).name}, "
                f"which is of no {self.task}: choose another --out, or move what lies in it."
            )

    def _agree(self, request: Mapping[str, Any]) -> None:
        """Note what is asked for; where it was noted before, it has to be the same."""
        text = json_text(request)
        if not self._request.exists():
            write_text(self._request, text)
            return
        before, now = self._noted(), json.loads(text)
        if changed := [key for key in now if before.get(key) != now[key]]:
            raise OptionError(
                f"The {self.task} in {self.path} was begun with other {', '.join(changed)}: go on with the same, or "
                "remove that folder."
            )

    def _noted(self) -> dict[str, Any]:
        """What was asked for. OptionError where it cannot be read."""
        try:
            noted: dict[str, Any] = dict(json.loads(self._request.read_text(encoding="utf-8")))
        except (ValueError, TypeError) as error:
            raise OptionError(
                f"What {_with_article(self.task)} was begun with is needed, {self._request} is damaged: remove "
                f"{self.path}, and begin anew."
            ) from error
        return noted


def _with_article(noun: str) -> str:
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"

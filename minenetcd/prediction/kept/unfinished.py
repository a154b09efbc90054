"""Where a prediction is computed: a hidden folder, which another run can go on in where this one was killed."""

import hashlib
import json
import tempfile
import weakref
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from minenetcd.constants import VERSION
from minenetcd.detectors.contract import Detector
from minenetcd.detectors.engines.computed_by import ComputedBy
from minenetcd.errors import OptionError
from minenetcd.files import HiddenFolder, json_text, left_behind, make_folder, one_run_in, reclaim, write_text
from minenetcd.files.hidden import UNFINISHED, is_recent_work
from minenetcd.files.notes import read_note
from minenetcd.geo.date_files.finding import DateFiles
from minenetcd.geo.date_files.read_files import files_behind
from minenetcd.prediction.automatic import Readers
from minenetcd.prediction.opening import OpenedScene
from minenetcd.prediction.options import PredictOptions
from minenetcd.runtime.execution import AS_TRAINED


@dataclass(frozen=True)
class WorkOptions:
    """Where the work lies: in the folder of results, or in the folder `tmp`; and whether to go on with unfinished work.

    With `resume`, work that is interrupted stays, too. What was begun with something else is refused, or, with
    `replace`, removed.
    """

    tmp: Path | None = None
    resume: bool = False
    replace: bool = False


IN_RESULTS = WorkOptions()


class Work:
    """The folder `path` of one prediction, there until `remove`."""

    def __init__(self, hidden: HiddenFolder) -> None:
        self.path = hidden.path
        self.remove = weakref.finalize(self, hidden.remove)
        self._leave: Callable[[], None] = hidden.leave

    @property
    def is_there(self) -> bool:
        return self.remove.alive

    def leave(self) -> None:
        """Let it stay for a run that goes on."""
        if self.remove.detach() is not None:
            self._leave()


@contextmanager
def open_work(
    readers: Readers, scene: OpenedScene, out: str | Path | None, options: WorkOptions, device: str
) -> Iterator[Work]:
    """The folder to compute in: with `resume`, the one in which the same work was begun, as it was left.

    Where the block fails it is removed, unless `resume` is asked for; where it ends well it is the caller's. No other
    run may have `out` meanwhile. OptionError where other work was begun, OutputError where another run is there.
    """
    request = {} if out is None else _request(readers, scene, Path(out), device)
    with ExitStack() as held:
        if out is not None:
            held.enter_context(one_run_in(out, keep=lambda hidden: options.resume and _is_for(hidden, request)))
        work = None
        try:
            work = _found(request, out, options) or _new(request, out, options)
            yield work
        except BaseException:
            if work is not None:
                work.leave() if options.resume and out is not None else work.remove()
            raise


def _found(request: Mapping[str, str], out: str | Path | None, options: WorkOptions) -> Work | None:
    """Work that was begun for `out`; None where there is none, or nobody asks for it."""
    if out is None or not options.resume:
        return None
    for hidden in left_behind(_parent(out, options)):
        before = _read(hidden.path)
        if before.get("folder") != request["folder"]:
            hidden.leave()
            continue
        if changed := [key for key in request if before.get(key) != request[key]]:
            if options.replace:
                hidden.remove()
                continue
            hidden.leave()
            raise OptionError(
                f"What is unfinished in {hidden.path.parent} was begun with another {' and another '.join(changed)}: "
                "go on with the same, or begin anew (without --resume)."
            )
        reclaim(hidden.path, depth=0)
        return Work(hidden)
    return None


def _new(request: Mapping[str, str], out: str | Path | None, options: WorkOptions) -> Work:
    parent = _parent(out, options)
    if out is None or options.tmp is not None:
        make_folder(parent)
        reclaim(parent, depth=0, keep=lambda hidden: is_recent_work(hidden) and not _is_for(hidden, request))
    work = Work(HiddenFolder.make(parent, parent))
    try:
        if request:
            write_text(work.path / UNFINISHED, json_text(request))
    except BaseException:
        work.remove()
        raise
    return work


def _parent(out: str | Path | None, options: WorkOptions) -> Path:
    return options.tmp or Path(tempfile.gettempdir() if out is None else out)


def _is_for(hidden: Path, request: Mapping[str, str]) -> bool:
    """Whether what was begun in `hidden` is for the same folder of results."""
    return bool(request) and _read(hidden).get("folder") == request["folder"]


def _read(hidden: Path) -> dict[str, Any]:
    try:
        request = json.loads(read_note(hidden / UNFINISHED) or "{}")
    except (ValueError, RecursionError):
        return {}
    return request if isinstance(request, dict) else {}


def _request(readers: Readers, scene: OpenedScene, out: Path, device: str) -> dict[str, str]:
    """What has to be the same for the same map, by what a person calls it; digests, as a name may hold a secret."""
    native, options = scene.native, readers.options
    parts = {
        "folder": str(out.resolve()),
        "before image": [
            identity_of_date(scene.before),
            repr(native.before.grid),
            native.before.bands,
            native.before.dtype,
        ],
        "after image": [identity_of_date(scene.after), repr(native.after.grid), native.after.bands, native.after.dtype],
        "detector": identity_of_detector(readers.detector),
        "second opinion": identity_of_detector(readers.second),
        "engine or version of it": [_engine(each, options) for each in (readers.detector, readers.second)],
        "precision": options.precision,
        "set of options": [
            asdict(replace(options, yes=False, engine=AS_TRAINED.engine, precision=AS_TRAINED.precision)),
            readers.without_training,
        ],
        "device": device,
        "version of minenetcd": VERSION,
        **scene.places.digests,
    }
    return {key: digest_of(part) for key, part in parts.items()}


def digest_of(part: Any) -> str:
    """Equal for equal plain values, and for what reads the same; a name in it may hold a secret."""
    return hashlib.sha256(json.dumps(part, default=str).encode()).hexdigest()


def _engine(detector: Detector | None, options: PredictOptions) -> Any:
    if detector is None:
        return None
    computed_by = ComputedBy.of(detector, options.execution)
    return [computed_by.engine, computed_by.version]


def identity_of_date(date: DateFiles) -> Any:
    """What is opened of a date, and name, size and time of change of each of its files here."""
    files = dict.fromkeys((*date.local, *map(Path, date.parts), *map(Path, sorted(files_behind(date)))))
    return [date.name, *date.parts, *map(identity_of_file, files)]


def identity_of_file(path: Path) -> Any:
    """Of a folder, what is in it."""
    if path.is_dir():
        return [identity_of_file(each) for each in sorted(path.rglob("*")) if each.is_file()]
    if not path.is_file():
        return str(path)
    return [str(path.resolve()), path.stat().st_size, path.stat().st_mtime_ns]


def identity_of_detector(detector: Detector | None) -> Any:
    """All that its answers depend on."""
    if detector is None:
        return None
    weights = getattr(detector, "weights_digest", None)  # networks have one
    return [type(detector).__qualname__, detector.name, detector.threshold, detector.describe(), weights and weights()]

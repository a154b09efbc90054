"""A process of its own that measures cells: a line of JSON in for each, lines of JSON out.

What libraries print goes to the cell's log.txt. Where the parent is gone, a training saves its state and ends.
"""

import contextlib
import json
import os
import queue
import signal
import threading
import time
import traceback
from typing import Any, TextIO

from minenetcd.benchmark.measuring.cell import run_cell
from minenetcd.benchmark.measuring.folder import BenchmarkFolder
from minenetcd.benchmark.suite.cells import Cell
from minenetcd.errors import MineNetCDError, RunInterrupted

#: Progress is told at most so often. [seconds]
RHYTHM = 0.25


class Telephone:
    """Lines of JSON to the parent."""

    def __init__(self, stream: TextIO) -> None:
        self.stream, self.last = stream, (0.0, "")

    def tell(self, **message: Any) -> None:
        with contextlib.suppress(BrokenPipeError):  # the parent is gone: `_listen` sees to it
            self.stream.write(json.dumps(message) + "\n")
            self.stream.flush()

    def progress(self, phase: str, done: int, of: int) -> None:
        now = time.monotonic()
        if done == of or phase != self.last[1] or now - self.last[0] > RHYTHM:
            self.last = (now, phase)
            self.tell(kind="progress", phase=phase, done=done, of=of)

    def note(self, text: str) -> None:
        self.tell(kind="note", text=text)


def main() -> None:
    """Measure what comes in by the standard input until it ends, or a cell fails."""
    phone = Telephone(os.fdopen(os.dup(1), "w", encoding="utf-8"))
    tasks: queue.Queue[dict[str, Any] | None] = queue.Queue()
    busy = threading.Event()
    threading.Thread(target=_listen, args=(_take_stdin(), tasks, busy), daemon=True).start()
    while (task := tasks.get()) is not None:
        busy.set()
        clean = _measure(task, phone)
        busy.clear()
        if not clean:  # memory or a device may be in any state now: the parent starts another process
            break
    os._exit(0)


def _take_stdin() -> int:
    """A descriptor of the standard input that nothing else reads, and whose reading holds no lock.

    A forked process (one that reads images) closes `sys.stdin` first, and would wait for ever for the lock of a thread
    that reads from it here.
    """
    mine = os.dup(0)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    return mine


def _listen(stream: int, tasks: queue.Queue[dict[str, Any] | None], busy: threading.Event) -> None:
    """Put each line of `stream` into `tasks`; at its end None, and ask a training to save and stop."""
    rest = b""
    while received := os.read(stream, 65_536):
        *lines, rest = (rest + received).split(b"\n")
        for line in lines:
            tasks.put(json.loads(line))
    tasks.put(None)
    if busy.is_set():
        os.kill(os.getpid(), signal.SIGTERM)


def _measure(task: dict[str, Any], phone: Telephone) -> bool:
    """Measure one cell and tell how it ended; whether this process may measure another."""
    cell, folder = Cell.from_json(task["cell"]), BenchmarkFolder(task["out"], task["runs"])
    _print_to(folder, cell)
    try:
        record = run_cell(cell, folder, device=task["device"], listener=phone)
    except (RunInterrupted, KeyboardInterrupt):
        phone.tell(kind="interrupted")
    except Exception as error:
        traceback.print_exc()
        text = " ".join(str(error).split())
        message = text if isinstance(error, MineNetCDError) else f"{type(error).__name__}: {text}"
        phone.tell(kind="failed", error=message)
    else:
        phone.tell(kind="finished", record=record)
        return True
    return False


def _print_to(folder: BenchmarkFolder, cell: Cell) -> None:
    """From now on, everything printed goes into the log of `cell`."""
    folder.cell(cell).mkdir(parents=True, exist_ok=True)
    log = os.open(folder.cell(cell) / "log.txt", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for stream in (1, 2):
        os.dup2(log, stream)
    os.close(log)


if __name__ == "__main__":
    main()

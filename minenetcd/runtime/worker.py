"""A process of its own that runs tasks of a pool: a line of JSON in for each, lines of JSON out.

What libraries print goes to the task's log. Where the other end is closed, because the pool stops or its process is
gone, a running task gets SIGTERM: a training saves its state and ends.
"""

import json
import os
import queue
import signal
import sys
import threading
import time
import traceback
from contextlib import suppress
from pathlib import Path
from typing import Any, TextIO

from minenetcd.errors import MineNetCDError, RunInterrupted, one_line
from minenetcd.registry import resolve
from minenetcd.runtime.reporting import Reporter
from minenetcd.secrets import kept_out_of_logs, without_secrets

#: Progress within a phase is sent at most so often. [seconds]
PROGRESS_SECONDS = 0.25


class WorkerConnection(Reporter):
    """Sends how a task goes to the pool, as lines of JSON."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self.last_sent, self.last_phase = 0.0, ""

    def send(self, **message: Any) -> None:
        with suppress(BrokenPipeError):  # the pool is gone: `_receive` sees to it
            self.stream.write(json.dumps(message) + "\n")
            self.stream.flush()

    def progress(self, phase: str, done: int, of: int) -> None:
        now = time.monotonic()
        if done == of or phase != self.last_phase or now - self.last_sent > PROGRESS_SECONDS:
            self.last_sent, self.last_phase = now, phase
            self.send(kind="progress", phase=phase, done=done, of=of)

    def note(self, text: str) -> None:
        self.send(kind="note", text=text)


class _Inbox:
    """Tasks as they come in by the standard input; `closed` once there will be none."""

    def __init__(self) -> None:
        self.tasks: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self.closed, self.busy = threading.Event(), threading.Event()
        threading.Thread(target=self._receive, args=(_take_stdin(),), daemon=True).start()

    def _receive(self, stream: int) -> None:
        rest = b""
        while received := os.read(stream, 65_536):
            *lines, rest = (rest + received).split(b"\n")
            for line in lines:
                self.tasks.put(json.loads(line))
        self.closed.set()
        self.tasks.put(None)
        if self.busy.is_set():
            signal.raise_signal(signal.SIGTERM)


def main() -> None:
    """Run what comes in by the standard input until it is closed, or a task fails."""
    connection = WorkerConnection(os.fdopen(os.dup(1), "w", encoding="utf-8"))
    inbox = _Inbox()
    while (task := inbox.tasks.get()) is not None:
        inbox.busy.set()
        if inbox.closed.is_set():
            break
        clean = _run(task, connection)
        inbox.busy.clear()
        if not clean:  # memory or a device may be in any state now: the pool starts another process
            break
    os._exit(0)


def _take_stdin() -> int:
    """A descriptor of the standard input that nothing else reads, and whose reading holds no lock.

    A forked process (one that reads images) closes `sys.stdin` first, and would wait for ever for the lock of a thread
    that reads from it here.
    """
    own = os.dup(0)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    return own


def _run(task: dict[str, Any], connection: WorkerConnection) -> bool:
    """Run one task and send how it ended; whether this process may run another."""
    _print_to(Path(task["log"]))
    try:
        with kept_out_of_logs():
            result = resolve(task["function"])(reporter=connection, **task["arguments"])
    except (RunInterrupted, KeyboardInterrupt):
        connection.send(kind="interrupted")
    except Exception as error:
        print(without_secrets(traceback.format_exc()), end="", file=sys.stderr)
        connection.send(kind="failed", error=one_line(error, with_kind=not isinstance(error, MineNetCDError)))
    else:
        connection.send(kind="finished", result=result)
        return True
    return False


def _print_to(log: Path) -> None:
    """From now on, everything printed is added to `log`."""
    log.parent.mkdir(parents=True, exist_ok=True)
    file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for stream in (1, 2):
        os.dup2(file, stream)
    os.close(file)


if __name__ == "__main__":
    main()

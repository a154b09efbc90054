"""Named tasks, each in a process of its own: one that is killed does not take the rest with it.

Every process is started with the threads and the device it is to use, and runs one task after another.
"""

import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from minenetcd.registry import handed_on
from minenetcd.runtime.device import visible_cuda_devices

#: How often it is asked whether to stop. [seconds]
POLL_SECONDS = 0.5

#: For a task to save its state after it was asked to stop. [seconds]
STOP_SECONDS = 120.0

#: What the kernel sends to the process that takes too much memory.
SIGKILL = 9


@dataclass(frozen=True)
class Task:
    """`function` ("package.module:name"), to be called with `arguments` and `reporter=`, a Reporter.

    The arguments and what it returns are values that JSON holds. What it prints is added to the file `log`.
    """

    name: str
    function: str
    arguments: Mapping[str, Any]
    log: str


@dataclass(frozen=True)
class Started:
    """A worker has the task."""

    task: Task


@dataclass(frozen=True)
class Progressed:
    """What the task reported; see Reporter.progress."""

    task: Task
    phase: str
    done: int
    of: int


@dataclass(frozen=True)
class Noted:
    """What the task reported; see Reporter.note."""

    task: Task
    text: str


@dataclass(frozen=True)
class Finished:
    """The task has ended well."""

    task: Task
    result: Any


@dataclass(frozen=True)
class Failed:
    """The task has raised, or its process has ended, by itself or from outside; `error` is one line."""

    task: Task
    error: str
    process_ended: bool = False


Event = Started | Progressed | Noted | Finished | Failed


def run_tasks(
    tasks: Iterable[Task],
    *,
    workers: int,
    log: Path,
    device: str = "auto",
    stopped: Callable[[], bool] = lambda: False,
) -> Generator[Event, None, None]:
    """Run `tasks`, so many side by side, and yield what happens; every task that started ends with an event.

    Cores, and with `device` "auto" or "cuda" the CUDA devices, are divided among the workers. What a worker prints
    before its first task is added to `log`. As soon as `stopped()` is true, or the caller closes this iterator, tasks
    that run are asked once to save and end (SIGTERM in their process), and no more events come.
    """
    pool, waiting = _Pool(workers, device, log), iter(tasks)
    try:
        while not stopped():
            while pool.has_room and (task := next(waiting, None)) is not None:
                pool.start(task)
                yield Started(task)
            if not pool.is_busy:
                return
            event = pool.next_event()
            if event is not None:
                yield event
    finally:
        pool.stop()


class _Worker:
    """One process, and the task it runs. What it sends goes to `messages`, last None: it has ended."""

    def __init__(
        self, number: int, environment: Mapping[str, str], log: Path, messages: "queue.Queue[_Message]"
    ) -> None:
        self.number, self.messages = number, messages
        self.task: Task | None = None
        with log.open("ab") as errors:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "minenetcd.runtime.worker"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                env={**os.environ, **handed_on(), **environment},
                start_new_session=True,  # Ctrl-C reaches the parent alone, which then asks each worker once
                text=True,
                encoding="utf-8",
            )
        assert self.process.stdin is not None and self.process.stdout is not None  # both were asked for
        self.to_worker, self.from_worker = self.process.stdin, self.process.stdout
        threading.Thread(target=self._receive, daemon=True).start()

    def start(self, task: Task) -> None:
        self.task = task
        with suppress(BrokenPipeError):  # it has ended: the message that says so is on its way
            self.to_worker.write(json.dumps(asdict(task)) + "\n")
            self.to_worker.flush()

    def close(self) -> None:
        """Ask it to end: it gets no more tasks, and a task that runs is to save and end."""
        with suppress(BrokenPipeError):
            self.to_worker.close()

    def _receive(self) -> None:
        for line in self.from_worker:
            self.messages.put((self, json.loads(line)))
        self.process.wait()
        self.messages.put((self, None))


_Message = tuple[_Worker, dict[str, Any] | None]


class _Pool:
    """Up to `size` workers; one that ended is replaced when the next task comes."""

    def __init__(self, size: int, device: str, log: Path) -> None:
        self.size, self.device, self.log = size, device, log
        self.messages: queue.Queue[_Message] = queue.Queue()
        self.workers: dict[int, _Worker] = {}

    @property
    def has_room(self) -> bool:
        return len(self.workers) < self.size or any(worker.task is None for worker in self.workers.values())

    @property
    def is_busy(self) -> bool:
        return any(worker.task is not None for worker in self.workers.values())

    def start(self, task: Task) -> None:
        """Give `task` to a worker that is free, started now if need be."""
        free = next((worker for worker in self.workers.values() if worker.task is None), None)
        if free is None:
            number = next(number for number in range(self.size) if number not in self.workers)
            free = self.workers[number] = _Worker(number, self._environment(number), self.log, self.messages)
        free.start(task)

    def next_event(self) -> Event | None:
        """What happened to a task; None where nothing did for POLL_SECONDS."""
        try:
            worker, message = self.messages.get(timeout=POLL_SECONDS)
        except queue.Empty:
            return None
        task = worker.task
        if message is None or message["kind"] in ("failed", "interrupted"):  # it has ended, or is about to
            self._forget(worker)
        if message is None or message["kind"] in ("failed", "interrupted", "finished"):
            worker.task = None
        if task is None:
            return None
        if message is None:
            return Failed(task, _ending(worker.process.returncode), process_ended=True)
        return _event(task, **message)

    def stop(self) -> None:
        """Ask every worker to save and end, each once; those that do not in time are ended."""
        for worker in self.workers.values():
            worker.close()
        for worker in self.workers.values():
            try:
                worker.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                worker.process.kill()
        self.workers.clear()

    def _forget(self, worker: _Worker) -> None:
        if self.workers.get(worker.number) is worker:
            del self.workers[worker.number]

    def _environment(self, number: int) -> dict[str, str]:
        """Its share of the cores, and a CUDA device of its own where there are several."""
        threads = os.environ.get("OMP_NUM_THREADS") or str(max(1, (os.cpu_count() or 1) // self.size))
        environment = {"OMP_NUM_THREADS": threads}
        devices = visible_cuda_devices() if self.size > 1 and self.device in ("auto", "cuda") else []
        if len(devices) > 1:
            environment["CUDA_VISIBLE_DEVICES"] = devices[number % len(devices)]
        return environment


_EVENTS: dict[str, Callable[..., Event]] = {
    "progress": Progressed, "note": Noted, "finished": Finished, "failed": Failed,
}  # fmt: skip


def _event(task: Task, kind: str, **values: Any) -> Event:
    if kind == "interrupted":
        return Failed(task, "it was stopped from outside", process_ended=True)
    return _EVENTS[kind](task, **values)


def _ending(returncode: int | None) -> str:
    if returncode is not None and returncode < 0:
        hint = ": most likely the machine ran out of memory" if returncode == -SIGKILL else ""
        return f"its process was killed by signal {-returncode}{hint}"
    return f"its process ended by itself (exit code {returncode})"

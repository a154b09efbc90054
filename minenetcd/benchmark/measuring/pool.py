"""Processes that measure cells side by side; each is started with the threads and the device it is to use."""

import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from minenetcd.benchmark.measuring.folder import BenchmarkFolder
from minenetcd.benchmark.suite.cells import Cell

#: For a training to save its state after it was asked to stop. [seconds]
PATIENCE = 120.0


@dataclass(frozen=True)
class Event:
    """What a worker said; `message` is None when its process ended, with `returncode`."""

    worker: "Worker"
    message: dict[str, Any] | None
    returncode: int | None = None


class Worker:
    """One process; `cell` is what it is measuring."""

    def __init__(self, number: int, environment: Mapping[str, str], log: Path, events: "queue.Queue[Event]") -> None:
        self.number, self.cell, self.events = number, None, events
        with log.open("ab") as errors:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "minenetcd.benchmark.measuring.worker"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                env={**os.environ, **environment},
                start_new_session=True,  # Ctrl-C reaches the parent alone, which then asks each worker once
                text=True,
                encoding="utf-8",
            )
        threading.Thread(target=self._listen, daemon=True).start()

    def measure(self, cell: Cell, folder: BenchmarkFolder, device: str) -> None:
        """Hand over `cell`; how it goes comes as events."""
        self.cell = cell
        task = {"cell": cell.to_json(), "out": str(folder.path), "runs": str(folder.runs), "device": device}
        try:
            self.process.stdin.write(json.dumps(task) + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass  # it has ended: the event that says so is on its way

    def _listen(self) -> None:
        for line in self.process.stdout:
            self.events.put(Event(self, json.loads(line)))
        self.events.put(Event(self, None, self.process.wait()))


class Pool:
    """Up to `jobs` workers; one that ended is replaced when the next cell comes."""

    def __init__(self, jobs: int, device: str, log: Path) -> None:
        self.jobs, self.device, self.log = jobs, device, log
        self.events: queue.Queue[Event] = queue.Queue()
        self.workers: dict[int, Worker] = {}

    @property
    def has_room(self) -> bool:
        return any(worker is None or worker.cell is None for worker in map(self.workers.get, range(self.jobs)))

    @property
    def is_busy(self) -> bool:
        return any(worker.cell is not None for worker in self.workers.values())

    def measure(self, cell: Cell, folder: BenchmarkFolder) -> None:
        """Give `cell` to a worker that is free, started now if need be."""
        places = range(self.jobs)
        free = next((self.workers[at] for at in places if at in self.workers and self.workers[at].cell is None), None)
        if free is None:
            number = next(at for at in places if at not in self.workers)
            free = self.workers[number] = Worker(number, self._environment(number), self.log, self.events)
        free.measure(cell, folder, self.device)

    def forget(self, worker: Worker) -> None:
        """`worker` has ended, or is about to."""
        if self.workers.get(worker.number) is worker:
            del self.workers[worker.number]

    def stop(self) -> None:
        """Ask every worker to save and end, each once; those that do not in time are ended."""
        for worker in self.workers.values():
            if worker.cell is None:
                worker.process.stdin.close()
            else:
                worker.process.terminate()
        for worker in self.workers.values():
            try:
                worker.process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                worker.process.kill()
        self.workers.clear()

    def _environment(self, number: int) -> dict[str, str]:
        """Its share of the cores, and a CUDA device of its own where there are several."""
        threads = os.environ.get("OMP_NUM_THREADS") or str(max(1, (os.cpu_count() or 1) // self.jobs))
        environment = {"OMP_NUM_THREADS": threads}
        if self.jobs > 1 and self.device in ("auto", "cuda") and torch.cuda.device_count() > 1:
            visible = os.environ.get("CUDA_VISIBLE_DEVICES")
            devices = visible.split(",") if visible else [str(n) for n in range(torch.cuda.device_count())]
            environment["CUDA_VISIBLE_DEVICES"] = devices[number % len(devices)]
        return environment

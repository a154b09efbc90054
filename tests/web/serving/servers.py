"""`minenetcd serve` in a process of its own, on a port that is free."""

import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil

from web.waiting import PATIENCE, until

SCRIPT = {"x-minenetcd": "test"}


@dataclass
class Server:
    """A server that runs: its `url`, what it has `printed`, its `process`, and a `client` without a token."""

    url: str
    printed: str
    process: "subprocess.Popen[str]"
    log: Path
    client: httpx.Client

    @classmethod
    @contextmanager
    def start(cls, *arguments: str | Path) -> "Iterator[Server]":
        """Started, and ended with Ctrl-C where the test has not ended it."""
        server = cls.begin(*arguments)
        try:
            yield server
        finally:
            server.end()

    @classmethod
    def begin(cls, *arguments: str | Path) -> "Server":
        number, log = tempfile.mkstemp(prefix="minenetcd-serve-", suffix=".log")
        command = [sys.executable, "-m", "minenetcd", "serve", "--no-open", *map(str, arguments)]
        if "--port" not in arguments:
            command += ["--port", "0"]
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1"}
        with open(number, "w") as errors:
            process = subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=errors, text=True, env=environment, start_new_session=True
            )
        assert process.stdout is not None
        printed = ""
        for line in process.stdout:
            printed += line
            if "Ctrl-C" in line:
                break
        found = re.search(r"at (http://\S+)", printed)
        assert found is not None, f"{printed}\n{Path(log).read_text()}"
        return cls(found[1], printed, process, Path(log), httpx.Client(base_url=found[1], timeout=PATIENCE))

    def get(self, path: str, **more: Any) -> httpx.Response:
        return self.client.get(path, **more)

    def json(self, path: str) -> Any:
        answer = self.client.get(path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def upload(self, path: Path, name: str | None = None) -> httpx.Response:
        headers = {**SCRIPT, "content-type": "application/octet-stream"}
        return self.client.post(
            "/api/uploads", params={"name": name or path.name}, content=path.read_bytes(), headers=headers
        )

    def ask(self, before: Path, after: Path, **options: Any) -> dict[str, Any]:
        """A job for two files."""
        ids = [self.upload(path).json()["id"] for path in (before, after)]
        answer = self.client.post("/api/jobs", json={"before": ids[0], "after": ids[1], "options": options})
        assert answer.status_code == 201, answer.text
        job: dict[str, Any] = answer.json()
        return job

    def job(self, id: str) -> dict[str, Any]:
        job: dict[str, Any] = self.json(f"/api/jobs/{id}")
        return job

    def wait(self, id: str, *states: str) -> dict[str, Any]:
        """The job, once it is in one of `states`."""
        return until(lambda: (job := self.job(id))["state"] in states and job)

    def worker(self) -> int:
        """The process that does its jobs."""
        return int(until(lambda: next(iter(children(self.process.pid)), None)))

    def interrupt(self) -> int:
        """Ctrl-C; its exit code."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(PATIENCE)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(PATIENCE)

    def end(self) -> None:
        self.client.close()
        if self.process.poll() is None:
            self.interrupt()
        if self.process.stdout is not None:
            self.process.stdout.close()
        self.log.unlink(missing_ok=True)


def children(process: int) -> list[int]:
    """Processes that `process` has started, and that live."""
    try:
        return [child.pid for child in psutil.Process(process).children()]
    except psutil.NoSuchProcess:
        return []

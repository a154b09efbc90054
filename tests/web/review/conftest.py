"""A real server of a small result, in a process of its own, as `minenetcd serve` starts it."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from labelling.verdicts.conftest import made_picture_result, made_result, picture_result, result
from web.browser import DESKTOP, watched

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

__all__ = ["made_picture_result", "made_result", "picture_result", "result"]

STARTS_WITHIN = 60  # [seconds]


@dataclass
class Server:
    """`minenetcd serve` of `folder` at one port, which can be killed and started again."""

    folder: Path
    options: tuple[str, ...] = ()
    port: int = field(default_factory=lambda: free_port())
    process: "subprocess.Popen[str] | None" = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    def start(self) -> "Server":
        command = [sys.executable, "-m", "minenetcd", "serve", str(self.folder), "--no-open", "--port", str(self.port)]
        self.process = subprocess.Popen([*command, *self.options], stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        assert self.process.stdout.readline().startswith("Serving")
        return self

    def kill(self) -> None:
        """As the system does it that runs out of memory: nothing is told to it."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def end(self) -> None:
        """As Ctrl-C does it."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(timeout=30)


@pytest.fixture
def server(result: Path) -> Iterator[Server]:
    started = Server(result).start()
    yield started
    started.end()


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@pytest.fixture
def second_page(browser: "Browser") -> "Iterator[Page]":
    """Somebody else's browser."""
    yield from watched(browser.new_context(viewport=DESKTOP, reduced_motion="reduce"))

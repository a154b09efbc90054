"""This package as it was at an earlier commit, beside what it is now: two processes that take turns.

A script is started twice, once with the earlier code in front of the installed one. Each of the two is told to begin
by a line on its standard input, and answers with a line of numbers; nothing else runs meanwhile.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from turns import Numbers

ROOT = Path(__file__).resolve().parents[1]
#: Before operations were saved by algebra.
BEFORE = "839a2ed"


@contextmanager
def both(script: str, arguments: Sequence[str] = (), *, commit: str = BEFORE) -> Iterator[dict[str, "Side"]]:
    """`script` with `arguments` as two running processes: "before", by the code of `commit`, and "now"."""
    with ExitStack() as stack:
        tree = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "earlier"
        git = ["git", "-C", str(ROOT), "worktree"]
        subprocess.run([*git, "add", "--quiet", "--detach", str(tree), commit], check=True)
        stack.callback(subprocess.run, [*git, "remove", "--force", str(tree)], check=True)
        yield {
            name: stack.enter_context(running([str(Path(__file__).with_name(script)), *arguments], code))
            for name, code in (("before", tree), ("now", ROOT))
        }


class Side:
    """One of the two processes."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process

    def __call__(self) -> Numbers:
        """What it measures when it is its turn."""
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write("go\n")
        self.process.stdin.flush()
        for line in self.process.stdout:
            if line.startswith("{"):
                numbers: Numbers = json.loads(line)
                return numbers
        raise RuntimeError(f"{self.process.args} ended without an answer")


@contextmanager
def running(command: list[str], code: Path) -> Iterator[Side]:
    environment = {**os.environ, "PYTHONPATH": str(code)}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen([sys.executable, *command], env=environment, **pipes) as process:
        try:
            yield Side(process)
        finally:
            process.terminate()


def answer(measure: Callable[[], Numbers]) -> None:
    """In a process of `running`: measure whenever it is told to."""
    for _ in sys.stdin:
        print(json.dumps(measure()), flush=True)

"""A case of the corpus: odd input, a command, and what has to come of it: a right result, or one line and exit 2."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from robustness.command import Ended, run_command

#: Of the corpus, one case in so many is in the sample that every run of the suite takes.
SAMPLED = 24

SECONDS = 30.0
MEBIBYTES = 1024


@dataclass(frozen=True)
class Refused:
    """Exit 2 and one line that holds `says`; nothing is written."""

    says: str = ""

    def check(self, ended: Ended, folder: Path) -> None:
        assert ended.code == 2, ended.told
        last = ended.errors.strip().splitlines()[-1:]
        assert [line for line in ended.errors.splitlines() if line.startswith("Error: ")] == last, ended.told
        assert re.search(self.says, last[0], re.IGNORECASE), f"no {self.says!r} in {last[0]}"


@dataclass(frozen=True)
class Result:
    """Exit 0, a result that `holds` (what it raises is a failure), and `warns` in what is told beside it."""

    holds: Callable[[Ended, Path], None]
    warns: str = ""

    def check(self, ended: Ended, folder: Path) -> None:
        assert ended.code == 0, ended.told
        self.holds(ended, folder)
        assert re.search(self.warns, ended.errors, re.IGNORECASE), f"no {self.warns!r} in {ended.errors}"


@dataclass(frozen=True)
class Unfit:
    """Exit 1 of an audit that was finished, with a finding that holds `says`."""

    says: str = ""

    def check(self, ended: Ended, folder: Path) -> None:
        assert ended.code == 1 and "is not fit to train and test on" in ended.output, ended.told
        assert re.search(self.says, ended.output, re.IGNORECASE), f"no {self.says!r} in {ended.output}"


@dataclass(frozen=True)
class AnyOf:
    """One of several ends, where the damage decides."""

    ends: tuple["Refused | Result | Unfit | AnyOf", ...]

    def check(self, ended: Ended, folder: Path) -> None:
        told = []
        for end in self.ends:
            try:
                return end.check(ended, folder)
            except AssertionError as error:
                told.append(str(error))
        raise AssertionError("\n".join(told))


Expected = Refused | Result | Unfit | AnyOf


@dataclass(frozen=True)
class Case:
    """`make` puts the input into an empty folder, which is the working directory, and gives the command's words."""

    name: str
    make: Callable[[Path], Sequence[str]]
    expected: Expected
    seconds: float = SECONDS

    def run(self, folder: Path) -> None:
        """AssertionError where it ends otherwise than expected, or leaves something behind."""
        words = self.make(folder)
        there = visible(folder)
        ended = run_command(words, folder, name=self.name, seconds=self.seconds, mebibytes=MEBIBYTES)
        told = f"{self.name}: minenetcd {' '.join(words)[:500]}"
        assert "Traceback" not in ended.errors + ended.output, f"{told}\n{ended.told}"
        assert not re.search("^Error: unexpected", ended.errors, re.MULTILINE), f"{told}\n{ended.told}"
        self.expected.check(ended, folder)
        new = visible(folder) - there
        assert not [path for path in new if path.name.startswith(".minenetcd-")], f"{told} left {sorted(new)}"
        if ended.code == 2:
            assert not new, f"{told} was refused and left {sorted(new)}"


def visible(folder: Path) -> set[Path]:
    """Everything in `folder`, links not followed."""
    found: set[Path] = set()
    waiting = [folder]
    while waiting:
        for path in waiting.pop().iterdir():
            found.add(path)
            if path.is_dir() and not path.is_symlink():
                waiting.append(path)
    return found


def named(prefix: str, cases: Iterable[Case]) -> list[Case]:
    """The same with names that begin with `prefix`, which no two of them share."""
    found = [Case(f"{prefix}-{case.name}", case.make, case.expected, case.seconds) for case in cases]
    names = [case.name for case in found]
    assert len(set(names)) == len(names), sorted({name for name in names if names.count(name) > 1})
    return found

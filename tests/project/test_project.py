"""The files around the package agree with each other."""

import re
import tomllib
from pathlib import Path
from typing import Any

import yaml

import minenetcd

ROOT = Path(__file__).parents[2]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def test_the_lock_pins_everything_and_names_no_address() -> None:
    lock = (ROOT / "requirements-dev.lock").read_text(encoding="utf-8")
    assert not re.search(r"://|@|--(index|find|extra)", lock)
    packages = re.split(r"\n(?=\S)", lock.strip())
    assert [package for package in packages if not re.match(r"[\w.-]+==\S+.*\\\n +--hash=sha256:", package)] == []


def test_the_lock_holds_what_the_project_declares() -> None:
    pinned = set(re.findall(r"^([\w.-]+)==", (ROOT / "requirements-dev.lock").read_text(encoding="utf-8"), re.M))
    extras = PROJECT["project"]["optional-dependencies"]
    declared = [*PROJECT["project"]["dependencies"], *extras["test"], *extras["docs"], *extras["dev"]]
    names = {re.split(r"[^\w.-]", line)[0].lower().replace("_", "-") for line in declared}
    assert names - {"minenetcd"} <= pinned


def test_the_workflows_run_tasks_that_exist() -> None:
    asked = set()
    for file in (ROOT / ".github" / "workflows").glob("*.yml"):
        for job in yaml.safe_load(file.read_text(encoding="utf-8"))["jobs"].values():
            asked |= {name for step in job["steps"] for name in re.findall(r"\bpoe ([\w-]+)", step.get("run", ""))}
    assert asked and asked <= set(PROJECT["tool"]["poe"]["tasks"])


def test_the_citation_names_this_version() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["version"] == minenetcd.__version__

"""Where a run takes place: machine, packages, and the state of the sources."""

import os
import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TypedDict

import torch

PACKAGES = ("minenetcd", "torch", "torchvision", "transformers", "accelerate", "datasets", "numpy")


class Environment(TypedDict):
    """`devices`: names of the CUDA devices; `packages`: versions."""

    python: str
    system: str
    processor: str
    cores: int | None
    devices: list[str]
    packages: dict[str, str]


class GitState(TypedDict):
    commit: str
    changed: bool


def environment() -> Environment:
    """Interpreter, system, devices and the packages whose versions decide what comes out."""
    return {
        "python": platform.python_version(),
        "system": platform.platform(),
        "processor": processor(),
        "cores": os.cpu_count(),
        "devices": [torch.cuda.get_device_name(index) for index in range(torch.cuda.device_count())],
        "packages": {name: found for name in PACKAGES if (found := _version(name))},
    }


def processor() -> str:
    """What the processor is called, as far as the system knows it."""
    cpus = Path("/proc/cpuinfo")
    lines = cpus.read_text(encoding="utf-8", errors="replace").splitlines() if cpus.exists() else []
    named = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
    return named or platform.processor() or platform.machine()


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def git_state() -> GitState | None:
    """Commit of the package's sources and whether they were changed; None where no repository holds them."""
    home = Path(__file__).parents[2]
    try:
        _git(home, "ls-files", "--error-unmatch", "__init__.py")  # installed into a project that has its own
        commit = _git(home, "rev-parse", "HEAD")
        return {"commit": commit, "changed": bool(_git(home, "status", "--porcelain", "--", "."))}
    except (OSError, subprocess.CalledProcessError):
        return None


def _git(folder: Path, *arguments: str) -> str:
    return subprocess.run(
        ["git", "-C", str(folder), *arguments], capture_output=True, text=True, check=True
    ).stdout.strip()

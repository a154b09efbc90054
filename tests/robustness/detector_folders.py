"""Folders of trained detectors with one field, file or tensor that is odd."""

import json
import os
import pickle
import random
import shutil
import struct
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load, save
from torch import Tensor

import minenetcd
from robustness.cases import AnyOf, Case, Refused, Result, named
from robustness.command import Ended
from robustness.damage import ANOTHER, CUT, NO_FILE, Damage
from robustness.scenes import pair

EMBEDDED = Path(minenetcd.__file__).parent / "weights/embedded/minenetcd-nano"
CONFIG, WEIGHTS = "config.json", "model.safetensors"

Step = Callable[[Path], object]

#: Of each type another one, and numbers at the ends; which of them a field takes, its table below says.
ODD: dict[str, Any] = {
    "null": None, "true": True, "text": "x", "list": [], "object": {"a": 1}, "minus": -1, "zero": 0, "huge": 10**30,
    "1e308": 1e308,
    "nan": float("nan"), "infinite": float("inf"), "long": "x" * 5_000, "nested": [[[[[]]]]],
}  # fmt: skip

#: The values of `ODD` that each field, "section.key", may well have.
FIELDS: dict[str, set[str]] = {
    "minenetcd_format": set(), "preprocessing.tile": set(), "preprocessing.metres_per_pixel": {"null"},
    "preprocessing.std": set(),
    "preprocessing.mean": set(), "preprocessing.date_order": set(), "preprocessing.value_range": {"null"},
    "threshold": set(), "scene_threshold": {"null"},
    "model.width": set(), "model.name": set(), "model.levels": set(), "preprocessing.bands": set(),
    "provenance": {"object"},
}  # fmt: skip


@cache
def _embedded() -> tuple[str, bytes]:
    return (EMBEDDED / CONFIG).read_text(encoding="utf-8"), (EMBEDDED / WEIGHTS).read_bytes()


def predict_with(step: Step) -> Callable[[Path], Sequence[str]]:
    """The words that predict with the embedded detector after `step` was done to a copy of its folder."""

    def make(folder: Path) -> Sequence[str]:
        shutil.copytree(EMBEDDED, folder / "detector")
        step(folder / "detector")
        return pair("--model", "./detector", "--quiet")(folder)

    return make


def _as_embedded(ended: Ended, folder: Path) -> None:
    assert "changed in" in ended.output, ended.told


SAME = Result(_as_embedded)


def fields() -> Iterator[Case]:
    for (field, fit), (name, value) in product(FIELDS.items(), ODD.items()):
        if name not in fit:
            yield Case(f"{field}-{name}", predict_with(_with(field, value)), Refused())
    for field in ("preprocessing", "model", "threshold", "minenetcd_format"):
        yield Case(f"without-{field}", predict_with(_without(field)), AnyOf((Refused(), SAME)))
    for field in ("colour", "preprocessing.colour", "model.colour", "base"):
        yield Case(f"unknown-{field}", predict_with(_with(field, 1)), Refused())


def _with(path: str, value: Any) -> Step:
    def step(folder: Path) -> None:
        config = json.loads(_embedded()[0])
        *above, last = path.split(".")
        section = config
        for key in above:
            section = section[key]
        section[last] = value
        (folder / CONFIG).write_text(json.dumps(config))

    return step


def _without(key: str) -> Step:
    return lambda folder: (folder / CONFIG).write_text(json.dumps({name: value for name,
        value in json.loads(_embedded()[0]).items() if name != key}))  # fmt: skip


def files() -> Iterator[Case]:
    for (name, damage), file in product({**CUT, **ANOTHER, **NO_FILE}.items(), (CONFIG, WEIGHTS)):
        yield Case(f"{name}-{file}", predict_with(_at(file, damage)), Refused())
    for name, text in {
        "deep": '{"a":' * 50_000,
        "wide": json.dumps({"a": "x" * 20_000_000}),
        "list": "[]",
        "number": "5",
        "twice": "{}{}",
    }.items():
        yield Case(
            f"json-{name}", predict_with(lambda folder, text=text: (folder / CONFIG).write_text(text)), Refused()
        )
    yield Case(
        "bom",
        predict_with(lambda folder: (folder / CONFIG).write_bytes(b"\xef\xbb\xbf" + _embedded()[0].encode())),
        AnyOf((Refused(), SAME)),
    )


def _at(file: str, damage: Damage) -> Step:
    return lambda folder: damage(folder / file)


def tensors() -> Iterator[Case]:
    def to(dtype: torch.dtype) -> Callable[[Tensor], Tensor]:
        return lambda tensor: tensor.to(dtype) if tensor.is_floating_point() else tensor

    for dtype in ("bool", "uint8", "int64", "complex64", "float8_e4m3fn", "float8_e5m2"):
        yield Case(dtype, predict_with(_each_tensor(to(getattr(torch, dtype)))), Refused())
    for dtype in ("float16", "bfloat16", "float64"):
        yield Case(dtype, predict_with(_each_tensor(to(getattr(torch, dtype)))), SAME)
    shapes: dict[str, Callable[[Tensor], Tensor]] = {
        "one-more-axis": lambda tensor: tensor[None], "empty": lambda tensor: tensor.flatten()[:0],
        "longer": lambda tensor: torch.cat([tensor.flatten(), torch.zeros(1)]),
        "nan": lambda tensor: tensor * float("nan"), "infinite": lambda tensor: tensor + float("inf"),
    }  # fmt: skip
    for name, change in shapes.items():
        yield Case(name, predict_with(_each_tensor(change)), Refused())
    yield Case("missing", predict_with(_renamed(lambda names: names[1:])), Refused())
    yield Case("more", predict_with(_renamed(lambda names: [*names, "extra"])), Refused())
    yield Case("none", predict_with(_renamed(lambda names: [])), Refused())


def _each_tensor(change: Callable[[Tensor], Tensor]) -> Step:
    return lambda folder: (folder / WEIGHTS).write_bytes(save({name: change(tensor).contiguous() for name,
        tensor in load(_embedded()[1]).items()}))  # fmt: skip


def _renamed(choose: Callable[[list[str]], list[str]]) -> Step:
    def step(folder: Path) -> None:
        held = load(_embedded()[1])
        kept = choose(sorted(held))
        (folder / WEIGHTS).write_bytes(save({name: held.get(name, torch.zeros(1)) for name in kept}))

    return step


def headers() -> Iterator[Case]:
    """What the first bytes of a weight file claim."""
    for name, length in {"zero": 0, "beyond": 2**40, "largest": 2**64 - 1, "short": 20}.items():
        yield Case(f"length-{name}", predict_with(_header(struct.pack("<Q", length))), Refused())
    for seed in range(6):
        yield Case(f"noise-{seed}", predict_with(_header(random.Random(seed).randbytes(8 + 60 * seed))), Refused())


def _header(content: bytes) -> Step:
    return lambda folder: (folder / WEIGHTS).write_bytes(content + _embedded()[1][len(content) :])


class _Runs:
    """Whoever unpickles it makes a folder."""

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, ("ran",)


def pickles() -> Iterator[Case]:
    """No code of a weight file runs."""
    for name, protocol in product(("pytorch_model.bin", WEIGHTS), (0, 2, 5)):
        yield Case(f"{name}-{protocol}", predict_with(_pickled(name, protocol)), Refused())


def _pickled(name: str, protocol: int) -> Step:
    def step(folder: Path) -> None:
        (folder / WEIGHTS).unlink()
        (folder / name).write_bytes(pickle.dumps({"state": _Runs()}, protocol=protocol))

    return step


def detector_folders() -> list[Case]:
    kinds = (fields, files, tensors, headers, pickles)
    return [case for kind in kinds for case in named(kind.__name__, kind())]

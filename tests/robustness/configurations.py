"""Configurations: every field with odd values, text that is no YAML or too much of it, and bases that go wrong."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml

from robustness.cases import AnyOf, Case, Refused, Result, named
from robustness.command import Ended
from robustness.damage import ANOTHER, NO_FILE

WHOLE: dict[str, Any] = {"base": "minenetcd-compact", "data": {"name": "synthetic:mines?sites=4"}}
SHOW = ["config", "show", "config.yaml"]

#: Values that no field of the kind takes.
NO_NUMBER = ("x", [1], {"a": 1}, float("nan"), float("inf"), -1)
NO_COUNT = (*NO_NUMBER, 1.5)
NO_WORD = (5, [1], {"a": 1}, "nothing of the kind")

FIELDS: dict[str, tuple[Any, ...]] = {
    "recipe.epochs": (*NO_COUNT, 0), "recipe.batch_size": (*NO_COUNT, 0), "recipe.steps": NO_COUNT,
    "recipe.learning_rate": (*NO_NUMBER, 0),
    "recipe.weight_decay": NO_NUMBER, "recipe.momentum": (*NO_NUMBER, 1), "recipe.warmup_share": (*NO_NUMBER, 2),
    "recipe.ema_decay": (*NO_NUMBER, 1),
    "recipe.betas": ("x", [1, 1], [0.9], [0.9, "y"], {}), "recipe.milestones": ("x", [0], [1.5], [float("nan")]),
    "recipe.name": NO_WORD,
    "recipe.threshold": ("x", 0, 1, -1, 2, float("nan"), [0.5]), "trainer.mixed_precision": NO_WORD,
    "trainer.sharding": NO_WORD,
    "trainer.batch_norm": NO_WORD, "trainer.accumulation": (*NO_COUNT, 0), "trainer.keep": (*NO_COUNT, 0),
    "trainer.trackers": ("x", [5], {"a": 1}),
    "data.workers": NO_COUNT, "data.val_share": (*NO_NUMBER, 0, 1), "data.train_split": ("test", [1], {"a": 1}),
    "data.name": (5, [1], None),
    "preprocessing.tile": (*NO_COUNT, 1, 10**9), "preprocessing.std": ("x", [0, 1, 1], [1], [-1, 1, 1]),
    "preprocessing.date_order": ("x", ["before"], ["a", "b"]),
    "preprocessing.value_range": ("x", [5, 1], [0], [0, float("nan")]),
    "preprocessing.metres_per_pixel": (0, -1, "x", float("inf")),
    "threshold": ("x", 0, 1, -1, float("nan"), [0.5]), "seed": ("x", -1, 1.5, [1]), "model": (5, [1]),
    "pretrained_backbone": ("perhaps", [1], 5),
}  # fmt: skip


def written(content: bytes | str, words: Sequence[str] = SHOW) -> Callable[[Path], Sequence[str]]:
    def make(folder: Path) -> Sequence[str]:
        (folder / "config.yaml").write_bytes(content if isinstance(content, bytes) else content.encode())
        return words

    return make


def with_field(path: str, value: Any) -> Callable[[Path], Sequence[str]]:
    section, _, key = path.partition(".")
    config = {**WHOLE, section: {**WHOLE.get(section, {}), key: value} if key else value}
    return written(yaml.safe_dump(config))


def fields() -> Iterator[Case]:
    for path, values in FIELDS.items():
        for number, value in enumerate(values):
            yield Case(f"{path}-{number}", with_field(path, value), Refused())
    for path in ("colour", "recipe.colour", "data.colour", "trainer.colour", "preprocessing.colour"):
        yield Case(f"unknown-{path}", with_field(path, 1), Refused("colour"))


def _shows(*expected: str) -> Result:
    def holds(ended: Ended, folder: Path) -> None:
        shown = yaml.safe_load(ended.output)
        for assignment in expected:
            path, _, value = assignment.partition("=")
            found = shown
            for key in path.split("."):
                found = found[key]
            assert str(found) == value, f"{path} is {found}, not {value}"

    return Result(holds)


def right() -> Iterator[Case]:
    text = yaml.safe_dump(WHOLE)
    for name, content in {
        "plain": text.encode(), "bom": b"\xef\xbb\xbf" + text.encode(), "utf-16": text.encode("utf-16"),
        "windows": text.replace("\n", "\r\n").encode(), "comments": b"# ground\n" + text.encode() + b"# end\n",
        "json": b'{"base": "minenetcd-compact", "data": {"name": "synthetic:mines?sites=4"}}',
        "alias": b"base: minenetcd-compact\ndata: {name: &n 'synthetic:mines?sites=4', val_name: *n}\n",
    }.items():  # fmt: skip
        yield Case(name, written(content), _shows("data.name=synthetic:mines?sites=4"))
    for override, shown in (("recipe=paper", "recipe.name=paper"), ("recipe.steps=7", "recipe.steps=7"),
        ("seed=5", "seed=5"), ("trainer.mixed_precision=no", "trainer.mixed_precision=no")):  # fmt: skip
        yield Case(f"override-{override}", written(text, [*SHOW, override]), _shows(shown))


def overrides() -> Iterator[Case]:
    texts = ("", "=", "recipe.steps", "recipe.steps={", "recipe.steps=[1", "recipe.steps=!!python/object:os.system",
        ".=1", "recipe..steps=1", "a" * 5_000 + "=1", "recipe.steps=" + "[" * 5_000,
        "recipe.steps=&a [*a]")  # fmt: skip
    for number, text in enumerate(texts):
        yield Case(f"{number}", written(yaml.safe_dump(WHOLE), [*SHOW, text]), Refused())


def text() -> Iterator[Case]:
    bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12)
    )
    texts: dict[str, bytes] = {
        "bomb": bomb.encode(), "deep": b"[" * 50_000, "deep-keys": b"{a: " * 20_000,
        "long": b"a: " + b"x" * 20_000_000, "loop": b"a: &a [*a]\n", "tabs": b"a:\n\tb: 1\n",
        "tag": b"!!python/object/apply:os.mkdir [ran]\n", "tag-inside": b"base: !!python/name:os.system\n",
        "two": b"a: 1\n---\nb: 2\n", "latin": b"name: \xe4\n",
        "twice": b"seed: 1\nseed: 2\nbase: [\n", "numbers-as-keys": b"1: 2\n", "null-key": b"~: 1\n",
        "merge": b"<<: 5\n", "date": b"seed: 2020-01-01\n", "list": b"- 1\n", "word": b"base\n",
        "escape": b'base: "\\x1b[31m"\n',
    }  # fmt: skip
    for name, content in texts.items():
        yield Case(name, written(content), Refused())
    for name, damage in ANOTHER.items():
        yield Case(
            f"{name}-instead", lambda folder, damage=damage: [damage(folder / "config.yaml"), SHOW][1], Refused()
        )
    for name, damage in NO_FILE.items():
        yield Case(f"{name}-instead", lambda folder, damage=damage: _instead(folder, damage), Refused())


def _instead(folder: Path, damage: Callable[[Path], None]) -> Sequence[str]:
    (folder / "config.yaml").write_text("")
    damage(folder / "config.yaml")
    return SHOW


def bases() -> Iterator[Case]:
    """`base` leads on, and back."""
    for name, base in {"itself": "config.yaml", "missing": "nowhere.yaml", "device": "/dev/zero", "folder": ".",
        "long": "x" * 5_000, "number": 5, "list": ["base"], "up": "../../../etc/passwd",
        "empty": ""}.items():  # fmt: skip
        yield Case(
            name,
            written(yaml.safe_dump({**WHOLE, "base": base})),
            AnyOf((Refused(), _shows("seed=8888"))) if name == "empty" else Refused(),
        )
    for length in (2, 3, 30):
        yield Case(f"loop-of-{length}", lambda folder, length=length: _chain(folder, length, back=True), Refused())
    yield Case("chain-of-3", lambda folder: _chain(folder, 3, back=False), _shows("data.name=synthetic:mines?sites=4"))


def _chain(folder: Path, length: int, *, back: bool) -> Sequence[str]:
    names = ["config.yaml", *(f"base-{number}.yaml" for number in range(1, length))]
    for name, base in zip(names, [*names[1:], names[0] if back else "minenetcd-compact"], strict=True):
        (folder / name).write_text(yaml.safe_dump({**WHOLE, "base": base}))
    return SHOW


def configurations() -> list[Case]:
    kinds = (fields, right, overrides, text, bases)
    return [case for kind in kinds for case in named(kind.__name__, kind())]

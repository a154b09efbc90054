"""The examples of docs/data/sources.md do what the page says."""

import re
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from typer.main import get_command

from fixtures.hub_data import drawn_pair
from minenetcd.cli.datasets import app

PAGE = (Path(__file__).parents[2] / "docs/data/sources.md").read_text(encoding="utf-8")


def blocks(section: str, language: str) -> list[str]:
    text = PAGE.split(f"\n## {section}\n")[1].split("\n## ")[0]
    return re.findall(rf"```{language}\n(.*?)```", text, flags=re.DOTALL)


def test_own_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    for seed, split in enumerate(("train", "train", "val", "test")):
        for folder, pixels in zip(("A", "B", "label"), drawn_pair(seed), strict=True):
            path = tmp_path / "pairs" / split / folder / f"{seed}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels).save(path)
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    for block in blocks("Your own data", "python"):
        exec(block, names)
    splits, facts = capsys.readouterr().out.splitlines()
    assert splits == "('train', 'val', 'test')"
    assert re.fullmatch(r"2 \['0', '1'\] [0-9a-f]{16}", facts)
    assert len(names["scenes"]) == 2


def test_commands_exist() -> None:
    known = get_command(app).commands
    for line in "".join(blocks("Named data sets", "bash")).splitlines():
        command, *words = line.removeprefix("minenetcd datasets").split() or ["show"]
        options = {option for parameter in known.get(command, known["show"]).params for option in parameter.opts}
        assert {word for word in words if word.startswith("--")} <= options

"""Configurations that others wrote: bounded in size, depth and repetition; what is none is one line."""

import os
from pathlib import Path

import pytest

from minenetcd.configs.reading import parse_overrides, read_config
from minenetcd.configs.schema import Settings
from minenetcd.errors import InputError, OptionError
from minenetcd.models.catalog import KNOWN_CONFIGURATIONS


def refusal(source: str | Path) -> str:
    with pytest.raises(InputError) as caught:
        Settings.read(read_config(source, KNOWN_CONFIGURATIONS))
    message = str(caught.value)
    assert "\n" not in message and len(message) < 1000 and caught.value.exit_code == 2
    return message


def aliases(levels: int, times: int) -> str:
    """A few lines that stand for times ** levels values."""
    lines = [f"a0: &a0 [{', '.join(['x'] * times)}]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * times)}]" for n in range(1, levels)]
    return "\n".join(lines)


@pytest.mark.parametrize(("text", "told"), [
    (aliases(9, 9), "more than 20,000 values"),
    ("a: &a {b: 1}\nc: {" + ", ".join(f"k{n}: *a" for n in range(12_000)) + "}", "more than 20,000 values"),
    ("recipe: &r\n  steps: *r\n", "&r holds itself"),
    ("a: *nothing\n", "undefined alias"),
    ("a: " + "[" * 50_000, "more than 64 deep"),
    ("a: " + "{b: " * 1000 + "1" + "}" * 1000, "more than 64 deep"),
    ("".join(f"{' ' * n}k:\n" for n in range(200)), "more than 64 deep"),
    ("a: " + "x" * 2**20, "bytes, at most"),
    ("seed: " + "9" * 5000, "YAML"),
    ("seed: 2020-13-45", "YAML"),
    ("a: [1, 2", "YAML"),
    ("a: !!python/object/apply:os.system [ls]", "could not determine a constructor"),
    ("{[a]: 1}", "YAML"),
    ("\0", "YAML"),
    ("", "keys and values"),
    ("- 1", "keys and values"),
    ("1: 2", ""),
    ("null: 2", ""),
    ("base: [1]", "base needs the name"),
    ("base: {a: 1}", "base needs the name"),
    ("base: 5", "base needs the name"),
    ("base: ''", "configuration"),
    ("base: /dev/null", "it is a device"),
    ("base: nowhere.yaml", "no configuration"),
    ("model: .inf", "model"),
    ("model: bit\nthreshold: .nan", "threshold"),
    ("model: bit\ndata: x\nthreshold: true", "threshold"),
    ("model: bit\ndata: x\nscene_threshold: [false, true]", "scene_threshold"),
    ("model: bit\ndata: x\npreprocessing: {metres_per_pixel: true}", "metres_per_pixel (a number is needed; got True"),
    ("model: bit\ndata: x\npreprocessing: {tile: yes}", "tile"),
    ("model: bit\ndata: x\npreprocessing: {std: [true, 0.2, 0.2]}", "std"),
    ("model: bit\ndata: x\npreprocessing: {mean: [0.5, off, 0.5]}", "mean"),
    ("model: bit\ndata: x\npreprocessing: {value_range: [false, 255]}", "value_range"),
    ("model: bit\ndata: x\npreprocessing: {value_range: [0, [1, true, 2]]}", "value_range"),
    ("model: bit\ndata: x\nrecipe: {learning_rate: on}", "learning_rate"),
    ("model: bit\ndata: x\nrecipe: {steps: .inf}", "steps"),
])  # fmt: skip
def test_what_is_no_configuration_is_one_line(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    assert told in refusal(path)


def test_a_few_aliases_are_read(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("base: bit\nrecipe: &r {steps: 3}\ndata: {<<: {name: x}}\ntrainer: {keep: 1}\n")
    config = read_config(tmp_path / "mine.yaml", KNOWN_CONFIGURATIONS)
    assert config["recipe"] == {"name": "strong", "steps": 3} and config["data"] == {"name": "x"}


def test_bases_in_a_circle_are_named(tmp_path: Path) -> None:
    for name, base in (("a", "b"), ("b", "c"), ("c", "a")):
        (tmp_path / f"{name}.yaml").write_text(f"base: {base}.yaml\n")
    assert "cannot be its own base, got a.yaml -> b.yaml -> c.yaml -> a.yaml" in refusal(tmp_path / "a.yaml")
    (tmp_path / "self.yaml").write_text("base: self\n")
    assert "cannot be its own base, got self.yaml -> self.yaml" in refusal(tmp_path / "self.yaml")


def test_a_long_chain_of_bases_ends(tmp_path: Path) -> None:
    for number in range(100):
        (tmp_path / f"{number}.yaml").write_text(f"base: {number + 1}.yaml\n")
    assert "at most 20 bases" in refusal(tmp_path / "0.yaml")


@pytest.mark.parametrize(("name", "told"), [
    ("x" * 5000, "no configuration"),
    ("/" + "x" * 5000, "too long"),
    ("a\0b", "no configuration"),
    ("\udcff.yaml", "no configuration"),
    ("/dev/null", "it is a device"),
    ("/", "it is a folder"),
    ("", "no configuration"),
])  # fmt: skip
def test_names_that_are_none_are_one_line(name: str, told: str) -> None:
    assert told in refusal(name) or "too long" in refusal(name)


def test_a_file_that_is_not_text_or_not_a_file_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "latin.yaml").write_bytes(b"name: M\xfcller\n")
    assert "needs to be text in UTF-8" in refusal(tmp_path / "latin.yaml")
    os.mkfifo(tmp_path / "pipe.yaml")
    assert "it is a pipe" in refusal(tmp_path / "pipe.yaml")
    (tmp_path / "marked.yaml").write_bytes(b"\xef\xbb\xbfbase: bit\n")
    assert read_config(tmp_path / "marked.yaml", KNOWN_CONFIGURATIONS)["model"] == {"name": "bit"}


@pytest.mark.parametrize("assignment", [
    "a=" + "[" * 5000, "a=&a [*a]", "a=" + "9" * 5000, "a.b=2020-99-99", ".".join(["a"] * 5000) + "=1", "=1", "a", "",
])  # fmt: skip
def test_overrides_are_bounded_too(assignment: str) -> None:
    with pytest.raises(OptionError) as caught:
        parse_overrides([assignment])
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 1000

"""Detector folders that others made: every field has a type and a range, every tensor a fit type and finite numbers."""

import copy
import json
import os
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from minenetcd.detectors.learned import ChangeDetector
from minenetcd.errors import InputError, WeightsError

Config = dict[str, Any]
INFINITE = float("inf")


@pytest.fixture(scope="module")
def saved(detector: ChangeDetector, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("saved") / "detector"
    detector.save_pretrained(folder)
    return folder


@pytest.fixture
def folder(saved: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(saved, tmp_path / "detector"))


def refusal(folder: Path) -> str:
    """What loading it ends with: one line that a user can act on."""
    with pytest.raises(InputError) as caught:
        ChangeDetector.from_pretrained(folder)
    message = str(caught.value)
    assert "\n" not in message and len(message) < 1000 and caught.value.exit_code == 2
    return message


def with_config(folder: Path, path: str, value: Any) -> Path:
    """`folder` with another value at "key.key" of its config.json."""
    config = json.loads((folder / "config.json").read_text())
    *above, last = path.split(".")
    section = config
    for key in above:
        section = section[key]
    section[last] = value
    (folder / "config.json").write_text(json.dumps(config))
    return folder


VALUES: list[tuple[str, Any, str]] = [
    *(("minenetcd_format", value, "this version reads 1") for value in (99, 0, -1, "1", None, True, [1], {}, 1.5)),
    *(("preprocessing.tile", value, "tile") for value in (-5, 0, 1, 31, 10**7, 2**70, "many", None, [256], 256.5)),
    *(("preprocessing.metres_per_pixel", value, "metres_per_pixel") for value in (-1, 0, 1e-9, 1e9, "fine", [1.0])),
    *(("preprocessing.std", value, "std") for value in ([0, 1, 1], [-1, 1, 1], [1e-300, 1, 1], [1e300, 1, 1], "x", 5)),
    *(("preprocessing.mean", value, "mean") for value in ([1e300, 0, 0], ["a", 0, 0], None, {}, [[0], 0, 0])),
    *(("preprocessing.bands", value, "band") for value in ([], ["red"], ["", "g", "b"], ["a\nb", "g", "b"], [1, 2, 3])),
    ("preprocessing.bands", ["x" * 5000, "g", "b"], "name of one line"),
    *(("preprocessing.date_order", value, "date_order") for value in (["before"], ["before", "before"], "ab", None)),
    *(("preprocessing.value_range", value, "range") for value in ([5, 1], [0], "x", [0, 0], [[0, 1], [5]])),
    ("preprocessing.colour", 1, "preprocessing.colour"),
    ("preprocessing", None, "preprocessing"),
    ("preprocessing", [], "preprocessing"),
    *(("threshold", value, "hreshold") for value in (0, 1, -1, 2, "half", None, [0.5])),
    *(("scene_threshold", value, "scene_threshold") for value in ([0.1], [0.5, 0.1], [0, 2], "x", 0.5)),
    *(("model", value, "model") for value in (None, [], 5, {}, {"name": 5}, {"name": "nothing"})),
    *(("model.decoder_channels", value, "decoder") for value in (-1, 0, 10**9, 10**30, "x", None, [], 0.5)),
    ("model.decoder_channels", 3_000, "larger than its weights"),
    ("model.backbone", "resnet_none", "resnet_none"),
    ("model.backbone", "somewhere.else:Thing", "trust"),
    ("model.in_channels", 4, "shape"),
    *(("model.in_channels", value, "") for value in (0, -3, "three", 10**12)),
    ("model.colour", 1, "colour"),
    *(("provenance", value, "provenance") for value in (None, [], "words", 5)),
    *(("name", value, "name") for value in (5, [], {})),
    *(("model_class", value, "model_class") for value in (5, [])),
]


@pytest.mark.parametrize(("path", "value", "told"), VALUES)
def test_a_field_of_the_wrong_type_or_out_of_range_is_one_line(folder: Path, path: str, value: Any, told: str) -> None:
    assert told in refusal(with_config(folder, path, value))


@pytest.mark.parametrize("text", [
    "", "null", "[]", "5", "{", '{"a":' * 50_000, "[" * 50_000 + "]" * 50_000, '{"model": NaN}', "\xff", "\0" * 100,
    json.dumps({"a": "x" * 20_000_000}), '{"minenetcd_format": 1e999}',
])  # fmt: skip
def test_what_is_no_configuration_is_one_line(folder: Path, text: str) -> None:
    (folder / "config.json").write_bytes(text.encode("latin-1"))
    assert "config.json" in refusal(folder)


@pytest.mark.parametrize("word", ["Infinity", "-Infinity", "NaN", "1e999"])
@pytest.mark.parametrize("path", ["preprocessing.std", "preprocessing.mean", "preprocessing.value_range", "threshold"])
def test_numbers_that_are_not_finite_are_one_line(folder: Path, path: str, word: str) -> None:
    value: Any = "@" if path == "threshold" else ["@", 1, 1]
    with_config(folder, path, value)
    text = (folder / "config.json").read_text().replace('"@"', word)
    (folder / "config.json").write_text(text)
    assert "config.json" in refusal(folder)


def to(dtype: torch.dtype) -> Callable[[Tensor], Tensor]:
    return lambda tensor: tensor.to(dtype) if tensor.is_floating_point() else tensor


def first_is(number: float) -> Callable[[Tensor], Tensor]:
    def changed(tensor: Tensor) -> Tensor:
        if tensor.is_floating_point():
            tensor.view(-1)[0] = number
        return tensor

    return changed


@pytest.mark.parametrize(("change", "told"), [
    (to(torch.bool), "it holds bool"),
    (to(torch.complex64), "it holds complex64"),
    (to(torch.float8_e4m3fn), "it holds float8_e4m3fn"),
    (to(torch.float8_e5m2), "it holds float8_e5m2"),
    (to(torch.int32), "it holds int32"),
    (to(torch.uint8), "it holds uint8"),
    (first_is(float("nan")), "not finite"),
    (first_is(INFINITE), "not finite"),
    (first_is(-INFINITE), "not finite"),
    (lambda t: t.double() * 1e300 if t.is_floating_point() else t, "not finite"),
    (lambda t: t if t.is_floating_point() else t.float(), "whole numbers are needed"),
    (lambda t: t if t.is_floating_point() else t.bool(), "whole numbers are needed"),
    (lambda t: t[None], "shape"),
    (lambda t: t.flatten()[:0], "shape"),
])  # fmt: skip
def test_weights_of_odd_types_and_numbers_are_one_line(
    folder: Path, change: Callable[[Tensor], Tensor], told: str
) -> None:
    tensors = {name: change(tensor.clone()) for name, tensor in load_file(folder / "model.safetensors").items()}
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, folder / "model.safetensors")
    assert told in refusal(folder)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_weights_in_fewer_or_more_bits_are_taken(folder: Path, dtype: torch.dtype) -> None:
    tensors = {name: to(dtype)(tensor) for name, tensor in load_file(folder / "model.safetensors").items()}
    save_file(tensors, folder / "model.safetensors")
    state = ChangeDetector.from_pretrained(folder).model.state_dict()
    assert all(torch.equal(state[name], tensor.to(state[name].dtype)) for name, tensor in tensors.items())


def test_a_variance_below_zero_is_one_line(folder: Path) -> None:
    tensors = load_file(folder / "model.safetensors")
    name = next(name for name in tensors if name.endswith("running_var"))
    tensors[name].view(-1)[0] = -1
    save_file(tensors, folder / "model.safetensors")
    assert f"cannot take {name!r} of the weights (a variance below 0)" in refusal(folder)


@pytest.mark.parametrize("size", [0, 7, 8, 100, 5000])
def test_weights_that_are_cut_short_are_one_line(folder: Path, size: int) -> None:
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:size])
    assert "cannot be read" in refusal(folder)


@pytest.mark.parametrize("held", [
    [1, 2], {"a": 1}, {"a": None}, 5, "text", {1: torch.ones(1)}, {"a": torch.ones(2, 2).to_sparse()},
    {"a": torch.empty(2, device="meta")}, torch.ones(1),
])  # fmt: skip
def test_a_pickle_of_anything_but_plain_tensors_is_one_line(folder: Path, held: Any) -> None:
    (folder / "model.safetensors").unlink()
    torch.save(held, folder / "pytorch_model.bin")
    refusal(folder)


@pytest.mark.parametrize("protocol", [0, 2, 5])
def test_a_plain_pickle_runs_nothing(folder: Path, tmp_path: Path, protocol: int) -> None:
    class Evil:
        def __reduce__(self) -> tuple[Any, ...]:
            return os.mkdir, (str(tmp_path / "ran"),)

    (folder / "model.safetensors").unlink()
    (folder / "pytorch_model.bin").write_bytes(pickle.dumps(Evil(), protocol=protocol))
    refusal(folder)
    assert not (tmp_path / "ran").exists()


def test_files_that_are_none_are_not_there(folder: Path) -> None:
    for name in ("config.json", "model.safetensors"):
        (folder / name).unlink()
        os.mkfifo(folder / name)
        assert "A model needs config.json and" in refusal(folder)


@pytest.mark.parametrize("source", ["x" * 5000, "/" + "x" * 5000, "a\0b", "/dev/null", "\udcff", ""])
def test_names_that_are_none_are_one_line(source: str) -> None:
    with pytest.raises(InputError) as caught:
        ChangeDetector.from_pretrained(source)
    assert "\n" not in str(caught.value)


def test_a_published_configuration_of_odd_values_is_one_line(folder: Path) -> None:
    odd: list[Any] = [None, [], {}, 5, "x", {"name": []}]
    base: list[Config] = [{"Backbone_type": value} for value in odd]
    base += [{"model_name": value} for value in odd]
    base += [{"model_name": "Tiny_CD", "transform": value} for value in (5, ["other"], {"a": 1}, [[]])]
    base += [{"model_name": "Tiny_CD", "train": value, "dataset_name": value, "dataset_path": value} for value in odd]
    for config in base:
        (folder / "config.json").write_text(json.dumps(copy.deepcopy(config)))
        refusal(folder)


def test_the_error_names_what_is_wrong_in_the_weights(folder: Path) -> None:
    tensors = load_file(folder / "model.safetensors")
    tensors["extra"] = torch.ones(1)
    save_file(tensors, folder / "model.safetensors")
    with pytest.raises(WeightsError, match="'extra', unknown to MineNetCD"):
        ChangeDetector.from_pretrained(folder)

"""The authors' repositories, in their exact layout on disk, through `from_pretrained`: every method of the framework.

Published weights give the published outputs here; what is particular about each method stands in models/facts.py.
"""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from minenetcd.detectors.learned import ChangeDetector
from minenetcd.types import ChangeOutput, change_probability
from minenetcd.weights.keymap import load_strictly, rename
from minenetcd.weights.maps import MAPS
from minenetcd.weights.published import framework_models
from minenetcd.weights.scores import published_scores
from models.facts import FACTS, Outputs
from parity.golden import Golden, golden_pair, load_golden
from parity.loading import about_to_be_loaded
from parity.repositories import (
    METHODS,
    framework_config,
    golden_probability,
    hub_id,
    prefixed,
    published_golden,
    published_tensors,
    write_repository,
)

IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
AVAILABLE = sorted(name for name, ours in framework_models().items() if ours in MAPS)

# every layout a framework checkpoint is met in: prefix of the names, file
LAYOUTS = [
    ("CD_model.module.", "model.safetensors"),
    ("CD_model.module._orig_mod.", "model.safetensors"),
    ("CD_model.module.", "pytorch_model.bin"),
]


@dataclass
class Published:
    """A repository of one method, saved by one process, and the detector it loads as."""

    name: str
    golden: Golden
    tensors: dict[str, Tensor]
    detector: ChangeDetector


def load(folder: Path) -> ChangeDetector:
    """The detector in `folder`, with nothing of what its network was built with."""
    with about_to_be_loaded():
        return ChangeDetector.from_pretrained(folder)


@pytest.fixture(scope="module", params=AVAILABLE)
def published(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Published]:
    golden = published_golden(request.param)
    tensors = published_tensors(golden)
    folder = tmp_path_factory.mktemp("published")
    write_repository(folder, framework_config(request.param), prefixed("CD_model.", tensors))
    yield Published(request.param, golden, tensors, load(folder))
    shutil.rmtree(folder)


def probability_and_outputs(detector: ChangeDetector) -> tuple[Tensor, ChangeOutput]:
    """What `detector` says of the golden images, its normalisation undone, and what its network said."""
    mean, std = (torch.tensor(x).view(1, -1, 1, 1) for x in (detector.preprocessing.mean, detector.preprocessing.std))
    said: list[ChangeOutput] = []
    hook = detector.model.register_forward_hook(lambda _module, _inputs, output: said.append(output))
    with torch.inference_mode():
        probability = detector(*(date * std + mean for date in golden_pair()))
    hook.remove()
    return probability, said[0]


def check_outputs(golden: Golden, output: ChangeOutput, expected: Outputs) -> None:
    """Every published output that `expected` names, each within its tolerance."""
    ours = [("main", output.logits), *zip(expected.auxiliary, output.auxiliary, strict=not golden.filling)]
    checked = set()
    for published, tolerance in expected.tolerances.items():
        limit = tolerance / float(golden.arrays[f"{published}.absmax"]) if published in expected.absolute else tolerance
        name = published.removesuffix("_logits")
        for logits in (logits for ours_name, logits in ours if ours_name == name):
            golden.check(published, as_published(golden, published, logits), tolerance=limit)
            checked.add(published)
    assert checked == expected.tolerances.keys()
    assert golden.filling or checked >= set(golden.facts["outputs"])


def as_published(golden: Golden, name: str, logits: Tensor) -> Tensor:
    """`logits` with the activation that the published output `name` has."""
    activation = golden.facts.get("activations", {}).get(name, golden.facts["activation"])
    if name.endswith("_logits") or activation == "logits":
        return logits
    return change_probability(logits)[:, None] if activation == "sigmoid" else logits.log_softmax(dim=1)


def test_every_method_with_published_weights_is_tested() -> None:
    assert set(METHODS) == set(framework_models())
    assert {hub_id(name) for name in METHODS} <= {score.weights for score in published_scores()}
    assert len(AVAILABLE) >= 14


def test_published_weights_give_the_published_outputs(published: Published) -> None:
    """The golden images go through unchanged where nothing is normalised: of MineNetCD see models/test_minenetcd."""
    detector, golden = published.detector, published.golden
    probability, output = probability_and_outputs(detector)
    torch.testing.assert_close(probability[:, ::4, ::4], golden_probability(golden), rtol=0, atol=1e-5)
    for expected in FACTS[framework_models()[published.name]].outputs:
        if expected.filling == golden.filling:
            check_outputs(golden, output, expected)
            check_exchange(golden, detector, output, expected)


def test_published_weights_in_their_other_filling_give_the_published_outputs(published: Published) -> None:
    name, model = framework_models()[published.name], published.detector.model
    others = [expected for expected in FACTS[name].outputs if expected.filling != published.golden.filling]
    kept = {name: tensor.clone() for name, tensor in model.state_dict().items()} if others else {}
    for expected in others:
        golden = load_golden(name, expected.filling)
        load_strictly(model, rename(golden.weights, MAPS[name].RULES))
        _, output = probability_and_outputs(published.detector)
        check_outputs(golden, output, expected)
        check_exchange(golden, published.detector, output, expected)
        model.load_state_dict(kept)


@torch.inference_mode()
def check_exchange(golden: Golden, detector: ChangeDetector, output: ChangeOutput, expected: Outputs) -> None:
    """Exchanging the dates changes the main output as much as published."""
    if expected.exchange_tolerance is not None:
        before, after = golden_pair()
        there, back = (
            as_published(golden, "main", logits) for logits in (output.logits, detector.model(after, before).logits)
        )
        change = golden.facts["swap_dates_max_abs_difference"] if expected.exchange is None else expected.exchange
        assert float((there - back).abs().max()) == pytest.approx(change, abs=expected.exchange_tolerance)


def test_pixels_are_read_as_the_published_configuration_says(published: Published) -> None:
    """8-bit images go in as [0, 1]; only MineNetCD's configuration asks for ImageNet's mean and deviation."""
    detector = published.detector
    before, after = np.random.default_rng(0).integers(0, 256, (2, 64, 64, 3), dtype=np.uint8)
    tensors = [torch.from_numpy(date).permute(2, 0, 1)[None].float() / 255 for date in (before, after)]
    if published.name == "MineNetCD":
        mean, std = (torch.tensor(values)[:, None, None] for values in IMAGENET)
        tensors = [(tensor - mean) / std for tensor in tensors]
    with torch.inference_mode():
        by_hand = change_probability(detector.model(*tensors).logits)[0].numpy()
    np.testing.assert_allclose(detector.probability(before, after), by_hand, rtol=0, atol=1e-5)


def test_settings_are_the_published_ones(published: Published) -> None:
    detector, preprocessing = published.detector, published.detector.preprocessing
    assert (preprocessing.mean, preprocessing.std) == (
        IMAGENET if published.name == "MineNetCD" else ((0.0,) * 3, (1.0,) * 3)
    )
    assert detector.threshold == 0.5
    assert preprocessing.metres_per_pixel == 1.2
    assert preprocessing.date_order == ("before", "after")
    assert str(detector.provenance.trained_on) == "MineNetCD256"
    assert "100 epochs" in detector.provenance.recipe
    assert not detector.training
    assert detector.device == torch.device("cpu")


def test_however_it_was_saved_it_loads_on_one_cpu(published: Published, tmp_path: Path) -> None:
    """By several processes, compiled, as a pickle: each time the very same network."""
    expected = published.detector.model.state_dict()
    for number, (prefix, file_name) in enumerate(LAYOUTS):
        tensors = prefixed(prefix, published.tensors)
        folder = write_repository(
            tmp_path / str(number), framework_config(published.name), tensors, file_name=file_name
        )
        loaded = load(folder).model.state_dict()
        assert list(loaded) == list(expected)
        assert all(torch.equal(loaded[name], expected[name]) for name in expected)
        shutil.rmtree(folder)

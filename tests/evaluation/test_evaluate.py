"""Evaluating looks at a detector and changes nothing of it."""

import pytest
import torch

import minenetcd
from fixtures.pair_files import make_pair, write_folder
from minenetcd.data.dataset import ChangeDataset


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> ChangeDataset:
    root = write_folder(tmp_path_factory.mktemp("pairs"), map(make_pair, range(2)), split="test")
    return minenetcd.load_dataset(str(root), "test")


def test_a_detector_in_training_mode_is_evaluated_as_it_predicts_and_stays_as_it_was(pairs: ChangeDataset) -> None:
    detector = minenetcd.from_config("fc_ef")
    frozen = next(layer for layer in detector.modules() if isinstance(layer, torch.nn.BatchNorm2d))
    before = {name: tensor.clone() for name, tensor in detector.state_dict().items()}
    results = [minenetcd.evaluate(detector, pairs, workers=0).histogram.tolist() for _ in range(2)]
    assert all(torch.equal(tensor, before[name]) for name, tensor in detector.state_dict().items())
    assert results[0] == results[1] == minenetcd.evaluate(detector.eval(), pairs, workers=0).histogram.tolist()
    detector.train()
    frozen.eval()
    minenetcd.evaluate(detector, pairs, workers=0)
    assert [layer for layer in detector.modules() if not layer.training] == [frozen]

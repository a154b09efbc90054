"""From stored dates to what the network takes: one way for training, testing and prediction."""

import numpy as np
import torch

from minenetcd.detectors.preprocessing import Preprocessing, dates_in_unit
from minenetcd.geo.values import value_limits
from minenetcd.types import ChangeBatch


def batch(height: int = 40, width: int = 48) -> ChangeBatch:
    dates = torch.from_numpy(np.random.default_rng(0).integers(0, 256, (2, 2, 3, height, width), dtype=np.uint8))
    return ChangeBatch(dates[0], dates[1], torch.zeros(2, height, width, dtype=torch.uint8), ["a", "b"])


def test_dates_come_normalised_in_the_networks_order() -> None:
    sample, cpu = batch(), torch.device("cpu")
    unit = dates_in_unit(sample, cpu)
    straight = Preprocessing(mean=(0.5, 0.25, 0.0), std=(0.5, 1.0, 2.0))
    turned = Preprocessing(mean=straight.mean, std=straight.std, date_order=("after", "before"))
    mean, std = (torch.tensor(values).view(1, 3, 1, 1) for values in (straight.mean, straight.std))
    for found, date in zip(straight.inputs(*unit), (sample.before, sample.after), strict=True):
        torch.testing.assert_close(found, (date.float() / 255 - mean) / std)
    assert all(map(torch.equal, turned.inputs(*unit), reversed(straight.inputs(*unit))))


def test_a_batch_of_a_data_set_and_an_array_of_a_scene_become_the_same() -> None:
    sample, preprocessing, cpu = batch(), Preprocessing(), torch.device("cpu")
    for stored, expected in zip((sample.before, sample.after), dates_in_unit(sample, cpu), strict=True):
        scene = stored.permute(0, 2, 3, 1).numpy()
        valid = np.ones(scene.shape[:3], bool)
        assert torch.equal(preprocessing.to_unit(scene, valid, value_limits(scene), cpu), expected)

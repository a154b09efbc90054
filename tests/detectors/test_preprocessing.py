"""From stored dates to what the network takes: one way for training, testing and prediction."""

import numpy as np
import pytest
import torch

from minenetcd.configs.value_range import ValueRange
from minenetcd.detectors.preprocessing import Preprocessing
from minenetcd.types import ChangeBatch

CPU = torch.device("cpu")


def batch(height: int = 40, width: int = 48, dtype: str = "uint8", bands: int = 3) -> ChangeBatch:
    top = 256 if dtype == "uint8" else 1000
    rng = np.random.default_rng(0)
    dates = torch.from_numpy(rng.integers(0, top, (2, 2, bands, height, width)).astype(dtype))
    return ChangeBatch(dates[0], dates[1], torch.zeros(2, height, width, dtype=torch.uint8), ["a", "b"])


def test_dates_come_normalised_in_the_networks_order() -> None:
    sample = batch()
    straight = Preprocessing(mean=(0.5, 0.25, 0.0), std=(0.5, 1.0, 2.0))
    unit = straight.dates_in_unit(sample, CPU)
    turned = Preprocessing(mean=straight.mean, std=straight.std, date_order=("after", "before"))
    mean, std = (torch.tensor(values).view(1, 3, 1, 1) for values in (straight.mean, straight.std))
    for found, date in zip(straight.inputs(*unit), (sample.before, sample.after), strict=True):
        torch.testing.assert_close(found, (date.float() / 255 - mean) / std)
    assert all(map(torch.equal, turned.inputs(*unit), reversed(straight.inputs(*unit))))


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int16", "int32", "float32", "float64"])
@pytest.mark.parametrize("value_range", [None, (0, 255), (10, 400.5), ((0, 10, 20), (300, 400, 500))])
def test_a_batch_of_a_data_set_and_an_array_of_a_scene_become_the_same(
    dtype: str, value_range: ValueRange | None
) -> None:
    sample, preprocessing = batch(dtype=dtype), Preprocessing(value_range=value_range)
    if dtype != "uint8":  # of 8 bits in 0 to 255, data sets show black where there is no data
        sample.before[1, :, :9] = 0
        sample.mask[1, :9] = 255
    valid = sample.mask.numpy() != 255
    scenes = [date.permute(0, 2, 3, 1).numpy() for date in (sample.before, sample.after)]
    found = preprocessing.dates_in_unit(sample, CPU)
    for index in range(2):
        part = slice(index, index + 1)
        limits = preprocessing.limits(*(scene[index] for scene in scenes), valid[index])
        for scene, date, limit in zip(scenes, found, limits, strict=True):
            assert torch.equal(preprocessing.to_unit(scene[part], valid[part], limit, CPU), date[part])
    assert all(date.is_contiguous(memory_format=torch.channels_last) for date in found)
    assert min(float(date.min()) for date in found) >= 0 and max(float(date.max()) for date in found) <= 1


def test_a_data_sets_range_serves_a_detector_that_has_none() -> None:
    sample = batch(dtype="uint16")
    (stated, _), (own, _) = (
        Preprocessing(value_range=value_range).dates_in_unit(sample, CPU, (0, 1000)) for value_range in (None, (0, 300))
    )
    torch.testing.assert_close(stated, sample.before.float() / 1000)
    torch.testing.assert_close(own, (sample.before.float() / 300).clamp(0, 1))

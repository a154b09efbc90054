import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from minenetcd.data.synthetic_dataset import SyntheticScenes, render, synthetic_seeds
from minenetcd.data.transforms import augment, jitter, random_crop, sample_generator, turn_and_flip
from minenetcd.types import ChangeSample


def sample(side: int = 24) -> ChangeSample:
    """Both dates and the mask hold the same picture, so that any unequal move shows."""
    picture = torch.arange(side * side, dtype=torch.int64).remainder(251).to(torch.uint8).view(side, side)
    return ChangeSample(picture.expand(3, -1, -1), picture.expand(3, -1, -1), picture, "one")


@settings(deadline=None)
@given(seed=st.integers(0, 9999))
def test_dates_and_mask_move_together(seed: int) -> None:
    rng = np.random.default_rng(seed)
    moved = turn_and_flip(random_crop(sample(), rng, side=16), rng)
    assert moved.mask.shape == (16, 16)
    assert torch.equal(moved.before[0], moved.mask) and torch.equal(moved.after[2], moved.mask)


def test_a_sample_is_the_same_for_the_same_seed_epoch_and_index() -> None:
    one, two, other = (augment(sample(), sample_generator(1, 2, i), crop=16) for i in (3, 3, 4))
    assert all(torch.equal(a, b) for a, b in zip(one[:3], two[:3], strict=True))
    assert not all(torch.equal(a, b) for a, b in zip(one[:3], other[:3], strict=True))


def test_tone_is_changed_in_each_date_by_itself_and_stays_monotone() -> None:
    ramp = torch.arange(256, dtype=torch.uint8).view(1, 16, 16).expand(3, -1, -1)
    rng = np.random.default_rng(0)
    first, second = jitter(ramp, rng), jitter(ramp, rng)
    assert first.dtype == torch.uint8 and not torch.equal(first, second)
    assert (first.flatten(1).int().diff(dim=1) >= 0).all()


def test_scenes_are_rendered_once_and_read_back_as_drawn(tmp_path) -> None:
    told: list[tuple[int, int]] = []
    seeds = synthetic_seeds("val", 3)
    paths = render(seeds, tmp_path, size=32, workers=2, progress=lambda *done: told.append(done))
    times = [path.stat().st_mtime_ns for path in paths]
    assert told[-1] == (3, 3)
    assert render(seeds, tmp_path, size=32, workers=2, progress=lambda *done: told.append(done)) == paths
    assert [path.stat().st_mtime_ns for path in paths] == times
    scenes = SyntheticScenes(paths)
    assert (
        len(scenes) == 3 and scenes[0].before.shape == (3, 32, 32) and set(scenes[0].mask.unique().tolist()) <= {0, 1}
    )


def test_splits_share_no_seed() -> None:
    splits = [set(synthetic_seeds(split, 100_000)) for split in ("train", "val", "test")]
    assert len(set.union(*splits)) == 300_000
    with pytest.raises(KeyError):
        synthetic_seeds("demo", 1)

"""Which pairs are kept and shown, and that what was kept comes back."""

from pathlib import Path

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from minenetcd.benchmark.measuring.samples import SampleCollector, choose_samples, kept_names, read_images, read_masks
from minenetcd.types import ChangeBatch

NAMES = st.text(
    st.characters(codec="utf-8", exclude_characters="\0", exclude_categories=("Cs",)), min_size=1, max_size=8
)


def test_other_numbers_are_kept_as_a_picture_that_shows_both_dates_alike(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    before = rng.integers(1000, 2000, (1, 6, 30, 30)).astype(np.float32)
    after = 2 * before
    after[0, :, 0, 0] = np.nan
    samples = SampleCollector(["a"], tmp_path, threshold=0.5)
    truth = torch.zeros(1, 30, 30, dtype=torch.uint8)
    samples(ChangeBatch(torch.from_numpy(before), torch.from_numpy(after), truth, ["a"]), torch.zeros(1, 30, 30))
    images = read_images(tmp_path, "a")
    assert images is not None and images["before"].shape == (30, 30, 3)
    assert images["after"].mean() > 1.5 * images["before"].mean()
    assert (images["before"][0, 0] == 255).all() and (images["after"][0, 0] == 255).all()


@given(
    masks=st.dictionaries(
        NAMES, array_shapes(min_dims=2, max_dims=2, max_side=9).flatmap(lambda s: arrays(bool, s)), max_size=4
    )
)
@settings(max_examples=40, deadline=None)
def test_masks_come_back_as_they_were(tmp_path_factory, masks: dict[str, np.ndarray]) -> None:
    folder = tmp_path_factory.mktemp("kept")
    samples = SampleCollector(list(masks), folder / "images", threshold=0.5)
    samples.masks = masks
    samples.write(folder / "masks.npz")
    found = read_masks(folder / "masks.npz")
    assert found.keys() == masks.keys()
    assert all(np.array_equal(found[name], mask) for name, mask in masks.items())


def test_a_keeper_keeps_masks_and_images_of_its_names_alone(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    dates = [torch.from_numpy(rng.integers(0, 255, (2, 4, 5, 6), dtype=np.uint8)) for _ in range(2)]
    truth = torch.from_numpy(rng.integers(0, 2, (2, 5, 6), dtype=np.uint8))
    probability = torch.from_numpy(rng.random((2, 5, 6), dtype=np.float32))
    samples = SampleCollector(["a/b"], tmp_path / "images", threshold=0.25)
    samples(ChangeBatch(*dates, truth, ["a/b", "other"]), probability)
    samples.write(tmp_path / "masks.npz")
    assert np.array_equal(read_masks(tmp_path / "masks.npz")["a/b"], probability[0].numpy() >= 0.25)
    images = read_images(tmp_path / "images", "a/b")
    assert np.array_equal(images["after"], dates[1][0, :3].permute(1, 2, 0).numpy())
    assert np.array_equal(images["truth"], truth[0].numpy())
    assert read_images(tmp_path / "images", "other") is None
    assert len(list((tmp_path / "images").iterdir())) == 3


def test_nothing_kept_is_nothing_written(tmp_path: Path) -> None:
    samples = SampleCollector([], tmp_path / "images", threshold=0.5)
    samples.write(tmp_path / "masks.npz")
    assert read_masks(tmp_path / "masks.npz") == {} == read_masks(tmp_path / "none.npz")
    assert not (tmp_path / "images").exists()


@given(names=st.lists(NAMES, unique=True, max_size=20), count=st.integers(0, 8), data=st.data())
def test_the_kept_pairs_depend_on_names_alone(names: list[str], count: int, data: st.DataObject) -> None:
    kept = kept_names(names, count)
    assert kept == kept_names(data.draw(st.permutations(names)), count)
    assert len(kept) == min(count, len(names)) and set(kept) <= set(names)
    assert set(kept_names([*names, "one more name"], count)) - {"one more name"} <= set(kept)


def test_samples_stand_at_their_quantiles() -> None:
    f1 = {f"pair {index:03d}": index / 100 for index in range(101)}
    assert choose_samples(f1, (0.1, 0.5, 0.9)) == {"pair 010": 0.1, "pair 050": 0.5, "pair 090": 0.9}
    assert choose_samples({"only": 0.3}, (0.1, 0.9)) == {"only": 0.1}  # no pair twice
    assert choose_samples({}, (0.5,)) == {}

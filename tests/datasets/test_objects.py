"""Any object with a length and items (before, after, mask) is a data set, and says in one line what is wrong."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from minenetcd.data.loading import make_loader
from minenetcd.datasets.catalog import load_dataset
from minenetcd.datasets.objects import as_dataset
from minenetcd.errors import DataError
from minenetcd.examining.audit.all_checks import audit_splits


class Drawn:
    """Pairs of 40 x 48 pixels drawn from their number."""

    def __init__(self, count: int = 5) -> None:
        self.count = count

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> Any:
        rng = np.random.default_rng(index)
        before, after = rng.integers(0, 256, (2, 40, 48, 3), dtype=np.uint8)
        return before, after, rng.random((40, 48)) > 0.7


def test_arrays_images_and_tensors_are_the_same_pairs() -> None:
    arrays = [Drawn()[index] for index in range(5)]
    images = [(Image.fromarray(before), Image.fromarray(after), mask) for before, after, mask in arrays]
    tensors = [
        (*(torch.from_numpy(date).permute(2, 0, 1) for date in dates), torch.from_numpy(mask).to(torch.int64))
        for *dates, mask in arrays
    ]
    lazy, *others = (as_dataset(pairs, split="train") for pairs in (Drawn(), arrays, images, tensors))
    assert len(lazy) == 5 and lazy.names[3] == "000003" and lazy[3].name == "000003"
    assert lazy.facts.source == "object:Drawn" and lazy.facts.split == "train"
    for other in others:
        assert other.facts.fingerprint == lazy.facts.fingerprint
        for one, two in zip(lazy[3][:3], other[3][:3], strict=True):
            assert torch.equal(one, two) and two.dtype == torch.uint8
    before, _, mask = arrays[3]
    assert np.array_equal(lazy[3].before.permute(1, 2, 0).numpy(), before)
    assert np.array_equal(lazy[3].mask.numpy(), mask)


def test_names_of_the_object_are_kept_and_change_the_fingerprint() -> None:
    class Named(Drawn):
        names = ("a", "b", "c", "d", "e")

    assert as_dataset(Named(), split="val")[4].name == "e"
    fingerprints = {as_dataset(pairs, split="val").facts.fingerprint for pairs in (Named(), Drawn(), Drawn(4))}
    assert len(fingerprints) == 3


@pytest.mark.parametrize("names", [[1, 2, 3, 4, 5], 5, ["a", "b", "c", "d", None], str.lower])
def test_names_that_are_no_texts_are_refused(names: object) -> None:
    pairs = Drawn()
    pairs.names = names
    with pytest.raises(DataError, match=r"^The names of object:Drawn \(train\) need to be texts, got [^\n]*: correct"):
        as_dataset(pairs, split="train")


@pytest.mark.parametrize("count", [-1, 2.5, None])
def test_a_length_that_is_none_is_refused(count: Any) -> None:
    with pytest.raises(DataError, match=r"^Pairs need a length, that of object:Drawn \(train\) is none [^\n]*__len__"):
        as_dataset(Drawn(count), split="train")


def test_a_data_set_stays_what_it_is() -> None:
    dataset = as_dataset(Drawn(), split="train")
    assert as_dataset(dataset, split="val") is dataset


@pytest.mark.parametrize("workers", [0, 2])
def test_pairs_come_through_workers(workers: int) -> None:
    batches = list(make_loader(as_dataset(Drawn(), split="train"), batch_size=2, workers=workers, seed=0))
    assert [batch.names for batch in batches] == [["000000", "000001"], ["000002", "000003"], ["000004"]]
    assert torch.equal(batches[1].after[1], as_dataset(Drawn(), split="train")[3].after)


@pytest.mark.filterwarnings("ignore:Got pickle error")  # torch's own words for the same
def test_a_data_set_that_cannot_go_to_workers_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where processes are not forked, as on Windows and macOS, the data set is pickled."""

    class Local(Drawn):
        pass

    loader = make_loader(as_dataset(Local(), split="train"), batch_size=2, workers=1, seed=0)
    monkeypatch.setattr(loader, "multiprocessing_context", "spawn")
    with pytest.raises(DataError, match=r"define its class at the top of a module, or .*data\.workers=0"):
        next(iter(loader))


def wrong(change: Callable[[list[Any]], Any]) -> list[Any]:
    return [change(list(Drawn()[0]))]


@pytest.mark.parametrize(
    ("pairs", "message"),
    [
        (3, "need a length and items .*, got int"),
        ([], "is needed|has none"),
        (
            wrong(lambda pair: pair[:2]),
            r"'000000' of object:list \(train\) needs .*, got list",
        ),
        (wrong(lambda pair: "abc"), "got str"),
        (
            wrong(lambda pair: [pair[0] > 9, *pair[1:]]),
            "before image of .* whole numbers or fractions, got bool: bring",
        ),
        (wrong(lambda pair: [pair[0].astype(complex), *pair[1:]]), "fractions, got complex128: bring"),
        (wrong(lambda pair: [pair[0], "x", pair[2]]), "after image of .* array or a tensor, got str"),
        (wrong(lambda pair: [pair[0], pair[1], pair[2].astype(float)]), "bools or whole numbers .*, got float64"),
        (wrong(lambda pair: [pair[0], pair[1], pair[2] * 7]), "mask of .* holds 7: 0 unchanged, 1 changed and 255"),
        (wrong(lambda pair: [pair[0], pair[1], pair[2] * np.uint8(255)]), "hold 255 and never 1: .* return mask > 0"),
        (wrong(lambda pair: [pair[0], pair[1][:8], pair[2]]), r"got \(3, 40, 48\), \(3, 8, 48\), \(40, 48\): crop"),
        (wrong(lambda pair: [pair[0].transpose(2, 0, 1), *pair[1:]]), "arrays have their bands last"),
        (wrong(lambda pair: [pair[0][None], *pair[1:]]), r"needs an array \(H, W, C\) or a tensor"),
    ],
)
def test_what_is_no_pair_is_told_in_one_line(pairs: Any, message: str) -> None:
    with pytest.raises(DataError, match=message) as caught:
        _ = as_dataset(pairs, split="train").facts
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("pairs", "fault"),
    [
        (wrong(lambda pair: [pair[0], pair[1], pair[2] * 7]), "mask values"),
        (wrong(lambda pair: [pair[0], pair[1][:8], pair[2]]), "unequal sizes"),
        (wrong(lambda pair: "abc"), "unreadable"),
    ],
)
def test_an_audit_says_what_is_wrong_with_a_pair(pairs: Any, fault: str) -> None:
    found = audit_splits("pairs", {"train": as_dataset(pairs, split="train")}).findings
    assert [finding.check for finding in found] == [fault]


def test_an_object_that_fails_is_named_also_from_a_worker() -> None:
    class Failing(Drawn):
        def __getitem__(self, index: int) -> Any:
            return {}["no\nsuch key"]

    def load(workers: int) -> None:
        list(make_loader(as_dataset(Failing(1), split="train"), batch_size=1, workers=workers, seed=0))

    for workers in (0, 1):
        with pytest.raises(DataError, match=r"^Pair '000000' of object:Failing .* be read \(KeyError[^\n]*$"):
            load(workers)


def test_what_was_handed_over_is_not_opened_by_name() -> None:
    with pytest.raises(DataError, match="handed over in Python and stand in no file"):
        load_dataset("object:Drawn", "train")

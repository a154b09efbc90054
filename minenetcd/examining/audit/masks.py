"""Which masks leave a data set without one meaning of their values: one such mask makes all its pairs unreadable."""

from collections import Counter
from collections.abc import Mapping

from minenetcd.constants import UNKNOWN
from minenetcd.data.dataset import ChangeDataset
from minenetcd.data.reading.decode import MaskError, decode_mask
from minenetcd.data.reading.headers import DecodeError
from minenetcd.data.reading.mask_values import some_values, values_of
from minenetcd.data.reading.stored_pairs import StoredPairs
from minenetcd.display.words import counted
from minenetcd.examining.audit.finding import Finding


def check_mask_values(datasets: Mapping[str, ChangeDataset]) -> dict[str, Finding]:
    """Splits whose masks hold too many values, and the masks that are to blame: those unlike most."""
    refused = {split: dataset for split, dataset in datasets.items() if not _has_one_meaning(dataset)}
    return {split: _blame(split, dataset) for split, dataset in refused.items() if isinstance(dataset, StoredPairs)}


def _has_one_meaning(dataset: ChangeDataset) -> bool:
    if not isinstance(dataset, StoredPairs) or not len(dataset):
        return True
    try:
        return dataset.mask_values is not None
    except MaskError:
        return False


def _blame(split: str, dataset: StoredPairs) -> Finding:
    found = {name: values for index, name in enumerate(dataset.names) if (values := _values(dataset, index))}
    left_out = {0, dataset.options.not_labelled}
    changes = Counter(next(iter(values - left_out)) for values in found.values() if len(values - left_out) == 1)
    usual = changes.most_common(1)[0][0] if changes else None
    meant = left_out | ({1, UNKNOWN} if usual == 1 else {usual})
    odd = {name: values for name, values in found.items() if values - meant}
    expected = "one value for change" if usual is None else str(usual)
    message = (
        f"{counted(len(odd), 'mask')} of {split} with values beside 0 and {expected}: none of its pairs can be read"
    )
    names = {name: f"{split}/{name}" for name in odd}
    details = tuple(f"{names[name]}: {some_values(values)}" for name, values in odd.items())
    return Finding("error", "mask values", message, tuple(names.values()), details)


def _values(dataset: StoredPairs, index: int) -> set[int]:
    """Nothing for a mask that cannot be read, which another check reports."""
    try:
        return values_of(decode_mask(dataset.encoded_mask(index), dataset.options))
    except (DecodeError, OSError):
        return set()

"""Pairs handed over in Python: any object with a length and items (before, after, mask), as a data set."""

import hashlib
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any, Protocol, runtime_checkable

import numpy as np
import torch
from torch import Tensor

from minenetcd.configs.schema import HANDED_OVER
from minenetcd.configs.value_range import check_value_range
from minenetcd.constants import UNKNOWN
from minenetcd.data.dataset import ChangeDataset, DatasetFacts, PairError
from minenetcd.data.reading.stored_pairs import spread
from minenetcd.errors import DataError, one_line
from minenetcd.types import ChangeSample

PAIRS_READ = 64  # by the fingerprint
PAIRS_SEARCHED = 1024  # for a changed pixel, while masks hold 255 and no 1


@runtime_checkable
class Pairs(Protocol):
    """What can stand for a data set: item i is the before image, the after image and the mask of pair i.

    Images are arrays (H, W, C) or (H, W), PIL images, or tensors (C, H, W) of any real numbers, which stay as they are;
    where one is NaN or infinite in any band, there is no data. Masks (H, W) are bool, or whole numbers: 0 unchanged, 1
    changed, 255 not labelled. Attributes are used where there are any: `names`, unique words, and `value_range`, the
    values that become 0 and 1.
    """

    def __len__(self) -> int: ...

    def __getitem__(self, index: int, /) -> Any: ...


class ObjectPairs(ChangeDataset):
    """`pairs` with what they lack as a data set: names, a fingerprint, and checks of each pair.

    `facts.fingerprint` is a digest of the number of pairs, their names and all of 64 pairs evenly spread.
    """

    def __init__(self, pairs: Pairs, *, split: str, source: str | None = None) -> None:
        self.pairs, self.split = pairs, split
        self.value_range = getattr(pairs, "value_range", None)
        if self.value_range is not None:
            check_value_range(self.value_range)
        self.source = source or f"{HANDED_OVER}{type(pairs).__name__}"
        what = f"{self.source} ({split})"
        try:
            count = len(pairs)
        except Exception as error:  # what is in there is not ours: a length below 0, or that is not whole
            reason = one_line(error, with_kind=True)
            raise DataError(f"Pairs need a length, that of {what} is none ({reason}): mend its __len__.") from error
        if not count:
            raise DataError(f"Pairs are needed, {what} has none: fill it.")
        names = getattr(pairs, "names", None)
        if names is None:
            names = [f"{index:06d}" for index in range(count)]
        words = list(names) if isinstance(names, Iterable) else [names]
        others = [word for word in words if not isinstance(word, str)]
        if others:
            raise DataError(f"The names of {what} need to be texts, got {others[0]!r:.60}: correct or omit them.")
        self.names: Sequence[str] = words
        if len(self.names) != count or len(set(self.names)) != count:
            raise DataError(
                f"The names of {what} need to be as many as its {count} pairs and all different, got "
                f"{len(self.names)}, {len(set(self.names))} of them different: correct them."
            )

    def __getitem__(self, index: int) -> ChangeSample:
        pair = f"{self.names[index]!r} of {self.source} ({self.split})"
        before, after, mask = self._parts(index, pair)
        dates = [_image(date, f"The {word} image of {pair}") for date, word in ((before, "before"), (after, "after"))]
        label = _mask(mask, f"The mask of {pair}")
        if dates[0].shape != dates[1].shape or dates[0].shape[1:] != label.shape:
            shapes = ", ".join(str(tuple(part.shape)) for part in (*dates, label))
            raise PairError(
                f"Pair {pair} needs dates of one shape (C, H, W) and a mask (H, W), got {shapes}: crop them alike; "
                "arrays have their bands last, tensors first.",
                "unequal sizes",
            )
        for number, date in enumerate(dates):
            if date.is_floating_point() and not (known := date.isfinite().all(dim=0)).all():
                dates[number], label = torch.where(known, date, 0), torch.where(known, label, UNKNOWN)
        return ChangeSample(dates[0], dates[1], label, self.names[index])

    def _parts(self, index: int, pair: str) -> Sequence[Any]:
        """Before, after and mask as the object gives them."""
        try:
            item = self.pairs[index]
        except Exception as error:  # what is in there is not ours
            reason = one_line(error, with_kind=True)
            raise DataError(f"Pair {pair} cannot be read ({reason}): mend it, or leave it out.") from error
        parts = item[:3] if isinstance(item, ChangeSample) else item
        if not isinstance(parts, tuple | list) or len(parts) != 3:
            raise DataError(f"Pair {pair} needs to be (before, after, mask), got {type(item).__name__}: return these.")
        return parts

    @cached_property
    def facts(self) -> DatasetFacts:  # made when it is first asked for
        return DatasetFacts(self.source, self.split, self._fingerprint())

    def _fingerprint(self) -> str:
        digest = hashlib.blake2b("\n".join(self.names).encode(), digest_size=8)
        found: set[int] = set()
        for count, index in enumerate(spread(len(self))[:PAIRS_SEARCHED]):
            if count >= PAIRS_READ and not _says_no_change(found):
                break
            sample = self[index]
            found |= set(sample.mask.unique().tolist())
            if count < PAIRS_READ:
                for part in sample[:3]:
                    digest.update(repr(tuple(part.shape)).encode() + part.numpy().tobytes())
        if _says_no_change(found):
            raise DataError(
                f"The masks of {self.source} ({self.split}) hold {UNKNOWN} and never 1: {UNKNOWN} stands for pixels "
                "that are not labelled; where it means changed, return mask > 0."
            )
        return digest.hexdigest()


def as_dataset(pairs: Pairs, *, split: str, source: str | None = None) -> ChangeDataset:
    """`pairs` as a data set, which they may be already; `split` is what they are called, `source` where they are from.

    Raises DataError for what has no length or no items, and, pair by pair, for what is no (before, after, mask).
    """
    if isinstance(pairs, ChangeDataset):
        return pairs
    if not isinstance(pairs, Pairs):
        raise DataError(
            f"Pairs need a length and items (before, after, mask), got {type(pairs).__name__}: give it __len__ and "
            "__getitem__, or name a data set."
        )
    return ObjectPairs(pairs, split=split, source=source)


def _image(part: Any, what: str) -> Tensor:
    """(C, H, W) of real numbers."""
    pixels = _tensor(part, what)
    if pixels.dtype == torch.bool or pixels.is_complex():
        raise DataError(f"{what} needs to be whole numbers or fractions, got {_dtype(pixels)}: bring it to uint8.")
    if pixels.ndim == 2:
        pixels = pixels[None]
    elif pixels.ndim == 3 and not isinstance(part, Tensor):
        pixels = pixels.permute(2, 0, 1)
    if pixels.ndim != 3:
        raise DataError(
            f"{what} needs an array (H, W, C) or a tensor (C, H, W), got shape {tuple(pixels.shape)}: reshape it."
        )
    return pixels.contiguous()


def _mask(part: Any, what: str) -> Tensor:
    """uint8 (H, W) of 0, 1 and UNKNOWN."""
    mask = _tensor(part, what)
    if mask.dtype.is_floating_point or mask.ndim != 2:
        raise DataError(
            f"{what} needs bools or whole numbers (H, W), got {_dtype(mask)} {tuple(mask.shape)}: return mask > 0."
        )
    other = mask[(mask != 0) & (mask != 1) & (mask != UNKNOWN)]
    if len(other):
        some = ", ".join(str(value) for value in other.unique()[:5].tolist())
        raise PairError(
            f"{what} holds {some}: 0 unchanged, 1 changed and {UNKNOWN} not labelled are understood; return mask > 0.",
            "mask values",
        )
    return mask.to(torch.uint8).contiguous()


def _tensor(part: Any, what: str) -> Tensor:
    """A copy of an array, a tensor as it is."""
    if isinstance(part, Tensor):
        return part.detach().cpu()
    try:
        return torch.from_numpy(np.array(part, order="C"))
    except (TypeError, ValueError) as error:
        raise DataError(f"{what} needs to be an array or a tensor, got {type(part).__name__}: convert it.") from error


def _dtype(tensor: Tensor) -> str:
    return str(tensor.dtype).removeprefix("torch.")


def _says_no_change(found: set[int]) -> bool:
    return UNKNOWN in found and 1 not in found

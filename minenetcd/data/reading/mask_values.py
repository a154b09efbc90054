"""What the values of a data set's masks mean: 0 unchanged, one positive value changed, perhaps one not labelled."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from minenetcd.constants import UNKNOWN
from minenetcd.data.reading.decode import Mask, MaskError

_OTHER = 2  # marks, while a mask is translated, the values it should not hold


@dataclass(frozen=True)
class MaskValues:
    """The mask value that means changed, and the one that means not labelled; None where a data set has none.

    The rule: 0 is unchanged. One positive value, whichever, is changed: 0/1, 0/255, 0/7. Beside 0 and 1, 255 is not
    labelled. Any other combination is refused, and `not_labelled` names another value to leave out. A data set has one
    meaning for all its masks, found from many of them: in a set whose masks hold 0, 1 and 255, one that happens to
    hold 0 and 255 only is unchanged and not labelled.
    """

    changed: int | None = None
    not_labelled: int | None = None

    @classmethod
    def of(cls, found: Iterable[int], *, not_labelled: int | None = None) -> "MaskValues":
        """The meaning of the values `found`, 0 included or not. MaskError where there is none."""
        others = sorted(set(found) - {0, not_labelled})
        if not others:
            return cls(None, not_labelled)
        if len(others) == 1 and others[0] > 0:
            return cls(others[0], not_labelled)
        if others == [1, UNKNOWN] and not_labelled is None:
            return cls(1, UNKNOWN)
        raise MaskError(
            f"a mask needs 0 and one value for change (or 0, 1 and 255 for not labelled), found {some_values(found)}"
        )

    def translate(self, mask: Mask) -> NDArray[np.uint8]:
        """The mask (H, W) with 0 unchanged, 1 changed, 255 not labelled. MaskError for any other value in it."""
        known = self
        if self.changed is None:  # no mask read so far holds a change: this one decides
            known = MaskValues.of(values_of(mask), not_labelled=self.not_labelled)
        translated = known._translated(mask.values)
        if mask.valid is not None:
            translated[~mask.valid] = UNKNOWN
        if (translated == _OTHER).any():
            expected = ", ".join(str(value) for value in known._meanings())
            raise MaskError(
                f"the masks of this data set hold {expected}, this one holds {some_values(values_of(mask))}"
            )
        return translated

    def _translated(self, values: NDArray) -> NDArray[np.uint8]:
        meanings = self._meanings()
        if values.dtype == np.uint8:
            table = np.full(256, _OTHER, np.uint8)
            for value, meaning in meanings.items():
                table[value : value + 1] = meaning  # a value over 255 is none of these
            return table[values]
        return np.select([values == value for value in meanings], list(meanings.values()), _OTHER).astype(np.uint8)

    def _meanings(self) -> dict[int, int]:
        """Value in the files -> in samples."""
        known = {self.changed: 1, self.not_labelled: UNKNOWN}
        return {0: 0} | {value: meaning for value, meaning in known.items() if value is not None}


def values_of(mask: Mask) -> set[int]:
    """The values a mask holds where it is valid."""
    values = mask.values if mask.valid is None else mask.values[mask.valid]
    if values.dtype == np.uint8:
        return set(np.flatnonzero(np.bincount(values.ravel(), minlength=256)).tolist())
    return set(np.unique(values).tolist())


def some_values(values: Iterable[int]) -> str:
    """Values in order, the first eight of many."""
    values = sorted(set(values))
    return ", ".join(map(str, values[:8])) + (f", ... ({len(values)} values)" if len(values) > 8 else "")

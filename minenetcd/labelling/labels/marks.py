"""What a person did at a desk, one row for each act."""

import zlib
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from minenetcd.constants import UNKNOWN

#: Of a mark, as masks have it.
CHANGED, UNCHANGED, NOT_LABELLED = 1, 0, UNKNOWN

_MOST_BYTES = 2**29  # of numbers of segments, of which the largest desks have fewer

#: "mark": segments were called changed, unchanged or not labelled. "proposal", "rest": the same, of many at once.
#: "split": segments are never shown coarser than at a scale. "merge": segments became one.
Kind = Literal["mark", "proposal", "rest", "split", "merge"]


@dataclass(frozen=True)
class Mark:
    """One act: `members` are segments of the finest scale, `value` that of a mark, `level` the number of a scale."""

    kind: Kind
    members: NDArray[np.int32]
    value: int | None = None
    level: int | None = None


def packed(members: NDArray[np.int32]) -> bytes:
    """Numbers of segments for a database: sorted, as distances, compressed."""
    return zlib.compress(np.diff(np.sort(members), prepend=np.int32(0)).astype("<i4").tobytes())


def unpacked(data: bytes) -> NDArray[np.int32]:
    """ValueError for bytes that `packed` has not made."""
    try:
        stream = zlib.decompressobj()
        plain = stream.decompress(data, _MOST_BYTES)
    except (zlib.error, TypeError) as error:
        raise ValueError("the segments of a mark are damaged") from error
    if not stream.eof:  # it is cut off, or goes on for longer than any desk
        raise ValueError("the segments of a mark are damaged")
    members = np.cumsum(np.frombuffer(plain, "<i4"), dtype=np.int32)
    if len(members) and members.min() < 0:
        raise ValueError("the segments of a mark are damaged")
    return members

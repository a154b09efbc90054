"""The polygons of a result with what people said of them, as they were found and as people left them."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import shapely
from numpy.typing import NDArray

from minenetcd.geo.polygons.vector_files import read_polygons
from minenetcd.labelling.verdicts.polygons_file import polygons_file
from minenetcd.labelling.verdicts.store import Verdicts


@dataclass(frozen=True)
class Reviewed:
    """N polygons: `status` of each ("" where nobody judged), its outline when it was found, and as it is now."""

    status: NDArray[np.str_]
    first: NDArray[np.object_]
    current: NDArray[np.object_]

    def count(self, status: str) -> int:
        return int((self.status == status).sum())

    def checksum(self, *others: str) -> str:
        """Of all that is said here, and of what has the checksums `others`."""
        sums = hashlib.sha256("\n".join([*self.status, *others]).encode())
        for outline in (*self.first, *self.current):
            sums.update(shapely.to_wkb(outline, byte_order=1))
        return sums.hexdigest()


def read_reviewed(folder: Path) -> Reviewed:
    """Those of the result in `folder`. InputError where they cannot be read."""
    now = Verdicts(folder).polygons().set_index("id")
    found = read_polygons(polygons_file(folder)).dropna(subset=["id"]).set_index("id").loc[now.index]
    status = np.asarray(now["status"].fillna("").astype(str), dtype=str)
    return Reviewed(status, found.geometry.to_numpy(), now.geometry.to_numpy())

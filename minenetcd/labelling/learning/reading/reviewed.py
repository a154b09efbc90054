"""The polygons of a result with what people said of them, as they were found and as people left them."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
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


def read_reviewed(folder: Path) -> Reviewed:
    """Those of the result in `folder`. InputError where they cannot be read."""
    found = read_polygons(polygons_file(folder)).set_index("id")
    now = Verdicts(folder).polygons().set_index("id").loc[found.index]
    status = np.asarray(now["status"].fillna("").astype(str), dtype=str)
    return Reviewed(status, found.geometry.to_numpy(), now.geometry.to_numpy())

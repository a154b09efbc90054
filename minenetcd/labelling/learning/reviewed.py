"""The polygons of a result with what people said of them."""

from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import pyogrio
from numpy.typing import NDArray

from minenetcd.errors import DataError, one_line

LAYER, EDITED = "change", "edited"


@dataclass(frozen=True)
class Reviewed:
    """N polygons: `status` of each ("" where nobody judged), its outline when it was found, and as it is now."""

    status: NDArray[np.str_]
    first: NDArray[np.object_]
    current: NDArray[np.object_]

    def count(self, status: str) -> int:
        return int((self.status == status).sum())


def read_reviewed(polygons: Path) -> Reviewed:
    """Those of the GeoPackage `polygons`. DataError where it cannot be read."""
    try:
        layers = pyogrio.list_layers(polygons)[:, 0].tolist()
        frame = gpd.read_file(polygons, layer=LAYER)
        edited = gpd.read_file(polygons, layer=EDITED) if EDITED in layers else None
    except (OSError, ValueError, pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError) as error:
        raise DataError(f"{polygons} cannot be read ({one_line(error)}): predict again.") from error
    status = frame["status"].fillna("").astype(str) if "status" in frame else [""] * len(frame)
    current = dict(zip(frame["id"], frame.geometry, strict=True))
    if edited is not None:
        current |= dict(zip(edited["id"], edited.geometry, strict=True))
    first = frame.geometry.to_numpy()
    now = np.empty(len(frame), object)
    now[:] = [current[number] for number in frame["id"]]
    return Reviewed(np.asarray(status, dtype=str), first, now)

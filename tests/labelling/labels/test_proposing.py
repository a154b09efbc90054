"""What a map of change proposes."""

from pathlib import Path

import numpy as np
import pytest
import rasterio

from fixtures.scene_files import utm_grid, write_geotiff
from labelling.drawn_pair import CHANGED, SIDE, UNCHANGED, DrawnPair
from minenetcd.errors import DataError, InputError
from minenetcd.labelling.labels.desk import open_desk
from minenetcd.prediction.scene import predict_scene
from prediction.stand_in import Difference

pytestmark = pytest.mark.needs("numba")


def test_a_proposal_marks_what_the_map_mostly_calls_changed_and_leaves_what_was_marked(
    tmp_path: Path, pair: DrawnPair, folder: Path
) -> None:
    result = tmp_path / "change"
    predict_scene(Difference(), pair.before, pair.after, result).close()
    with rasterio.open(result / "change.tif") as raster:
        mapped = raster.read(1) == 1
    with open_desk(folder, result=result) as desk:
        assert desk.proposes
        column, row = (int(place[0]) for place in np.nonzero(mapped.T))
        desk.mark([(column + 0.5, row + 0.5)], 1, UNCHANGED)
        pixels = desk.propose(1)
        labels = desk.mask()
        assert labels[row, column] == UNCHANGED and pixels == (labels == CHANGED).sum() > 0
        units = desk.state.units(1)[desk.hierarchy.finest]
        for unit in np.unique(units[::7, ::7]):
            inside = units == unit
            if not (labels[inside] == UNCHANGED).any():
                assert (labels[inside] == CHANGED).all() == (2 * mapped[inside].sum() > inside.sum())
        desk.undo()
        assert not (desk.mask() == CHANGED).any()


def test_a_map_of_another_place_is_refused(tmp_path: Path, pair: DrawnPair, folder: Path) -> None:
    elsewhere = utm_grid(SIDE, SIDE, left=500_000, metres=2)
    dates = [tmp_path / "a.tif", tmp_path / "b.tif"]
    for path, source in zip(dates, pair[:2], strict=True):
        with rasterio.open(source) as raster:
            write_geotiff(path, np.moveaxis(raster.read(), 0, -1), elsewhere)
    predict_scene(Difference(), *dates, tmp_path / "change").close()
    with pytest.raises(DataError, match="shows another"), open_desk(folder, result=tmp_path / "change"):
        pass
    with pytest.raises(InputError, match="holds none"), open_desk(folder, result=tmp_path):
        pass

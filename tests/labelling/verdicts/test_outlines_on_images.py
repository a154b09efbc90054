"""Outlines that people draw lie on the images: what reaches beyond is cut off, what lies beside is refused."""

from pathlib import Path

import pytest
import shapely

from minenetcd.errors import InputError
from minenetcd.labelling.verdicts.store import Verdicts
from minenetcd.prediction.kept.details import read_details
from minenetcd.prediction.outputs import DETAILS


@pytest.mark.parametrize("of_pictures", [False, True])
def test_what_reaches_beyond_is_cut_off(request: pytest.FixtureRequest, of_pictures: bool) -> None:
    result: Path = request.getfixturevalue("picture_result" if of_pictures else "result")
    images = shapely.box(*read_details(result / DETAILS).facts.grid.bounds)
    verdicts = Verdicts(result)
    verdicts.give(1, "accepted", by="Ann", geometry=images.buffer(400_000).envelope)
    frame = verdicts.polygons().set_index("id")
    assert frame.geometry[1].equals(images)
    assert frame.area_px[1] == 10_000 if of_pictures else 99 < frame.area_ha[1] < 101
    part = shapely.box(images.bounds[0] - 5, images.bounds[1] - 5, images.bounds[0] + 5, images.bounds[1] + 7)
    verdicts.give(1, "accepted", by="Ann", geometry=part)
    assert verdicts.polygons().set_index("id").geometry[1].area == pytest.approx(5 * 7, rel=1e-6)


def test_what_lies_beside_is_refused(result: Path) -> None:
    west, south, east, north = read_details(result / DETAILS).facts.grid.bounds
    beside = shapely.box(east, south, east + 50, north)  # they share an edge, and no ground
    away = shapely.box(west, north + 10, east, north + 20)
    for outline in (beside, away, shapely.MultiPolygon([beside, away])):
        with pytest.raises(InputError, match="has to lie on the images, got one beside them"):
            Verdicts(result).give(1, "accepted", by="Ann", geometry=outline)
    assert Verdicts(result).revision == 0

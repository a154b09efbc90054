"""The world as figures draw it: from the package's own files, in degrees or with true areas."""

import matplotlib.pyplot as plt
import pytest
import shapely
from matplotlib.figure import Figure

from minenetcd.display.world_map import EQUAL_EARTH, countries, draw_world


@pytest.mark.parametrize(
    ("longitude", "latitude", "country", "continent"),
    [
        (28.0, -26.2, "South Africa", "Africa"),
        (27.5, -11.7, "Democratic Republic of the Congo", "Africa"),
        (-69.0, -24.2, "Chile", "South America"),
        (137.1, -4.05, "Indonesia", "Asia"),
        (-5.55, 6.8, "Ivory Coast", "Africa"),
    ],
)
def test_mines_lie_in_their_countries(longitude: float, latitude: float, country: str, continent: str) -> None:
    found = countries()[countries().contains(shapely.Point(longitude, latitude))]
    assert found[["country", "continent"]].to_numpy().tolist() == [[country, continent]]


def test_every_country_has_a_name_of_its_own() -> None:
    frame = countries()
    assert frame["country"].is_unique and frame.crs.to_epsg() == 4326
    assert frame.geometry.is_valid.mean() > 0.95
    assert not frame["country"].str.contains("Ã").any()  # read in the right encoding


def test_it_is_drawn_in_degrees_below_what_comes_later() -> None:
    axes = Figure().add_subplot()
    draw_world(axes)
    assert axes.get_xlim() == (-180, 180) and axes.get_ylim() == (-58, 84)
    assert axes.get_aspect() == 1
    points = axes.scatter([28.0], [-26.2])
    assert all(points.zorder > collection.zorder for collection in axes.collections if collection is not points)


def test_it_is_drawn_with_true_areas_and_opens_no_window() -> None:
    axes = Figure().add_subplot()
    draw_world(axes, crs=EQUAL_EARTH)
    left, right = axes.get_xlim()
    assert right == -left and right == pytest.approx(17.24e6, rel=1e-3)  # half the equator of that projection [m]
    assert plt.get_fignums() == []

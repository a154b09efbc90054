"""Figures: the same data, the same file."""

from hashlib import sha256
from pathlib import Path

import numpy as np

from minenetcd.display.figure_files import save_figure
from minenetcd.display.figure_style import figure_style, titled


def test_places_in_a_figure_have_no_digits_that_differ_from_run_to_run(tmp_path: Path) -> None:
    drawn = set()
    for _ in range(3):
        with figure_style():
            figure = titled(7, 3, "Two beside each other", "of different widths")
            left, right = figure.subplots(1, 2, width_ratios=(3, 0.37))
            left.plot([0.1, 0.7], [3, 4])
            right.imshow(np.eye(3), aspect="auto")
            save_figure(figure, tmp_path / "figure.svg")
        drawn.add(sha256((tmp_path / "figure.svg").read_bytes()).hexdigest())
        places = np.array([axes.get_position().get_points() for axes in figure.axes])
        assert np.array_equal(places, places.round(9)) and np.ptp(places[..., 0]) > 0.5
        assert all(axes.get_in_layout() for axes in figure.axes)
    assert len(drawn) == 1

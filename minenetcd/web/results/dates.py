"""Both dates of a result as layers: stretched alike, the later one moved back where that was done for the map."""

from dataclasses import replace

import numpy as np
from affine import Affine

from minenetcd.geo.adjustment import Shift
from minenetcd.geo.grid import Grid, apply, transformer
from minenetcd.geo.shift import find_shift
from minenetcd.prediction.kept.details import Details
from minenetcd.prediction.kept.images import open_images
from minenetcd.prediction.report.pictures import date_pictures
from minenetcd.web.results.layers import Layer, date_layer
from minenetcd.web.results.placement import Placement


def date_layers(details: Details, placement: Placement) -> dict[str, Layer]:
    """ "before" and "after". RasterError where an image is not here any more, or was changed since then."""
    facts = details.facts
    advice = "polygons and probability are shown without them; put the images back to see them."
    with open_images(facts, details.inputs, need="Both dates need", advice=advice, quick=True) as pair:
        stretch = date_pictures(pair).stretch
        assert stretch is not None  # that of pictures which were just made
        shift = pair.adjusted(shift=find_shift(pair)).shift if facts.options.coregister else None
        after = placement.laid(moved_back(pair.after.grid, pair.before.grid, shift))
        return {
            "before": date_layer(pair.before, Placement(placement.on_map), stretch.before),
            "after": date_layer(pair.after, Placement(after), stretch.after),
        }


def moved_back(after: Grid, before: Grid, shift: Shift | None) -> Grid:
    """Where the pixels of `after` stand on the ground of `before`, without `shift` (in pixels of `before`)."""
    if shift is None:
        return after
    back = before.transform @ ~shift.moved(before).transform  # coordinates of `before`: as shown -> as they are
    if after.crs == before.crs:
        return replace(after, transform=back @ after.transform)
    x, y = apply(after.transform, np.array([after.width / 2]), np.array([after.height / 2]))
    moved = transformer(before.wkt(), after.wkt())(*apply(back, *transformer(after.wkt(), before.wkt())(x, y)))
    offset = Affine.translation(float(moved[0][0] - x[0]), float(moved[1][0] - y[0]))  # of some pixels: nearly one
    return replace(after, transform=offset @ after.transform)

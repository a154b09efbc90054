"""Both dates of a result as layers: stretched alike, the later one moved back where that was done for the map."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from affine import Affine

from minenetcd.display.eight_bit import PairStretch
from minenetcd.geo.adjustment import Shift
from minenetcd.geo.align import AlignedPair
from minenetcd.geo.grid import Grid, apply, transformer
from minenetcd.geo.shift import find_shift
from minenetcd.prediction.kept.details import Details
from minenetcd.prediction.kept.images import open_images
from minenetcd.prediction.report.pictures import date_pictures
from minenetcd.web.results.far_copy import FarCopy, needs_copy
from minenetcd.web.results.layers import Layer, RasterLayer, date_layer
from minenetcd.web.results.placement import Placement
from minenetcd.web.results.preliminary import InTheMaking, PreliminaryLayer, pictures_of

BEFORE, AFTER = "before", "after"


def date_layers(details: Details, placement: Placement, *, waits: bool = True) -> Mapping[str, Layer]:
    """ "before" and "after". RasterError where an image is not here any more, or was changed since then.

    Where it takes long to see all of an image and nobody `waits`, the report's pictures stand in for both dates while
    they are read, and small copies are made for tiles far out.
    """
    with _opened(details) as pair:
        if waits or not (needs_copy(pair.before) or needs_copy(pair.after)):
            return _layers(details, placement, pair, _stretch(pair))
        making = InTheMaking(lambda: _with_copies(details, placement))
        pictures = pictures_of(details, placement)
        places = Placement(placement.on_map), Placement(placement.laid(pair.after.grid))
        return {
            name: PreliminaryLayer(name, place, picture, making)
            for name, place, picture in zip((BEFORE, AFTER), places, pictures, strict=True)
        }


def _opened(details: Details) -> AlignedPair:
    advice = "polygons and probability are shown without them; put the images back to see them."
    return open_images(details.facts, details.inputs, need="Both dates need", advice=advice, quick=True)


def _stretch(pair: AlignedPair) -> PairStretch:
    stretch = date_pictures(pair).stretch
    assert stretch is not None  # that of pictures which were just made
    return stretch


def _layers(details: Details, placement: Placement, pair: AlignedPair, stretch: PairStretch) -> dict[str, RasterLayer]:
    shift = pair.adjusted(shift=find_shift(pair)).shift if details.facts.options.coregister else None
    after = placement.laid(moved_back(pair.after.grid, pair.before.grid, shift))
    return {
        BEFORE: date_layer(pair.before, Placement(placement.on_map), stretch.before),
        AFTER: date_layer(pair.after, Placement(after), stretch.after),
    }


def _with_copies(details: Details, placement: Placement) -> dict[str, RasterLayer]:
    """Each file is read once, for its copy, which the stretch is found in, too."""
    with _opened(details) as pair:
        copies = {BEFORE: FarCopy(pair.before), AFTER: FarCopy(pair.after)}
        before, after = (copy.opened() for copy in copies.values())
        with AlignedPair(before, after, grid=before.grid) as small:
            layers = _layers(details, placement, pair, _stretch(small))
    return {name: replace(layer, far=copies[name]) for name, layer in layers.items()}


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

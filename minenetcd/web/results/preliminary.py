"""What is shown of images while they are read: the report's pictures, in place of their layers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from threading import Event, Thread

import numpy as np
from numpy.typing import NDArray
from rasterio.enums import Resampling
from rasterio.warp import reproject

from minenetcd.errors import MineNetCDError, one_line
from minenetcd.geo.grid import Grid
from minenetcd.prediction.kept.details import Details
from minenetcd.web.results.far_copy import in_pixels
from minenetcd.web.results.layers import Layer, Shown
from minenetcd.web.results.placement import Placement


class InTheMaking:
    """Layers that a thread of its own makes, from the moment on at which they are first asked for.

    `failure`: in words, why they are not made; None as long as nothing has gone wrong.
    """

    def __init__(self, make: Callable[[], Mapping[str, Layer]]) -> None:
        self._make = make
        self._done = Event()
        self._layers: Mapping[str, Layer] = {}
        self.failure: str | None = None
        # that of a server that ends does not hold it up: what it writes is temporary
        self._thread = Thread(target=self._work, name="reading images", daemon=True)
        self._thread.start()

    def get(self, name: str) -> Layer | None:
        """The layer, or None as long as it is not made."""
        return self._layers.get(name)

    @property
    def is_done(self) -> bool:
        """Whether nothing changes any more."""
        return self._done.is_set()

    def _work(self) -> None:
        try:
            self._layers = self._make()
        except MineNetCDError as error:
            self.failure = str(error)
        except Exception as error:  # a thread's own would be seen by nobody
            self.failure = f"The images cannot be shown: unexpected {one_line(error, with_kind=True)}; report it."
        finally:
            self._done.set()


@dataclass(frozen=True)
class Picture:
    """Colours (H, W, 3) on a `grid` of the map, and where they are `valid` (H, W)."""

    colours: NDArray[np.uint8]
    valid: NDArray[np.bool_]
    grid: Grid

    def seen(self, grid: Grid) -> Shown | None:
        """On another grid of the map; None where nothing is seen."""
        bands = np.moveaxis(self.colours, -1, 0)
        colours, valid = self._warped(bands, grid), self._warped(self.valid.view(np.uint8) * np.uint8(255), grid) > 127
        return (np.moveaxis(colours, 0, -1), valid) if valid.any() else None

    def _warped(self, pixels: NDArray[np.uint8], grid: Grid) -> NDArray[np.uint8]:
        warped = np.zeros((*pixels.shape[:-2], *grid.shape), np.uint8)
        reproject(
            pixels, warped, src_transform=self.grid.transform, src_crs=self.grid.crs,
            dst_transform=grid.transform, dst_crs=grid.crs, resampling=Resampling.bilinear,
        )  # fmt: skip
        return warped


def pictures_of(details: Details, placement: Placement) -> tuple[Picture, Picture]:
    """Both dates as the report shows them: their overlap, some hundred pixels a side, on the grid of before."""
    kept = details.pictures
    grid = in_pixels(placement.on_map.part(details.facts.overlap), kept.valid.shape)
    return Picture(kept.before, kept.valid, grid), Picture(kept.after, kept.valid, grid)


@dataclass(frozen=True)
class PreliminaryLayer(Layer):
    """The layer called `name` once it is made; until then, or where that fails, `picture`."""

    name: str
    placement: Placement
    picture: Picture
    making: InTheMaking

    @property
    def is_final(self) -> bool:
        return self.making.is_done

    @property
    def failure(self) -> str | None:
        return self.making.failure

    def seen(self, grid: Grid) -> Shown | None:
        return (self.making.get(self.name) or self.picture).seen(grid)

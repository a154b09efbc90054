"""Synthetic scenes as GeoTIFFs at invented places, with the table of their sites."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import rasterio
from affine import Affine
from numpy.typing import NDArray
from rasterio.crs import CRS

from minenetcd.building.drawn.once import draw_missing
from minenetcd.building.synthetic_sets.places import InventedPlace
from minenetcd.constants import Progress
from minenetcd.files import atomic_path
from minenetcd.synthetic.scene import make_scene

_FILES = ("before", "after", "label")
_COLUMNS = ("id", "country", "before", "after", "label", "before_date", "after_date")


def draw_scenes(
    folder: Path, places: Sequence[InventedPlace], seeds: Sequence[int], *, size: int, workers: int, progress: Progress
) -> Path:
    """Draw the scenes that `folder` lacks, one for each place and seed, `workers` at a time; the table of all sites."""
    jobs = [
        _Job(folder, f"{place.code}-{number:04d}", seed, size, place)
        for number, (place, seed) in enumerate(zip(places, seeds, strict=True), start=1)
    ]
    draw_missing(_draw, jobs, workers=workers, progress=progress)
    return _write_table(jobs, folder / "sites.csv")


@dataclass(frozen=True)
class _Job:
    """One scene to draw."""

    folder: Path
    id: str
    seed: int
    size: int
    place: InventedPlace

    @property
    def paths(self) -> tuple[Path, ...]:
        return tuple(self.folder / f"{self.id}_{what}.tif" for what in _FILES)


def _draw(job: _Job) -> None:
    """The scene of `job` as three GeoTIFFs, each complete or absent."""
    scene = make_scene(job.seed, size=job.size)
    corner = Affine.translation(job.place.left, job.place.top)
    transform = corner @ Affine.scale(scene.metres_per_pixel, -scene.metres_per_pixel)
    for path, image in zip(job.paths, (scene.before, scene.after, scene.mask[..., np.newaxis]), strict=True):
        _write_geotiff(path, image, transform, CRS.from_epsg(job.place.epsg))


def _write_geotiff(path: Path, image: NDArray[np.uint8], transform: Affine, crs: CRS) -> None:
    """Without overviews or threads: it is read once, and a forked process has none of GDAL's threads."""
    height, width, bands = image.shape
    with (
        atomic_path(path) as target,
        rasterio.open(
            target, "w", driver="GTiff", height=height, width=width, count=bands, dtype=np.uint8, crs=crs,
            transform=transform, tiled=True, compress="deflate", zlevel=1,
        ) as dataset,
    ):  # fmt: skip
        dataset.write(np.moveaxis(image, -1, 0))


def _write_table(jobs: list[_Job], path: Path) -> Path:
    with atomic_path(path) as target, target.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(_COLUMNS)
        writer.writerows(_row(job) for job in jobs)
    return path


def _row(job: _Job) -> tuple[str, ...]:
    names = (path.name for path in job.paths)
    return job.id, job.place.country, *names, job.place.before_date, job.place.after_date

"""The files a prediction leaves: all of them, or none."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from geopandas import GeoDataFrame

from minenetcd.errors import OutputError
from minenetcd.files import unwritable
from minenetcd.geo.grid import Grid
from minenetcd.geo.vector import write_vector
from minenetcd.prediction.areas import StoredScene

REPORT = "report.html"


@dataclass(frozen=True)
class SavedPrediction:
    """Where each result stands.

    `raster`: 1 changed, 0 unchanged, 255 no data, with a colour table. `probability`: uint8 0 to 254 for 0 to 1,
    255 no data; or float32, NaN no data. `vector`: the polygons of `raster`. Pictures: PNG and GeoJSON in pixels.
    """

    raster: Path
    probability: Path
    vector: Path
    report: Path

    def __iter__(self) -> Iterator[Path]:
        return iter((self.raster, self.probability, self.vector, self.report))


def result_names(grid: Grid, *, float_probability: bool) -> SavedPrediction:
    """The file names of a result on `grid`, without folder."""
    image, vector = ("tif", "gpkg") if grid.is_georeferenced else ("png", "geojson")
    probability = "tif" if float_probability else image  # PNG holds no float
    return SavedPrediction(
        Path(f"change.{image}"), Path(f"probability.{probability}"), Path(f"change.{vector}"), Path(REPORT)
    )


def check_folder(out: Path, names: SavedPrediction) -> None:
    """OutputError, before anything is computed, unless the files of `names` can be made in `out`; leaves no trace."""
    with suppress(_Checked), staged(out, names):
        raise _Checked


@contextmanager
def staged(out: Path, names: SavedPrediction) -> Iterator[Path]:
    """A hidden folder in `out` whose files, named as in `names`, move to `out` when the block ends well.

    Each replaces an older one in one step. When the block fails, nothing is left, neither the folders made for it.
    """
    made: list[Path] = []
    hidden = None
    try:
        _make(out, made)
        _refuse_folders(out, names)
        hidden = Path(tempfile.mkdtemp(prefix=".minenetcd-", dir=out))
        yield hidden
        for name in names:
            _settle(hidden / name)
        for name in names:
            os.replace(hidden / name, out / name)
        made.clear()
    except OSError as error:
        raise unwritable(out, error) from error
    finally:
        if hidden is not None:
            shutil.rmtree(hidden, ignore_errors=True)
        for folder in reversed(made):
            with suppress(OSError):  # not ours alone any more
                folder.rmdir()


def write_results(scene: StoredScene, polygons: GeoDataFrame, folder: Path, names: SavedPrediction) -> None:
    """Copy the rasters of a finished scene, and write its polygons, into `folder`."""
    shutil.copyfile(scene.probability, folder / names.probability)
    shutil.copyfile(scene.mask, folder / names.raster)
    write_vector(polygons, folder / names.vector)


class _Checked(Exception):
    """Ends the block of `staged` on purpose."""


def _make(out: Path, made: list[Path]) -> None:
    """Make `out` and what is missing above it, noting in `made` what was."""
    missing = [folder for folder in (out, *out.parents) if not folder.exists()]
    if out.exists() and not out.is_dir():
        raise OutputError(f"A folder is needed for the results, {out} is a file: name another.")
    for folder in reversed(missing):
        folder.mkdir()
        made.append(folder)


def _refuse_folders(out: Path, names: SavedPrediction) -> None:
    for name in names:
        if (out / name).is_dir():
            raise OutputError(f"{out / name} cannot be written: a folder has that name; choose another output folder.")


def _settle(path: Path) -> None:
    """Make the file's content survive a power cut before its name appears."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())

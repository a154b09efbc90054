"""Results in further formats."""

from pathlib import Path

from minenetcd.errors import MineNetCDError, OutputError, one_line
from minenetcd.geo.polygons.vector_files import write_vector
from minenetcd.prediction.outputs import WRITERS, Result, SavedPrediction


def polygons(result: Result, path: Path) -> None:
    """The polygons of `result`, in the vector format that `path` ends with."""
    write_vector(result.polygons, path)


def write_formats(result: Result, files: SavedPrediction) -> None:
    """Write `result` to the files of `files.also`. OutputError names the format that fails."""
    for format, path in files.also.items():
        try:
            WRITERS[format](result, path)
        except (MineNetCDError, OSError):
            raise
        except Exception as error:  # what is in there may not be ours
            reason = one_line(error, with_kind=True)
            raise OutputError(
                f"{path.name} could not be written in the format {format!r} ({reason}): mend it, or do without it."
            ) from error
        if not path.is_file():
            raise OutputError(f"The format {format!r} wrote no file {path.name}: mend it, or do without it.")

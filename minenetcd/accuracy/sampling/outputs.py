"""The files of a sample."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import shapely
from geopandas import GeoDataFrame

from minenetcd.accuracy.record import POINTS, RECORD, TO_FILL_IN, SampleRecord, write_record
from minenetcd.accuracy.references import point_ids, refuse_to_lose, table_to_fill_in
from minenetcd.accuracy.sampling.interpretation import PAGE, Seen, write_page
from minenetcd.accuracy.sampling.pictures import ChipReader, as_file
from minenetcd.accuracy.sampling.strata import Stratification
from minenetcd.constants import Progress
from minenetcd.files import check_not_input, check_writable, staged_files, write_text
from minenetcd.geo.grid import Grid, apply
from minenetcd.geo.polygons.vector_files import write_vector

PICTURES = "chips"
_OF_A_POINT = re.compile(r"\d{4,}_(before|after)\.png")


def check_out(out: Path, source: Path) -> None:
    """OutputError where the files of a sample of the map `source` cannot be written to `out`, or are not to be."""
    names = (RECORD, POINTS, TO_FILL_IN, PAGE)
    refuse_to_lose(out)
    check_writable(out, names)
    check_not_input(out, names, [source])


def points_frame(points: pd.DataFrame, strata: Stratification, record: SampleRecord, grid: Grid) -> GeoDataFrame:
    """The points with everything but the identity of the sample; a person fills in the last two columns."""
    x, y = apply(grid.transform, points["col"].to_numpy() + 0.5, points["row"].to_numpy() + 0.5)
    weights = {stratum.name: stratum.weight for stratum in record.strata}
    names = [strata.parts[at].name for at in points["stratum"]]
    lon, lat = grid.to_degrees(x, y) if grid.is_georeferenced else np.full((2, len(points)), np.nan)
    columns = {
        "id": point_ids(len(points)),
        "stratum": names,
        "map_class": points["map_class"].to_numpy(),
        "probability": points["probability"].to_numpy(),
        "weight": [weights[name] for name in names],
        "row": points["row"].to_numpy(),
        "col": points["col"].to_numpy(),
        "lon": lon,
        "lat": lat,
        "reference": pd.Series([None] * len(points), dtype=object),
        "comment": pd.Series([None] * len(points), dtype=object),
    }
    return GeoDataFrame(columns, geometry=shapely.points(x, y), crs=grid.named_crs)


def write_sample(
    out: Path, record: SampleRecord, frame: GeoDataFrame, chips: ChipReader | None, progress: Progress
) -> Path | None:
    """All files of the sample, in place of those of an earlier one."""
    pictures = [] if chips is None else [*_pictures(frame["id"]), PAGE]
    earlier = sorted({*_earlier(out)} - {*pictures})
    with staged_files(out, (RECORD, POINTS, TO_FILL_IN, *pictures), optional=earlier) as folder:
        write_record(folder / RECORD, record)
        write_vector(frame, folder / POINTS)
        write_text(folder / TO_FILL_IN, table_to_fill_in(frame["id"], record.identity))
        if chips is None:
            return None
        write_page(folder / PAGE, record, _seen(frame, chips, folder, progress))
    return out / PAGE


def _seen(frame: GeoDataFrame, chips: ChipReader, folder: Path, progress: Progress) -> Iterator[Seen]:
    """Each point as the page shows it, after its pictures are written."""
    for done, point in enumerate(frame.itertuples(), start=1):
        seen = chips.read(point.row, point.col)
        for date, chip in seen:
            as_file(chip).save(folder / PICTURES / f"{point.id}_{date}.png", compress_level=1)
        yield Seen(point.id, None if np.isnan(point.lon) else (point.lon, point.lat), seen)
        progress(done, len(frame))


def _pictures(ids: Iterable[str]) -> list[str]:
    return [f"{PICTURES}/{id}_{date}.png" for id in ids for date in ("before", "after")]


def _earlier(out: Path) -> Iterator[str]:
    """Pictures and page that an earlier sample left."""
    if not (out / RECORD).exists():
        return
    if (out / PAGE).exists():
        yield PAGE
    for path in (out / PICTURES).glob("*.png"):
        if _OF_A_POINT.fullmatch(path.name):
            yield f"{PICTURES}/{path.name}"

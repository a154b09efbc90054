"""An output format of places: a table with one line for each."""

from pathlib import Path

from minenetcd.prediction.outputs import Result


def tsv(result: Result, path: Path) -> None:
    """The columns of the polygons, and a point inside each: longitude and latitude, of pictures column and row."""
    places, points = result.polygons, result.polygons.representative_point()
    if places.crs is not None:
        points = points.to_crs("EPSG:4326")
    places.drop(columns="geometry").assign(x=points.x, y=points.y).to_csv(path, sep="\t", index=False)

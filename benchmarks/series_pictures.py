"""Draw docs/images/monitor.png and docs/images/many-pairs.png: drawn mines, one that grows from year to year, several
at two dates each.

python benchmarks/series_pictures.py
"""

import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from affine import Affine
from PIL import Image
from rasterio.crs import CRS
from rasterio.windows import Window
from scipy.ndimage import distance_transform_edt

import minenetcd
from minenetcd.display.figure_style import figure_style
from minenetcd.geo.grid import Grid, transformer
from minenetcd.geo.raster import RasterWriter
from minenetcd.monitoring.dates.first_change import date_colours
from minenetcd.monitoring.dates.monitor import MonitorResult
from minenetcd.monitoring.dates.pictures import small_when, when_image
from minenetcd.monitoring.pairs.predict_pairs import PairsPrediction
from minenetcd.monitoring.pairs.sites_map import Site, sites_map
from minenetcd.prediction.kept.details import read_details
from minenetcd.synthetic import make_scene

IMAGES = Path(__file__).parents[1] / "docs" / "images"
SEED, SIZE, METRES = 42, 512, 1.2
YEARS = range(2018, 2025)
#: Places on land far from any mine: longitude, latitude.
PLACES = {
    "north": (15.8, 17.4),
    "west": (-1.2, 21.5),
    "east": (30.6, 20.3),
    "south": (22.9, -22.6),
}
HEIGHT, MARGIN, COLOURS = 460, 14, 160


def main() -> None:
    detector = minenetcd.from_pretrained("minenetcd-nano")
    with tempfile.TemporaryDirectory() as folder:
        growing = minenetcd.monitor(detector, grown_mine(Path(folder)), Path(folder, "monitor"))
        save(monitor_picture(growing), "monitor.png")
        pairs = minenetcd.predict_pairs(detector, drawn_pairs(Path(folder)), Path(folder, "pairs"))
        save(pairs_picture(pairs), "many-pairs.png")


def grown_mine(folder: Path) -> list[Path]:
    """One place in several years: what changed between the dates of a drawn scene comes from its middle outwards."""
    scene = make_scene(SEED, size=SIZE, metres_per_pixel=METRES, variety="plain")
    depth = distance_transform_edt(scene.mask)
    least = np.quantile(depth[depth > 0], np.linspace(1, 0, len(YEARS)))  # the innermost first
    paths = []
    for year, from_depth in zip(YEARS, least, strict=True):
        has_changed = (depth > 0) & (depth >= from_depth) & (year != YEARS[0])
        image = np.where(has_changed[..., np.newaxis], scene.after, scene.before)
        paths.append(write(folder / f"{year}-06-15.tif", image, grid_at(18.0, -24.5)))
    return paths


def drawn_pairs(folder: Path) -> Path:
    """A table of scenes of several seeds, each at its place."""
    rows = []
    for seed, (name, place) in enumerate(PLACES.items(), start=SEED):
        scene = make_scene(seed, size=SIZE, metres_per_pixel=METRES, variety="plain")
        for day, image in (("2019-06-01", scene.before), ("2024-06-01", scene.after)):
            write(folder / f"{name}_{day}.tif", image, grid_at(*place))
        rows.append({"id": name, "before": f"{name}_2019-06-01.tif", "after": f"{name}_2024-06-01.tif"})
    pd.DataFrame(rows).to_csv(folder / "pairs.csv", index=False)
    return folder / "pairs.csv"


def grid_at(longitude: float, latitude: float) -> Grid:
    """Near that place."""
    zone = CRS.from_epsg((32600 if latitude >= 0 else 32700) + int((longitude + 180) // 6) + 1)
    x, y = transformer("EPSG:4326", zone.to_wkt())(np.array([longitude]), np.array([latitude]))
    corner = Affine.translation(round(x[0]), round(y[0]))
    return Grid(SIZE, SIZE, corner @ Affine.scale(METRES, -METRES), zone)


def write(path: Path, image: np.ndarray, grid: Grid) -> Path:
    with RasterWriter(path, grid, dtype=np.uint8, bands=3) as writer:
        writer.write(image, Window(0, 0, grid.width, grid.height))
    return path


def monitor_picture(found: MonitorResult) -> Image.Image:
    """When it changed, beside how the area grew."""
    last = found.steps[-1].first
    details = read_details(last.folder / last.finished.details)
    when = small_when(found.folder / "when.tif", details.facts.overlap, details.pictures.valid.shape)
    shown = Image.fromarray(when_image(details.pictures.after, when, date_colours(len(found.steps))))
    return side_by_side(shown.convert("RGB"), Image.open(found.folder / "timeline.png").convert("RGB"))


def pairs_picture(found: PairsPrediction) -> Image.Image:
    """The map of the index page."""
    done = [(each.pair.id, each.finished) for each in found.outcomes]
    with figure_style():
        figure = sites_map([Site(name, *pair.place, pair.hectares) for name, pair in done])
        figure.savefig(path := found.folder / "map.png", dpi=110, bbox_inches="tight")
    return Image.open(path).convert("RGB")


def side_by_side(*images: Image.Image) -> Image.Image:
    widths = [round(each.width * HEIGHT / each.height) for each in images]
    scaled = [each.resize((width, HEIGHT)) for each, width in zip(images, widths, strict=True)]
    sheet = Image.new("RGB", (sum(each.width for each in scaled) + MARGIN * (len(scaled) - 1), HEIGHT), "white")
    left = 0
    for each in scaled:
        sheet.paste(each, (left, 0))
        left += each.width + MARGIN
    return sheet


def save(picture: Image.Image, name: str) -> None:
    IMAGES.mkdir(parents=True, exist_ok=True)
    picture.quantize(COLOURS, kmeans=3, dither=Image.Dither.NONE).save(IMAGES / name, optimize=True)
    print(IMAGES / name)


if __name__ == "__main__":
    main()

"""Draw docs/images/where.png: an area of interest, clouds, concessions and known mines over a drawn scene, and its map.

python benchmarks/where_picture.py
"""

import io
import tempfile
from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely
from affine import Affine
from matplotlib.axes import Axes
from PIL import Image
from rasterio.windows import Window

import minenetcd
from minenetcd.display.figure_style import figure_style, titled
from minenetcd.geo.grid import Grid
from minenetcd.geo.raster import RasterWriter
from minenetcd.prediction.demo import METRES_PER_PIXEL, ORIGIN, SEED, UTM
from minenetcd.prediction.options import PredictOptions
from minenetcd.prediction.report.figures import change_image
from minenetcd.synthetic import make_scene

PICTURE = Path(__file__).parents[1] / "docs" / "images" / "where.png"
SIZE = 1024
AREA = [(50, 700), (60, 40), (700, 20), (990, 260), (980, 960), (420, 1000)]
CLOUD = (480, 790, 150)  # column, row, radius [pixels]
CONCESSIONS = {
    "North": [(80, 60), (560, 60), (560, 470), (80, 470)],
    "South": [(430, 480), (960, 480), (960, 930), (430, 930)],
}
MINE = [(750, 620), (950, 510), (985, 640), (850, 730)]
COLOURS = {"within": "#1b7f5c", "crosses": "#d98200", "outside": "#c22f4e"}


def main() -> None:
    grid = Grid(SIZE, SIZE, Affine.translation(*ORIGIN) @ Affine.scale(METRES_PER_PIXEL, -METRES_PER_PIXEL), UTM)
    scene = make_scene(SEED, size=SIZE, metres_per_pixel=METRES_PER_PIXEL, variety="plain")
    with tempfile.TemporaryDirectory() as folder:
        places = {
            "aoi": _layer(Path(folder, "aoi.gpkg"), grid, {"": AREA}),
            "leases": _layer(Path(folder, "leases.gpkg"), grid, CONCESSIONS),
            "prior": _layer(Path(folder, "mines.gpkg"), grid, {"": MINE}),
            "mask_after": str(_raster(Path(folder, "clouds.tif"), _cloud()[..., np.newaxis], grid)),
        }
        dates = [
            _raster(Path(folder, f"{name}.tif"), pixels, grid)
            for name, pixels in (("before", scene.before), ("after", scene.after))
        ]
        options = PredictOptions(**places, prior_distance=300, min_area_ha=0.02)
        with minenetcd.predict(minenetcd.from_pretrained("minenetcd-nano"), *dates, options=options) as found:
            polygons, mask = found.polygons, found.mask
            for name, words in found.where.rows():
                print(f"{name}: {words}")
    _draw(scene.after, mask, polygons, grid)
    print(PICTURE)


def _layer(path: Path, grid: Grid, shapes: dict[str, list[tuple[int, int]]]) -> str:
    polygons = [shapely.Polygon([grid.transform @ corner for corner in corners]) for corners in shapes.values()]
    gpd.GeoDataFrame({"name": list(shapes)}, geometry=polygons, crs=grid.crs.to_wkt()).to_file(path)
    return str(path)


def _raster(path: Path, pixels: np.ndarray, grid: Grid) -> Path:
    with RasterWriter(path, grid, dtype=np.uint8, bands=pixels.shape[-1]) as writer:
        writer.write(pixels, Window(0, 0, grid.width, grid.height))
    return path


def _cloud() -> np.ndarray:
    column, row, radius = CLOUD
    rows, columns = np.mgrid[:SIZE, :SIZE]
    return ((rows - row) ** 2 + ((columns - column) / 1.5) ** 2 < radius**2).astype(np.uint8)


def _draw(after: np.ndarray, mask: np.ndarray, polygons: gpd.GeoDataFrame, grid: Grid) -> None:
    with figure_style():
        figure = titled(9.6, 5.5, "Where is looked, and where what was found lies")
        left, right = figure.subplots(1, 2)
        left.imshow(after)
        left.contourf(_cloud(), levels=[0.5, 1], colors=["white"], alpha=0.75)
        _outline(left, {"area of interest": AREA}, "white", style="--")
        _outline(left, {"known mine": MINE}, "#ffd84d")
        right.imshow(np.where((mask == 255)[..., np.newaxis], after // 3 + 150, change_image(after, mask)[..., :3]))
        for status, colour in COLOURS.items():
            for polygon in polygons[polygons["lease_status"] == status].geometry:
                for part in shapely.get_parts(polygon):
                    columns, rows = ~grid.transform @ tuple(map(np.asarray, part.exterior.xy))
                    right.plot(columns, rows, color=colour, linewidth=1.4)
            right.plot([], [], color=colour, label=status)
        for axes in (left, right):
            _outline(axes, CONCESSIONS, "#6fc3ff")
            axes.set_axis_off()
        right.legend(loc="upper center", bbox_to_anchor=(0.5, -0.01), ncols=3)
        legend = "dashed: --aoi; pale: --mask-after; blue: --leases; yellow: --prior"
        left.text(0.5, -0.06, legend, ha="center", transform=left.transAxes)
        PICTURE.parent.mkdir(parents=True, exist_ok=True)
        drawn = io.BytesIO()
        figure.savefig(drawn, dpi=110)
    with Image.open(drawn) as picture:
        picture.convert("RGB").quantize(256, kmeans=3, dither=Image.Dither.NONE).save(PICTURE, optimize=True)


def _outline(axes: Axes, shapes: dict[str, list[tuple[int, int]]], colour: str, *, style: str = "-") -> None:
    for name, corners in shapes.items():
        columns, rows = zip(*corners, corners[0], strict=True)
        axes.plot(columns, rows, color=colour, linestyle=style, linewidth=1.6)
        axes.text(columns[0] + 8, rows[0] + 34, name, color=colour, fontsize=9, weight="bold")


if __name__ == "__main__":
    main()

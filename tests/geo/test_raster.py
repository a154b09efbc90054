import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from rasterio.control import GroundControlPoint
from rasterio.enums import ColorInterp
from rasterio.windows import Window
from rio_cogeo.cogeo import cog_validate

from minenetcd.errors import GridError, OptionError, OutputError, RasterError, SizeError
from minenetcd.files import atomic_path
from minenetcd.geo.grid import Grid
from minenetcd.geo.raster import Raster, RasterWriter
from minenetcd.geo.source import acquisition_date

WriteImage = Callable[..., Path]
MakeGrid = Callable[..., Grid]


def whole(grid: Grid) -> Window:
    return Window(0, 0, grid.width, grid.height)


def read_all(path: str | Path, **options: tuple[int, ...]) -> tuple[NDArray, NDArray[np.bool_]]:
    with Raster.open(path, **options) as raster:
        return raster.read(whole(raster.grid))


@pytest.mark.parametrize("dtype", ["uint8", "int16", "uint16", "int32", "float32", "float64"])
def test_pixels_are_read_as_stored(write_image: WriteImage, utm: MakeGrid, dtype: str) -> None:
    pixels = (np.random.default_rng(2).random((17, 23, 4)) * 200).astype(dtype)
    path = write_image("image.tif", pixels, utm(17, 23), photometric="MINISBLACK")
    with Raster.open(path) as raster:
        assert (raster.dtype, raster.bands, raster.date) == (np.dtype(dtype), (1, 2, 3), None)
        assert raster.grid.matches(utm(17, 23))
        read, valid = raster.read(whole(raster.grid))
    assert read.dtype == raster.dtype
    assert np.array_equal(read, pixels[..., :3])
    assert valid.all()


@pytest.mark.parametrize("bands", [(4, 3, 2), (1, 1, 1), (2,), (1, 2, 3, 4)])
def test_bands_come_in_the_order_asked_for(write_image: WriteImage, bands: tuple[int, ...]) -> None:
    pixels = np.random.default_rng(3).integers(0, 9999, (19, 16, 4), dtype=np.uint16)
    read, _ = read_all(write_image("image.tif", pixels), bands=bands)
    assert np.array_equal(read, pixels[..., [band - 1 for band in bands]])


@given(data=st.data())
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_windows_tile_to_the_whole(write_image: WriteImage, utm: MakeGrid, data: st.DataObject) -> None:
    pixels = np.random.default_rng(4).integers(0, 3, (61, 83, 3), dtype=np.uint8)
    path = write_image("image.tif", pixels, utm(61, 83), nodata=0)
    rows = sorted({0, 61, *data.draw(st.lists(st.integers(1, 60), max_size=4))})
    cols = sorted({0, 83, *data.draw(st.lists(st.integers(1, 82), max_size=4))})
    with Raster.open(path) as raster:
        parts = [
            [raster.read(Window(left, top, right - left, bottom - top)) for left, right in pairwise(cols)]
            for top, bottom in pairwise(rows)
        ]
    joined, joined_valid = (np.vstack([np.hstack([part[i] for part in row]) for row in parts]) for i in (0, 1))
    assert np.array_equal(joined, pixels)
    assert np.array_equal(joined_valid, (pixels > 0).all(axis=-1))


def test_nodata_of_any_band_masks_the_pixel(write_image: WriteImage) -> None:
    pixels = np.full((16, 17, 3), 7, dtype=np.int16)
    pixels[2, 3, 1] = pixels[5, 5, :] = -99
    _, valid = read_all(write_image("image.tif", pixels, nodata=-99))
    assert np.argwhere(~valid).tolist() == [[2, 3], [5, 5]]


def test_nan_and_infinity_are_invalid_with_any_nodata(write_image: WriteImage) -> None:
    pixels = np.ones((16, 17, 3), dtype=np.float32)
    pixels[1, 1, 0], pixels[2, 2, 1], pixels[3, 3, 2], pixels[4, 4, 0] = np.nan, np.inf, -np.inf, -9999
    for nodata, expected in ((-9999, [1, 2, 3, 4]), (np.nan, [1, 2, 3]), (None, [1, 2, 3])):
        _, valid = read_all(write_image("image.tif", pixels, nodata=nodata))
        assert np.argwhere(~valid).tolist() == [[i, i] for i in expected]


def test_a_mask_and_nodata_both_count(write_image: WriteImage) -> None:
    pixels = np.full((16, 17, 3), 9, dtype=np.uint8)
    pixels[0, 0] = 1
    mask = np.ones((16, 17), dtype=bool)
    mask[8:] = False
    _, valid = read_all(write_image("image.tif", pixels, mask=mask, nodata=1))
    expected = mask.copy()
    expected[0, 0] = False
    assert np.array_equal(valid, expected)


@pytest.mark.parametrize(("name", "dtype"), [("image.png", "uint8"), ("image.png", "uint16"), ("image.tif", "uint16")])
def test_alpha_masks_and_is_no_colour(write_image: WriteImage, name: str, dtype: str) -> None:
    pixels = np.full((20, 21, 4), np.iinfo(dtype).max, dtype=dtype)
    pixels[:5, :, 3] = 0
    pixels[6, 6, 3] = 1
    options = {"photometric": "RGB", "alpha": "YES"} if name.endswith("tif") else {}
    with Raster.open(write_image(name, pixels, **options)) as raster:
        assert raster.bands == (1, 2, 3)
        _, valid = raster.read(whole(raster.grid))
    assert not valid[:5].any()
    assert valid[5:].all()


def test_alpha_counts_beside_nodata(write_image: WriteImage) -> None:
    pixels = np.full((16, 16, 4), 255, dtype=np.uint8)
    pixels[0, 0, :3], pixels[1, 1, 3] = 0, 0
    _, valid = read_all(write_image("image.tif", pixels, photometric="RGB", alpha="YES", nodata=0))
    assert np.argwhere(~valid).tolist() == [[0, 0], [1, 1]]


@pytest.mark.parametrize("name", ["image.png", "image.tif"])
def test_a_palette_becomes_colours(write_image: WriteImage, name: str) -> None:
    classes = np.random.default_rng(5).integers(0, 3, (17, 23, 1), dtype=np.uint8)
    colours = {0: (10, 20, 30, 255), 1: (255, 0, 127, 255), 2: (1, 2, 3, 255)}
    path = write_image(name, classes, colours=colours)
    with Raster.open(path) as raster:
        assert (raster.bands, raster.dtype) == ((1, 2, 3), np.uint8)
    pixels, valid = read_all(path)
    assert np.array_equal(pixels, np.array([colours[i][:3] for i in range(3)], dtype=np.uint8)[classes[..., 0]])
    assert valid.all()
    assert np.array_equal(read_all(path, bands=(3, 2, 1))[0], pixels[..., ::-1])
    assert np.array_equal(read_all(path, bands=(1,))[0], classes)


def test_a_palette_may_be_transparent(write_image: WriteImage) -> None:
    classes = np.arange(16 * 16, dtype=np.uint8).reshape(16, 16, 1) % 4
    colours = {0: (10, 20, 30, 255), 1: (255, 0, 127, 0), 2: (1, 2, 3, 255), 3: (7, 7, 7, 255)}
    _, valid = read_all(write_image("image.png", classes, colours=colours))
    assert np.array_equal(valid, classes[..., 0] != 1)
    _, valid = read_all(write_image("image.tif", classes, colours=colours, nodata=2))
    assert np.array_equal(valid, classes[..., 0] != 2)


def test_read_small_averages_valid_pixels_only(write_image: WriteImage, utm: MakeGrid) -> None:
    pixels = np.full((200, 300, 3), 100, dtype=np.uint8)
    pixels[:, ::3] = 0
    with Raster.open(write_image("image.tif", pixels, utm(200, 300), nodata=0)) as raster:
        small, valid = raster.read_small(30)
        same, _ = raster.read_small(5000)
    assert small.shape == (20, 30, 3)
    assert valid.any()
    assert (small[valid] == 100).all()
    assert np.array_equal(same, pixels)


@pytest.mark.parametrize("count", [1, 2])
def test_too_few_bands_say_how_to_repeat_one(write_image: WriteImage, count: int) -> None:
    path = write_image("image.tif", np.ones((16, 16, count), dtype=np.uint8))
    expected = {1: "--bands 1,1,1", 2: "--bands 1,2,2"}[count]
    with pytest.raises(RasterError, match=f"Three bands are needed, got {count} .*{expected}"):
        Raster.open(path)


@pytest.mark.parametrize("bands", [(1, 2, 9), (0, 1, 2), ()])
def test_missing_band_numbers_name_the_range(write_image: WriteImage, bands: tuple[int, ...]) -> None:
    path = write_image("image.tif", np.ones((16, 16, 4), dtype=np.uint8))
    with pytest.raises(OptionError, match="must lie in 1 to 4"):
        Raster.open(path, bands=bands)


def test_complex_pixels_are_refused(write_image: WriteImage) -> None:
    with pytest.raises(RasterError, match="Real numbers are needed, got complex64"):
        Raster.open(write_image("image.tif", np.ones((16, 16, 3), dtype=np.complex64)))


def test_missing_files_and_other_files_are_told_apart(tmp_path: Path) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("no image")
    with pytest.raises(RasterError, match=r"There is no file .*absent.tif: check the path"):
        Raster.open(tmp_path / "absent.tif")
    with pytest.raises(RasterError, match="cannot be opened as an image"):
        Raster.open(text)
    with pytest.raises(RasterError, match="got the folder"):
        Raster.open(tmp_path)


@pytest.mark.parametrize("fraction", [0.2, 0.7, 0.98])
@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("image.png", {}),
        ("image.jpg", {}),
        ("image.jpg", {"PROGRESSIVE": "ON"}),
        ("image.tif", {}),
        ("image.tif", {"compress": "deflate", "tiled": True, "blockxsize": 64, "blockysize": 64}),
        ("image.tif", {"compress": "jpeg", "photometric": "ycbcr"}),
    ],
)
def test_truncated_files_fail_loudly(
    write_image: WriteImage, name: str, options: dict[str, str | int], fraction: float
) -> None:
    pixels = np.random.default_rng(6).integers(0, 255, (190, 210, 3), dtype=np.uint8)
    path = write_image(name, pixels, **options)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * fraction)])
    with pytest.raises(RasterError, match=r"truncated or damaged|cannot be opened") as caught:
        read_all(path)
    assert "\n" not in str(caught.value)


def test_a_damaged_png_fails_loudly(write_image: WriteImage, picture: NDArray) -> None:
    path = write_image("image.png", picture)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 255
    path.write_bytes(content)
    with pytest.raises(RasterError, match="truncated or damaged"):
        read_all(path)


def test_a_crs_without_transform_or_the_reverse_is_a_picture(write_image: WriteImage, utm: MakeGrid) -> None:
    pixels = np.ones((16, 16, 3), dtype=np.uint8)
    for grid in (Grid(16, 16, Affine.identity(), utm(16, 16).crs), Grid(16, 16, utm(16, 16).transform, None)):
        with Raster.open(write_image("image.tif", pixels, grid)) as raster:
            assert raster.grid == Grid(16, 16, Affine.identity(), None)


def test_ground_control_points_ask_for_rectification(tmp_path: Path) -> None:
    path = tmp_path / "gcp.tif"
    points = [GroundControlPoint(row, col, 10 + col, 50 - row) for row, col in ((0, 0), (0, 15), (15, 0), (15, 15))]
    with rasterio.open(
        path, "w", driver="GTiff", height=16, width=16, count=3, dtype="uint8", gcps=points, crs="EPSG:4326"
    ) as dataset:
        dataset.write(np.ones((3, 16, 16), dtype=np.uint8))
    with pytest.raises(RasterError, match="only ground control points: rectify it first"):
        Raster.open(path)


@pytest.mark.parametrize(
    ("tags", "date"),
    [
        ({"TIFFTAG_DATETIME": "2003:02:06 10:20:30"}, "2003-02-06T10:20:30"),
        ({"TIFFTAG_DATETIME": "2024:01:01 00:00:00", "DATE_ACQUIRED": "2003-02-06"}, "2003-02-06"),
        ({"ACQUISITIONDATETIME": "2019-02-13 05:01:02+00"}, "2019-02-13T05:01:02+00:00"),
        ({"SENSING_TIME": "2019-02-13T05:01:02.5Z"}, "2019-02-13T05:01:02.500000+00:00"),
        ({"ACQUISITION_DATE": "20190213"}, "2019-02-13"),
        ({"ACQUISITION_DATE": "13 February"}, None),
        ({"ACQUISITION_DATE": "2019-13-45"}, None),
        ({}, None),
    ],
)
def test_dates_become_iso(tags: dict[str, str], date: str | None) -> None:
    assert acquisition_date(tags) == date


def test_the_date_is_read_from_the_file(write_image: WriteImage, picture: NDArray) -> None:
    with Raster.open(write_image("image.tif", picture, tags={"ACQUISITION_DATE": "2020-04-28"})) as raster:
        assert raster.date == "2020-04-28"


def test_reading_a_picture_warns_of_nothing(write_image: WriteImage, picture: NDArray) -> None:
    path = write_image("image.png", picture)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        read_all(path)


def test_a_window_outside_is_refused(write_image: WriteImage, picture: NDArray) -> None:
    with Raster.open(write_image("image.png", picture)) as raster, pytest.raises(GridError, match="clip it"):
        raster.read(Window(0, 0, 54, 37))


SERVE = """
import sys
from functools import partial
from http.server import HTTPServer, SimpleHTTPRequestHandler
from pathlib import Path

class RangeHandler(SimpleHTTPRequestHandler):
    def do_GET(self):
        file = Path(self.translate_path(self.path))
        if not file.is_file():
            return self.send_error(404)
        content = file.read_bytes()
        first, _, last = self.headers.get("Range", "bytes=0-").removeprefix("bytes=").partition("-")
        part = content[int(first) : int(last) + 1 if last else None]
        self.send_response(206 if "Range" in self.headers else 200)
        self.send_header("Content-Length", str(len(part)))
        self.send_header("Content-Range", f"bytes {first}-{int(first) + len(part) - 1}/{len(content)}")
        self.end_headers()
        self.wfile.write(part)

server = HTTPServer(("127.0.0.1", 0), partial(RangeHandler, directory=sys.argv[1]))
print(server.server_port, flush=True)
server.serve_forever()
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """Serves tmp_path with HTTP ranges; a process of its own, since opening a data set holds the interpreter's lock."""
    command = [sys.executable, "-c", SERVE, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
        process.terminate()


@pytest.mark.parametrize("name", ["image.tif", "image.png"])
@pytest.mark.parametrize("prefix", ["", "/vsicurl/"])
def test_urls_are_read_like_files(
    write_image: WriteImage, picture: NDArray, server: str, name: str, prefix: str
) -> None:
    write_image(name, picture)
    pixels, _ = read_all(f"{prefix}{server}/{name}")
    assert np.array_equal(pixels, picture)


def test_a_missing_url_is_one_line(server: str) -> None:
    with pytest.raises(RasterError, match=r"absent.tif cannot be opened as an image"):
        Raster.open(f"{server}/absent.tif")


@pytest.mark.parametrize(("dtype", "bands"), [("uint8", 1), ("uint8", 3), ("uint16", 3), ("float32", 1), ("bool", 1)])
def test_a_written_tif_is_a_valid_cog(tmp_path: Path, utm: MakeGrid, dtype: str, bands: int) -> None:
    grid = utm(1100, 1300)
    pixels = (np.random.default_rng(7).random((1100, 1300, bands)) * 1.9).astype(dtype)
    path = tmp_path / "out.tif"
    with RasterWriter(path, grid, dtype=dtype, bands=bands, tags={"MODEL": "a"}) as writer:
        for row in range(0, 1100, 300):
            part = pixels[row : row + 300]
            writer.write(part[..., 0] if bands == 1 else part, Window(0, row, 1300, len(part)))
    is_valid, errors, complaints = cog_validate(path, strict=True)
    assert (is_valid, errors, complaints) == (True, [], [])
    with rasterio.open(path) as dataset:
        assert np.array_equal(np.moveaxis(dataset.read(), 0, -1), pixels)
        assert (dataset.crs, dataset.transform) == (grid.crs, grid.transform)
        assert (dataset.overviews(1), dataset.tags()["MODEL"]) == ([2, 4], "a")
    assert [entry.name for entry in tmp_path.iterdir()] == ["out.tif"]


def test_class_overviews_are_sampled_not_averaged(tmp_path: Path, utm: MakeGrid) -> None:
    path = tmp_path / "classes.tif"
    pixels = np.random.default_rng(8).choice(np.array([0, 1, 255], dtype=np.uint8), (1024, 1024))
    colours = {0: (0, 0, 0, 0), 1: (255, 0, 0, 255)}
    with RasterWriter(path, utm(1024, 1024), dtype="uint8", nodata=255, colours=colours) as writer:
        writer.write(pixels, Window(0, 0, 1024, 1024))
    with rasterio.open(path, overview_level=0) as overview:
        assert set(np.unique(overview.read(1))) == {0, 1, 255}
        assert overview.nodata == 255
    with rasterio.open(path) as dataset:
        assert dataset.colorinterp == (ColorInterp.palette,)
        assert dataset.colormap(1)[1] == (255, 0, 0, 255)


@pytest.mark.parametrize("shape", [(16, 16), (17, 23), (513, 700)])
def test_pixels_never_written_are_nodata(tmp_path: Path, utm: MakeGrid, shape: tuple[int, int]) -> None:
    path = tmp_path / "out.tif"
    with RasterWriter(path, utm(*shape), dtype="float32", nodata=-1) as writer:
        writer.write(np.full((4, 5), 0.5, dtype=np.float32), Window(2, 3, 5, 4))
    with rasterio.open(path) as dataset:
        pixels = dataset.read(1)
    assert (pixels[3:7, 2:7] == 0.5).all()
    assert (pixels == -1).sum() == pixels.size - 20
    assert cog_validate(path)[0]


def test_png_keeps_class_colours(tmp_path: Path) -> None:
    path = tmp_path / "map.png"
    pixels = np.arange(17 * 23, dtype=np.uint8).reshape(17, 23) % 2
    grid = Grid(17, 23, Affine.identity(), None)
    with RasterWriter(path, grid, dtype="uint8", colours={0: (9, 9, 9, 0), 1: (255, 0, 0, 255)}) as writer:
        writer.write(pixels, whole(grid))
    colours, valid = read_all(path)
    assert np.array_equal(valid, pixels == 1)
    assert (colours[valid] == (255, 0, 0)).all()
    assert [entry.name for entry in tmp_path.iterdir()] == ["map.png"]


@pytest.mark.parametrize("name", ["out.tif", "out.png"])
def test_a_crash_leaves_no_file_and_keeps_the_old_one(tmp_path: Path, utm: MakeGrid, name: str) -> None:
    for existing in (False, True):
        if existing:
            (tmp_path / name).write_bytes(b"old")
        with pytest.raises(ZeroDivisionError), RasterWriter(tmp_path / name, utm(40, 40), dtype="uint8") as writer:
            writer.write(np.ones((40, 40), dtype=np.uint8), Window(0, 0, 40, 40))
            _ = 1 / 0
        assert [entry.name for entry in tmp_path.iterdir()] == ([name] if existing else [])
    assert (tmp_path / name).read_bytes() == b"old"


def test_atomic_path_replaces_or_removes(tmp_path: Path) -> None:
    target = tmp_path / "report.html"
    with atomic_path(target) as path:
        path.write_text("first")
        assert (path.name, target.exists()) == ("report.html", False)
    with pytest.raises(KeyError), atomic_path(target) as path:
        path.write_text("second")
        raise KeyError
    assert target.read_text() == "first"
    with pytest.raises(OutputError, match="cannot be written"), atomic_path(target):
        pass
    assert [entry.name for entry in tmp_path.iterdir()] == ["report.html"]


def test_folders_that_cannot_take_a_file(tmp_path: Path, utm: MakeGrid) -> None:
    with pytest.raises(OutputError, match=r"there is no folder .*absent; make it first"):
        RasterWriter(tmp_path / "absent" / "out.tif", utm(16, 16), dtype="uint8").__enter__()
    (tmp_path / "out.tif").mkdir()
    with pytest.raises(OutputError, match="a folder has that name"):
        RasterWriter(tmp_path / "out.tif", utm(16, 16), dtype="uint8").__enter__()
    with pytest.raises(OutputError, match="cannot be written"), atomic_path("/proc/report.html"):
        pass


def test_formats_that_do_not_fit_are_refused(tmp_path: Path, utm: MakeGrid) -> None:
    with pytest.raises(OptionError, match=r"\.tif, \.tiff or \.png, got out\.bmp"):
        RasterWriter(tmp_path / "out.bmp", utm(16, 16), dtype="uint8")
    with pytest.raises(OptionError, match=r"got 1 of float32 for out.png: write .tif"):
        RasterWriter(tmp_path / "out.png", utm(16, 16), dtype="float32")
    with pytest.raises(OptionError, match="Colours need one band of uint8"):
        RasterWriter(tmp_path / "out.tif", utm(16, 16), dtype="uint16", colours={0: (0, 0, 0, 0)})


def test_windows_that_do_not_fit_are_refused(tmp_path: Path, utm: MakeGrid) -> None:
    for pixels, told in (
        (np.ones((4, 6), dtype=np.uint8), r"got \(4, 6, 1\), uint8"),
        (np.ones((4, 5)), "float64: cut and"),
    ):
        writer = RasterWriter(tmp_path / "out.tif", utm(16, 16), dtype="uint8")
        with pytest.raises(SizeError, match=told), writer:
            writer.write(pixels, Window(0, 0, 5, 4))


FULL_DISK = """
import resource, signal, sys
import numpy as np
from affine import Affine
from minenetcd.errors import OutputError
from minenetcd.geo.grid import Grid
from minenetcd.geo.raster import RasterWriter
from rasterio.windows import Window

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]),) * 2)
pixels = np.random.default_rng(0).integers(0, 255, (1024, 1024), dtype=np.uint8)
try:
    with RasterWriter(sys.argv[1], Grid(1024, 1024, Affine.identity(), None), dtype="uint8") as writer:
        for row in range(0, 1024, 256):
            writer.write(pixels[row : row + 256], Window(0, row, 1024, 256))
except OutputError as error:
    print(error)
"""


@pytest.mark.parametrize("name", ["out.tif", "out.png"])
@pytest.mark.parametrize("room", [100_000, 700_000, 1_048_600, 1_051_000])
def test_a_disk_that_fills_up_is_one_line_and_no_file(tmp_path: Path, name: str, room: int) -> None:
    """A limit on file size stands for the full disk; at the last two the draft fits, or nearly."""
    result = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(tmp_path / name), str(room)], capture_output=True, text=True, check=True
    )
    assert result.stdout.count("\n") == 1
    assert f"{name} cannot be written" in result.stdout
    assert list(tmp_path.iterdir()) == []


COPY = """
import resource, sys
import numpy as np
from minenetcd.geo.raster import Raster, RasterWriter
from rasterio.windows import Window

with Raster.open(sys.argv[1]) as raster:
    raster.read(Window(0, 0, 64, 64))
    at_rest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with RasterWriter(sys.argv[2], raster.grid, dtype="uint8") as writer:
        for row in range(0, 6000, 500):
            for col in range(0, 6000, 500):
                window = Window(col, row, 500, 500)
                pixels, _ = raster.read(window)
                writer.write(pixels[..., 0], window)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - at_rest) / 1024)
"""


def test_memory_stays_flat_while_a_large_image_is_copied(tmp_path: Path, utm: MakeGrid) -> None:
    """108 MB in, 36 MB out, with 32 MB of GDAL's cache: what is held must not grow with the image."""
    path = tmp_path / "large.tif"
    with rasterio.open(
        path, "w", driver="GTiff", height=6000, width=6000, count=3, dtype="uint8", tiled=True, compress="lzw",
        crs=utm(6000, 6000).crs, transform=utm(6000, 6000).transform,
    ) as dataset:  # fmt: skip
        pixels = np.broadcast_to((np.arange(18_000) % 251).astype(np.uint8).reshape(3, 1, 6000), (3, 1000, 6000))
        for top in range(0, 6000, 1000):
            dataset.write(pixels, window=Window(0, top, 6000, 1000))
    result = subprocess.run(
        [sys.executable, "-c", COPY, str(path), str(tmp_path / "out.tif")],
        capture_output=True, text=True, check=True, env={"GDAL_CACHEMAX": "32", "PYTHONPATH": ":".join(sys.path)},
    )  # fmt: skip
    assert float(result.stdout) < 150  # MB above rest
    assert cog_validate(tmp_path / "out.tif")[0]


def test_reference_images_match_rasterio(real_images: Path) -> None:
    for name in ("RGB.byte.tif", "RGBA.uint16.tif", "landsat7_juelich.tif"):
        pixels, valid = read_all(real_images / "single_geotiff" / name)
        with rasterio.open(real_images / "single_geotiff" / name) as dataset:
            assert np.array_equal(pixels, np.moveaxis(dataset.read((1, 2, 3)), 0, -1))
            assert np.array_equal(valid, (dataset.read_masks((1, 2, 3)) > 0).all(axis=0))

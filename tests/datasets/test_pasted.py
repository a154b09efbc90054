"""Changes pasted into real images wherever a data set is named: drawn once, whole images held out."""

import hashlib
import os
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import rasterio
from PIL import Image

from minenetcd.benchmark.suite.plan import DataSize, data_size
from minenetcd.building.pasted_sets.images import find_sets, split_sets
from minenetcd.building.pasted_sets.pictures import read_image
from minenetcd.building.pasted_sets.source import LIMITS, PastedSet
from minenetcd.datasets.catalog import list_splits, load_dataset
from minenetcd.datasets.drawn import open_drawn
from minenetcd.errors import DataError, InputError
from minenetcd.examining.audit import audit
from minenetcd.synthetic.pasting.rules import PastingRules


def write_image(path: Path, seed: int, *, height: int = 60, width: int = 70, bands: int = 3) -> None:
    """Coarse noise of its own colour, as PNG, JPEG or GeoTIFF."""
    rng = np.random.default_rng(seed)
    coarse = rng.uniform(20, 235, (bands, 1, 1)) + rng.normal(0, 25, (bands, height // 6 + 1, width // 6 + 1))
    pixels = coarse.repeat(6, 1).repeat(6, 2)[:, :height, :width].clip(1, 255).astype(np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".tif":
        with rasterio.open(
            path, "w", driver="GTiff", height=height, width=width, count=bands, dtype=np.uint8,
            crs="EPSG:32633", transform=rasterio.Affine(10, 0, 5e5, 0, -10, 5e6),
        ) as file:  # fmt: skip
            file.write(pixels)
    else:
        Image.fromarray(np.moveaxis(pixels, 0, -1)).save(path)


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Single dates, places with two, one place with five."""
    folder = tmp_path_factory.mktemp("pasted") / "images"
    names = [f"single/{number}.png" for number in range(6)]
    names += [f"cities/{city}/{date}.jpg" for city in ("rio", "pisa", "paris") for date in ("20160424", "2018-01-05")]
    names += [f"quarry/{year}.tif" for year in range(2015, 2020)]
    for seed, name in enumerate(names):
        write_image(folder / name, seed, bands=4 if name.endswith(".tif") else 3)
    return folder


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


def source(images: Path, options: str = "pairs=6&val=4&size=48") -> str:
    return f"pasted:{images}?{options}"


def table(cache: Path, split: str) -> pd.DataFrame:
    (path,) = (cache / "pasted").glob(f"*/{split}/pairs.csv")
    return pd.read_csv(path)


def checksums(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.rglob("*.png")}


def test_pairs_are_there_in_train_and_val(images: Path, cache: Path) -> None:
    pairs = {split: load_dataset(source(images), split, cache_dir=cache) for split in list_splits(source(images))}
    assert {split: len(of) for split, of in pairs.items()} == {"train": 6, "val": 4}
    sample = pairs["train"][0]
    assert sample.before.shape == (3, 48, 48) and sample.mask.shape == (48, 48)
    assert any((pairs["train"][index].mask == 1).any() for index in range(6))
    assert pairs["val"].facts.source == source(images) and pairs["val"].sites is not None


def test_no_held_out_image_trains(images: Path) -> None:
    by_split = {
        split: {image for of in sets for place in of.places for image in place.images}
        for split, sets in split_sets(find_sets(images)).items()
    }
    assert not by_split["train"] & by_split["val"]
    assert len(by_split["train"] | by_split["val"]) == 17
    counts = {split: [sum(image.startswith(of) for image in found) for of in ("single", "cities", "quarry")]
              for split, found in by_split.items()}  # fmt: skip
    assert counts == {"train": [5, 4, 3], "val": [1, 2, 2]}
    held = min((f"single/{n}" for n in range(6)), key=lambda name: hashlib.sha256(name.encode()).hexdigest())
    assert f"{held}.png" in by_split["val"]


def test_grounds_and_pieces_come_from_the_images_of_their_split(
    images: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: set[str] = set()
    crops = "minenetcd.building.pasted_sets.crops"
    monkeypatch.setattr(f"{crops}.read_image", lambda folder, image: (read.add(image), read_image(folder, image))[1])
    held = {image for of in split_sets(find_sets(images))["val"] for place in of.places for image in place.images}
    open_drawn(source(images), "train", cache_dir=tmp_path, workers=1)
    assert len(read) > 5 and not read & held
    assert set(table(tmp_path, "train")["ground"]) <= read
    read.clear()
    open_drawn(source(images), "val", cache_dir=tmp_path, workers=1)
    assert read and read <= held


def test_the_same_words_give_the_same_pairs_once(images: Path, cache: Path, tmp_path: Path) -> None:
    open_drawn(source(images), "val", cache_dir=cache)
    stamps = {path: path.stat().st_mtime_ns for path in cache.rglob("*.png")}
    drawn: list[int] = []
    open_drawn(source(images), "val", cache_dir=cache, progress=lambda done, of: drawn.append(done))
    assert not drawn and {path: path.stat().st_mtime_ns for path in cache.rglob("*.png")} == stamps
    open_drawn(source(images), "val", cache_dir=tmp_path, workers=2)
    (here,), (there,) = ((folder / "pasted").glob("*/val") for folder in (cache, tmp_path))
    assert here.parent.name == there.parent.name and checksums(here) == checksums(there)
    assert PastedSet.parse(source(images, "seed=2")).key() != PastedSet.parse(source(images)).key()


def test_what_was_drawn_before_an_interruption_is_not_drawn_again(images: Path, tmp_path: Path) -> None:
    def interrupt(done: int, of: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        open_drawn(source(images), "train", cache_dir=tmp_path, workers=1, progress=interrupt)
    counts: list[int] = []
    open_drawn(source(images), "train", cache_dir=tmp_path, workers=1, progress=lambda done, of: counts.append(done))
    assert counts[0] >= 2 and counts[-1] == 6


def test_other_images_give_other_pairs(tmp_path: Path) -> None:
    for number in range(3):
        write_image(tmp_path / f"set/{number}.png", number)
    wanted = PastedSet.parse(source(tmp_path))
    before = wanted.key()
    os.utime(tmp_path / "set/0.png", ns=(1, 1))
    assert wanted.key() != before


def test_images_replaced_under_their_names_are_read_again(tmp_path: Path) -> None:
    folder = tmp_path / "images"
    for round_, seed in enumerate((1, 2)):
        for number in range(2):
            write_image(folder / f"set/{number}.png", seed + 10 * number)
            os.utime(folder / f"set/{number}.png", ns=(seed, seed))
        wanted = source(folder, "pairs=2&size=48&changed=0")
        open_drawn(wanted, "train", cache_dir=tmp_path / f"{round_}", workers=1)
    open_drawn(wanted, "train", cache_dir=tmp_path / "anew", workers=2)  # in processes that read nothing before
    old, again, anew = (checksums(tmp_path / name) for name in ("0", "1", "anew"))
    assert again == anew != old


def test_images_that_show_nothing_are_refused_and_no_set_of_them_is_kept(tmp_path: Path) -> None:
    folder, cache = tmp_path / "images", tmp_path / "cache"
    dates = [folder / f"set/{place}_{year}0101.png" for place in "ab" for year in (2019, 2020)]

    def refused(message: str, options: str = "") -> None:
        for _ in range(2):
            with pytest.raises(InputError) as caught:
                open_drawn(source(folder, f"pairs=2&size=48{options}"), "train", cache_dir=cache, workers=1)
            assert message in str(caught.value) and "\n" not in str(caught.value)
        assert not list(tmp_path.rglob("pairs.csv"))

    def paint(colours: Sequence[int]) -> None:
        for path, colour in zip(dates, colours, strict=True):
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.new("RGB", (60, 60), (colour,) * 3).save(path)

    paint((0, 0, 0, 0))
    refused("needs images with data of more than one colour in each split, none of the 2 of one has any")
    paint((90, 95, 90, 95))
    refused("needs images with data of more than one colour in each split")
    paint((0, 0, 0, 0))
    for path in dates[::2]:
        write_image(path, 1, width=60)
    refused("masks and doubts about real change leave no pixel of 2 pairs: give images with", "&two_dates=100")
    for path in dates[1::2]:
        path.unlink()
    refused("needs places with two dates for two_dates=100, none of those of train", "&two_dates=100")
    cache = folder / "cache"
    refused("is needed to keep pairs in")


@pytest.mark.parametrize("rules", ["bareness=101&colour=90", "light=100&varied=0", "alike=100"])
def test_pairs_none_of_which_changed_are_refused_unless_they_are_asked_for(
    rules: str, images: Path, tmp_path: Path
) -> None:
    wanted = f"pairs=4&size=48&elsewhere=0&{rules}"
    with pytest.raises(DataError) as caught:
        open_drawn(source(images, wanted), "train", cache_dir=tmp_path, workers=1)
    assert "no pixel of 4 pairs is changed: give more varied images" in str(caught.value)
    assert "\n" not in str(caught.value) and not list(tmp_path.rglob("pairs.csv"))
    assert len(open_drawn(source(images, f"{wanted}&changed=0"), "train", cache_dir=tmp_path, workers=1)) == 4


def test_two_dates_are_used_where_they_are_asked_for(images: Path, tmp_path: Path) -> None:
    open_drawn(source(images, "pairs=12&size=48&two_dates=100"), "train", cache_dir=tmp_path)
    rows = table(tmp_path, "train")
    assert (rows["ground"] != rows["other_ground"]).all()
    assert not rows["site"].str.startswith("single").any()
    (tmp_path / "none").mkdir()
    open_drawn(source(images, "pairs=12&size=48&two_dates=0"), "train", cache_dir=tmp_path / "none")
    rows = table(tmp_path / "none", "train")
    assert (rows["ground"] == rows["other_ground"]).all()


def test_unchanged_pairs_have_no_change(images: Path, tmp_path: Path) -> None:
    pairs = open_drawn(source(images, "val=5&size=48&changed=0&two_dates=0"), "val", cache_dir=tmp_path)
    assert all((pairs[index].mask == 0).all() for index in range(5))
    assert not all(pairs[index].before.equal(pairs[index].after) for index in range(5))


def test_what_may_truly_have_changed_between_two_dates_is_not_labelled(tmp_path: Path) -> None:
    for number in range(2):
        for year in (2015, 2016):
            write_image(tmp_path / f"images/set/{number}_{year}0101.png", number, height=96, width=96)
        path = tmp_path / f"images/set/{number}_20160101.png"
        pixels = np.asarray(Image.open(path)).copy()
        pixels[:40, :40] = 255 - pixels[:40, :40]  # a new building
        Image.fromarray(pixels).save(path)
    pairs = open_drawn(
        source(tmp_path / "images", "pairs=8&size=64&changed=0&two_dates=100"), "train", cache_dir=tmp_path
    )
    masks = np.stack([pairs[index].mask.numpy() for index in range(8)])
    assert 0.02 < (masks == 255).mean() < 0.5 and not (masks == 1).any()


def test_some_of_the_pairs_are_drawn_scenes(images: Path, tmp_path: Path) -> None:
    pairs = open_drawn(source(images, "pairs=12&size=48&drawn=50&varied=60"), "train", cache_dir=tmp_path)
    rows = table(tmp_path, "train")
    drawn = (rows["ground"] == "drawn").to_numpy()
    assert 0 < drawn.sum() < 12 and pairs[int(drawn.argmax())].before.shape == (3, 48, 48)
    assert rows["site"][drawn].is_unique


def test_a_link_to_no_image_is_refused(tmp_path: Path) -> None:
    write_image(tmp_path / "images/set/1.png", 1)
    (tmp_path / "images/set/2.png").symlink_to("nowhere.png")
    with pytest.raises(DataError, match=r"2\.png cannot be read \(No such file or directory\): replace or remove it"):
        open_drawn(source(tmp_path / "images"), "train", cache_dir=tmp_path)


def test_areas_without_data_are_not_labelled(tmp_path: Path) -> None:
    for number in range(2):
        pixels = np.zeros((48, 48, 3), np.uint8)
        pixels[16:32, 16:32] = 90 + number
        pixels[20:28, 20:28] = 120
        (tmp_path / "images/set").mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(tmp_path / f"images/set/{number}.png")
    pairs = open_drawn(source(tmp_path / "images", "pairs=2&size=48&changed=0"), "train", cache_dir=tmp_path)
    assert ((pairs[0].mask == 255).float().mean() > 0.3) and (pairs[0].mask == 0).any()


def test_pictures_that_lie_on_their_side_are_measured_as_they_are_read(tmp_path: Path) -> None:
    on_its_side = Image.Exif()
    on_its_side[0x0112] = 6
    for number in range(2):
        path = tmp_path / f"images/set/{number}.jpg"
        write_image(path, number, height=60, width=120)
        Image.open(path).save(path, exif=on_its_side)
    (found,) = find_sets(tmp_path / "images")
    assert {(place.height, place.width) for place in found.places} == {(120, 60)}
    pairs = open_drawn(source(tmp_path / "images", "pairs=8&size=48"), "train", cache_dir=tmp_path, workers=1)
    assert pairs[0].before.shape == (3, 48, 48)


def test_a_table_says_what_names_do_not(images: Path, tmp_path: Path) -> None:
    path = tmp_path / "sets.csv"
    path.write_text("set,tile,mines,one_place\nsingle,12,yes,\ncities,,,yes\n")
    sets = {of.name: of for of in find_sets(images, path)}
    assert sets["single"].tile == 12 and sets["single"].mines and not sets["quarry"].mines
    assert len(sets["cities"].places) == 1 and len(sets["cities"].places[0].images) == 6
    open_drawn(source(images, f"pairs=4&size=48&table={path}"), "train", cache_dir=tmp_path)
    assert not table(tmp_path, "train")["site"].str.startswith("single").any()  # its tiles are too small for a ground


def test_names_tell_dates_of_one_place(tmp_path: Path) -> None:
    for seed, name in enumerate(
        ["a/20150820_00.png", "a/20171003_00.png", "a/20150820_01.png", "b/plots/x.png", "b/plots_2017/x.png",
         "b/plots/y.png", "c/2019.png", "c/2021.png", "d/img_2019.png", "d/img_2021.png", "d/20159999.png", "e.png"]
    ):  # fmt: skip
        write_image(tmp_path / name, seed)
    dates = {of.name: sorted(len(place.images) for place in of.places) for of in find_sets(tmp_path)}
    write_image(tmp_path / "years/2019/site.png", 1)
    write_image(tmp_path / "years/2021-07-01/site.png", 2)
    write_image(tmp_path / "years/2019/other.png", 3)
    (years,) = find_sets(tmp_path / "years")
    assert years.name == "years" and sorted(len(place.images) for place in years.places) == [1, 2]
    assert dates == {"a": [1, 2], "b": [1, 2], "c": [2], "d": [1, 1, 1], tmp_path.name: [1]}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("pairs=0", "pairs must be a whole number from 1 to 1000000, got '0' in"),
        ("size=16", "size must be a whole number from 32 to 2048, got '16' in"),
        ("pair=3", "There is no option of a pasted data set 'pair': did you mean 'pairs'?"),
        ("seed=1&seed=2", "seed stands twice in"),
        ("smallest=9&largest=8", "smallest must not be above largest, got 9 and 8 in"),
        (
            "size=64",
            "needs images of 64 x 64 pixels or more in each split, the largest square of one has 60: make size",
        ),
        ("table=~nobody-of-this-name/a.csv", "A home folder is needed for ~nobody-of-this-name/a.csv, there is none: "),
        ("table=none.csv", "There is no table none.csv: check the path."),
    ],
)
def test_options_that_cannot_be_are_refused_in_one_line(
    options: str, message: str, images: Path, tmp_path: Path
) -> None:
    with pytest.raises(InputError) as caught:
        open_drawn(source(images, options), "train", cache_dir=tmp_path)
    assert message in str(caught.value) and "\n" not in str(caught.value)


def test_images_that_cannot_be_used_are_refused_in_one_line(tmp_path: Path) -> None:
    def refused(message: str, split: str = "train") -> None:
        with pytest.raises(DataError) as caught:
            open_drawn(source(tmp_path / "images"), split, cache_dir=tmp_path / "cache")
        assert message in str(caught.value) and "\n" not in str(caught.value)

    refused("There is no folder")
    (tmp_path / "images").mkdir()
    refused("needs folders of images (.png, .jpg, .jpeg, .tif, .tiff), it has none: name another.")
    write_image(tmp_path / "images/set/a.png", 1)
    refused("has no images to hold out for val: it needs a set of two places, or of four dates of one.", "val")
    refused("has the splits train, val, not 'test'", "test")
    write_image(tmp_path / "images/set/20200101.png", 1)
    write_image(tmp_path / "images/set/20210101.png", 1, width=80)
    refused("needs the dates of one place in one size, set/20200101.png and set/20210101.png differ")
    (tmp_path / "images/set/20210101.png").unlink()
    write_image(tmp_path / "images/set/grey.tif", 1, bands=1)
    refused("grey.tif needs three bands or more, it has 1: replace or remove it.")
    (tmp_path / "images/set/grey.tif").write_bytes(b"nothing")
    refused("grey.tif cannot be read as an image")
    (tmp_path / "images/set/grey.tif").unlink()
    (tmp_path / "images/sets.csv").write_text("set,tile\nsat,4\n")
    refused("needs the name of a set in its column set, got 'sat': correct it.")
    (tmp_path / "images/sets.csv").write_text("set,tile\nset,x\n")
    refused("needs pixels as tile, yes or no as mines and one_place, or nothing, got 'x'")
    for name, words in {
        "~nobody-of-this-name": "A home folder is needed for ~nobody-of-this-name, there is none: write the whole path",
        "x" * 300: "There is no folder xx",
        "a?b?pairs=2": "'?' stands once in 'pasted:a?b?pairs=2', before the options",
    }.items():
        with pytest.raises(InputError) as caught:
            open_drawn(f"pasted:{name}", "train", cache_dir=tmp_path / "cache")
        assert words in str(caught.value) and "\n" not in str(caught.value)
    with pytest.raises(InputError, match="reads like pasted:images"):
        PastedSet.parse("pasted:?pairs=3")


def test_the_defaults_of_the_source_are_those_of_the_rules() -> None:
    assert PastedSet.parse("pasted:images").rules == PastingRules()
    assert PastedSet.parse("pasted:images?light=10&smallest=2").rules == PastingRules(light=0.1, radius=(2, 70))
    assert PastedSet.parse("pasted:images?pairs=40").val == 10


def test_data_check_takes_it(images: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MINENETCD_CACHE", str(tmp_path))
    result = audit(source(images, "pairs=4&val=2&size=48"))
    assert {split: counts.pairs for split, counts in result.splits.items()} == {"train": 4, "val": 2}
    assert result.is_fit, result.findings


def test_a_benchmark_knows_its_size_without_drawing() -> None:
    assert data_size("pasted:nowhere?pairs=8&size=64", ["train"]) == DataSize({"train": 8, "val": 2}, 64)


@pytest.mark.slow
def test_real_images(real_images: Path, tmp_path: Path) -> None:
    folder = real_images / "imagery"
    pairs = open_drawn(source(folder, "pairs=12&size=96"), "train", cache_dir=tmp_path)
    changed = [(pairs[index].mask == 1).float().mean().item() for index in range(12)]
    assert 4 <= sum(share > 0 for share in changed) < 12 and max(changed) < 0.8
    found = {of.name: of for of in find_sets(folder)}
    assert len(found["strzegom_quarries_s2"].places[0].images) == 8
    assert sum(len(place.images) == 2 for place in found["oscd_sentinel2"].places) == len(
        found["oscd_sentinel2"].places
    )


def test_every_option_is_documented() -> None:
    page = (Path(__file__).parents[2] / "docs/data/building.md").read_text(encoding="utf-8")
    rows = [line for line in page.partition("## Changes pasted")[2].splitlines() if line.startswith("| `")]
    assert {name for line in rows for name in re.findall(r"`(\w+)`", line.split("|")[1])} == set(LIMITS)

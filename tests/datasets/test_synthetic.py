"""Synthetic scenes wherever a data set is named: drawn once, built as real ones are, at invented places."""

import hashlib
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
import shapely
from numpy.random import default_rng
from pyproj import Transformer

from minenetcd.building.drawn.once import cache_folder
from minenetcd.building.synthetic_sets.places import MINING_COUNTRIES, invent_places
from minenetcd.building.synthetic_sets.source import SyntheticSet
from minenetcd.constants import SPLITS
from minenetcd.datasets.drawn import open_drawn
from minenetcd.display.world_map import countries
from minenetcd.errors import InputError, OutputError

SOURCE = "synthetic:try?sites=10&size=64&seed=3"


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


def opening(source: str, cache: Path) -> subprocess.Popen[str]:
    """Another process that opens `source`, and prints the fingerprints of its splits."""
    code = (
        "from minenetcd.datasets.drawn import open_drawn\n"
        f"for split in {SPLITS}: print(open_drawn({source!r}, split, cache_dir={str(cache)!r}).facts.fingerprint)"
    )
    return subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def checksums(folder: Path) -> dict[str, str]:
    files = [path for path in folder.rglob("*") if path.suffix in (".parquet", ".json", ".md")]
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.mark.slow
def test_every_split_is_there_and_no_site_in_two(cache: Path) -> None:
    splits = {split: open_drawn(SOURCE, split, cache_dir=cache) for split in SPLITS}
    sites = {split: set(pairs.sites or []) for split, pairs in splits.items()}
    assert {split: len(found) for split, found in sites.items()} == {"train": 6, "val": 1, "test": 3}
    assert len(set().union(*sites.values())) == 10
    sample = splits["train"][0]
    assert sample.before.shape == (3, 64, 64) and sample.mask.shape == (64, 64)
    assert not sample.before.equal(sample.after)
    assert splits["test"].facts.source == SOURCE and splits["test"].facts.split == "test"


@pytest.mark.slow
def test_patches_are_at_invented_places_on_land(cache: Path) -> None:
    places = open_drawn(SOURCE, "train", cache_dir=cache).places
    assert places is not None
    outlines = countries().dissolve("country").geometry
    for place in places.itertuples():
        to_degrees = Transformer.from_crs(place.crs, "EPSG:4326", always_xy=True).transform
        assert outlines[place.country].contains(shapely.Point(*to_degrees(place.left, place.top)))
        assert "2009" <= place.before_date < "2019" and "2018" <= place.after_date < "2024"
        assert int(place.after_date[:4]) - int(place.before_date[:4]) >= 4


def test_it_is_built_once(cache: Path) -> None:
    open_drawn(SOURCE, "val", cache_dir=cache)
    stamps = {path: path.stat().st_mtime_ns for path in cache.rglob("*.parquet")}
    drawn: list[int] = []
    open_drawn(SOURCE, "val", cache_dir=cache, progress=lambda done, of: drawn.append(done))
    assert not drawn and {path: path.stat().st_mtime_ns for path in cache.rglob("*.parquet")} == stamps
    assert not list(cache.rglob("*.tif"))  # the scenes are gone, the patches are kept


@pytest.mark.slow
def test_the_same_words_give_the_same_bytes_and_others_do_not(cache: Path, tmp_path: Path) -> None:
    for source in (SOURCE, SOURCE.replace("seed=3", "seed=4"), SOURCE.replace("try", "other")):
        open_drawn(source, "val", cache_dir=tmp_path, workers=1)
    open_drawn(SOURCE, "val", cache_dir=cache)
    built = {folder.name: checksums(folder / "patches") for folder in (tmp_path / "synthetic").iterdir()}
    key = SyntheticSet.parse(SOURCE).key
    assert built[key] == checksums(cache / "synthetic" / key / "patches")
    assert len({sums["manifest.json"] for sums in built.values()}) == 3


@pytest.mark.slow
def test_two_processes_that_ask_at_once_get_the_same(cache: Path, tmp_path: Path) -> None:
    processes = [opening(SOURCE, tmp_path) for _ in range(2)]
    answers = [process.communicate() for process in processes]
    assert all(process.returncode == 0 for process in processes), answers
    assert answers[0][0] == answers[1][0] and len(answers[0][0].split()) == 3
    open_drawn(SOURCE, "val", cache_dir=cache)
    key = SyntheticSet.parse(SOURCE).key
    assert checksums(tmp_path / "synthetic" / key / "patches") == checksums(cache / "synthetic" / key / "patches")


@pytest.mark.slow
def test_what_was_drawn_before_an_interruption_is_not_drawn_again(cache: Path, tmp_path: Path) -> None:
    def interrupt(done: int, of: int) -> None:
        if done == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        open_drawn(SOURCE, "train", cache_dir=tmp_path, workers=1, progress=interrupt)
    drawn = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.tif")}
    counts: list[int] = []
    open_drawn(SOURCE, "train", cache_dir=tmp_path, progress=lambda done, of: counts.append(done))
    assert len(drawn) >= 15 and counts[0] >= 5 and counts[-1] == 10
    open_drawn(SOURCE, "val", cache_dir=cache)
    key = SyntheticSet.parse(SOURCE).key
    assert checksums(tmp_path / "synthetic" / key / "patches") == checksums(cache / "synthetic" / key / "patches")


def test_large_scenes_are_cut_and_small_ones_stay_whole() -> None:
    assert SyntheticSet.parse("synthetic:mines") == SyntheticSet("mines", sites=20, size=1024, seed=1, patch=256)
    assert SyntheticSet.parse("synthetic:nano?sites=3000&size=288&seed=1").patch == 288
    assert SyntheticSet.parse("synthetic:mines?size=512").patch == 256
    assert SyntheticSet.parse("synthetic:mines?patch=512").patch == 512


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("synthetic:", "reads like synthetic:mines?sites=20&size=1024&seed=1, got 'synthetic:': correct it."),
        ("synthetic:a/b", "got 'synthetic:a/b'"),
        ("synthetic:mines?", None),
        ("synthetic:mines?sites", "sites must be a whole number from 3 to 100000, got '' in"),
        ("synthetic:mines?sites=2", "sites must be a whole number from 3 to 100000, got '2' in"),
        ("synthetic:mines?size=12.5", "size must be a whole number from 32 to 8192, got '12.5' in"),
        ("synthetic:mines?seed=-1", "seed must be a whole number from 0 to 2147483647, got '-1' in"),
        ("synthetic:mines?site=5", "no option of a synthetic data set 'site': did you mean 'sites'?"),
        ("synthetic:mines?seed=1&seed=2", "seed stands twice in 'synthetic:mines?seed=1&seed=2': give it once."),
        ("synthetic:mines?size=64&patch=128", "patch must be 64 at most, the size of a scene, got 128 in"),
    ],
)
def test_sources_that_cannot_be_read_are_refused_in_one_line(source: str, message: str | None) -> None:
    if message is None:
        assert SyntheticSet.parse(source) == SyntheticSet.parse("synthetic:mines")
        return
    with pytest.raises(InputError) as caught:
        SyntheticSet.parse(source)
    assert message in str(caught.value) and "\n" not in str(caught.value)


def test_an_unknown_split_is_refused_before_anything_is_drawn(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"There is no split 'tset': did you mean 'test'\?"):
        open_drawn(SOURCE, "tset", cache_dir=tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_cache_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match=r"cannot be written \(Not a directory\)"):
        open_drawn(SOURCE, "train", cache_dir=tmp_path / "file")


def test_the_cache_is_where_it_is_wanted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MINENETCD_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    if sys.platform == "linux":
        assert cache_folder() == tmp_path / "xdg" / "minenetcd"
    monkeypatch.setenv("MINENETCD_CACHE", str(tmp_path / "own"))
    assert cache_folder() == tmp_path / "own"
    assert cache_folder(tmp_path / "given") == tmp_path / "given"


def test_places_are_spread_over_six_continents() -> None:
    places = invent_places(default_rng(0), 200)
    continent = countries().drop_duplicates("iso_a3").set_index("iso_a3")["continent"]
    assert {continent[place.code] for place in places} >= {"Africa", "Asia", "Europe", "North America", "South America"}
    assert "AUS" in {place.code for place in places} and set(continent[list(MINING_COUNTRIES)].index) == set(
        MINING_COUNTRIES
    )
    assert max(Counter(place.country for place in places).values()) < 20

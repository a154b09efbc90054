"""The audit on real folders and parquet files, each with one thing wrong."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fixtures.pair_files import FOLDERS, Pair, make_pair, strict_json, write_folder, write_parquet
from fixtures.wide_pairs import write_wide
from minenetcd.errors import DataError
from minenetcd.examining.audit import Audit, audit
from minenetcd.examining.audit.finding import Finding

PAIRS = 6


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Six pairs of train and three of test, nothing wrong with them."""
    root = write_folder(tmp_path / "set", map(make_pair, range(PAIRS)))
    return write_folder(root, map(make_pair, range(100, 103)), split="test")


def the_finding(result: Audit) -> Finding:
    assert [finding.check for finding in result.findings] == [result.findings[0].check], result.findings
    return result.findings[0]


def change(path: Path, edit: Callable[[np.ndarray], np.ndarray]) -> None:
    with Image.open(path) as image:
        pixels = np.array(image)
    Image.fromarray(edit(pixels)).save(path)


def test_counts_and_normalisation_are_those_of_the_files(folder: Path) -> None:
    result = audit(folder)
    assert result.is_fit and result.findings == ()
    train, test = result.splits["train"], result.splits["test"]
    pairs = [make_pair(seed) for seed in range(PAIRS)]
    assert (train.pairs, test.pairs, train.unusable_pairs) == (PAIRS, 3, 0)
    assert train.sizes == {"64 x 64": PAIRS} and train.bands == {"3": PAIRS}
    assert train.changed_pixels == sum(np.count_nonzero(pair.mask) for pair in pairs)
    assert train.changed_share == train.changed_pixels / (PAIRS * 64 * 64)
    assert train.empty_masks == train.full_masks == 0
    before, after = (np.stack([pair[date] for pair in pairs]) / 255 for date in (0, 1))
    for found, pixels in zip(
        (result.normalisation.both, result.normalisation.before, result.normalisation.after),
        (np.stack([before, after]), before, after),
        strict=True,
    ):
        every = pixels.reshape(-1, 3)
        np.testing.assert_allclose(found.mean, every.mean(axis=0), rtol=1e-12)
        np.testing.assert_allclose(found.std, every.std(axis=0), rtol=1e-10)
    assert result.normalisation.split == "train"
    assert result.dates_told_apart is None  # too few pairs


def test_it_is_the_same_with_workers_and_tells_how_far_it_is(folder: Path) -> None:
    truncate(folder)
    reported: list[tuple[int, int]] = []
    alone = audit(folder, progress=lambda done, of: reported.append((done, of)))
    assert audit(folder, workers=2) == alone
    assert reported == [(done, PAIRS + 3) for done in range(1, PAIRS + 4)]


def test_all_of_it_is_json(folder: Path) -> None:
    (folder / "train/A/002.png").write_bytes(b"")
    told = strict_json(json.dumps(audit(folder).as_dict()))
    assert told["is_fit"] is False
    assert told["splits"]["test"]["changed_share"] == pytest.approx(0.0625)
    assert told["findings"][0]["names"] == ["train/002"]


def truncate(folder: Path) -> None:
    path = folder / "train/B/001.png"
    path.write_bytes(path.read_bytes()[:900])


def text_for_an_image(folder: Path) -> None:
    (folder / "train/A/001.png").write_text("not an image")


def other_size(folder: Path) -> None:
    change(folder / "train/B/001.png", lambda pixels: pixels[:60])


def other_size_of_a_mask(folder: Path) -> None:
    change(folder / "train/label/001.png", lambda pixels: pixels[:, :60])


def a_mask_in_colours(folder: Path) -> None:
    change(folder / "train/label/001.png", lambda mask: np.stack([mask, mask * 0, mask], axis=-1))


@pytest.mark.parametrize(
    ("spoil", "check", "words"),
    [
        (truncate, "unreadable", "001.png cannot be used"),
        (text_for_an_image, "unreadable", "001.png cannot be used"),
        (other_size, "unequal sizes", "64 x 64, 64 x 60, 64 x 64 pixels"),
        (other_size_of_a_mask, "unequal sizes", "64 x 64, 64 x 64, 60 x 64 pixels"),
        (a_mask_in_colours, "mask values", "001.png cannot be used (a mask needs one band"),
    ],
)
def test_a_pair_that_cannot_be_used_is_named_with_the_reason(
    folder: Path, spoil: Callable[[Path], None], check: str, words: str
) -> None:
    spoil(folder)
    result = audit(folder)
    finding = the_finding(result)
    assert (finding.level, finding.check, finding.names) == ("error", check, ("train/001",))
    assert finding.details[0].startswith("train/001: ") and words in finding.details[0]
    assert not result.is_fit
    assert result.splits["train"].unusable_pairs == 1 and result.splits["train"].pairs == PAIRS


def test_a_mask_of_several_classes_is_named_though_no_pair_can_be_read(folder: Path) -> None:
    change(folder / "train/label/004.png", lambda mask: np.where(mask > 0, 7, 3).astype(np.uint8))
    result = audit(folder)
    finding = next(finding for finding in result.findings if finding.check == "mask values")
    assert finding.names == ("train/004",) and finding.details == ("train/004: 3, 7",)
    assert "beside 0 and 255" in finding.message
    assert result.splits["train"].unusable_pairs == PAIRS and result.splits["test"].unusable_pairs == 0
    assert not result.is_fit


def test_masks_that_are_all_grey_are_all_named(folder: Path) -> None:
    for number in range(PAIRS):
        change(
            folder / f"train/label/{number:03d}.png", lambda mask: np.arange(64 * 64).reshape(64, 64).astype(np.uint8)
        )
    finding = next(finding for finding in audit(folder).findings if finding.check == "mask values")
    assert len(finding.names) == PAIRS and "0, 1, 2, 3" in finding.details[0]


def test_pixels_that_are_not_labelled_are_not_counted(folder: Path) -> None:
    for number in range(PAIRS):
        change(folder / f"train/label/{number:03d}.png", lambda mask: (mask > 0).astype(np.uint8))
    change(folder / "train/label/000.png", lambda mask: np.where(np.arange(64) < 16, 255, mask).astype(np.uint8))
    counts = audit(folder).splits["train"]
    assert counts.labelled_pixels == counts.pixels - 64 * 16
    assert counts.unusable_pairs == 0


def test_a_split_that_does_not_open_is_one_finding_and_the_others_are_read(folder: Path) -> None:
    for file in (folder / "train/B").iterdir():
        file.unlink()
    result = audit(folder)
    finding = result.findings[0]
    assert (finding.level, finding.check) == ("error", "cannot be opened")
    assert "has no after images" in finding.message and finding.message.startswith("The split 'train' cannot be opened")
    assert list(result.splits) == ["test"]


def test_images_without_partners_leave_the_others_to_be_audited(folder: Path) -> None:
    (folder / "train/B/003.png").rename(folder / "train/B/other.png")
    result = audit(folder)
    finding = the_finding(result)
    assert (finding.level, finding.check, finding.names) == ("error", "unreadable", ("train/003", "train/other"))
    assert "it has no after image" in finding.details[0] and "it has no before image" in finding.details[1]
    assert result.splits["train"].unusable_pairs == 2 and result.splits["train"].pairs == 7


def test_where_there_is_no_data_set_there_is_no_audit(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="check the path"):
        audit(tmp_path / "nowhere")
    with pytest.raises(DataError, match="holds no data set"):
        audit(tmp_path)


def test_small_pairs_are_refused_and_sizes_told(folder: Path) -> None:
    write_folder(folder, [make_pair(50, side=24), make_pair(51, side=80)], first=10)
    found = {finding.check: finding for finding in audit(folder).findings}
    assert found["too small"].level == "error" and found["too small"].names == ("train/010",)
    assert found["sizes"].level == "warning" and found["sizes"].names == ("train/010", "train/011")
    assert "64 x 64 (9), 24 x 24 (1), 80 x 80 (1)" in found["sizes"].message


def test_empty_masks_are_counted_full_ones_warned_of(folder: Path) -> None:
    change(folder / "train/label/000.png", lambda mask: mask * 0)
    change(folder / "train/label/001.png", lambda mask: mask * 0 + 255)
    result = audit(folder)
    finding = the_finding(result)
    assert (finding.level, finding.check, finding.names) == ("warning", "full masks", ("train/001",))
    assert (result.splits["train"].empty_masks, result.splits["train"].full_masks) == (1, 1)
    assert result.is_fit


def test_a_split_without_change_cannot_be_learnt_from(folder: Path) -> None:
    for path in (folder / "train/label").iterdir():
        change(path, lambda mask: mask * 0)
    finding = the_finding(audit(folder))
    assert (finding.level, finding.check) == ("error", "no change")
    assert finding.message == "No pixel of train is changed: there is nothing to learn"


def test_inverted_masks_are_suspected(folder: Path) -> None:
    for path in (folder / "test/label").iterdir():
        change(path, lambda mask: 255 - mask)
    finding = the_finding(audit(folder))
    assert (finding.level, finding.check) == ("warning", "inverted masks")
    assert finding.message.startswith("94% of test is changed")


@pytest.mark.parametrize(("emptied", "level"), [(False, "error"), (True, "warning")])
def test_one_image_for_both_dates(folder: Path, emptied: bool, level: str) -> None:
    (folder / "train/B/002.png").write_bytes((folder / "train/A/002.png").read_bytes())
    if emptied:
        change(folder / "train/label/002.png", lambda mask: mask * 0)
    finding = the_finding(audit(folder))
    assert (finding.level, finding.check, finding.names) == (level, "one image twice", ("train/002",))
    assert ("says something changed" in finding.message) is not emptied


def copy_pair(folder: Path, source: str, target: str) -> None:
    for kind in FOLDERS:
        split, name = source.split("/")
        other, other_name = target.split("/")
        (folder / other / kind / f"{other_name}.png").write_bytes((folder / split / kind / f"{name}.png").read_bytes())


def test_copies_within_a_split_are_a_warning(folder: Path) -> None:
    copy_pair(folder, "train/001", "train/020")
    finding = the_finding(audit(folder))
    assert (finding.level, finding.check, finding.names) == ("warning", "copies", ("train/001", "train/020"))
    assert finding.details == ("identical: train/001, train/020",)


def test_copies_between_splits_are_an_error_also_stored_anew(folder: Path) -> None:
    copy_pair(folder, "train/001", "test/020")
    pair = make_pair(3)
    for kind, image in zip(FOLDERS, pair, strict=True):
        ending = "png" if kind == "label" else "jpg"
        Image.fromarray(image).save(
            folder / "test" / kind / f"030.{ending}", **({"quality": 70} if ending == "jpg" else {})
        )
    finding = the_finding(audit(folder))
    assert (finding.level, finding.check) == ("error", "copies between splits")
    assert finding.details == ("identical: train/001, test/020", "alike: train/003, test/030")


def test_copies_with_other_masks_are_told(folder: Path) -> None:
    copy_pair(folder, "train/001", "train/020")
    change(folder / "train/label/020.png", lambda mask: mask.T)
    checks = [(finding.level, finding.check) for finding in audit(folder).findings]
    assert checks == [("warning", "copies"), ("warning", "copies with other masks")]


def test_a_copy_with_the_dates_exchanged_is_told(folder: Path) -> None:
    write_folder(folder, [Pair(make_pair(2).after, make_pair(2).before, make_pair(2).mask)], first=30)
    finding = the_finding(audit(folder))
    assert (finding.level, finding.check) == ("warning", "exchanged copies")
    assert finding.details == ("identical: train/002, train/030",)


def test_dates_exchanged_in_a_few_files_are_told_by_tone(tmp_path: Path) -> None:
    pairs = [make_pair(seed, brighter=25) for seed in range(60)]
    for number in (7, 31):
        pairs[number] = Pair(pairs[number].after, pairs[number].before, pairs[number].mask)
    result = audit(write_folder(tmp_path / "set", pairs))
    finding = the_finding(result)
    assert (finding.level, finding.check) == ("warning", "likely exchanged")
    assert finding.names == ("train/007", "train/031")
    assert result.dates_told_apart == pytest.approx(58 / 60)


def places(count: int, **columns: object) -> list[dict[str, object]]:
    return [{"site": f"site {number}"} | columns for number in range(count)]


def test_stated_dates_are_checked_as_far_as_they_go(tmp_path: Path) -> None:
    stated = [
        ("2015-06-01", "2019-06-01"), ("2019-06-01", "2015-06-01"), ("2019", "2019-03-01"), ("2020", "2019"),
        ("2018-05-05", "2018-05-05"), ("in spring", "2019"), (None, "2019"),
    ]  # fmt: skip
    where = [{"site": f"s{n}", "before_date": b, "after_date": a} for n, (b, a) in enumerate(stated)]
    root = write_parquet(tmp_path / "set", "train", map(make_pair, range(len(stated))), where)
    found = {finding.check: finding for finding in audit(root, cache_dir=tmp_path / "cache").findings}
    assert set(found) == {"exchanged dates", "one date", "unreadable dates"}
    assert found["exchanged dates"].level == "error"
    assert found["exchanged dates"].names == ("train/train_001", "train/train_003")
    assert found["one date"].names == ("train/train_004",)
    assert found["unreadable dates"].names == ("train/train_005",)


def test_sites_in_two_splits_are_told(tmp_path: Path) -> None:
    root = write_parquet(tmp_path / "set", "train", map(make_pair, range(3)), places(3))
    write_parquet(root, "test", map(make_pair, range(10, 14)), places(4)[2:] + places(2, site=None))
    finding = the_finding(audit(root, cache_dir=tmp_path / "cache"))
    assert (finding.level, finding.check) == ("warning", "sites between splits")
    assert finding.details == ("site 2: test, train",)


@pytest.mark.parametrize(
    ("name", "pairs", "empty", "checks"),
    [
        ("levir_256", 11, 1, []),
        ("sztaki_airchange", 7, 0, []),
        ("oscd_geotiff", 2, 0, ["sizes"]),
        ("aster_khuzestan", None, None, ["cannot be opened"]),  # has no masks
    ],
)
def test_real_pairs(name: str, pairs: int | None, empty: int | None, checks: list[str], real_images: Path) -> None:
    result = audit(real_images / name)
    assert [finding.check for finding in result.findings] == checks
    assert result.is_fit is ("cannot be opened" not in checks)
    if pairs is not None:
        assert (result.splits["all"].pairs, result.splits["all"].empty_masks) == (pairs, empty)


def test_pairs_of_16_bits_and_13_bands_are_checked_as_any(tmp_path: Path) -> None:
    data = write_wide(tmp_path, bands=13)
    for kind in ("A", "B", "label"):
        (data / "test" / kind / "test_1.tif").write_bytes((data / "train" / kind / "train_0.tif").read_bytes())
    result = audit(data)
    assert [finding.check for finding in result.findings] == ["copies between splits"]
    assert result.normalisation is not None and result.normalisation.value_range is not None
    low, high = (np.array(end) for end in result.normalisation.value_range)
    assert low.shape == (13,) and (low < 1200).all() and (high > 3000).all()
    assert all(0.1 < mean < 0.6 for mean in result.normalisation.both.mean)

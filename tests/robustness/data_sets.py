"""Data sets in every layout, with one thing that is odd: fit where that means nothing, else a finding or one line."""

import csv
import shutil
from collections.abc import Callable, Iterator, Sequence
from itertools import product
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

from fixtures.pair_files import FOLDERS, Pair, make_pair, write_folder
from robustness.cases import AnyOf, Case, Refused, Result, Unfit, named
from robustness.command import Ended
from robustness.damage import ANOTHER, CUT, NO_FILE, SCATTERED, Damage, void
from robustness.images_odd import png_that_claims

PAIRS = 4
CHECK = ["data", "check", "set", "--workers", "0", "--quiet", "--all"]
COLUMNS = ("before", "after", "mask")

Make = Callable[[Path], Sequence[str]]
Step = Callable[[Path], object]


def pairs() -> list[Pair]:
    return [make_pair(seed, side=48) for seed in range(PAIRS)]


def in_folders(folder: Path) -> Path:
    return write_folder(folder / "set", pairs(), split=None)


def in_splits(folder: Path) -> Path:
    write_folder(folder / "set", pairs()[:2], split="train")
    return write_folder(folder / "set", pairs()[2:], split="test")


def with_lists(folder: Path) -> Path:
    root = in_folders(folder)
    (root / "train.txt").write_text("000\n001\n")
    (root / "test.txt").write_text("002\n003\n")
    return root


def in_a_folder_each(folder: Path) -> Path:
    for number, pair in enumerate(pairs()):
        place = folder / "set" / f"site_{number}"
        place.mkdir(parents=True)
        for name, image in zip(COLUMNS, pair, strict=True):
            Image.fromarray(image).save(place / f"{name}.png")
    return folder / "set"


def in_a_table(folder: Path, **last: str) -> Path:
    """`last`: what the last row says instead."""
    root = in_folders(folder)
    rows = [
        dict(zip(COLUMNS, (f"{kind}/{number:03d}.png" for kind in FOLDERS), strict=True)) for number in range(PAIRS)
    ]
    rows[-1] |= last
    with (root / "pairs.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
    return root


def in_parquet(folder: Path) -> Path:
    root = in_folders(folder)
    columns = {
        column: [{"bytes": (root / kind / f"{number:03d}.png").read_bytes(), "path": None} for number in range(PAIRS)]
        for column, kind in zip(("imageA", "imageB", "label"), FOLDERS, strict=True)
    }
    for kind in FOLDERS:
        shutil.rmtree(root / kind)
    pq.write_table(pa.table(columns), root / "train-00000-of-00001.parquet")
    return root


LAYOUTS: dict[str, Callable[[Path], Path]] = {
    "folders": in_folders, "splits": in_splits, "lists": with_lists, "each": in_a_folder_each, "table": in_a_table,
    "parquet": in_parquet,
}  # fmt: skip
#: Where the last pair's images lie in the layouts that have files of their own.
FILES = {
    "folders": "{kind}/003.png",
    "splits": "test/{kind}/001.png",
    "lists": "{kind}/003.png",
    "table": "{kind}/003.png",
}


def check(layout: str, step: Step = void, *, query: str = "", words: Sequence[str] = CHECK) -> Make:
    """A set in this layout after `step` was done to its folder."""

    def make(folder: Path) -> Sequence[str]:
        step(LAYOUTS[layout](folder))
        return [word.replace("set", f"set{query}") if word == "set" else word for word in words]

    return make


def _is_fit(ended: Ended, folder: Path) -> None:
    assert "is fit to train and test on" in ended.output, ended.told


FIT = Result(_is_fit)
ONE_ROW = Unfit("cannot be|can be read|refused|outside|no image|not read|needs")
TOLD = AnyOf((ONE_ROW, Refused()))


def layouts() -> Iterator[Case]:
    for layout, value in product(LAYOUTS, (255, 1, 7)):
        yield Case(
            f"{layout}-0-{value}", check(layout, _with_mask(value) if value != 255 and layout in FILES else void), FIT
        )


def _with_mask(value: int) -> Step:
    """Another number for changed, in every mask."""

    def step(root: Path) -> None:
        for path in root.rglob("label/*.png"):
            Image.fromarray(np.asarray(Image.open(path)) // 255 * np.uint8(value)).save(path)

    return step


def damaged_files() -> Iterator[Case]:
    """One image of one pair: the others are read, and the finding names it."""
    for (name, damage), kind in product({**CUT, **ANOTHER}.items(), ("A", "label")):
        expected = AnyOf((FIT, ONE_ROW)) if name == "cut-90%" else ONE_ROW  # of a small mask all pixels may be left
        yield Case(f"{name}-{kind}", check("table", _damaged("table", kind, damage)), expected)
    for (name, damage), layout in product(NO_FILE.items(), ("folders", "table")):
        yield Case(f"{name}-{layout}", check(layout, _damaged(layout, "B", damage)), TOLD)
    for name, damage in SCATTERED.items():
        yield Case(f"{name}-splits", check("splits", _damaged("splits", "B", damage)), AnyOf((FIT, ONE_ROW, Refused())))
    for name, damage in {**CUT, "empty": ANOTHER["empty"], "noise": ANOTHER["noise"]}.items():
        yield Case(
            f"{name}-parquet", check("parquet", lambda root, damage=damage: damage(next(root.glob("*.parquet")))), TOLD
        )
    for name in ("empty", "zeros", "noise", "page"):
        yield Case(
            f"{name}-csv",
            check("table", lambda root, name=name: ANOTHER[name](root / "pairs.csv")),
            AnyOf((FIT, TOLD)),
        )


def _damaged(layout: str, kind: str, damage: Damage) -> Step:
    return lambda root: damage(root / FILES[layout].format(kind=kind))


def rows_of_a_table() -> Iterator[Case]:
    """Where a row may lead."""
    texts = {
        "up": "../secret.png", "round": "A/../../secret.png", "absolute": "/etc/hostname", "device": "/dev/zero",
        "url": "http://127.0.0.1:9/x.png",
        "vsi": "/vsicurl/http://127.0.0.1:9/x.png", "long": "x" * 5_000, "empty": "", "nothing": "A/none.png",
        "folder": "A",
    }  # fmt: skip
    for (name, text), column in product(texts.items(), ("before", "mask")):
        yield Case(f"{name}-{column}", lambda folder, row={column: text}: _table(folder, row), TOLD)


def _table(folder: Path, row: dict[str, str]) -> Sequence[str]:
    in_a_table(folder, **row)
    shutil.copy(folder / "set/A/000.png", folder / "secret.png")
    return CHECK


def lists() -> Iterator[Case]:
    whole = "000\n001\n002\n003\n"
    fit = {"bom": b"\xef\xbb\xbf" + whole.encode(), "windows": whole.replace("\n", ".png\r\n").encode(),
        "no-end": whole.strip().encode(), "empty-lines": whole.replace("\n", "\n\n").encode()}  # fmt: skip
    for name, content in fit.items():
        yield Case(name, check("lists", _listed(content)), FIT)
    for name, content in {
        "unknown": b"000\n999\n",
        "bytes": b"\xff\xfe\xfa",
        "up": b"../000\n",
        "zeros": bytes(50),
        "long": b"x" * 9_000,
    }.items():
        # of a path only the last part is a name: it leads nowhere
        expected = AnyOf((FIT, TOLD)) if name == "up" else TOLD
        yield Case(name, check("lists", _listed(content)), expected)


def _listed(content: bytes) -> Step:
    def step(root: Path) -> None:
        (root / "test.txt").unlink()
        (root / "train.txt").write_bytes(content)

    return step


def images_and_masks() -> Iterator[Case]:
    """Values and sizes of the last pair."""
    side = (48, 48)
    rgb = np.random.default_rng(0).integers(0, 256, (*side, 3)).astype(np.uint8)
    masks = {"many-values": rgb[..., 0], "three-values": rgb[..., 0] // 100,
        "another-size": np.zeros((40, 48), np.uint8), "16-bit": rgb[..., 0].astype(np.uint16) * 200}  # fmt: skip
    for name, mask in masks.items():
        yield Case(f"mask-{name}", check("folders", _last("label", mask)), TOLD)
    for name, image in {"another-size": rgb[:40], "one-pixel": rgb[:1, :1]}.items():
        yield Case(f"image-{name}", check("folders", _last("A", image)), TOLD)
    for name, image in {"gray": rgb[..., 0], "alpha": np.dstack([rgb, rgb[..., :1] | 128])}.items():
        yield Case(f"image-{name}", check("folders", _last("A", image)), AnyOf((FIT, TOLD)))
    claim = png_that_claims(60_000, 60_000)
    for kind in ("A", "label"):
        yield Case(
            f"claim-{kind}",
            check("folders", lambda root, kind=kind: (root / kind / "003.png").write_bytes(claim)),
            Unfit("60,000 x 60,000"),
        )


def _last(kind: str, image: np.ndarray) -> Step:
    return lambda root: Image.fromarray(image).save(root / kind / "003.png")


def sources() -> Iterator[Case]:
    """What stands where a data set is asked for."""
    for number, source in enumerate(("", "/dev/zero", "/dev/null", "x" * 5_000, "/nowhere", "synthetic:",
        "synthetic:mines?sites=0", "synthetic:mines?sites=many", "pasted:/nowhere", "set?pixels=0", "set?bands=0",
        "set?range=5,1", "set?nothing=1", "set?outside=perhaps")):  # fmt: skip
        expected = TOLD if source else AnyOf((FIT, TOLD))  # no name is the working directory
        yield Case(f"{number}", check("folders", words=["data", "check", source]), expected)
    for name, file in (("zip", b"PK\x05\x06" + bytes(18)), ("json", b"[]"), ("nothing", b"")):
        yield Case(name, lambda folder, name=name, file=file: _one_file(folder / f"set.{name}", file), Refused())
    yield Case("no-files", lambda folder: _one_file(folder / "set" / "notes.txt", b"x"), Refused())


def _one_file(path: Path, content: bytes) -> Sequence[str]:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    return ["data", "check", str(path.parent if path.name == "notes.txt" else path)]


def data_sets() -> list[Case]:
    kinds = (layouts, damaged_files, rows_of_a_table, lists, images_and_masks, sources)
    return [case for kind in kinds for case in named(kind.__name__.replace("_", "-"), kind())]

"""Validation pairs: pasted change of several kinds, unchanged real dates, and images against themselves.

All of them come from what the data set `pasted:` holds out of each set of images. The mix was fixed before any result
was looked at.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
from disturbances import Picture, disturbed
from numpy.typing import NDArray
from PIL import Image

from minenetcd.building.pasted_sets.images import ImageSet, Place, find_sets, split_sets
from minenetcd.building.pasted_sets.pair_files import CHANGED, NOT_LABELLED, table_in
from minenetcd.building.pasted_sets.pictures import read_image
from minenetcd.building.pasted_sets.source import PastedSet
from minenetcd.constants import UNKNOWN
from minenetcd.files import make_folder

#: Outlines as sharp as a paste has them.
_SHARP = "soft=0&faint=0&elsewhere=0"
#: What is pasted, as options of `pasted:`. Half of the grounds are two real dates where there are such.
PASTED: Mapping[str, str] = {
    "usual": f"{_SHARP}&two_dates=50&seed=101",
    "strong": f"{_SHARP}&two_dates=50&seed=102&colour=30&bareness=50",
    "faint": f"{_SHARP}&two_dates=50&seed=103&colour=8&bareness=15&bare=10",
    "small": f"{_SHARP}&two_dates=50&seed=104&smallest=2&largest=10&pastes=12",
    "large": f"{_SHARP}&two_dates=50&seed=105&smallest=40&largest=110&pastes=3",
    "much": f"{_SHARP}&two_dates=50&seed=108&changed=100&light=10&alike=10&pastes=12&smallest=20&largest=110",
    "of 512 px": f"{_SHARP}&two_dates=50&seed=106&size=512",
    "nothing pasted": f"{_SHARP}&two_dates=80&seed=107&changed=0",
    "soft edges": "two_dates=50&seed=109&changed=100&light=0&alike=20&bare=15&pastes=4&smallest=40&largest=120"
    "&faint=0&elsewhere=0&soft=100&soft_from=24&soft_to=64",
    "soft and faint": "two_dates=50&seed=110&changed=100&light=10&alike=20&bare=15&pastes=5&smallest=30&largest=100"
    "&faint=100&elsewhere=0&soft=100&soft_from=16&soft_to=48&colour=8&bareness=20",
}
#: Kinds least like what the network was trained on, whose edges are narrower: for comparing it, and its threshold.
OTHER_RULES = ("soft edges", "soft and faint")
ITSELF, REAL_DATES, NOTHING = "itself: ", "two real dates", "nothing pasted"
#: So many are drawn, of which the first few of each kind and scale are kept: sets differ in how often they are drawn.
_DRAWN, _KEPT = {"of 512 px": 60}, {"of 512 px": 4}
_SIZE, _SIZE_OF_DATES, _MOST_DRAWN, _MOST_KEPT = 256, 512, 170, 8
_IMAGES_AGAINST_THEMSELVES = 2  # of each scale


@dataclass(frozen=True)
class Case:
    """A pair of 8-bit images and what is true of it; `scale` is the metres per pixel of its set."""

    kind: str
    scale: str
    set: str
    name: str
    before: Path
    after: Path
    mask: Path | None = None  # None: nothing changed

    def truth(self) -> NDArray[np.uint8]:
        """0 unchanged, 1 changed, 255 not labelled (H, W)."""
        if self.mask is None:
            with Image.open(self.before) as image:
                return np.zeros(image.size[::-1], np.uint8)
        mask = np.asarray(Image.open(self.mask))
        return np.select([mask == CHANGED, mask == NOT_LABELLED], [np.uint8(1), np.uint8(UNKNOWN)], np.uint8(0))


@dataclass(frozen=True)
class Validation:
    """Where images come from, what `table` says of their sets, and the folder for pairs made of them."""

    imagery: Path
    table: Path
    folder: Path

    @cached_property
    def scales(self) -> dict[str, str]:
        """Set -> metres per pixel, as text."""
        rows = pd.read_csv(self.table, dtype=str, keep_default_na=False)
        return dict(zip(rows["set"], rows["metres_per_pixel"], strict=True))

    def cases(self) -> list[Case]:
        """All of them, as files in the folder."""
        pasted = [case for kind in PASTED for case in self._pasted(kind)]
        return [*pasted, *self._real_dates(), *self._against_itself()]

    def _pasted(self, kind: str) -> Iterator[Case]:
        count = _DRAWN.get(kind, _MOST_DRAWN)
        source = f"pasted:{self.imagery}?table={self.table}&val={count}&{PASTED[kind]}"
        made = PastedSet.parse(source).build("val", self.folder)
        rows = pd.read_csv(table_in(made), dtype=str)
        rows["set"] = rows["ground"].str.split("/").str[0]
        rows["scale"] = rows["set"].map(self.scales)
        kept = rows.groupby("scale").head(_KEPT.get(kind, _MOST_KEPT))
        for row in kept.to_dict("records"):
            yield Case(
                kind, row["scale"], row["set"], row["name"], *(made / row[it] for it in ("before", "after", "mask"))
            )

    def _real_dates(self) -> Iterator[Case]:
        """The middles of held-out places of several dates; what changed there in truth is little, and not known."""
        for of, place in self._places:
            for one, other in combinations(place.images, 2):
                dates = [self._middle(place, image, _SIZE_OF_DATES) for image in (one, other)]
                yield self._stored(REAL_DATES, of, place.name, dates[0], dates[1])

    def _against_itself(self) -> Iterator[Case]:
        taken: dict[str, int] = {}
        for of, place in self._places:
            for image in place.images:
                scale = self.scales[of.name]
                taken[scale] = taken.get(scale, 0) + 1
                if taken[scale] <= _IMAGES_AGAINST_THEMSELVES:
                    for how, (one, other) in disturbed(self._middle(place, image, _SIZE)).items():
                        yield self._stored(ITSELF + how, of, image, one, other)

    @cached_property
    def _places(self) -> list[tuple[ImageSet, Place]]:
        """Held-out places: the first of each set, then the second of each ...; not the sheets of small tiles."""
        sets = [of for of in split_sets(find_sets(self.imagery, self.table))["val"] if of.tile is None]
        most = max(len(of.places) for of in sets)
        return [(of, of.places[number]) for number in range(most) for of in sets if number < len(of.places)]

    def _middle(self, place: Place, image: str, side: int) -> Picture:
        pixels = read_image(self.imagery, image)[: place.height, : place.width]
        top, left = (max((length - side) // 2, 0) for length in pixels.shape[:2])
        return np.ascontiguousarray(pixels[top : top + side, left : left + side])

    def _stored(self, kind: str, of: ImageSet, name: str, before: Picture, after: Picture) -> Case:
        stem = re.sub(r"[^\w.-]+", "_", f"{kind}-{name}")
        paths = [make_folder(self.folder / "unchanged") / f"{stem}_{date}.png" for date in ("before", "after")]
        for path, image in zip(paths, (before, after), strict=True):
            Image.fromarray(image).save(path, compress_level=1)
        return Case(kind, self.scales[of.name], of.name, name, *paths)

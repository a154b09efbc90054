"""Pieces of the images of one split: grounds that pairs are made on, and fillings of what is pasted."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image

from minenetcd.building.pasted_sets.images import ImageSet, Place
from minenetcd.building.pasted_sets.pictures import Picture, empty_pixels, read_image
from minenetcd.building.pasted_sets.true_changes import changed_between
from minenetcd.errors import DataError
from minenetcd.synthetic.canvas.noise import Field, log_uniform

#: Pieces are shown at between half and 2.2 times the size they have in their image.
SCALES = (0.5, 2.2)
_TRIES = 12  # pieces looked at for one without empty pixels
_HALF = 127  # of 0..255


@dataclass(frozen=True)
class Ground:
    """Where a pair is made: a place of a set and two of its images, or one twice."""

    set: str
    place: Place
    images: tuple[str, str]


@dataclass(frozen=True)
class Crops:
    """The images of one split below `folder`, and `size` of a pair [pixels].

    What changed in truth between two dates is found once for all pairs and kept in the folder `kept`.
    """

    folder: Path
    sets: tuple[ImageSet, ...]
    size: int
    kept: Path

    def check_content(self) -> None:
        """DataError unless some image has data of more than one colour. Reads images up to the first that has."""
        images = [image for of in self.sets for place in of.places for image in place.images]
        if not any(_has_variance(read_image(self.folder, image)) for image in images):
            raise DataError(
                f"{self.folder} needs images with data of more than one colour in each split, none of the "
                f"{len(images)} of one has any: name another folder."
            )

    @cached_property
    def roomy(self) -> list[tuple[ImageSet, list[Place]]]:
        """Sets and those of their places that hold a whole square of the size. DataError where none does."""
        fit = [(of, [place for place in of.places if _side(of, place) >= self.size]) for of in self.sets]
        if not any(places for _, places in fit):
            largest = max((_side(of, place) for of in self.sets for place in of.places), default=0)
            raise DataError(
                f"{self.folder} needs images of {self.size} x {self.size} pixels or more in each split, the largest "
                f"square of one has {largest}: make size smaller."
            )
        return [(of, places) for of, places in fit if places]

    @property
    def has_two_dates(self) -> bool:
        return any(len(place.images) > 1 for _, places in self.roomy for place in places)

    def ground(self, rng: Generator, two_dates: float) -> Ground:
        """Each set is equally likely; of `two_dates` of the grounds, sets and places with two dates alone."""
        wanted = 2 if rng.random() < two_dates else 1
        dated = [(of, [place for place in places if len(place.images) >= wanted]) for of, places in self.roomy]
        several = wanted == 2 and any(places for _, places in dated)
        sets = [(of, places) for of, places in dated if places] if several else self.roomy
        of, places = sets[rng.integers(len(sets))]
        place = places[rng.integers(len(places))]
        first, second = (
            rng.choice(len(place.images), 2, replace=False) if several else [rng.integers(len(place.images))] * 2
        )
        return Ground(of.name, place, (place.images[first], place.images[second]))

    def cut(self, rng: Generator, ground: Ground) -> tuple[Picture, Picture, NDArray[np.bool_]]:
        """The same square of both dates, turned and scaled, and where they may truly have changed between them.

        Of some that are tried the one with most data.
        """
        tile = next(of.tile for of in self.sets if of.name == ground.set)
        extent = (ground.place.height, ground.place.width)
        tried: list[tuple[_Piece, Picture, Picture]] = []
        for _ in range(_TRIES):
            piece = _draw_piece(rng, extent, (self.size, self.size), tile)
            first, second = (piece.of(read_image(self.folder, image)) for image in ground.images)
            tried.append((piece, first, second))
            if not empty_pixels(first, second).any():
                break
        piece, first, second = min(tried, key=lambda each: int(empty_pixels(*each[1:]).sum()))
        return first, second, self._doubtful(ground, piece)

    def _doubtful(self, ground: Ground, piece: "_Piece") -> NDArray[np.bool_]:
        """Where two dates of the ground differ in a way that season and light do not explain (size, size)."""
        if ground.images[0] == ground.images[1]:
            return np.zeros((self.size, self.size), bool)
        first, second = sorted(ground.images)
        extent = (ground.place.height, ground.place.width)
        changed = changed_between(self.folder, (first, second), extent, self.kept)
        return piece.of(np.repeat(changed[..., np.newaxis], 3, axis=2))[..., 0] > _HALF

    def filling(self, rng: Generator, height: int, width: int) -> Field:
        """Ground from anywhere: half of the time from a set that shows mines, where there is one.

        Of some pieces that are tried the one with most data.
        """
        mines = [of for of in self.sets if of.mines]
        sets = mines if mines and rng.random() < 0.5 else self.sets
        of = sets[rng.integers(len(sets))]
        place = of.places[rng.integers(len(of.places))]
        image = read_image(self.folder, place.images[rng.integers(len(place.images))])
        tried: list[Picture] = []
        for _ in range(_TRIES):
            tried.append(_draw_piece(rng, (place.height, place.width), (height, width), of.tile).of(image))
            if not empty_pixels(tried[-1], tried[-1]).any():
                break
        return as_field(min(tried, key=lambda piece: int(empty_pixels(piece, piece).sum())))


@dataclass(frozen=True)
class _Piece:
    """A box of an image (left, upper, right, lower), its size when scaled, the size it is shown in, and how turned."""

    box: tuple[int, int, int, int]
    scaled: tuple[int, int]
    shown: tuple[int, int]
    turns: int  # quarters
    mirrored: bool

    def of(self, image: Picture) -> Picture:
        """What is shown (H, W, 3); where the box is too small for it, it is continued as in a mirror."""
        left, upper, right, lower = self.box
        cut = Image.fromarray(np.ascontiguousarray(image[upper:lower, left:right]))
        pixels = np.asarray(cut.resize(self.scaled[::-1], Image.Resampling.BICUBIC))
        lacking = [(0, wanted - there) for wanted, there in zip(self.shown, self.scaled, strict=True)]
        pixels = np.rot90(np.pad(pixels, (*lacking, (0, 0)), mode="symmetric"), self.turns)
        return np.ascontiguousarray(pixels[:, ::-1] if self.mirrored else pixels)


def _draw_piece(rng: Generator, extent: tuple[int, int], wanted: tuple[int, int], tile: int | None) -> _Piece:
    """A piece to be seen in `wanted` (height, width), from an image of `extent`; never across the border of a tile."""
    turns = int(rng.integers(4))
    shown = (wanted[1], wanted[0]) if turns % 2 else wanted
    low, high = SCALES
    room = tuple(min(tile or side, side) for side in extent)
    least = max(side / within for side, within in zip(shown, room, strict=True))
    scale = log_uniform(rng, min(max(low, least), high), high)
    starts, ends, scaled = [], [], []
    for side, within, whole in zip(shown, room, extent, strict=True):
        length = min(max(round(side / scale), 1), within)
        start = int(rng.integers(whole // within)) * within + int(rng.integers(within - length + 1))
        starts.append(start)
        ends.append(start + length)
        scaled.append(min(side, max(round(length * scale), 1)) if length == within else side)
    return _Piece(
        (starts[1], starts[0], ends[1], ends[0]), (scaled[0], scaled[1]), shown, turns, bool(rng.random() < 0.5)
    )


def as_field(picture: Picture) -> Field:
    """uint8 (H, W, 3) -> float32 (3, H, W), 0..1."""
    return np.ascontiguousarray(np.moveaxis(picture, -1, 0)).astype(np.float32) / np.float32(255)


def _has_variance(picture: Picture) -> bool:
    data = picture[~empty_pixels(picture, picture)]
    return bool(len(data) and np.ptp(data, axis=0).any())


def _side(of: ImageSet, place: Place) -> int:
    """The largest square of one place. [pixels]"""
    return min(place.height, place.width, of.tile or place.height)

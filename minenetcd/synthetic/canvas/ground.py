"""The ground of one date: what covers each pixel, how light or dark it is, how high it lies, and whose it is."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from minenetcd.synthetic.canvas.materials import Material
from minenetcd.synthetic.canvas.noise import Canvas, Field, Mask, fractal, smooth

NATURAL = 0  # owner of everything that is no mine
DISTURBED = 1  # owner of cleared ground and roads that belong to a mine, whichever part of it


@dataclass
class Ground:
    """One date's surface; every array is (H, W)."""

    material: NDArray[np.uint8]
    tone: Field  # place on the material's ramp, 0..1
    height: Field  # pixels
    owner: NDArray[np.int16]  # the part of the mine a pixel belongs to; the label compares these

    def copy(self) -> "Ground":
        return Ground(self.material.copy(), self.tone.copy(), self.height.copy(), self.owner.copy())

    def paint(
        self, where: Mask, material: Material | int, tone: Field | float | None = None, *, owner: int | None = None
    ) -> None:
        """Cover the pixels `where` is True; None leaves tone or owner as it is."""
        self.material[where] = material
        if tone is not None:
            np.copyto(self.tone, np.asarray(tone, np.float32), where=where)
        if owner is not None:
            self.owner[where] = owner

    def has(self, materials: Iterable[int]) -> Mask:
        """Where one of the materials lies."""
        listed = np.zeros(256, bool)
        listed[list(materials)] = True
        return listed.take(self.material)

    def raise_to(self, where: Mask, height: Field) -> None:
        np.copyto(self.height, height, where=where)


@dataclass(frozen=True)
class Textures:
    """Fields a whole scene shares, drawn once: mean 0 and deviation 1, but crowns 0..1."""

    grain: Field  # pixel-sized
    mottle: Field  # from tens of pixels down
    crowns: Field  # rounded lumps with dark creases, of the size of trees
    tufts: Field  # lumps at the distance of scattered trees
    drift: Field  # broad and smooth
    warp: tuple[Field, Field]  # moves outlines


def make_textures(rng: Generator, canvas: Canvas) -> Textures:
    """Draw the shared fields; sizes in metres where nature sets them, but never below what a pixel can show."""
    crown = max(canvas.pixels(rng.uniform(6, 12)), 2.2)
    tuft = max(canvas.pixels(rng.uniform(10, 24)), 3.0)
    lumps = np.minimum(
        *(np.abs(fractal(rng, canvas, longest=crown * 4, shortest=crown * 1.2, slope=0.6)) for _ in range(2))
    )
    longest = canvas.size * float(rng.uniform(0.25, 0.6))
    return Textures(
        grain=fractal(rng, canvas, longest=10, slope=0.2),
        mottle=fractal(rng, canvas, longest=max(canvas.pixels(150), 40), slope=float(rng.uniform(1.0, 1.4))),
        crowns=np.minimum(lumps * np.float32(0.8), 1),
        tufts=fractal(rng, canvas, longest=tuft * 1.8, shortest=max(tuft * 0.7, 2.2), slope=0.3),
        drift=smooth(rng, canvas, max(canvas.size / 7, 12)),
        warp=(
            fractal(rng, canvas, longest=longest, shortest=5, slope=1.85),
            fractal(rng, canvas, longest=longest, shortest=5, slope=1.85),
        ),
    )

"""What a mine is made of and what becomes of each part between the dates."""

from dataclasses import dataclass, field, replace
from itertools import pairwise
from zlib import crc32

import numpy as np
from numpy.random import Generator, default_rng
from numpy.typing import NDArray

from minenetcd.synthetic.canvas.noise import Canvas, Field, fractal, log_uniform, smooth
from minenetcd.synthetic.canvas.shapes import Blob, random_blob, random_box, winding_line
from minenetcd.synthetic.land import Land

# kind: share among parts, least and most radius in metres, laid out as a box?
KINDS: dict[str, tuple[float, float, float, bool]] = {
    "pit": (0.27, 40, 1800, False),
    "quarry": (0.06, 30, 300, True),
    "strip": (0.07, 80, 2000, True),
    "dump": (0.20, 30, 1200, False),
    "pond": (0.14, 30, 1500, False),
    "cells": (0.05, 25, 600, True),
    "leach": (0.05, 50, 900, True),
    "plant": (0.08, 30, 200, True),
    "stripped": (0.12, 20, 900, False),
    "diggings": (0.06, 20, 500, False),
}

# how a mine moves on: share among scenes, and the weights of the courses its parts meet
COURSES = ("same", "new", "grown", "reclaimed", "renewed")
HISTORIES: dict[str, tuple[float, tuple[float, ...]]] = {
    "no mine": (0.12, (0, 0, 0, 0, 0)),
    "idle": (0.15, (1, 0, 0, 0, 0)),
    "greenfield": (0.13, (0, 1, 0, 0, 0)),
    "growing": (0.37, (0.33, 0.19, 0.36, 0.05, 0.07)),
    "reworked": (0.15, (0.25, 0.17, 0.2, 0.18, 0.2)),
    "showcase": (0.0, (0.4, 0.2, 0.4, 0, 0)),  # never drawn by chance: one of each main part, all in view
    "closing": (0.08, (0.35, 0.03, 0.07, 0.5, 0.05)),
}


@dataclass(frozen=True)
class Part:
    """One pit, dump, pond ... on both dates. An outline is None where the part does not exist on that date."""

    kind: str
    outlines: tuple[Blob | None, Blob | None]
    overgrown: tuple[float, float]  # share under new vegetation
    renewed: bool  # its surface is another on the second date, though its outline stays
    owner: int  # first of ten numbers that tell its surfaces apart
    seed: int

    def outline(self, date: int) -> Blob:
        """The outline on a date that the part exists on; nothing is drawn on another."""
        outline = self.outlines[date]
        assert outline is not None
        return outline

    @property
    def largest(self) -> Blob:
        before, after = self.outlines
        return max((blob for blob in (before, after) if blob is not None), key=lambda blob: blob.radius)

    def succeeded(self, kind: str) -> "Part":
        """What takes the part's place on the second date, over most of it."""
        share = 0.6 + 0.4 * (self.seed % 101) / 100
        after = self.largest.shrunk(share, towards=self.seed % 7)
        return replace(self, kind=kind, outlines=(None, after), owner=self.owner + 6, seed=self.seed + 1, renewed=False)


@dataclass(frozen=True)
class Road:
    """A haul road: points in pixels, width in pixels, and the dates it exists on."""

    points: NDArray[np.float32]
    width: float
    dates: tuple[bool, bool]
    tone: float


@dataclass(frozen=True)
class Site:
    """A mine on its land. Benches: distance from one to the next and height of each, in pixels."""

    land: Land
    parts: tuple[Part, ...]
    roads: tuple[Road, ...]
    bench_spacing: float
    bench_height: float
    apron: tuple[float, float]  # width of cleared ground around the parts on each date, in pixels
    drawn: dict[object, Field] = field(default_factory=dict)  # fields both dates ask for

    def inside(self, outline: Blob) -> Field:
        """Pixels to the outline's edge, positive inside; not to be written to."""
        if outline not in self.drawn:
            self.drawn[outline] = outline.field(self.land.canvas, self.land.textures.warp)
        return self.drawn[outline]

    def lumps(self, part: Part, name: str, *, longest: float, shortest: float, slope: float) -> Field:
        """Fractal noise of a part, the same on both dates; not to be written to."""
        key = (part.owner, name)
        if key not in self.drawn:
            rng = default_rng((part.seed, crc32(name.encode())))
            self.drawn[key] = fractal(rng, self.land.canvas, longest=longest, shortest=shortest, slope=slope)
        return self.drawn[key]

    def swell(self, part: Part, name: str, spacing: float) -> Field:
        """Smooth noise of a part, the same on both dates; not to be written to."""
        key = (part.owner, name)
        if key not in self.drawn:
            self.drawn[key] = smooth(default_rng((part.seed, crc32(name.encode()))), self.land.canvas, spacing)
        return self.drawn[key]


def plan_site(rng: Generator, land: Land, history: str, busy: float) -> Site:
    """Lay out a mine and its history; `busy` (0..1) leans towards larger and more parts."""
    canvas = land.canvas
    spacing = max(canvas.pixels(rng.uniform(12, 45)), float(rng.uniform(3.0, 6.0)))
    parts = plan_parts(rng, land, history, busy)
    aprons = np.maximum(canvas.pixels(log_uniform(rng, 4, 50)), 1.0) * np.ones(2)
    if history not in ("idle", "no mine") and rng.random() < 0.35:
        aprons[rng.integers(2)] *= rng.uniform(0.1, 0.8)
    return Site(
        land=land,
        parts=parts,
        roads=tuple(plan_roads(rng, land, parts, history)),
        bench_spacing=spacing,
        bench_height=spacing * float(rng.uniform(0.3, 0.65)),
        apron=(float(aprons[0]), float(aprons[1])),
    )


def plan_parts(rng: Generator, land: Land, history: str, busy: float) -> tuple[Part, ...]:
    """Parts around a centre with some room between them; small ones last, so that they stay visible."""
    if history == "no mine":
        return ()
    names = list(KINDS)
    shares = np.array([KINDS[name][0] for name in names])
    if history == "greenfield":
        count, busy = 1 + rng.binomial(4, 0.6 * busy), 0.7 * busy
    else:
        count = int(rng.integers(1, 4)) + rng.binomial(5, busy)
        if land.canvas.metres_per_pixel > 3:  # whole mines come into view
            count += rng.binomial(8, 0.7 * busy)
    kinds = [str(kind) for kind in rng.choice(names, size=count, p=shares / shares.sum())]
    layout = Layout(rng.uniform(0, 1, 2), float(rng.uniform(0.15, 0.6)), busy, [])
    if history == "showcase":
        kinds = ["pit", "dump", "pond", "plant", *kinds[:2]]
        layout = Layout(rng.uniform(0.4, 0.6, 2), 0.3, 0.3 * busy, [])
    parts = [
        with_history(rng, kind, layout.place(rng, land.canvas, kind), history, owner=10 * (index + 1))
        for index, kind in enumerate(kinds)
    ]
    return tuple(sorted(parts, key=lambda part: -part.largest.radius))


@dataclass(frozen=True)
class Layout:
    """Where parts go: around a centre with a spread, both as shares of the canvas, and what is there already."""

    centre: NDArray[np.float64]
    spread: float
    busy: float
    placed: list[Blob]

    def place(self, rng: Generator, canvas: Canvas, kind: str) -> Blob:
        """The roomiest of a few random places; the radius suits the canvas and, within it, the kind."""
        _, least, most, boxy = KINDS[kind]
        radius = canvas.size * log_uniform(rng, 0.07, 0.22 + 0.45 * self.busy)
        radius = float(np.clip(radius, min(canvas.pixels(least), canvas.size * 0.3), max(canvas.pixels(most), 5.0)))
        best, room = self.centre, -np.inf
        for _ in range(4):
            spot = (self.centre + rng.normal(0, self.spread, 2)) * canvas.size
            gaps = [np.hypot(spot[0] - other.x, spot[1] - other.y) / (radius + other.radius) for other in self.placed]
            if min(gaps, default=1.0) > room:
                best, room = spot, min(gaps, default=1.0)
        outline = (random_box if boxy else random_blob)(rng, float(best[0]), float(best[1]), radius)
        self.placed.append(outline)
        return outline


def with_history(rng: Generator, kind: str, outline: Blob, history: str, owner: int) -> Part:
    """The part on both dates, by a course drawn from its mine's history."""
    weights = np.array(HISTORIES[history][1], float)
    course = str(rng.choice(COURSES, p=weights / weights.sum()))
    before: Blob | None = outline
    old_growth = float(rng.uniform(0.1, 0.9)) if rng.random() < 0.25 and kind not in ("plant", "cells", "pond") else 0.0
    overgrown = [old_growth, old_growth]
    if course == "new":
        before = None
        overgrown = [0.0, 0.0]
    elif course == "grown":
        before = outline.shrunk(float(rng.uniform(0.35, 0.92)), float(rng.uniform(0, 2 * np.pi)))
        if kind == "pit" and rng.random() < 0.4:
            before = replace(before, lobes=tuple((a * 0.5, p) for a, p in before.lobes))
    elif course == "reclaimed":
        overgrown = [old_growth * 0.3, float(rng.uniform(0.45, 1.0))]
    return Part(
        kind=kind,
        outlines=(before, outline),
        overgrown=(overgrown[0], overgrown[1]),
        renewed=course == "renewed",
        owner=owner,
        seed=int(rng.integers(2**31)),
    )


def plan_roads(rng: Generator, land: Land, parts: tuple[Part, ...], history: str) -> list[Road]:
    """Haul roads from part to part and away, on the dates that both their ends exist."""
    canvas = land.canvas
    roads = []
    width = max(canvas.pixels(log_uniform(rng, 7, 24)), 1.3)
    ends = [(np.array([part.largest.x, part.largest.y]), part) for part in parts]
    for (start, a), (end, b) in pairwise(ends):
        dates = tuple(x is not None and y is not None for x, y in zip(a.outlines, b.outlines, strict=True))
        if rng.random() < 0.6:
            roads.append(_road(rng, (start, end), width, dates))
        if rng.random() < 0.2 and history != "idle":
            roads.append(_road(rng, (start, end), width * 0.7, (rng.random() < 0.4, rng.random() < 0.7)))
    for start, part in ends:
        if rng.random() < 0.35:
            course = rng.uniform(0, 2 * np.pi)
            away = start + 1.5 * canvas.size * np.array([np.cos(course), np.sin(course)])
            dates = (part.outlines[0] is not None, part.outlines[1] is not None)
            roads.append(_road(rng, (start, away), width * rng.uniform(0.5, 1.0), dates))
    return roads


def _road(rng: Generator, ends: tuple[NDArray, NDArray], width: float, dates: tuple[bool, ...]) -> Road:
    points = winding_line(rng, *ends, wander=float(rng.choice([0.02, 0.06, 0.12])))
    return Road(
        points, float(width * rng.uniform(0.7, 1.2)), (bool(dates[0]), bool(dates[1])), float(rng.uniform(0.5, 0.85))
    )

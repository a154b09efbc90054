"""Outputs of the published implementations, and how ours are held against them."""

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from parity import fill
from parity.fillings import FILLINGS

GOLDENS = Path(__file__).parent


@dataclass(frozen=True)
class Golden:
    """One published network: facts about it, and what it made of `fill.image_pair` under one filling of its weights."""

    name: str
    filling: str
    facts: dict[str, Any]
    arrays: dict[str, np.ndarray]

    @property
    def weights(self) -> dict[str, Tensor]:
        """Every floating-point tensor by published name, filled deterministically.

        The dictionary is the caller's own, the tensors are everybody's: not to be changed in place.
        """
        return FILLINGS[self.filling](_drawn(self.name), self.facts)

    def check(self, output: str, ours: Tensor, *, tolerance: float = 1e-4) -> None:
        """`ours` equals the published `output` within `tolerance` of its largest magnitude."""
        ours, theirs = ours.detach(), torch.from_numpy(self.arrays[f"{output}.samples"])
        assert tuple(ours.shape) == tuple(self.arrays[f"{output}.shape"])
        limit = tolerance * float(self.arrays[f"{output}.absmax"])
        torch.testing.assert_close(ours[..., ::4, ::4], theirs, rtol=0, atol=limit)
        assert abs(float(ours.double().mean()) - float(self.arrays[f"{output}.mean"])) <= limit
        assert abs(float(ours.double().std(correction=0)) - float(self.arrays[f"{output}.std"])) <= limit


@lru_cache(maxsize=4)
def load_golden(name: str, filling: str = "") -> Golden:
    """The golden `name`, e.g. "bit", under one of its fillings (parity/fillings.py).

    Outputs of another filling than the plain one stand in a file of their own (fcnpp.gain2.npz) or under its name in
    the golden's file ("boost.main.samples").
    """
    facts = json.loads((GOLDENS / f"{name}.json").read_text())
    own = GOLDENS / f"{name}.{filling}.npz"
    with np.load(own if filling and own.exists() else GOLDENS / f"{name}.npz") as stored:
        prefix = f"{filling}." if filling and not own.exists() else ""
        arrays = {key.removeprefix(prefix): stored[key] for key in stored.files if key.startswith(prefix)}
    return Golden(name, filling, facts, arrays)


def golden_pair(*, batch: int = 1, size: int = 256) -> tuple[Tensor, Tensor]:
    """The images all goldens were made from, as tensors (batch, 3, size, size)."""
    before, after = fill.image_pair(size=size, batch=batch)
    return torch.from_numpy(before), torch.from_numpy(after)


@lru_cache(maxsize=1)
def _drawn(name: str) -> dict[str, Tensor]:
    """The weights of the golden `name`; the last ones drawn are kept, up to half a gigabyte."""
    return {n: torch.from_numpy(fill.tensor(n, tuple(x))) for n, x in load_golden(name).facts["state_dict"].items()}

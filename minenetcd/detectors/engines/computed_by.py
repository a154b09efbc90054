"""What computed a map, as results keep it."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Self

from minenetcd.detectors.contract import Detector
from minenetcd.display.words import percent
from minenetcd.errors import OptionError
from minenetcd.runtime.execution import Execution

#: Of detectors without training.
_WITHOUT_TRAINING = ("numpy", "float64")


def check_execution(detectors: Sequence[Detector], execution: Execution, device: str) -> None:
    """OptionError where an engine or a precision is asked for that is not here, or that no detector can use."""
    execution.check_here(device)
    if execution.is_chosen and all(each.provenance.learns_each_scene for each in detectors):
        raise OptionError(
            f"An engine and a precision (--engine, --precision) are for networks, {detectors[0].name} is none: leave "
            "them out, or name a network."
        )


@dataclass(frozen=True)
class ComputedBy:
    """An engine of some version, and the precision in which it computed.

    `decided_otherwise`: the share of pixels, of sample tiles of the scene, that float32 decides otherwise; None where
    nobody compared, as in float32 itself.
    """

    engine: str
    version: str
    precision: str
    decided_otherwise: float | None = None

    @classmethod
    def of(cls, detector: Detector, execution: Execution) -> Self:
        """What computes `detector` when `execution` is asked for; the engine is imported here."""
        is_network = not detector.provenance.learns_each_scene
        engine, precision = (execution.engine, execution.precision) if is_network else _WITHOUT_TRAINING
        library = execution.library if is_network else engine
        version = str(import_module(library).__version__).partition("-")[0]  # OpenVINO adds its branch
        return cls(engine, version, precision)

    @property
    def in_words(self) -> str:
        words = f"{self.engine} {self.version} in {self.precision}"
        if self.decided_otherwise is None:
            return words
        return f"{words}, which decides {percent(self.decided_otherwise)} of the pixels of sample tiles otherwise"

    def tags(self) -> dict[str, str]:
        """What a raster carries in its header."""
        return {"ENGINE": f"{self.engine} {self.version}", "PRECISION": self.precision}

    def as_json(self) -> dict[str, Any]:
        known = {"engine": self.engine, "version": self.version, "precision": self.precision}
        return known | {"decided_otherwise": self.decided_otherwise}

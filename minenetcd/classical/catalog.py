"""Detectors without training, by name."""

from collections.abc import Mapping
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from minenetcd.errors import OptionError, one_line
from minenetcd.registry import Table

if TYPE_CHECKING:
    from minenetcd.classical.detector import ClassicalDetector

#: Name -> class, as text: its module is loaded when it is asked for.
CLASSICAL: "Table[type[ClassicalDetector]]" = Table(
    "detector without training",
    "minenetcd.classical",
    {
        "cva": "minenetcd.classical.cva:CVA",
        "cva-raw": "minenetcd.classical.cva:RawCVA",
        "irmad": "minenetcd.classical.mad:IRMAD",
        "isfa": "minenetcd.classical.sfa:ISFA",
        "pca-kmeans": "minenetcd.classical.pca_kmeans:PCAKMeans",
    },
)


def create_classical(name: str, **options: Any) -> "ClassicalDetector":
    """The detector called `name`. UnknownNameError with the nearest name, OptionError for options that do not fit."""
    detector = CLASSICAL[name]
    try:
        return detector(**options)
    except TypeError as error:
        known = ", ".join(field.name for field in fields(detector))
        raise OptionError(f"{name} takes the options {known} ({one_line(error)}): correct them.") from error


def classical_from(description: Mapping[str, Any]) -> "ClassicalDetector":
    """The detector that `describe()` gave `description` of."""
    return create_classical(description["detector"], **description["options"])

"""Files of polygons and masks as somebody names them; read before anything is opened."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from minenetcd.display.words import some_of
from minenetcd.errors import OptionError

#: Endings of files of polygons; whatever ends otherwise is a raster where both may stand.
PARQUET = (".parquet", ".geoparquet")
VECTOR_ENDINGS = (".gpkg", ".geojson", ".json", ".shp", ".kml", ".kmz", ".fgb", ".gml", ".zip", *PARQUET)

#: Files that belong to a shapefile.
_BESIDE_SHP = (".shp", ".shx", ".dbf", ".prj", ".cpg")

#: How a product calls its own quality band, as an option names it.
Kind = Literal["scl", "landsat-qa", "auto"]
SCL: Kind = "scl"
LANDSAT_QA: Kind = "landsat-qa"
AUTO: Kind = "auto"
_KINDS: dict[str, Kind] = {kind: kind for kind in (SCL, LANDSAT_QA, AUTO)}


@dataclass(frozen=True)
class Meaning:
    """Which numbers of a raster mean that a pixel is masked: these `values`, or any of these `bits`; else all but 0.

    `beyond_nodata`: whether the number that the raster declares as no data is one of them like any other; else it masks
    nothing.
    """

    values: tuple[int, ...] | None = None
    bits: tuple[int, ...] = ()
    beyond_nodata: bool = False

    def masked(self, numbers: NDArray[np.generic], nodata: float | None) -> NDArray[np.bool_]:
        """Which of `numbers` are; NaN is none of them."""
        if self.bits:
            wanted = sum(1 << bit for bit in self.bits)
            found: NDArray[np.bool_] = (numbers.astype(np.int64) & wanted) != 0
        elif self.values is not None:
            found = np.isin(numbers, self.values)
        else:
            found = (numbers != 0) & ~np.isnan(numbers.astype(np.float64))
        if nodata is not None and not self.beyond_nodata:
            found &= numbers != nodata
        return found

    @property
    def in_words(self) -> str:
        if self.bits:
            return f"bits {_listed(self.bits)}"
        return "all but 0" if self.values is None else f"values {_listed(self.values)}"


#: Sentinel-2 L2A scene classes: no data, saturated or defective, cloud shadow, cloud of medium and high probability,
#: cirrus.
#: Not masked: dark (2), vegetation (4), bare (5), water (6), unclassified (7), snow and ice (11).
SCL_CLASSES = (0, 1, 3, 8, 9, 10)
#: Landsat Collection 2 QA_PIXEL: fill, dilated cloud, cirrus, cloud, cloud shadow. Not snow (5).
QA_BITS = (0, 1, 2, 3, 4)

MEANINGS = {
    SCL: Meaning(values=SCL_CLASSES, beyond_nodata=True),
    LANDSAT_QA: Meaning(bits=QA_BITS, beyond_nodata=True),
}


@dataclass(frozen=True)
class WantedMask:
    """A mask as an option names it: the file `name`, or the date's own quality band, of a `kind`."""

    option: str
    name: str | None
    kind: Kind | None
    values: tuple[int, ...] | None = None

    @property
    def is_vector(self) -> bool:
        return self.name is not None and self.kind is None and is_vector(self.name)

    def meaning(self, kind: Kind | None) -> Meaning:
        """Of its numbers; `kind` is the quality band that was found, where any would do.

        OptionError for values of what has bits.
        """
        standard = Meaning() if kind is None else MEANINGS[kind]
        if self.values is None:
            return standard
        if standard.bits:
            raise _values_of_bits(self.option)
        return Meaning(values=self.values, beyond_nodata=standard.beyond_nodata)


def parse_mask(text: str, option: str, values: tuple[int, ...] | None) -> WantedMask:
    """FILE, scl:FILE, landsat-qa:FILE; or scl, landsat-qa, auto: the band of that kind that lies beside the date.

    `values` are those of rasters alone. OptionError for a name without a file, and for values of what has bits.
    """
    kind, _, name = text.partition(":")
    if is_vector(text):
        return WantedMask(option, text, None)
    known = _KINDS.get(kind)
    if known is None or os.path.exists(text):
        wanted = WantedMask(option, text, None, values)
    else:
        wanted = WantedMask(option, name or None, known, values)
    if known == AUTO and wanted.name is not None and wanted.kind is not None:
        raise OptionError(f"auto finds the file itself ({option}), got {text!r}: write scl:FILE or landsat-qa:FILE.")
    if not text.strip() or (wanted.kind is not None and text.endswith(":")):
        raise OptionError(f"A mask is a file (FILE, scl:FILE), or scl, landsat-qa, auto ({option}), got {text!r}.")
    if values is not None and wanted.kind == LANDSAT_QA:
        raise _values_of_bits(option)
    return wanted


def is_vector(name: str) -> bool:
    """Whether a mask of this name holds polygons."""
    path, layer = split_layer(name)
    return layer is not None or path.lower().endswith(VECTOR_ENDINGS)


def split_layer(text: str) -> tuple[str, str | None]:
    """FILE:LAYER as both; a name that is a file, or whose part before the colon ends like no vector file, has none."""
    if Path(text).exists():
        return text, None
    for place, letter in enumerate(text):
        if letter == ":" and text[:place].lower().endswith(VECTOR_ENDINGS):
            return text[:place], text[place + 1 :]
    return text, None


def vector_files(path: Path) -> tuple[Path, ...]:
    """The file of polygons at `path`, and what belongs to it: of a shapefile what is there of it, or `path` alone."""
    if path.suffix.lower() != ".shp":
        return (path,)
    return tuple(beside for beside in map(path.with_suffix, _BESIDE_SHP) if beside.is_file()) or (path,)


def _values_of_bits(option: str) -> OptionError:
    return OptionError(
        f"QA_PIXEL holds bits, not classes ({option}): leave --mask-values out, or name the file without its kind."
    )


def _listed(numbers: tuple[int, ...]) -> str:
    return some_of(list(map(str, numbers)), most=12)

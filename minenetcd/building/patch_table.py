"""Patches as rows of a parquet file that the Hugging Face `datasets` library reads as images.

Columns imageA, imageB and label are those of the published data sets; the others say where a patch lies.
"""

import io
import json

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from PIL import Image

from minenetcd.building.scenes import Patch, Scene

IMAGES = ("imageA", "imageB", "label")
_TEXTS, _NUMBERS, _LENGTHS = "string", "int64", "float64"
PLACE = {
    "name": _TEXTS, "site": _TEXTS, "country": _TEXTS, "row": _NUMBERS, "column": _NUMBERS, "crs": _TEXTS,
    "left": _LENGTHS, "bottom": _LENGTHS, "right": _LENGTHS, "top": _LENGTHS,
    "before_date": _TEXTS, "after_date": _TEXTS,
}  # fmt: skip

Row = dict[str, object]


def patch_schema() -> pa.Schema:
    """Arrow types of all columns, with the note by which `datasets` knows that three of them are images."""
    picture = pa.struct({"bytes": pa.binary(), "path": pa.string()})
    types = {"string": pa.string(), "int64": pa.int64(), "float64": pa.float64()}
    fields = [pa.field(name, picture) for name in IMAGES]
    fields += [pa.field(name, types[kind]) for name, kind in PLACE.items()]
    features = {name: {"_type": "Image"} for name in IMAGES}
    features |= {name: {"dtype": kind, "_type": "Value"} for name, kind in PLACE.items()}
    return pa.schema(fields, metadata={"huggingface": json.dumps({"info": {"features": features}})})


def patch_row(scene: Scene, patch: Patch) -> Row:
    """One row: images as PNG files, bounds in the units of the CRS."""
    site, bounds = scene.site, patch.grid.bounds
    name = f"{site.id}_{patch.row:05d}_{patch.column:05d}"
    images = {key: _picture(pixels, name) for key, pixels in zip(IMAGES, patch[2:5], strict=True)}
    return images | {
        "name": name, "site": site.id, "country": site.country, "row": patch.row, "column": patch.column,
        "crs": scene.crs, **bounds._asdict(),
        "before_date": scene.before_date, "after_date": scene.after_date,
    }  # fmt: skip


def _picture(pixels: NDArray[np.uint8], name: str) -> dict[str, object]:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return {"bytes": file.getvalue(), "path": f"{name}.png"}

"""What `minenetcd explain` leaves: a sheet, each heat map as picture and GeoTIFF, spectra, and the numbers."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rasterio.windows import Window

from minenetcd.constants import VERSION
from minenetcd.detectors.side_by_side import short_names
from minenetcd.display.escaping import csv_text
from minenetcd.display.figure_files import save_figure
from minenetcd.display.figure_style import figure_style
from minenetcd.explain.explanation import Explanation, HeatMap, region_of_target
from minenetcd.explain.options import ExplainOptions
from minenetcd.explain.sheet import explanation_sheet, heat_figure, outline_words
from minenetcd.explain.spectra import spectra_table
from minenetcd.explain.spectra_figure import spectra_figure
from minenetcd.explain.view import View
from minenetcd.files import slug, staged_files, write_json, write_text
from minenetcd.geo.raster import RasterWriter
from minenetcd.secrets import without_secrets

SHEET, NUMBERS, MAPS, SPECTRA = "sheet.png", "explanation.json", "maps", "spectra"


@dataclass(frozen=True)
class WrittenExplanation:
    """Where things stand; no `spectra` without ChangeFFT."""

    sheet: Path
    numbers: Path
    maps: list[Path]
    spectra: Path | None


def write_explanations(
    view: View, explanations: Mapping[str, Explanation], out: str | Path, *, options: ExplainOptions
) -> WrittenExplanation:
    """Write sheet.png, maps/*.png (and *.tif where the images are georeferenced), spectra and explanation.json.

    All of them, or none; heat maps of an earlier call are removed. OutputError where `out` cannot be written.
    """
    out, short = Path(out), short_names(explanations)
    heat_maps = [(name, heat_map) for name, explanation in explanations.items() for heat_map in explanation.maps]
    pictures = [f"{MAPS}/{file_name(name, heat_map)}.png" for name, heat_map in heat_maps]
    rasters = [str(Path(name).with_suffix(".tif")) for name in pictures] if view.grid.is_georeferenced else []
    earlier = _earlier_maps(out) - {*pictures, *rasters}
    optional = [f"{SPECTRA}.csv", f"{SPECTRA}.png", *earlier]
    with staged_files(out, [NUMBERS, SHEET, *pictures, *rasters], optional=optional) as hidden, figure_style():
        save_figure(explanation_sheet(view, explanations, options), hidden / SHEET)
        for name, heat_map in heat_maps:
            _write_map(view, heat_map, explanations[name], name, short[name], hidden / MAPS, options)
        has_spectra = _write_spectra(view, explanations, hidden)
        write_json(hidden / NUMBERS, _record_of_all(view, explanations, options))
    spectra = out / f"{SPECTRA}.png" if has_spectra else None
    return WrittenExplanation(out / SHEET, out / NUMBERS, [out / name for name in pictures], spectra)


def _earlier_maps(out: Path) -> set[str]:
    """The heat maps that an earlier explanation left: those its numbers name, so that no file of others is taken."""
    try:
        earlier = json.loads((out / NUMBERS).read_text(encoding="utf-8"))
        stems = [heat_map["file"] for detector in earlier["detectors"] for heat_map in detector["maps"]]
    except (OSError, ValueError, KeyError, TypeError):  # no numbers, or none of ours
        return set()
    return {f"{stem}{ending}" for stem in stems for ending in (".png", ".tif") if Path(stem).parent == Path(MAPS)}


def _record_of_all(view: View, explanations: Mapping[str, Explanation], options: ExplainOptions) -> dict[str, Any]:
    return {
        "software": f"minenetcd {VERSION}",
        "options": {name: _plain(value) for name, value in vars(options).items()},
        "window": [int(view.window.col_off), int(view.window.row_off), int(view.window.width), int(view.window.height)],
        "detectors": [_record(view, name, explanation) for name, explanation in explanations.items()],
    }


def file_name(name: str, heat_map: HeatMap) -> str:
    """The file of a heat map, without ending."""
    return f"{slug(name, longest=200)}-{slug(heat_map.stage)}-level{heat_map.level}"


def _write_map(
    view: View,
    heat_map: HeatMap,
    explanation: Explanation,
    name: str,
    title: str,
    folder: Path,
    options: ExplainOptions,
) -> None:
    stem = file_name(name, heat_map)
    rows, columns = heat_map.cells
    subtitle = f"{heat_map.stage}, level {heat_map.level} ({rows} x {columns} cells), {options.target}; "
    subtitle += outline_words(view, {title: explanation}).replace("what each found", "what it found")
    save_figure(heat_figure(view, heat_map, explanation, title, subtitle), folder / f"{stem}.png")
    if view.grid.is_georeferenced:
        tags = {
            "MODEL": name, "STAGE": heat_map.stage, "LEVEL": str(heat_map.level), "TARGET": options.target,
            "PIXELS": options.pixels, "PEAK": repr(heat_map.peak), "SOFTWARE": f"minenetcd {VERSION}",
        }  # fmt: skip
        values = np.where(view.valid, heat_map.values, np.float32("nan"))
        with RasterWriter(folder / f"{stem}.tif", view.grid, dtype="float32", nodata=float("nan"), tags=tags) as writer:
            writer.write(values, Window(0, 0, view.grid.width, view.grid.height))


def _write_spectra(view: View, explanations: Mapping[str, Explanation], folder: Path) -> bool:
    """Whether there are any."""
    spectra = {name: explanation.spectra for name, explanation in explanations.items() if explanation.spectra}
    if not spectra:
        return False
    write_text(folder / f"{SPECTRA}.csv", csv_text(spectra_table(spectra)))
    regions_from = "the detector" if view.truth is None else "the truth"
    short = short_names(explanations)
    drawn = {short[name]: some for name, some in spectra.items()}
    save_figure(spectra_figure(drawn, regions_from), folder / f"{SPECTRA}.png")
    return True


def _record(view: View, name: str, explanation: Explanation) -> dict[str, Any]:
    region = region_of_target(view, explanation)
    return {
        "name": name,
        "trained_on": explanation.detector.provenance.trained_on_in_words,
        "threshold": explanation.detector.threshold,
        "changed_pixels": int(explanation.changed.sum()),
        "pixels_explained": explanation.pixels_explained,
        "fell_back_to_all_pixels": explanation.fell_back,
        "focus_on": "prediction" if view.truth is None else "truth",
        "maps": [
            {
                "stage": heat_map.stage,
                "level": heat_map.level,
                "cells": list(heat_map.cells),
                "peak": heat_map.peak,
                "focus": heat_map.focus(region),
                "file": f"{MAPS}/{file_name(name, heat_map)}",
            }
            for heat_map in explanation.maps
        ],
    }


def _plain(value: object) -> object:
    return without_secrets(str(value)) if isinstance(value, Path) else value

"""Another threshold, smallest area or format for a finished result, from its own probability."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import repeat
from pathlib import Path
from typing import Any, Literal

from minenetcd.constants import Note, no_note
from minenetcd.errors import InputError, OptionError, RasterError
from minenetcd.files import HiddenFolder, check_writable, one_run_in
from minenetcd.files.hidden import is_recent_work
from minenetcd.geo.grid import Grid
from minenetcd.geo.polygons.given_verdicts import refuse_to_lose_verdicts
from minenetcd.geo.raster import Raster
from minenetcd.prediction.facts import SceneFacts
from minenetcd.prediction.kept.details import Details, read_details
from minenetcd.prediction.kept.unfinished import Work
from minenetcd.prediction.kinds.measuring import IndexPass
from minenetcd.prediction.opening import check_ground
from minenetcd.prediction.outputs import DETAILS, result_names
from minenetcd.prediction.rasters.one_pass import ScenePass, SecondOpinion
from minenetcd.prediction.rasters.scene_rasters import SceneRasters, read_strips
from minenetcd.prediction.rasters.stored import StoredProbability
from minenetcd.prediction.result import ScenePrediction, finished, measured
from minenetcd.prediction.where.isolated import check_higher_thresholds
from minenetcd.registry import is_path

#: A threshold, or "none" to take the one of a result away.
HigherThreshold = float | Literal["none"]


def rethreshold(
    result: str | Path,
    *,
    threshold: float | None = None,
    seed_threshold: HigherThreshold | None = None,
    isolated_threshold: HigherThreshold | None = None,
    min_area_ha: float | None = None,
    also: Sequence[str] | None = None,
    note: Note = no_note,
) -> ScenePrediction:
    """Give the finished result in the folder `result` what is not None here; all its files are replaced, or none.

    "none" takes a higher threshold of it away: that of the surest pixel of each change, or that of isolated change,
    which is then halfway from `threshold` to 1 again.

    Neither images nor detector are needed. The map is the one that `predict_scene` gives with the same options; with
    another threshold, and a probability in 254 steps, but for pixels within half a step (0.002) of it. Sheets, which
    show the images, are removed; `note` is then called with how they are made again. InputError where `result` is none,
    OptionError for options, OutputError where it cannot be written, or a run is at work there.
    """
    folder = Path(result)
    if not folder.is_dir():
        raise InputError(f"A folder with a finished result is needed, there is no folder {folder}: name another.")
    started = time.perf_counter()
    with one_run_in(folder, keep=is_recent_work):
        details = read_details(folder / DETAILS)
        refuse_to_lose_verdicts(folder)
        sheets = details.facts.options.sheets
        formats = None if also is None else tuple(also)
        wanted = {
            "threshold": threshold, "seed_threshold": seed_threshold, "isolated_threshold": isolated_threshold,
            "min_area_ha": min_area_ha, "also": formats,
        }  # fmt: skip
        asked = {name: None if value == "none" else value for name, value in wanted.items() if value is not None}
        details = replace(details, facts=_changed(details, asked))
        check_writable(folder, result_names(details.facts.grid, details.facts.options))
        prediction = _made_again(details, folder, started)
        prediction.save(folder)
    if sheets:
        note(
            f"The sheets of this result are removed, they need the images: predict with --sheets {sheets} and these "
            "options makes new ones."
        )
    return prediction


def _changed(details: Details, asked: Mapping[str, Any]) -> SceneFacts:
    """The facts of `details` with the options `asked` for in place of theirs."""
    facts = details.facts
    if asked.get("isolated_threshold") is not None and facts.options.prior is None:
        raise OptionError(
            "Known mines say what is isolated (--isolated-threshold), this result was told of none: leave it out, or "
            "predict again with --prior FILE."
        )
    options = replace(facts.options, **asked, sheets=0)
    if "also" not in asked and (places := [format for format in options.also if is_path(format)]):
        raise OptionError(
            f"Formats are needed by name, {details.archive} asks for code ({places[0]!r:.200}), which is not run only "
            "because a file says so: name the formats that you want (--also)."
        )
    threshold = asked.get("threshold")
    check_ground(facts.grid, options)
    usual = facts.threshold if threshold is None else threshold
    check_higher_thresholds(options, usual, without="take it away ({option} none)")
    if threshold is None:
        return replace(facts, options=options)
    computed_by = replace(facts.computed_by, decided_otherwise=None)  # that was measured at the other one
    return replace(facts, options=options, threshold=threshold, computed_by=computed_by)


def _made_again(details: Details, folder: Path, started: float) -> ScenePrediction:
    """The result in `folder`, of facts that may be others now."""
    facts = details.facts
    names = result_names(facts.grid, facts.options)
    work = Work(HiddenFolder.make(folder, folder))
    try:
        stored = StoredProbability(facts.threshold, as_float=facts.options.float_probability)
        scene = SceneRasters(facts.grid, stored, work.path / names.probability, work.path / names.raster, facts.tags())
        with Raster.open(folder / names.probability, bands=(1,)) as probability:
            details.check_probability(names.within(folder).probability)
            _check_kind(probability, stored, scene.grid)
            second, layers = details.second_rasters(work.path), details.index_layers(work.path)
            with ScenePass(scene) as scene_pass:
                opinion = _pass_again(probability, scene_pass, second)
                kinds = None if layers is None else IndexPass(layers, scene_pass)
                if layers is not None and kinds is not None:
                    kinds.add(layers.read())
                change = measured(scene_pass, facts, opinion, kinds, details.known)
        return finished(
            scene, change, facts, details.findings, details.pictures, work,
            started=started, second=second, layers=layers, known=details.known, inputs=lambda: details.inputs,
        )  # fmt: skip
    except BaseException:
        work.remove()
        raise


def _check_kind(probability: Raster, stored: StoredProbability, grid: Grid) -> None:
    """RasterError where it does not lie on `grid`, or is not kept as `stored` says."""
    if probability.dtype != stored.dtype:
        raise RasterError(
            f"A probability of {stored.dtype} is needed, as details.zip says, {probability.source} holds "
            f"{probability.dtype}: predict again."
        )
    if probability.grid.shape != grid.shape:
        raise RasterError(
            f"A probability of {grid.width} x {grid.height} pixels is needed, {probability.source} has "
            f"{probability.grid.width} x {probability.grid.height}: predict again."
        )


def _pass_again(probability: Raster, scene_pass: ScenePass, second: SceneRasters | None) -> SecondOpinion | None:
    """Write `probability` as that of a scene, whose tags may be others, with its mask; what `second` says of that.

    Its values stay: what a step stands for does not depend on the threshold.
    """
    scene, source = scene_pass.scene, Path(probability.source)
    opinion = None if second is None else SecondOpinion(second, scene_pass)
    with scene.probability_writer() as writer, probability.readable():
        masks = repeat(None) if second is None else (mask for _, mask in read_strips(second.mask, scene.grid))
        for (window, stored), mask in zip(read_strips(source, scene.grid), masks, strict=False):
            writer.write(stored, window)
            scene_pass.add(window, stored)
            if opinion is not None and mask is not None:
                opinion.compare(window, mask)
    return opinion

"""A detector adapted to one place: trained a little further, without labels, on change pasted into its images."""

import copy
from collections.abc import Sequence
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from minenetcd.building.pasted_sets.blocks import cut_blocks
from minenetcd.configs.detector import COLOURS
from minenetcd.configs.value_range import ValueRange
from minenetcd.constants import Provenance, TrainedOn
from minenetcd.detectors.by_name import open_detector
from minenetcd.detectors.learned import ChangeDetector
from minenetcd.detectors.preprocessing import Preprocessing
from minenetcd.display.words import counted
from minenetcd.errors import OptionError
from minenetcd.geo.series import AlignedSeries, open_series
from minenetcd.runtime.device import choose_device
from minenetcd.training.adaptation.options import AdaptOptions
from minenetcd.training.adaptation.outcome import Adaptation, judge, threshold_here
from minenetcd.training.adaptation.sets import PastedScene, SceneBlocks, paste_scene
from minenetcd.training.adaptation.work_folder import WorkFolder
from minenetcd.training.records.reporting import TrainingReporter
from minenetcd.training.train import train

USUAL = AdaptOptions()

#: Chosen on places of unlabelled imagery other than those that it was measured on: docs/experiments.md.
RECIPE: dict[str, Any] = {
    "batch_size": 12,
    "learning_rate": 5e-4,
    "final_learning_rate": 2e-5,
    "warmup_share": 0.1,
    "ema_decay": 0.98,
}
VALIDATIONS = 5

_SUFFIX = "-adapted"

_LIMITS = (
    "Adapted to one place by change pasted into its own images, without labels: the figures above are of such change, "
    "and do not say how well it finds real change. Use it on images of that place and of those sensors, and check it "
    "on change you know before you report areas from it."
)


def adapt(
    images: Sequence[str | Path],
    out: str | Path,
    *,
    model: str | Path | ChangeDetector = "minenetcd-nano",
    options: AdaptOptions = USUAL,
    device: str = "auto",
    resume: bool = False,
    force: bool = False,
    reporter: TrainingReporter | None = None,
) -> Adaptation:
    """Train a network further on the `images`, two dates of one place or more, and save it in the new folder `out`.

    No labels are needed: changes are pasted into parts of the images, and what else differs between the dates must not
    be found. `model` is a trained network, or its name. Checkpoint, threshold and the scores before and after come from
    parts that are held out, by other rules of pasting. Where it does not help by them nothing is saved, unless with
    `force`. Interrupted, it goes on with `resume=True`.

    Raises OptionError or UnknownNameError for what is asked for, RasterError or GridError for images that cannot be
    read or laid onto one grid, SizeError or DataError for those that are too small or have too little data, OutputError
    for `out`, RunInterrupted after Ctrl-C.
    """
    work = WorkFolder.beside(out)
    work.check(resume=resume)
    with open_series(images, bands=options.bands, coregister=options.coregister) as series:
        return adapt_to(
            series, work, model=model, options=options, device=device, resume=resume, force=force, reporter=reporter
        )


def adapt_to(
    series: AlignedSeries,
    work: WorkFolder,
    *,
    model: str | Path | ChangeDetector,
    options: AdaptOptions,
    device: str = "auto",
    resume: bool = False,
    force: bool = False,
    reporter: TrainingReporter | None = None,
) -> Adaptation:
    """`adapt` to images that are opened, in a `work` folder that was checked."""
    start = _network(model)
    reporter = reporter or TrainingReporter()
    with work.begun(_request(series, start, options), resume=resume) as folder:
        with reporter:
            value_range, scene = _pasted(series, start, options, folder, reporter)
            reader = _reader_of_blocks(start, device)
            judged = judge(reader, scene, partial(reporter.progress, "judge"))
            here = threshold_here(reader, scene, partial(reporter.progress, "judge"))
        trained = train(
            reader,
            folder / "run",
            data={"train": scene.train, "val": scene.choose, "workers": 1},
            device=device,
            resume=True,
            reporter=reporter,
            recipe={"steps": options.steps, **RECIPE},
            trainer={"validate_steps": max(1, options.steps // VALIDATIONS), "trackers": []},
            seed=options.seed,
        )
        with reporter:
            adapted = judge(trained, scene, partial(reporter.progress, "judge")).at(trained.threshold)
        result = Adaptation(trained, judged.at(start.threshold), judged.at(here), adapted)
        trained.preprocessing = _preprocessing(start, series, value_range)
        trained.provenance = _provenance(start, series, options, scene, result)
        if result.helped or force:
            trained.save_pretrained(work.out)
            result = replace(result, folder=work.out)
    return result


def _network(model: str | Path | ChangeDetector) -> ChangeDetector:
    """A detector that can be trained further. OptionError for another."""
    detector = model if isinstance(model, ChangeDetector) else open_detector(model)
    if not isinstance(detector, ChangeDetector):
        raise OptionError(f"A trained network is needed, {detector.name} needs no training: name one (--model).")
    if len(detector.bands) != len(COLOURS):
        raise OptionError(
            f"A network that reads three bands is needed, {detector.name} reads {len(detector.bands)}: name another "
            "(--model)."
        )
    return detector


def _request(series: AlignedSeries, start: ChangeDetector, options: AdaptOptions) -> dict[str, Any]:
    """What decides the result, as plain values."""
    files = [Path(image) for image in series.images]
    stats = [path.stat() if path.is_file() else None for path in files]
    return {
        "images": [
            [image, stat and stat.st_size, stat and stat.st_mtime_ns]
            for image, stat in zip(series.images, stats, strict=True)
        ],
        "model": start.describe(),
        **{name: value if value is None else str(value) for name, value in asdict(options).items()},
    }


def _pasted(
    series: AlignedSeries, start: ChangeDetector, options: AdaptOptions, folder: Path, reporter: TrainingReporter
) -> tuple[ValueRange | None, PastedScene]:
    """The value range of the images, where one holds for all, and the pairs."""
    value_range, limits = series.scale(options.value_range or start.preprocessing.value_range)
    places = cut_blocks(
        series, limits, folder / "blocks", np.random.default_rng(options.seed), partial(reporter.progress, "read")
    )
    blocks = SceneBlocks((folder / "blocks").resolve(), places, _metres(series))
    reporter.note(f"{counted(len(places), 'part')} of {counted(len(series.images), 'image')} are pasted into.")
    return value_range, paste_scene(
        blocks,
        folder,
        f"changes pasted into {', '.join(_names(series))}",
        pairs=options.steps * RECIPE["batch_size"],
        seed=options.seed,
        imagery=options.imagery,
        progress=partial(reporter.progress, "draw"),
    )


def _reader_of_blocks(start: ChangeDetector, device: str) -> ChangeDetector:
    """The same network for the blocks, which are in 8 bits already, so that the one given stays as it is."""
    return ChangeDetector(
        copy.deepcopy(start.model).to(choose_device(device)),
        preprocessing=replace(start.preprocessing, value_range=None),
        threshold=start.threshold,
        provenance=start.provenance,
    )


def _preprocessing(start: ChangeDetector, series: AlignedSeries, value_range: ValueRange | None) -> Preprocessing:
    """As it began, for numbers and pixels like those of the images."""
    metres = _metres(series) or start.preprocessing.metres_per_pixel
    return replace(start.preprocessing, value_range=value_range, metres_per_pixel=metres)


def _provenance(
    start: ChangeDetector, series: AlignedSeries, options: AdaptOptions, scene: PastedScene, result: Adaptation
) -> Provenance:
    """What the model card states of the adapted weights."""
    facts, began = scene.train.facts, start.provenance
    source = f"{facts.source}, after {began.trained_on_in_words or 'nothing that is known'}"
    return Provenance(
        name=f"{start.name.removesuffix(_SUFFIX)}{_SUFFIX}",
        trained_on=TrainedOn(source, facts.split, facts.fingerprint, len(scene.train)),
        recipe={
            "adapted from": start.name,
            "images": _names(series),
            "steps": options.steps,
            "seed": options.seed,
            **RECIPE,
        },
        metrics={
            f"{what}, on change pasted into held-out parts of the images": str(score)
            for what, score in result.scores.items()
        },
        limits=_LIMITS,
        license=began.license,
    )


def _names(series: AlignedSeries) -> list[str]:
    """File names alone: a path or an address may say what a card should not."""
    return [image.replace("\\", "/").rpartition("/")[2].partition("?")[0] for image in series.images]


def _metres(series: AlignedSeries) -> float | None:
    return series.grid.mean_metres if series.grid.is_georeferenced else None

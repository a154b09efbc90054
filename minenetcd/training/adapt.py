"""A detector adapted to one place: trained a little further, without labels, on change pasted into its images."""

import copy
from collections.abc import Iterable
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from minenetcd.building.drawn.options import seed_of
from minenetcd.building.pasted_sets.blocks import cut_blocks, unused_dates
from minenetcd.building.pasted_sets.images import find_sets
from minenetcd.building.pasted_sets.pictures import image_file
from minenetcd.configs.detector import COLOURS
from minenetcd.constants import Provenance, TrainedOn
from minenetcd.data.reading.folder_layout import image_files
from minenetcd.detectors.by_name import open_detector
from minenetcd.detectors.learned import ChangeDetector
from minenetcd.display.words import counted
from minenetcd.errors import OptionError, OutputPathError
from minenetcd.files import json_text
from minenetcd.geo.date_files.finding import Image
from minenetcd.geo.sample import SceneSample
from minenetcd.geo.series import AlignedSeries, Scale, open_series
from minenetcd.runtime.device import choose_device
from minenetcd.secrets import without_secrets
from minenetcd.training.adaptation.options import AdaptOptions
from minenetcd.training.adaptation.outcome import Adaptation, OnMap, changed_share, judge, threshold_here
from minenetcd.training.adaptation.sets import PastedScene, SceneBlocks, paste_scene
from minenetcd.training.adaptation.work_folder import WorkFolder
from minenetcd.training.records.reporting import TrainingReporter
from minenetcd.training.start import without_calibration
from minenetcd.training.train import train

USUAL = AdaptOptions()

#: Chosen on places of unlabelled imagery other than those that it was measured on (docs/adapt.md).
RECIPE: dict[str, Any] = {
    "batch_size": 12,
    "learning_rate": 1.5e-3,
    "final_learning_rate": 5e-5,
    "warmup_share": 0.1,
    "ema_decay": 0.98,
}
VALIDATIONS = 5

#: So many parts of the images, or fewer, are warned of.
FEW = 3

_SUFFIX = "-adapted"
_LIMITS = (
    "Adapted to one place by change pasted into its own images, without labels: the figures above are of such change, "
    "and do not say how well it finds real change. Use it on images of that place and of those sensors, and check it "
    "on change you know before you report areas from it."
)


def adapt(
    images: Iterable[Image],
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
    work = WorkFolder.beside(out, resume=resume)
    with open_series(
        images, bands=options.bands, coregister=options.coregister, stated=options.stated, remote=options.remote
    ) as series:
        return adapt_to(series, work, model, options, device=device, force=force, reporter=reporter)


def adapt_to(
    series: AlignedSeries,
    work: WorkFolder,
    model: str | Path | ChangeDetector,
    options: AdaptOptions,
    *,
    device: str = "auto",
    force: bool = False,
    reporter: TrainingReporter | None = None,
) -> Adaptation:
    """`adapt` to images that are opened."""
    start, reporter = _network(model), reporter or TrainingReporter()
    _check_apart(work, options.imagery)
    _metres(series, options)  # refuses them where the images say theirs
    scale = series.scale(options.value_range or start.preprocessing.value_range)
    request = _request(series, start, options)
    with work.begun(request) as folder:
        with reporter:
            scene = _pasted(series, scale, options, folder / f"{seed_of(json_text(request)):x}", reporter)
            reader, judging = _reader_of_blocks(start, device), partial(reporter.progress, "judge")
            before, here = judge(reader, scene, judging), threshold_here(reader, scene, judging)
            sample = SceneSample(series.pairs[0])
            share_before = changed_share(start, sample, device)  # fails before the training, where it does
        trained = _trained(reader, scene, folder / "run", options, device, reporter)
        with reporter:
            after = judge(trained, scene, judging)
        as_saved = _of_the_images(trained, start, series, scale, options)
        result = Adaptation(
            as_saved,
            start=before.at(start.threshold),
            start_here=before.at(here),
            adapted=after.at(trained.threshold),
            on_map=OnMap(share_before, changed_share(as_saved, sample, device)),
            judged_apart=scene.judged_apart,
            start_follows_scenes=start.scene_threshold is not None,
        )
        _describe(result, start, series, options, scene)
        if result.helped or force:
            trained.save_pretrained(work.out)
            return replace(result, folder=work.out)
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


def _check_apart(work: WorkFolder, imagery: Path | None) -> None:
    """OutputPathError where the work folder lies in `imagery`: its pairs would be read as images."""
    if imagery is not None and work.path.resolve().is_relative_to(imagery.resolve()):
        raise OutputPathError(
            f"A folder outside {imagery} is needed, since what is in it is pasted, {work.out} lies in it: choose "
            "another (--out)."
        )


def _request(series: AlignedSeries, start: ChangeDetector, options: AdaptOptions) -> dict[str, Any]:
    """What decides the result, as plain values; files by whole paths, wherever the command is given."""
    imagery = options.imagery and options.imagery.resolve()
    dates = zip(series.images, series.files, strict=True)
    sets = [] if imagery is None else [image_file(imagery, name) for name in image_files(imagery)]
    return {
        "images": [
            [list(image_file(Path(), str(file.resolve()))) for file in files] or without_secrets(image)
            for image, files in dates
        ],
        "imagery files": [list(each) for each in sets],
        "model": start.describe(),
        "weights": start.weights_digest(),
        **{name: value if value is None else str(value) for name, value in asdict(options).items()},
        "imagery": imagery and str(imagery),
    }


def _pasted(
    series: AlignedSeries, scale: Scale, options: AdaptOptions, folder: Path, reporter: TrainingReporter
) -> PastedScene:
    """The pairs, made in `folder`, whose name no other images have: what is read from it is remembered."""
    rng, blocks = np.random.default_rng(options.seed), (folder / "blocks").resolve()
    places, of = cut_blocks(series, scale.limits, blocks, rng, partial(reporter.progress, "read"))
    names, unused = _names(series), unused_dates(places, len(series.images))
    for number in unused:
        reporter.note(f"{names[number]} is not used: no part of it that others share holds data nearly everywhere.")
    used = [name for number, name in enumerate(names) if number not in unused]
    reporter.note(f"{len(places)} of {counted(of, 'part')} of {counted(len(used), 'image')} are pasted into.")
    if len(places) <= FEW:
        reporter.note(
            f"Warning: {len(places)} parts are few to learn from and to judge by: give larger images if you can."
        )
    scene_blocks = SceneBlocks(blocks, places, _metres(series, options))
    if not scene_blocks.judged_apart:
        reporter.note("The parts that are held out are few, and choose and judge: scores look better than they are.")
    return paste_scene(
        scene_blocks,
        folder,
        f"changes pasted into {', '.join(used)}",
        pairs=options.steps * RECIPE["batch_size"],
        seed=options.seed,
        imagery=options.imagery,
        progress=partial(reporter.progress, "draw"),
    )


def _reader_of_blocks(start: ChangeDetector, device: str) -> ChangeDetector:
    """The same network for the blocks, which are in 8 bits already; the one given stays as it is.

    It has no threshold for each scene: pairs that judge are none, and are judged at one for this place.
    """
    return start.with_model(
        copy.deepcopy(start.model).to(choose_device(device)),
        preprocessing=replace(start.preprocessing, value_range=None),
        scene_threshold=None,
    )


def _trained(
    reader: ChangeDetector,
    scene: PastedScene,
    folder: Path,
    options: AdaptOptions,
    device: str,
    reporter: TrainingReporter,
) -> ChangeDetector:
    return train(
        reader,
        folder,
        data={"train": scene.train, "val": scene.choose, "workers": 1},
        device=device,
        resume=True,
        reporter=reporter,
        recipe={"steps": options.steps, **RECIPE},
        trainer={"validate_steps": max(1, options.steps // VALIDATIONS), "trackers": []},
        seed=options.seed,
    )


def _of_the_images(
    trained: ChangeDetector, start: ChangeDetector, series: AlignedSeries, scale: Scale, options: AdaptOptions
) -> ChangeDetector:
    """`trained` as it reads numbers and pixels like those of the images."""
    metres = _metres(series, options)
    trained.preprocessing = replace(
        start.preprocessing, value_range=scale.value_range, metres_per_pixel=metres and round(metres, 3)
    )
    trained.scene_threshold = start.scene_threshold  # real change is fainter than the pastes that chose one for all
    return trained


def _describe(
    result: Adaptation, start: ChangeDetector, series: AlignedSeries, options: AdaptOptions, scene: PastedScene
) -> None:
    """The card of the adapted detector says where it comes from."""
    adapted, facts, began = result.detector, scene.train.facts, start.provenance
    names = _names(series)
    source = f"{facts.source}, after {began.trained_on_in_words or 'nothing that is known'}"
    chosen = {"images": names, "steps": options.steps, "seed": options.seed}
    adapted.provenance = Provenance(
        name=f"{start.name.removesuffix(_SUFFIX)}{_SUFFIX}",
        trained_on=TrainedOn(source, facts.split, facts.fingerprint, len(scene.train)),
        recipe={"adapted from": start.name, **chosen, **RECIPE},
        metrics={
            f"{what}, on change pasted into held-out parts of the images": str(score)
            for what, score in result.scores.items()
        }
        | {
            f"share of {names[0]} and {names[1]} that predict calls changed": f"{result.on_map.adapted:.1%}, before "
            f"adapting {result.on_map.start:.1%}"
        },
        limits=_LIMITS,
        license=began.license,
        extra={
            **without_calibration(began.extra),
            **_imagery(options),
        },  # whose images and trunk they come from: terms ask for it
    )


def _imagery(options: AdaptOptions) -> dict[str, str]:
    """What the card says of other images that pieces were taken from."""
    if options.imagery is None:
        return {}
    names = ", ".join(each.name for each in find_sets(options.imagery))
    return {"pieces pasted": f"from the sets {names} of {options.imagery.resolve().name}, by their own terms"}


def _names(series: AlignedSeries) -> list[str]:
    """File names alone: a path or an address may say what a card should not."""
    return [without_secrets(image).replace("\\", "/").rpartition("/")[2].partition("?")[0] for image in series.images]


def _metres(series: AlignedSeries, options: AdaptOptions) -> float | None:
    return series.grid.metres_or(options.metres_per_pixel)

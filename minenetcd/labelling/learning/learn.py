"""Verdicts and labels in, a finer detector out, and whether it became better."""

import copy
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any

from minenetcd.detectors.by_name import open_detector
from minenetcd.detectors.learned import ChangeDetector
from minenetcd.errors import OptionError
from minenetcd.evaluation.probabilities.threshold import best_threshold
from minenetcd.labelling.learning.judging import judge
from minenetcd.labelling.learning.material import Data, Pairs, divided, write_pairs
from minenetcd.labelling.learning.operating_point import calling_no_more
from minenetcd.labelling.learning.options import LearnOptions
from minenetcd.labelling.learning.outcome import Learned, compare
from minenetcd.labelling.learning.patches import CROP, read_pairs
from minenetcd.labelling.learning.provenance import describe, learned_from, notes_on, source_in_words
from minenetcd.labelling.learning.reading.scenes import JudgedScene
from minenetcd.labelling.learning.reading.sources import read_sources
from minenetcd.runtime.device import choose_device
from minenetcd.training.adaptation.work_folder import WorkFolder
from minenetcd.training.records.reporting import TrainingReporter
from minenetcd.training.train import train

USUAL = LearnOptions()

#: What is not asked: as for the embedded detector, whose heads this moves (configs/minenetcd-nano.yaml).
RECIPE: dict[str, Any] = {
    "batch_size": 12,
    "loss": "bce_batch_dice",
    "augmentation": "symmetries",
    "warmup_share": 0.1,
    "ema_decay": 0.98,
}
#: Of the work folder: where the pairs lie.
PAIRS = "pairs"


def learn(
    sources: Iterable[str | Path],
    out: str | Path,
    *,
    start: str | Path | ChangeDetector = "minenetcd-nano",
    options: LearnOptions = USUAL,
    device: str = "auto",
    resume: bool = False,
    reporter: TrainingReporter | None = None,
) -> Learned:
    """Train `start` further on what people said, and save it in the new folder `out`, better or not.

    `sources`: folders of results of `predict` whose polygons were judged, or of many such results (of a table of pairs,
    of a series of dates), labelling desks, and folders of labels (pairs with masks of 0, 1 and 255). Some of the sites
    are held out; where there is one alone, a strip of it. They judge the detector before and after, and choose nothing.
    Interrupted, it goes on with `resume=True`.

    Raises InputError for sources that cannot be read, or whose images are gone, DataError where too little is judged to
    learn from or to judge by, OptionError for a start that cannot be trained, or pixels of several sizes, OutputError
    for `out`, RunInterrupted after Ctrl-C.
    """
    reporter = reporter or TrainingReporter()
    work = WorkFolder.beside(out, resume=resume, task="run of learning", ending="learning")
    scenes = read_sources(sources, options, reporter.note)
    return learn_from(scenes, work, start, options, device=device, reporter=reporter)


def learn_from(
    scenes: Sequence[JudgedScene],
    work: WorkFolder,
    model: str | Path | ChangeDetector,
    options: LearnOptions,
    *,
    device: str = "auto",
    reporter: TrainingReporter,
) -> Learned:
    """`learn` from scenes that are read."""
    start = _network(model)
    data = divided(scenes, start, options)
    with work.begun(_request(data, start, options)) as folder:
        parts = data.division.parts
        with reporter:
            cut = write_pairs(data, start, folder / PAIRS, options, reporter)
        trained = _trained(start, data, folder, cut, options, device, reporter)
        with reporter:
            finished = _with_threshold(trained, start, data, device, partial(reporter.progress, "judge"))
            sites = [data.site_of[part.scene.name] for part in parts["judge"]]
            judged = [
                judge(each, start, parts["judge"], device, partial(reporter.progress, "judge"))
                for each in (start, finished)
            ]
        comparison = compare(judged[0], judged[1], sites)
        result = Learned(
            detector=finished,
            folder=work.out,
            start=str(model) if isinstance(model, str | Path) else start.name,
            comparison=comparison,
            learned_from=learned_from(data, cut),
            judged_on=tuple(part.scene.name for part in parts["judge"]),
            by_site=data.division.by_site,
            knows_ground=data.knows_ground,
            notes=notes_on(data, start, comparison),
        )
        describe(result, start, data, options, cut, RECIPE)
        finished.save_pretrained(work.out)
    return result


def _network(model: str | Path | ChangeDetector) -> ChangeDetector:
    detector = model if isinstance(model, ChangeDetector) else open_detector(model)
    if not isinstance(detector, ChangeDetector):
        raise OptionError(
            f"A trained network is needed to start from, {detector.name} needs no training: name one (--start-from)."
        )
    return detector


def _request(data: Data, start: ChangeDetector, options: LearnOptions) -> dict[str, Any]:
    """What decides the result, as plain values."""
    return {
        "scenes": [[scene.name, scene.counts, sorted(scene.checksums)] for scene in data.scenes],
        "verdicts": [scene.truth_checksum for scene in data.scenes],
        "parts": {
            use: [[part.scene.name, *part.window.flatten()] for part in parts]
            for use, parts in data.division.parts.items()
        },
        "start": start.describe(),
        "weights": start.weights_digest(),
        "options": asdict(options),
    }


def _trained(
    start: ChangeDetector,
    data: Data,
    folder: Path,
    cut: Pairs,
    options: LearnOptions,
    device: str,
    reporter: TrainingReporter,
) -> ChangeDetector:
    """`start` trained further on pairs in 8 bits, to the end.

    Of few places chance alone would choose a checkpoint: of judged polygons nearly any has the best F1.
    """
    reader = start.with_model(
        copy.deepcopy(start.model).to(choose_device(device)),
        preprocessing=replace(start.preprocessing, value_range=None),
        scene_threshold=None,
    )
    source = source_in_words(data)
    pairs = {"train": read_pairs(folder / PAIRS, source, "train")}
    pairs["val"] = read_pairs(folder / PAIRS, source, "val") if cut.choose.pairs else pairs["train"]
    batch = min(RECIPE["batch_size"], len(pairs["train"]))
    return train(
        reader,
        folder / "run",
        data={**pairs, "workers": 1},
        device=device,
        resume=True,
        reporter=reporter,
        recipe={
            **RECIPE,
            "steps": options.steps,
            "batch_size": batch,
            "crop": min(CROP, cut.side),
            "learning_rate": options.learning_rate,
            "final_learning_rate": options.learning_rate / 30,
        },
        trainer={"validate_steps": options.steps, "trackers": []},
        seed=options.seed,
    )


def _with_threshold(
    trained: ChangeDetector, start: ChangeDetector, data: Data, device: str, progress: Callable[[int, int], None]
) -> ChangeDetector:
    """`trained` as it reads images, with one threshold for all scenes: what is judged is what is saved.

    It is found on parts kept apart, which did not train: on those that did any network is surer. It is the best there;
    where ground beside the places is not known, that of `start`, raised until no more is called changed than before.
    """
    parts = data.division.parts
    preprocessing = replace(
        start.preprocessing,
        metres_per_pixel=start.preprocessing.metres_per_pixel if data.metres is None else round(data.metres, 3),
    )
    finished = trained.with_model(trained.model, preprocessing=preprocessing, scene_threshold=None)
    if not data.knows_ground:
        return calling_no_more(finished, start, parts["choose"] or parts["train"], device, progress)
    chosen_on = judge(finished, start, parts["choose"], device, progress)
    return finished.with_model(trained.model, threshold=best_threshold(chosen_on.histogram))

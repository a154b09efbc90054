"""A training run: settings, data, network, loop, choice of weights and threshold, saved detector."""

from contextlib import nullcontext
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator

from minenetcd.configs.schema import Settings
from minenetcd.constants import Provenance, TrainedOn
from minenetcd.data.dataset import ChangeDataset
from minenetcd.data.fitting import FittedPairs
from minenetcd.datasets.drawn import drawn_kind
from minenetcd.detectors.learned import ChangeDetector
from minenetcd.errors import OptionError
from minenetcd.files import one_run_in
from minenetcd.models.base import ChangeModel
from minenetcd.registry import is_path, name_alone
from minenetcd.runtime.device import choose_device
from minenetcd.runtime.interruption import Interruption
from minenetcd.training.inputs import fitted_to
from minenetcd.training.loop import Trainer
from minenetcd.training.pairs import Data, GivenData
from minenetcd.training.parallel import start_accelerator
from minenetcd.training.plan import Plan
from minenetcd.training.records.checkpoints import latest_checkpoint, read_checkpoint, write_checkpoint
from minenetcd.training.records.curves import draw_curves
from minenetcd.training.records.options_used import options_used
from minenetcd.training.records.reporting import Step, TrainingReporter, Validation
from minenetcd.training.records.run_folder import RunFolder
from minenetcd.training.records.trackers import start_trackers, tracker_names
from minenetcd.training.settings import Config, read_settings
from minenetcd.training.start import handed_over, settings_of, starting_point
from minenetcd.weights.keymap import load_strictly

#: A checkpoint holds weights, their average and two moments of the optimiser, in float32. [bytes per parameter]
CHECKPOINT_BYTES = 16


def train(
    source: Config | ChangeModel | ChangeDetector,
    out: str | Path,
    *,
    data: Data | None = None,
    device: str | None = None,
    resume: bool = False,
    reporter: TrainingReporter | None = None,
    **overrides: Any,
) -> ChangeDetector:
    """Train the detector that `source` describes, or is, and save it in the folder `out`.

    `source` is a configuration (a shipped name, a YAML file, also one of the earlier framework, or a mapping), a
    network, or a detector; the latter two stay as they are, a copy is trained. `data` is what a configuration says, or
    pairs: a ChangeDataset or anything with a length and items (before, after, mask); pairs to choose on come with them
    as {"train": pairs, "val": others}, or are held out of them: {"train": pairs, "val_share": 0.1}. `overrides` change
    sections of the configuration and win.

    The checkpoint and the threshold are chosen on the validation pairs. Killed or interrupted, the run goes on with
    `resume=True`, to the same weights; what was handed over is handed over again. Launched as several processes, these
    train together.

    Raises UnknownNameError or OptionError for a configuration that does not fit, DataError for data that cannot be
    read, WeightsError where weights cannot be fetched, OutputError for an unusable `out`, RunInterrupted after
    Ctrl-C, and MineNetCDError where the loss or a weight stops being finite.
    """
    given, pairs = handed_over(source), None if data is None else GivenData.of(data)
    folder = RunFolder(Path(out))
    settings = _settings(source, given, pairs, folder, overrides)
    reporter = reporter or TrainingReporter()
    chosen, note = _device(device, settings.device)
    accelerator = start_accelerator(
        settings.trainer, chosen, log_with=tracker_names(settings.trainer), project_dir=str(folder.path / "trackers")
    )
    reporter = reporter if accelerator.is_main_process else TrainingReporter()
    if note:
        reporter.note(note)
    opened = (pairs or GivenData({})).open(settings.data, accelerator, seed=settings.seed)
    settings, notes = fitted_to(settings, opened[0])
    for note in notes:
        reporter.note(note)
    plan = Plan.of(settings, pairs=len(opened[0]), processes=accelerator.num_processes)
    torch.manual_seed(settings.seed)
    detector = starting_point(settings, given)
    train_set, val_set = (FittedPairs(each, detector.preprocessing, detector.name) for each in opened)
    train_set.check()
    val_set.check()
    if train_set.bands_note:
        reporter.note(train_set.bands_note)
    with one_run_in(folder.path) if accelerator.is_main_process else nullcontext():
        _prepare(folder, settings, detector, accelerator, resume=resume)
        run = Trainer(detector, train_set, plan, settings, accelerator)
        _go_on(run, folder, reporter)
        if accelerator.is_main_process:
            folder.start_log(run.step)
            facts = {"train": train_set.facts, "val": val_set.facts}
            folder.record_start(facts, {"count": accelerator.num_processes, "sharding": settings.trainer.sharding})
            start_trackers(accelerator, settings, folder, step=run.step)
        _run(run, val_set, folder, reporter)
        trained = _finish(run, folder, train_set)
        accelerator.end_training()
    return trained


def _settings(
    source: Config | ChangeModel | ChangeDetector,
    given: ChangeDetector | None,
    pairs: GivenData | None,
    folder: RunFolder,
    overrides: dict[str, Any],
) -> Settings:
    """The whole configuration, with a name: its own, that of its file, or, where a run goes on, that of its folder."""
    changes = overrides if pairs is None else {"data": pairs.section, **overrides}
    if given is not None:
        return settings_of(given, **changes)
    assert not isinstance(source, ChangeModel | ChangeDetector)  # they are `given`
    settings = read_settings(source, **changes)
    if settings.name is not None:
        return settings
    if not isinstance(source, str | Path):
        name = "detector"
    elif is_path(str(source)):
        name = name_alone(str(source))
    elif Path(source).resolve() == folder.config.resolve():
        name = folder.path.resolve().name
    else:
        name = Path(source).stem
    return settings.model_copy(update={"name": name})


def _device(asked: str | None, wished: str) -> tuple[torch.device, str | None]:
    """The device to train on, and what to report where the configuration's wish is not here."""
    if asked is not None:
        return choose_device(asked), None
    try:
        return choose_device(wished), None
    except OptionError:
        device = choose_device("auto")
        return device, f"The configuration asks for {wished}, which is not on this machine: training on {device}."


def _prepare(
    folder: RunFolder, settings: Settings, detector: ChangeDetector, accelerator: Accelerator, *, resume: bool
) -> None:
    """The main process makes the folder; what it cannot is an error on all of them."""
    parameters = sum(parameter.numel() for parameter in detector.parameters())
    needed = parameters * CHECKPOINT_BYTES * (settings.trainer.keep + 2)
    with accelerator.main_process_first():
        if accelerator.is_main_process:
            folder.prepare(settings, resume=resume, bytes_needed=needed)


def _go_on(run: Trainer, folder: RunFolder, reporter: TrainingReporter) -> None:
    """Load the newest checkpoint, where there is one."""
    run.accelerator.wait_for_everyone()
    newest = latest_checkpoint(folder.checkpoints)
    if newest is not None:
        run.load_state(read_checkpoint(newest))
        reporter.note(f"Going on after step {run.step}.")


def _run(run: Trainer, val_set: ChangeDataset, folder: RunFolder, reporter: TrainingReporter) -> None:
    """Train, validate and save when the plan says, until its end, early stopping, or an interruption."""
    with Interruption() as interruption, reporter:
        for step in run.steps(interruption):
            validation = None
            if run.plan.validates(step.step) or run.plan.saves(step.step):
                run.refuse_broken_weights()
            if run.plan.validates(step.step):
                validation = run.validate(val_set, partial(reporter.progress, "validate"))
                _keep_best(run, folder)
            _report(run, folder, reporter, step, validation)
            if step.interrupted or run.plan.saves(step.step):
                _save(run, folder)
            if step.interrupted and step.step < run.plan.steps:
                raise interruption.error(
                    f"Stopped after step {step.step} of {run.plan.steps}, all of it saved: go on with "
                    f"{folder.how_to_go_on(run.settings)}."
                )
            if run.out_of_patience:
                reporter.note(f"No better score in {run.waited} validations: stopping after step {step.step}.")
                break


def _report(
    run: Trainer, folder: RunFolder, reporter: TrainingReporter, step: Step, validation: Validation | None
) -> None:
    validated = {} if validation is None else asdict(validation)
    scores = {f"val_{key}": value for key, value in validated.items() if key != "step"}
    row = {key: value for key, value in asdict(step).items() if key != "interrupted"} | scores
    if run.accelerator.is_main_process:
        folder.log(row)
    run.accelerator.log({key: value for key, value in row.items() if key != "step" and value is not None}, step.step)
    reporter.step(step, run.plan.steps, validation)


def _save(run: Trainer, folder: RunFolder) -> None:
    state = run.state()
    if run.accelerator.is_main_process:
        write_checkpoint(folder.checkpoints, run.step, state, keep=run.settings.trainer.keep)
    run.accelerator.wait_for_everyone()


def _keep_best(run: Trainer, folder: RunFolder) -> None:
    """Where this validation was the best, its weights become those of the detector."""
    if run.waited:
        return
    state = run.averaged_state()
    if run.accelerator.is_main_process:
        folder.write_best(state)
        folder.update_summary({"best": asdict(run.chosen)})


def _finish(run: Trainer, folder: RunFolder, train_set: ChangeDataset) -> ChangeDetector:
    """The detector with its best weights, saved in the run's folder."""
    run.accelerator.wait_for_everyone()
    detector = run.detector
    load_strictly(detector.model, folder.read_best())
    detector.threshold = run.chosen.threshold
    detector.provenance = _provenance(run, train_set)
    detector.eval()
    if run.accelerator.is_main_process:
        detector.save_pretrained(folder.path)
        if rows := folder.read_log():  # none where it was lost since the last step
            draw_curves(rows, folder.path / "curves.png")
        folder.update_summary({"finished": True, "steps": run.step})
    run.accelerator.wait_for_everyone()
    return detector


def _provenance(run: Trainer, train_set: ChangeDataset) -> Provenance:
    """What the model card states of these weights."""
    settings = run.settings
    sites = None if train_set.sites is None else len(set(train_set.sites))
    drawn = drawn_kind(train_set.facts.source)
    return Provenance(
        name=settings.name,
        trained_on=TrainedOn(**asdict(train_set.facts), pairs=len(train_set), sites=sites),
        recipe={
            **options_used(settings.recipe, run.model),
            "seed": settings.seed,
            "steps": run.plan.steps,
            "start_from": settings.start_from,
        },
        metrics={"F1 on the validation split, which chose weights and threshold": run.chosen.f1},
        limits=drawn.limits if drawn else None,
        extra=run.detector.provenance.extra,
    )

"""A training run from one configuration: data, network, loop, choice of weights and threshold, saved detector."""

from collections.abc import Mapping
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator

from minenetcd.configs.detector import DetectorSettings
from minenetcd.configs.reading import merge, read_config
from minenetcd.configs.schema import Settings
from minenetcd.configs.section import as_mapping
from minenetcd.constants import Provenance, TrainedOn
from minenetcd.data.dataset import ChangeDataset
from minenetcd.detectors.learned import ChangeDetector
from minenetcd.errors import OptionError, RunInterrupted
from minenetcd.models.catalog import known_configurations
from minenetcd.runtime.device import choose_device
from minenetcd.runtime.interruption import Interruption
from minenetcd.training import earlier_framework
from minenetcd.training.loop import Trainer
from minenetcd.training.pairs import open_splits
from minenetcd.training.parallel import start_accelerator
from minenetcd.training.plan import Plan
from minenetcd.training.records.checkpoints import latest_checkpoint, read_checkpoint, write_checkpoint
from minenetcd.training.records.curves import draw_curves
from minenetcd.training.records.reporting import Step, TrainingReporter, Validation
from minenetcd.training.records.run_folder import RunFolder
from minenetcd.training.records.trackers import start_trackers, tracker_names
from minenetcd.weights.keymap import load_strictly

SYNTHETIC_LIMITS = (
    "Trained on synthetic scenes alone: it has never seen a real mine, and no figure measured on synthetic scenes "
    "says how well it does on real ones. Use it to try the tool and to look, not to report areas from; train or load "
    "a detector trained on real images for that."
)

#: A checkpoint holds weights, their average and two moments of the optimiser, in float32. [bytes per parameter]
CHECKPOINT_BYTES = 16


def train(
    config: str | Path | Mapping[str, Any],
    out: str | Path,
    *,
    device: str | None = None,
    resume: bool = False,
    reporter: TrainingReporter | None = None,
    **overrides: Any,
) -> ChangeDetector:
    """Train the detector that `config` describes on its data and save it in the folder `out`.

    `config` is a shipped name, a YAML file (also one of the earlier framework) or a mapping; `overrides` win. The
    checkpoint and the threshold are chosen on the validation split. Killed or interrupted, the run goes on with
    `resume=True`, to the same weights. Launched as several processes, these train together.

    Raises UnknownNameError or OptionError for a configuration that does not fit, DataError for data that cannot be
    read, WeightsError where weights cannot be fetched, OutputError for an unusable `out`, RunInterrupted after
    Ctrl-C, and MineNetCDError where the loss stops being finite.
    """
    settings = read_settings(config, **overrides)
    reporter = reporter or TrainingReporter()
    chosen, note = _device(device, settings.device)
    accelerator = start_accelerator(
        settings.trainer, chosen, log_with=tracker_names(settings.trainer), project_dir=str(Path(out) / "trackers")
    )
    reporter = reporter if accelerator.is_main_process else TrainingReporter()
    if note:
        reporter.note(note)
    train_set, val_set = open_splits(settings.data, accelerator, seed=settings.seed)
    plan = Plan.of(settings, pairs=len(train_set), processes=accelerator.num_processes)
    torch.manual_seed(settings.seed)
    detector = starting_point(settings)
    folder = RunFolder(Path(out))
    _prepare(folder, settings, detector, accelerator, resume=resume)
    run = Trainer(detector, train_set, plan, settings, accelerator)
    _go_on(run, folder, reporter)
    if accelerator.is_main_process:
        folder.start_log(run.step)
        facts = {"train": train_set.facts, "val": val_set.facts}
        folder.record_start(facts, {"count": accelerator.num_processes, "sharding": settings.trainer.sharding})
        start_trackers(accelerator, settings, folder, step=run.step)
    _run(run, val_set, folder, reporter)
    trained = _finish(run, folder, config, train_set)
    accelerator.end_training()
    return trained


def read_settings(config: str | Path | Mapping[str, Any], **overrides: Any) -> Settings:
    """`config` with `overrides`, checked; a file of the earlier framework is translated first."""
    values = read_config(config, known_configurations())
    if "model_name" in values:
        values = merge(read_config("base"), earlier_framework.translate(values))
    # a bare name stands for its section, on either side of a merge
    for key in ("data", "recipe"):
        for side in (values, overrides):
            if key in side:
                side[key] = dict(as_mapping(side[key], "name"))
    if "name" in overrides.get("recipe", {}):
        values["recipe"] = {}  # another recipe brings its own values
    return Settings.read(merge(values, overrides))


def starting_point(settings: Settings) -> ChangeDetector:
    """A new detector, its trunk pretrained where it can be; or, with `start_from`, one trained before."""
    detector = ChangeDetector.from_config(settings.model_dump(include=set(DetectorSettings.model_fields)))
    pretrained = settings.pretrained_backbone
    if settings.start_from:
        load_strictly(detector.model, ChangeDetector.from_pretrained(settings.start_from).model.state_dict())
    elif detector.model.has_pretrained_backbone if pretrained is None else pretrained:
        detector.model.load_pretrained_backbone()
    return detector


def _device(asked: str | None, wished: str) -> tuple[torch.device, str | None]:
    """The device to train on, and what to say where the configuration's wish is not here."""
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
            if run.plan.validates(step.step):
                validation = run.validate(val_set, partial(reporter.progress, "validate"))
                _keep_best(run, folder)
            _report(run, folder, reporter, step, validation)
            if step.interrupted or run.plan.saves(step.step):
                _save(run, folder)
            if step.interrupted and step.step < run.plan.steps:
                raise RunInterrupted(
                    f"Stopped after step {step.step} of {run.plan.steps}, all of it saved: go on with 'minenetcd train "
                    f"{folder.path / 'config.yaml'} --out {folder.path} --resume'."
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
        folder.update_summary({"best": asdict(run.best)})


def _finish(
    run: Trainer, folder: RunFolder, config: str | Path | Mapping[str, Any], train_set: ChangeDataset
) -> ChangeDetector:
    """The detector with its best weights, saved in the run's folder."""
    run.accelerator.wait_for_everyone()
    detector = run.detector
    load_strictly(detector.model, folder.read_best())
    detector.threshold = run.best.threshold
    detector.provenance = _provenance(run, config, train_set)
    detector.eval()
    if run.accelerator.is_main_process:
        detector.save_pretrained(folder.path)
        draw_curves(folder.read_log(), folder.path / "curves.png")
        folder.update_summary({"finished": True, "steps": run.step})
    run.accelerator.wait_for_everyone()
    return detector


def _provenance(run: Trainer, config: str | Path | Mapping[str, Any], train_set: ChangeDataset) -> Provenance:
    """What the model card will say of these weights."""
    settings, named = run.settings, isinstance(config, str | Path)
    sites = None if train_set.sites is None else len(set(train_set.sites))
    return Provenance(
        name=settings.name or (Path(config).stem if named else "detector"),
        trained_on=TrainedOn(**asdict(train_set.facts), pairs=len(train_set), sites=sites),
        recipe={
            **settings.recipe.model_dump(mode="json"),
            "seed": settings.seed,
            "steps": run.plan.steps,
            "start_from": settings.start_from,
        },
        metrics={"F1 on the validation split, which chose weights and threshold": run.best.f1},
        limits=SYNTHETIC_LIMITS if train_set.facts.source.startswith("synthetic:") else None,
    )

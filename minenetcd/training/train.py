"""A training run from one configuration: data, network, loop, threshold, saved detector."""

import itertools
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from torch.utils.data import DataLoader

from minenetcd.configs.reading import merge, read_config
from minenetcd.data.synthetic_dataset import SyntheticScenes, render, synthetic_seeds
from minenetcd.detector import ChangeDetector, choose_device
from minenetcd.errors import OptionError, OutputError
from minenetcd.evaluation.threshold import ThresholdSearch
from minenetcd.training.loop import Progress, fit
from minenetcd.training.recipe import Recipe, SyntheticData, read_sections
from minenetcd.types import ChangeSample
from minenetcd.weights.keymap import load_strictly

LIMITS = (
    "Trained on synthetic scenes alone: it has never seen a real mine, and no figure measured on synthetic scenes "
    "says how well it does on real ones. Use it to try the tool and to look, not to report areas from; train or load "
    "a detector trained on real images for that."
)


def train(
    config: str | Path | Mapping[str, Any],
    out: str | Path,
    *,
    device: str = "auto",
    progress: Callable[[str, int, int, float | None], None] = lambda *_: None,
    **overrides: Any,
) -> ChangeDetector:
    """Train the detector that `config` describes on its data and save it in the folder `out`.

    The trunk starts from its pretrained weights where it has any, unless `pretrained_backbone` is false; with
    `start_from`, all weights start from a detector trained before (folder, hub id or embedded name). The threshold
    is chosen on the validation scenes. `progress` hears (stage, done, of, loss). Raises UnknownNameError or
    OptionError for a configuration that does not fit, WeightsError where weights cannot be fetched, OutputError
    for an unusable `out`.
    """
    settings = merge(read_config(config), overrides)
    recipe, data = read_sections(settings)
    _check(recipe, data, Path(out))
    torch.manual_seed(recipe.seed)
    detector = starting_point(settings).to(choose_device(device))
    scenes = Path(out) / "scenes"
    workers = os.cpu_count() or 1
    paths = {
        split: render(
            synthetic_seeds(split, count),
            scenes,
            size=data.size,
            workers=workers,
            progress=lambda done, of: progress("rendering scenes", done, of, None),
        )
        for split, count in (("train", data.train_scenes), ("val", data.val_scenes))
    }
    fit(detector, _batches(paths["train"], recipe), recipe, progress=_stage(progress, "training"))
    detector.threshold = choose_threshold(detector, SyntheticScenes(paths["val"]))
    detector.provenance = provenance(settings, config, recipe, data)
    detector.save_pretrained(out)
    return detector


def starting_point(settings: Mapping[str, Any]) -> ChangeDetector:
    """A new detector, its trunk pretrained where it can be; or, with `start_from`, one trained before."""
    detector = ChangeDetector.from_config(settings)
    if source := settings.get("start_from"):
        load_strictly(detector.model, ChangeDetector.from_pretrained(source).model.state_dict())
    elif settings.get("pretrained_backbone", detector.model.has_pretrained_backbone):
        detector.model.load_pretrained_backbone()
    return detector


def choose_threshold(detector: ChangeDetector, scenes: SyntheticScenes) -> float:
    """The threshold of the best pooled F1 on `scenes`, which must not be those it is judged by."""
    ready, search = detector.for_inference(str(detector.device)), ThresholdSearch()
    for sample in scenes:
        before, after = (date.permute(1, 2, 0).numpy() for date in (sample.before, sample.after))
        search.add(ready.probability(before, after), sample.mask.numpy())
    return search.best()


def provenance(settings: Mapping[str, Any], config: Any, recipe: Recipe, data: SyntheticData) -> dict[str, Any]:
    """What the model card will say of these weights."""
    name = settings.get("name") or (Path(config).stem if isinstance(config, str | Path) else "detector")
    return {
        "name": name,
        "trained_on": f"{data.train_scenes} synthetic scenes of {data.size} x {data.size} px, drawn by this package",
        "recipe": {**recipe.model_dump(mode="json"), "start_from": _recipe_of(settings.get("start_from"))},
        "limits": LIMITS,
        "license": "apache-2.0",
    }


def _check(recipe: Recipe, data: SyntheticData, out: Path) -> None:
    """What can be known to fail is refused before anything is drawn."""
    if recipe.batch_size > data.train_scenes:
        raise OptionError(
            f"A batch needs {recipe.batch_size} scenes, data.train_scenes is {data.train_scenes}: raise it, or lower "
            f"recipe.batch_size."
        )
    if recipe.crop > data.size:
        raise OptionError(f"recipe.crop needs to fit into a scene of {data.size} pixels, got {recipe.crop}: lower it.")
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"A run needs a folder it can write, {str(out)!r} is none ({error}): choose another."
        ) from error


def _recipe_of(source: str | None) -> dict[str, Any] | None:
    """The recipe of the detector that training went on from."""
    return None if source is None else ChangeDetector.from_pretrained(source).provenance.get("recipe", {})


def _batches(paths: list[Path], recipe: Recipe) -> Iterator[ChangeSample]:
    """Epoch after epoch of shuffled, augmented batches, until the loop has had enough."""
    scenes = SyntheticScenes(paths, crop=recipe.crop, seed=recipe.seed)
    order = torch.Generator().manual_seed(recipe.seed)
    for epoch in itertools.count():
        scenes.epoch = epoch
        yield from DataLoader(scenes, recipe.batch_size, shuffle=True, drop_last=True, generator=order)


def _stage(progress: Callable[[str, int, int, float | None], None], stage: str) -> Progress:
    return lambda done, of, loss: progress(stage, done, of, loss)

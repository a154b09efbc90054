"""How a map was made, in sentences: the detector, what it learned from, what it decides by, and how it was computed.

Every option and number by name stands in summary.json.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from minenetcd.display.tables import html_table
from minenetcd.display.words import in_words, three_figures
from minenetcd.prediction.facts import SceneFacts

#: What is said elsewhere of where weights come from, or is said in a sentence of its own here.
_SAID = ("name", "learns_each_scene", "trained_on", "recipe", "metrics", "limits", "license")


def recipe_table(facts: SceneFacts) -> str:
    """A table of sentences."""
    rows = [
        ("Method", _method(facts)),
        *_training(facts),
        ("Pixel size", _pixel_size(facts)),
        ("Decision", _decision(facts)),
        ("Computation", _computation(facts)),
    ]
    return html_table(("", ""), rows, kind="facts")


def _method(facts: SceneFacts) -> str:
    provenance = facts.provenance
    if provenance.learns_each_scene:
        words = (
            f"{facts.model} needs no training: it learns from these two images alone how their bands usually differ, "
            "and scores each pixel by how unusual its difference is."
        )
        return f"{words} Settings: {in_words(facts.detector_options)}." if facts.detector_options else words
    network = "" if facts.network is None else f" ({facts.network})"
    words = f"{facts.model} is a network{network} that compares both dates and gives each pixel a probability of change"
    if provenance.trained_on is None:
        return f"{words}; nobody states what it was trained on."
    return f"{words}, trained on {provenance.trained_on_in_words}."


def _training(facts: SceneFacts) -> Iterator[tuple[str, str]]:
    """What is known of the training of a network; nothing of a detector without one."""
    provenance = facts.provenance
    if provenance.recipe:
        yield "Training", _recipe(provenance.recipe)
    if provenance.metrics:
        yield "Tested", _metrics(provenance.metrics)
    for key, value in provenance.as_json().items():
        if key not in _SAID:
            yield str(key).replace("_", " ").capitalize(), in_words(value)
    if provenance.license:
        yield "Licence", f"of the weights: {provenance.license}"


def _recipe(recipe: str | Mapping[str, Any]) -> str:
    """The length of a training, its loss and its pace; a recipe that names none of these as it is."""
    if isinstance(recipe, str):
        return recipe
    steps, batch, crop = (recipe.get(name) for name in ("steps", "batch_size", "crop"))
    parts = []
    if steps is not None:
        parts.append(f"{steps:,} steps" if isinstance(steps, int) else f"{steps} steps")
        if batch is not None:
            parts[0] += f" of {batch} pairs" + ("" if crop is None else f", cut to {crop} x {crop} pixels")
    named = (("loss", "the loss {}"), ("optimiser", "the optimiser {}"), ("learning_rate", "a learning rate of {}"))
    parts += [
        words.format(recipe[key]) for key, words in (*named, ("augmentation", "the augmentation {}")) if key in recipe
    ]
    return f"{', '.join(parts)}." if parts else f"{in_words(recipe)}."


def _metrics(metrics: Mapping[str, Any]) -> str:
    """The usual scores of a test on labelled pairs; metrics without them as they are."""
    names = {"f1": "F1", "ciou": "cIoU", "precision": "precision", "recall": "recall"}
    found = [f"{words} {metrics[key]}" for key, words in names.items() if key in metrics]
    if not found:
        return f"{in_words(metrics)}."
    data = metrics.get("data") or metrics.get("dataset")
    return f"{', '.join(found)}" + ("." if data is None else f" on {in_words(data)}.")


def _pixel_size(facts: SceneFacts) -> str:
    if facts.scale is None:
        words = "The detector names no pixel size that it is made for"
    else:
        low, high = map(three_figures, facts.scale)
        words = f"The detector is good for {low} to {high} m per pixel"
    if facts.analysed_at is None:
        return f"{words}; that of these images is not known."
    return f"{words}; these images were analysed at {three_figures(facts.analysed_at)} m per pixel."


def _decision(facts: SceneFacts) -> str:
    what = "probability" if facts.has_probabilities else "score"
    whose = "the detector's own threshold" if facts.options.threshold is None else "the threshold stated for this map"
    words = f"A pixel counts as changed where its {what} reaches {facts.threshold:g}, {whose}."
    if facts.scene_threshold is not None:
        low, high = facts.scene_threshold
        words += (
            f" Scores are probabilities of the network, moved so that the threshold found in this scene, {low:g} to "
            f"{high:g} by them, lies there."
        )
    if facts.options.seed_threshold is not None:
        words += f" A change stays only where some pixel of it reaches {facts.options.seed_threshold:g}."
    if facts.options.min_area_ha:
        words += f" Changes below {facts.options.min_area_ha:g} ha are left out."
    return words


def _computation(facts: SceneFacts) -> str:
    beside = (
        "side by side" if facts.provenance.learns_each_scene else f"overlapping by {100 * facts.options.overlap:g} %"
    )
    words = f"By {facts.computed_by.in_words}, in tiles of {facts.tile} x {facts.tile} pixels, {beside}"
    if facts.options.symmetries and not facts.provenance.learns_each_scene:
        words += "; the mean over eight flips and turns of each"
    return f"{words}."

"""A suite as cells: each is one row, data set, recipe and seed, with all that decides its result."""

import hashlib
import itertools
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from functools import reduce
from pathlib import Path
from typing import Any, Self

from minenetcd.benchmark.suite.labels import data_label, recipe_label
from minenetcd.benchmark.suite.published import published_weights
from minenetcd.benchmark.suite.rows import Row, rows_of
from minenetcd.configs.reading import merge
from minenetcd.configs.recipe import Recipe
from minenetcd.configs.schema import Settings
from minenetcd.configs.section import as_mapping
from minenetcd.configs.suite import NO_WEIGHTS, PUBLISHED, TRAIN, DatasetEntry, Suite
from minenetcd.datasets.catalog import published_table
from minenetcd.errors import OptionError
from minenetcd.evaluation.beside import list_beside, open_beside
from minenetcd.files import slug
from minenetcd.training.settings import read_settings

#: Keys of a configuration that say where and how fast, not what comes out.
WITHOUT_EFFECT = (
    ("name",), ("base",), ("device",), ("data", "workers"),
    ("trainer", "trackers"), ("trainer", "keep"), ("trainer", "checkpoint_steps"),
)  # fmt: skip

#: Keys that version 0.2 had not, and what they are by default: they decide nothing then, and its cells keep their ids.
SINCE_0_2: dict[tuple[str, ...], Any] = {
    **{("recipe", key): getattr(Recipe(), key) for key in ("sampling", "momentum", "power", "milestones", "drop")},
    **dict.fromkeys([("preprocessing", "value_range"), ("data", "val_name"), ("scene_threshold",)]),
}


@dataclass(frozen=True)
class CellTest:
    """How a cell is tested; `threshold` None: its detector's own. `kept` pairs may be shown in sheets."""

    split: str
    threshold: float | None
    batch_size: int
    kept: int


@dataclass(frozen=True)
class Cell:
    """One measurement. `id` names its folder, `run_id` that of its training, and both change with what decides it.

    Suites that share a folder of runs share trainings: `run_id` knows nothing of rows and labels.

    `weights` is "train", else where trained weights come from; "published" stands where the authors have none, "none"
    where a detector needs none. Cells that are not trained here have neither recipe ("") nor seed. Rows whose cells
    have one `twin` differ in ChangeFFT alone. What stands `beside` the methods takes no part in their comparison.
    """

    id: str
    run_id: str | None
    row: str
    label: str
    group: str | None
    dataset: str
    recipe: str
    seed: int | None
    weights: str
    settings: Settings
    test: CellTest
    twin: str = ""
    beside: bool = False

    @property
    def is_trained_here(self) -> bool:
        return self.run_id is not None

    @property
    def needs_no_weights(self) -> bool:
        """Whether it is a detector without training, or calls everything changed."""
        return self.weights == NO_WEIGHTS

    @property
    def is_available(self) -> bool:
        """Whether there is something to measure: not so where published weights are asked for and there are none."""
        return self.weights != PUBLISHED

    @property
    def model(self) -> dict[str, Any]:
        """Name and options of the architecture, as configured."""
        return self.settings.model.model_dump(mode="json")

    @property
    def data(self) -> str:
        """The data set, as `load_dataset` takes it."""
        return self.settings.data.name

    @property
    def hash(self) -> str:
        """Of everything that decides the result."""
        return self.id.rpartition("-")[2]

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "settings": self.settings.model_dump(mode="json")}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """What `as_json` gave."""
        return cls(**{**values, "settings": Settings.read(values["settings"]), "test": CellTest(**values["test"])})


def expand(suite: Suite) -> list[Cell]:
    """All cells of `suite`, in the order they are run: every row with the first seed, then with the next.

    Raises UnknownNameError and OptionError for a configuration that does not fit.
    """
    rows = rows_of(suite)
    _refuse_one_name_twice("rows", ((row.slug, row.label) for row in rows))
    _refuse_one_name_twice("data sets", ((slug(label), label) for label in map(_data_name, suite.datasets)))
    _refuse_one_name_twice("recipes", ((slug(label), label) for label in map(recipe_label, suite.recipes)))
    cells: dict[str, Cell] = {}
    for seed, dataset, recipe, row in itertools.product(suite.seeds, suite.datasets, suite.recipes, rows):
        cell = _cell(suite, row, dataset, recipe, seed)
        cells.setdefault(cell.id, cell)  # loaded weights are tested once, whatever recipes and seeds there are
    return list(cells.values())


def _cell(suite: Suite, row: Row, dataset: DatasetEntry, recipe: str | dict[str, Any], seed: int) -> Cell:
    settings = _settings(suite, row, dataset, recipe, seed)
    model = settings.model.model_dump(mode="json")
    wished = NO_WEIGHTS if model["name"] in list_beside() else row.entry.weights or suite.weights
    weights = _weights(wished, settings)
    trained = weights == TRAIN
    decides = (
        {"settings": _deciding(settings)} if trained else {"weights": weights, "model": model, **_content(weights)}
    )
    tested = {"data": settings.data.name, "split": suite.test.split, "threshold": suite.test.threshold}
    label, recipe_name = _data_name(dataset), recipe_label(recipe)
    place = [row.slug, slug(label)] + ([slug(recipe_name), str(seed)] if trained else [])
    return Cell(
        id=f"{'.'.join(place)}-{_digest({**decides, 'test': tested})}",
        run_id=f"{slug(settings.model.name)}-{_digest(decides)}" if trained else None,
        row=row.slug,
        label=row.label,
        group=row.group,
        dataset=label,
        recipe=recipe_name if trained else "",
        seed=seed if trained else None,
        weights=weights,
        settings=settings,
        test=CellTest(**suite.test.model_dump(), kept=suite.samples.kept),
        twin=_digest(
            {"weights": wished, "settings": _without(_deciding(settings), ("model", "change_fft"), ("seed",))}
        ),
        beside=row.beside,
    )


def _settings(suite: Suite, row: Row, dataset: DatasetEntry, recipe: str | dict[str, Any], seed: int) -> Settings:
    """The whole configuration of a cell: its own choices over those of its method, these over those of the suite."""
    shared = merge(suite.settings, row.entry.settings)
    if row.is_named_without_training:  # no network, to which the suite's options of networks belong
        open_beside(str(row.entry.config), **row.options)
        shared.pop("model", None)
    named = {"name": recipe} if isinstance(recipe, str) else {k: v for k, v in recipe.items() if k != "label"}
    own = {
        "name": row.slug,
        "data": dataset.model_dump(mode="json", exclude_unset=True, exclude={"label"}),
        "recipe": {**as_mapping(shared.pop("recipe", {}), "name"), **named},
        "seed": seed,
        **({"model": row.options} if row.options else {}),
    }
    return read_settings(row.config, **merge(shared, own))


def _weights(wished: str, settings: Settings) -> str:
    if wished != PUBLISHED:
        return wished
    model = settings.model.model_dump(mode="json")
    return published_weights(model, published_table(settings.data.name)) or PUBLISHED


def _refuse_one_name_twice(what: str, named: Iterable[tuple[str, str]]) -> None:
    """OptionError for two labels that are equal or would name one file; `named` holds file name and label of each."""
    seen: dict[str, str] = {}
    for place, label in named:
        other = seen.get(label, seen.get(place))
        if other is not None:
            also = "" if other == label else f" and {other!r}, which name one file"
            raise OptionError(f"Two {what} of the suite have the label {label!r}{also}: give each a label of its own.")
        seen |= {place: label, label: label}


def _data_name(dataset: DatasetEntry) -> str:
    return dataset.label or data_label(dataset.name)


def _content(weights: str) -> dict[str, str]:
    """What is in a folder of trained weights: trained anew, it is another detector."""
    file = Path(weights) / "model.safetensors"
    return {"content": hashlib.sha256(file.read_bytes()).hexdigest()} if file.is_file() else {}


def _deciding(settings: Settings) -> dict[str, Any]:
    """`settings` as plain values, without the keys that decide nothing."""
    at_default = [keys for keys, usual in SINCE_0_2.items() if reduce(getattr, keys, settings) == usual]
    return _without(settings.model_dump(mode="json"), *WITHOUT_EFFECT, *at_default)


def _without(settings: Mapping[str, Any], *keys: tuple[str, ...]) -> dict[str, Any]:
    """A copy of `settings` that lacks `keys`, each with its sections."""
    kept = json.loads(json.dumps(settings))
    for *sections, key in keys:
        place = kept
        for section in sections:
            place = place.get(section, {})
        place.pop(key, None)
    return kept


def _digest(values: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:10]

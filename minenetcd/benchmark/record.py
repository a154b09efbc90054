"""What a measured cell leaves behind; record.json holds it one level deep, as the results have their columns."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Self

from minenetcd.data.dataset import DatasetFacts
from minenetcd.evaluation.confusion import Confusion
from minenetcd.evaluation.outputs import MetricsRecord
from minenetcd.evaluation.significance import MAIN, Interval
from minenetcd.models.complexity import Complexity


@dataclass(frozen=True)
class Timing:
    """Pairs that passed through a network, and the seconds they took; 0 where nothing was trained, or tested yet."""

    train_pairs: int = 0
    train_seconds: float = 0.0
    test_pairs: int = 0
    test_seconds: float = 0.0


@dataclass(frozen=True)
class Training:
    """How the weights of a cell came about: without the seconds of validation and saving."""

    train_steps: int
    train_pairs: int
    train_seconds: float
    val_f1: float | None
    best_step: int | None
    train_fingerprint: str | None
    train_commit: str | None


@dataclass(frozen=True)
class Origin:
    """What a number rests on; `finished` is a time, ISO 8601."""

    config_hash: str
    commit: str | None
    commit_changed: bool | None
    version: str
    torch: str
    machine: str
    finished: str


@dataclass(frozen=True)
class Record:
    """One finished cell: what it is, what was measured, what it cost, and what that rests on.

    `model` is name and options of the architecture as its detector describes it, `training` None for weights that
    were trained elsewhere, `complexity` None for what is no network.
    """

    cell: str
    row: str
    label: str
    group: str | None
    model: Mapping[str, Any]
    dataset: str
    recipe: str
    seed: int | None
    weights: str
    trained_on: str | None
    metrics: MetricsRecord
    complexity: Complexity | None
    training: Training | None
    test_seconds: float
    origin: Origin

    @property
    def timing(self) -> Timing:
        trained = self.training
        return Timing(
            train_pairs=trained.train_pairs if trained else 0,
            train_seconds=trained.train_seconds if trained else 0.0,
            test_pairs=self.metrics.pairs,
            test_seconds=self.test_seconds,
        )

    def as_json(self) -> dict[str, Any]:
        """Plain values by name."""
        measured, origin = self.metrics, asdict(self.origin)
        intervals = {
            f"{name}_{end}": None if interval is None else getattr(interval, end)
            for name, interval in measured.intervals.items()
            for end in ("low", "high")
        }
        return {
            **{name: getattr(self, name) for name in ("cell", "row", "label", "group", "model", "dataset")},
            "split": measured.data.split,
            **{name: getattr(self, name) for name in ("recipe", "seed", "weights", "trained_on")},
            **asdict(measured.counts),
            **measured.counts.metrics(),
            **intervals,
            **{name: getattr(measured, name) for name in ("pairs", "sites", "threshold", "average_precision")},
            "expected_calibration_error": measured.expected_calibration_error,
            "refused_pairs": measured.refused_pairs,
            **(asdict(self.complexity) if self.complexity else {}),
            **(asdict(self.training) if self.training else {}),
            "test_seconds": self.test_seconds,
            "config_hash": origin.pop("config_hash"),
            "data_source": measured.data.source,
            "data_fingerprint": measured.data.fingerprint,
            **origin,
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """What `as_json` gave. Metrics are taken from the counts. KeyError where something is missing."""

        def some(kind: type) -> dict[str, Any]:
            return {field.name: values[field.name] for field in fields(kind) if field.name in values}

        ends = {name: (values[f"{name}_low"], values[f"{name}_high"]) for name in MAIN}
        metrics = MetricsRecord(
            data=DatasetFacts(values["data_source"], values["split"], values["data_fingerprint"]),
            counts=Confusion(**some(Confusion)),
            intervals={name: None if None in pair else Interval(*pair) for name, pair in ends.items()},
            **{key: values[key] for key in ("pairs", "sites", "threshold", "average_precision")},
            expected_calibration_error=values["expected_calibration_error"],
            refused_pairs=values.get("refused_pairs", 0),  # not known to version 0.2, which had networks alone
        )
        parts = {
            "metrics": metrics,
            "complexity": Complexity(**some(Complexity)) if "parameters" in values else None,
            "training": Training(**some(Training)) if "train_steps" in values else None,
            "origin": Origin(**some(Origin)),
        }
        return cls(**{**some(cls), **parts})


@dataclass(frozen=True)
class Failure:
    """How a cell failed: `error` is one line, `log` the file that says more, `when` a time, ISO 8601."""

    error: str
    log: str
    when: str

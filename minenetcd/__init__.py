"""Mining change detection: two images of a place in, a georeferenced map of what changed out.

`import minenetcd` is quick: what follows is loaded when it is first used.
"""

from typing import TYPE_CHECKING, Any

from minenetcd import errors
from minenetcd.constants import VERSION as __version__
from minenetcd.registry import resolve

if TYPE_CHECKING:
    from minenetcd.accuracy.estimation.estimate import estimate_accuracy
    from minenetcd.accuracy.sampling.sample import sample_accuracy
    from minenetcd.datasets.catalog import load_dataset
    from minenetcd.detectors.by_name import from_pretrained
    from minenetcd.detectors.learned import ChangeDetector
    from minenetcd.evaluation.evaluate import evaluate
    from minenetcd.labelling.learning.learn import learn
    from minenetcd.models.base import ChangeModel
    from minenetcd.models.catalog import create_model, list_models, register_model
    from minenetcd.monitoring.dates.monitor import monitor
    from minenetcd.monitoring.pairs.predict_pairs import predict_pairs
    from minenetcd.prediction.rethreshold import rethreshold
    from minenetcd.prediction.scene import predict_scene as predict
    from minenetcd.training.adapt import adapt
    from minenetcd.training.train import train
    from minenetcd.types import ChangeOutput

    from_config = ChangeDetector.from_config

__all__ = [
    "ChangeDetector",
    "ChangeModel",
    "ChangeOutput",
    "__version__",
    "adapt",
    "create_model",
    "errors",
    "estimate_accuracy",
    "evaluate",
    "from_config",
    "from_pretrained",
    "learn",
    "list_models",
    "load_dataset",
    "monitor",
    "predict",
    "predict_pairs",
    "register_model",
    "rethreshold",
    "sample_accuracy",
    "train",
]

_HOME = {
    "ChangeDetector": "minenetcd.detectors.learned:ChangeDetector",
    "ChangeModel": "minenetcd.models.base:ChangeModel",
    "ChangeOutput": "minenetcd.types:ChangeOutput",
    "adapt": "minenetcd.training.adapt:adapt",
    "create_model": "minenetcd.models.catalog:create_model",
    "estimate_accuracy": "minenetcd.accuracy.estimation.estimate:estimate_accuracy",
    "evaluate": "minenetcd.evaluation.evaluate:evaluate",
    "from_config": "minenetcd.detectors.learned:ChangeDetector.from_config",
    "from_pretrained": "minenetcd.detectors.by_name:from_pretrained",
    "learn": "minenetcd.labelling.learning.learn:learn",
    "list_models": "minenetcd.models.catalog:list_models",
    "load_dataset": "minenetcd.datasets.catalog:load_dataset",
    "monitor": "minenetcd.monitoring.dates.monitor:monitor",
    "predict": "minenetcd.prediction.scene:predict_scene",
    "predict_pairs": "minenetcd.monitoring.pairs.predict_pairs:predict_pairs",
    "register_model": "minenetcd.models.catalog:register_model",
    "rethreshold": "minenetcd.prediction.rethreshold:rethreshold",
    "sample_accuracy": "minenetcd.accuracy.sampling.sample:sample_accuracy",
    "train": "minenetcd.training.train:train",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'minenetcd' has no attribute {name!r}")
    value = globals()[name] = resolve(_HOME[name])
    return value


def __dir__() -> list[str]:
    return __all__

"""A detector that was trained: a network with everything a prediction needs."""

import copy
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from minenetcd.constants import Provenance, check_temperature, check_threshold
from minenetcd.detectors.engines.engine import Engine, make_engine
from minenetcd.detectors.loading import DetectorParts, load_parts, new_parts
from minenetcd.detectors.preprocessing import Preprocessing, stacked_limits
from minenetcd.detectors.saving import describe_parts, save_parts
from minenetcd.detectors.scenes.statistics import scene_statistics
from minenetcd.detectors.scenes.threshold import (
    ProbabilityRange,
    check_range,
    log_odds_shift,
    sample_tiles,
    shifted,
    tile_scores,
)
from minenetcd.errors import OptionError, OutputError, RasterError
from minenetcd.files import temporary_folder
from minenetcd.geo.align import Pair
from minenetcd.geo.values import Limits, sample_pixels
from minenetcd.layers.memory_order import channels_last
from minenetcd.models.base import ChangeModel
from minenetcd.models.catalog import model_name
from minenetcd.registry import name_alone
from minenetcd.runtime.device import choose_device
from minenetcd.runtime.execution import AS_TRAINED, Execution
from minenetcd.types import change_probability

#: A network may be off by this factor in metres per pixel from what it was trained at before it is doubted.
LARGEST_SCALE_FACTOR = 2.0


class ChangeDetector(nn.Module):
    """A `ChangeModel` with its preprocessing, decision threshold and provenance.

    `provenance` says where the weights come from; a mapping holds "name", "trained_on" (None: not trained), "recipe",
    "metrics", "limits", "license" as far as they are known. With `scene_threshold`, a scene that is predicted has a
    threshold of its own (`detectors.scenes.threshold`). `temperature` divides the logits
    (`minenetcd.evaluation.calibration`).
    """

    def __init__(
        self,
        model: ChangeModel,
        *,
        preprocessing: Preprocessing | None = None,
        threshold: float = 0.5,
        provenance: Provenance | Mapping[str, Any] | None = None,
        scene_threshold: ProbabilityRange | None = None,
        temperature: float = 1.0,
    ) -> None:
        super().__init__()
        if not isinstance(model, ChangeModel):
            raise OptionError(
                f"A detector needs a network that derives from minenetcd.ChangeModel, got {type(model).__name__}: "
                "derive it, and implement compare(before, after)."
            )
        self.model = model
        self.preprocessing = preprocessing or Preprocessing.for_bands(model.config.get("in_channels"))
        _check_bands(model, self.preprocessing)
        self.threshold = check_threshold(threshold)
        self.provenance = provenance if isinstance(provenance, Provenance) else Provenance.read(provenance or {})
        self.scene_threshold = check_range(scene_threshold)
        self.temperature = check_temperature(temperature)
        self.engine: Engine | None = None  # by for_inference: computes the network in its place
        self.folded = False  # by for_inference: its tensors are no longer those its configuration builds

    @property
    def name(self) -> str:
        """What the detector is called in results."""
        return self.provenance.name or name_alone(model_name(self.model))

    @property
    def bands(self) -> tuple[str, ...]:
        """The bands it reads, in its order."""
        return self.preprocessing.bands

    @property
    def metres_per_pixel(self) -> tuple[float, float] | None:
        """The least and the largest pixel size it is good for, about that of its training; None: not known. [m]"""
        trained_at = self.preprocessing.metres_per_pixel
        return None if trained_at is None else (trained_at / LARGEST_SCALE_FACTOR, trained_at * LARGEST_SCALE_FACTOR)

    @property
    def feels_tone(self) -> bool:
        """Whether a gain and an offset of a date's bands can show as change: a network reads colours."""
        return True

    @property
    def tile(self) -> int:
        """The side of the tiles it reads. [pixels]"""
        return self.preprocessing.tile

    @property
    def device(self) -> torch.device:
        """Where its weights are."""
        return next(self.parameters()).device

    def forward(self, before: Tensor, after: Tensor) -> Tensor:
        """Probability of change (B, H, W) from two dates (B, C, H, W) in 0..1, on this detector's device."""
        dates = self.preprocessing.inputs(before, after)
        logits = self.model(*dates).logits if self.engine is None else self.engine(*dates)
        logits = logits.float()
        return change_probability(logits if self.temperature == 1 else logits / self.temperature)

    def limits(
        self, before: NDArray[Any], after: NDArray[Any], valid: NDArray[np.bool_] | None = None
    ) -> tuple[Limits, Limits]:
        """What becomes 0 and 1 of each date, as in `Preprocessing.limits`."""
        return self.preprocessing.limits(before, after, valid)

    def probability(
        self,
        before: NDArray[Any],
        after: NDArray[Any],
        *,
        valid: NDArray[np.bool_] | None = None,
        limits: tuple[Limits, Limits] | None = None,
    ) -> NDArray[np.float32]:
        """Probability of change (H, W), 0 to 1, between two images (H, W, C) of any size and number type.

        The images pass through the network whole; `minenetcd.predict` reads scenes of any size in tiles.
        `valid` (H, W) marks pixels that hold data on both dates, `limits` what becomes 0 and 1 of each (by default by
        the method of that name). Raises SizeError for shapes that do not fit, OptionError for a value range that does
        not.
        """
        valid = None if valid is None else valid[None]
        probability: NDArray[np.float32] = self.probabilities(before[None], after[None], valid, limits=limits)[0]
        return probability

    @torch.inference_mode()
    def probabilities(
        self,
        before: NDArray[Any],
        after: NDArray[Any],
        valid: NDArray[np.bool_] | None = None,
        *,
        limits: tuple[Limits, Limits] | None = None,
    ) -> NDArray[np.float32]:
        """`probability` for a batch: (N, H, W, C) twice, valid (N, H, W) -> (N, H, W)."""
        self.preprocessing.check_shapes(before, after, valid, reader=self.name)
        valid = np.ones(before.shape[:3], bool) if valid is None else valid
        ranges = limits or stacked_limits(map(self.limits, before, after, valid))
        with self.in_evaluation_mode():
            tensors = [
                self.preprocessing.to_unit(date, valid, limit, self.device)
                for date, limit in zip((before, after), ranges, strict=True)
            ]
            # a processor is quickest with one pair: what a layer writes is still in its cache when the next reads it
            at_once = 1 if self.device.type == "cpu" else len(before)
            parts = [self(*pair) for pair in zip(*(dates.split(at_once) for dates in tensors), strict=True)]
            probability = torch.cat(parts)[:, : before.shape[1], : before.shape[2]]
        values: NDArray[np.float32] = probability.cpu().numpy()
        return values

    @contextmanager
    def in_evaluation_mode(self) -> Iterator[None]:
        """Within the block every layer is in evaluation mode; afterwards each is in the mode it was in."""
        training = [layer for layer in self.modules() if layer.training]
        self.eval()
        try:
            yield
        finally:
            for layer in training:
                layer.training = True

    def for_inference(self, device: str = "auto", *, execution: Execution = AS_TRAINED) -> Self:
        """The same detector made ready to predict: folded layers, evaluation mode, on `device`, by an engine.

        `device` is "auto" (CUDA, then MPS, then CPU), "cpu", "cuda", "mps", or as torch writes it; not every engine
        works everywhere. This detector keeps its weights, its mode and its device. OptionError where the engine is not
        here; one that cannot run the network says so at its first pair.
        """
        return self._ready(self._folded(choose_device(execution.device(device))), execution)

    def for_scene(
        self, sample: Sequence[Pair], device: str = "auto", *, execution: Execution = AS_TRAINED
    ) -> "NetworkScene":
        """This detector, made ready for one scene (see `Detector`).

        `scene_limits` says what becomes 0 and 1 in it, `scene_statistics` what it standardises all tiles by, and with
        `scene_threshold` its tiles say what is change, in float32 whatever computes the scene. Weights are shared with
        this detector where they lie as they are needed: it is not to be trained meanwhile.
        """
        place, limits = choose_device(execution.device(device)), self.scene_limits(sample)
        model = self._folded(place, _shared_tensors(self.model))
        if model.standardises:
            model = model.in_scene(*scene_statistics(sample, limits, self.preprocessing, place))
        scene = NetworkScene(self._ready(model, execution.in_float32()), limits)
        if self.scene_threshold is not None:
            found = [tile_scores(scene, tile)[tile.valid] for tile in sample_tiles(sample, self.tile)]
            scene = replace(scene, shift=log_odds_shift(found, self.threshold, self.scene_threshold))
        if execution.is_exact:
            return scene
        return replace(scene, ready=self._ready(copy.copy(model), execution), exact=scene)

    def _folded(self, place: torch.device, kept: Mapping[int, Any] = MappingProxyType({})) -> ChangeModel:
        """The network made ready for `place`: a copy, of folded layers, in evaluation mode.

        `kept`: what stands in it for objects, by their id, instead of copies of them.
        """
        return channels_last(copy.deepcopy(self.model, dict(kept)).eval().fused().to(place))

    def _ready(self, model: ChangeModel, execution: Execution) -> Self:
        """This detector with `model`, one of `_folded`, computed as `execution` says."""
        ready = self.with_model(model).eval()
        ready.folded = self.folded or model.folds
        ready.engine = make_engine(model, execution, ready.device)
        return ready

    def with_model(self, model: ChangeModel, **other: Any) -> Self:
        """Another detector with `model`, and all else as this one has it; `other` arguments of a detector win."""
        return type(self)(**{**self._parts._asdict(), "model": model, **other})

    def scene_limits(self, sample: Sequence[Pair]) -> tuple[Limits, Limits]:
        """`limits` of a scene by a `sample` of it. RasterError where no pixel of it is valid on both dates."""
        before, after = sample_pixels(sample)
        if not len(before):
            raise RasterError(
                "More valid pixels are needed, the images share next to none: crop them to where both have data."
            )
        return self.limits(before, after)

    @classmethod
    def from_config(cls, source: str | Path | Mapping[str, Any], **overrides: Any) -> Self:
        """A new detector with random weights from a shipped name, a YAML file or a mapping; `overrides` win.

        Raises UnknownNameError for a name, OptionError for a key or value that does not fit.
        """
        return cls(**new_parts(source, overrides)._asdict())

    @classmethod
    def from_pretrained(cls, source: str | Path, *, trust: str | Iterable[str] = (), **hub_options: Any) -> Self:
        """A trained detector from a folder, a hub id (ours or published) or an embedded name, in evaluation mode.

        `hub_options`: revision, cache_dir, token, local_files_only. Loading is strict and runs no pickled
        code. A network that is not of this package is imported where its package is installed as a plug-in, the class
        was registered or imported before, or the package is named in `trust`. Raises UnknownNameError or WeightsError,
        naming the tensor that does not fit, or the package that is needed.
        """
        return cls(**load_parts(source, trust=trust, **hub_options)._asdict()).eval()

    def save_pretrained(
        self, save_directory: str | Path, *, push_to_hub: bool = False, repo_id: str | None = None, **options: Any
    ) -> str | None:
        """Write config.json, model.safetensors and README.md (a model card) that `from_pretrained` reads back exactly.

        All of them, or none. With `push_to_hub` they go to the hub as well, see there.
        """
        folder = Path(save_directory)
        self._save(folder, source=folder.as_posix())
        return self.push_to_hub(repo_id or folder.name, **options) if push_to_hub else None

    def push_to_hub(self, repo_id: str, **options: Any) -> str:
        """Upload what `save_pretrained` writes to the hub repository `repo_id`, which is made if it is not there.

        `options` as in huggingface_hub: private, token, branch, commit_message, ... Returns the commit's
        address. Raises OutputError where the hub refuses or cannot be reached.
        """
        from minenetcd.weights.hub import upload  # here, because a prediction shall not wait for the hub's client

        with temporary_folder() as folder:
            self._save(folder, source=repo_id)
            return upload(folder, repo_id, **options)

    def describe(self) -> dict[str, Any]:
        """Everything but the weights, as plain values: what config.json holds."""
        return describe_parts(self._parts)

    def weights_digest(self) -> str:
        """SHA-256 of the weights, with their names."""
        digest = hashlib.sha256()
        for name, tensor in sorted(self.model.state_dict().items()):
            array = tensor.detach().cpu().contiguous()
            digest.update(f"{name} {array.dtype} {tuple(array.shape)}\n".encode())
            digest.update(array.flatten().view(torch.uint8).numpy())
        return digest.hexdigest()

    @property
    def _parts(self) -> DetectorParts:
        return DetectorParts(
            self.model, self.preprocessing, self.threshold, self.provenance, self.scene_threshold, self.temperature
        )

    def _save(self, folder: Path, *, source: str) -> None:
        """`source` is what the model card tells to load it by."""
        if self.folded:
            raise OutputError("A detector folded by for_inference cannot be saved: save the one it was made from.")
        save_parts(self._parts, folder, name=self.name, source=source)


@dataclass(frozen=True)
class NetworkScene:
    """A network that is ready, and the value range of each date of its scene (see `SceneDetector`).

    `shift` is added to the log-odds of change, so that the scene's own threshold lies at the detector's. `exact`: the
    same in float32, where this computes in less.
    """

    ready: ChangeDetector
    limits: tuple[Limits, Limits]
    shift: float = 0.0
    exact: Self | None = None

    @property
    def reach(self) -> None:
        """A network sees all of its tile."""

    def scores(self, dates: Sequence[NDArray[Any]], valid: NDArray[np.bool_]) -> NDArray[np.float32]:
        """Probability of change (N, 1, H, W) from two dates (N, H, W, C)."""
        before, after = dates
        probability = self.ready.probabilities(before, after, valid, limits=self.limits)[:, np.newaxis]
        return shifted(probability, self.shift)


def _shared_tensors(model: ChangeModel) -> dict[int, Tensor]:
    """By the id of each weight and buffer another tensor of the same numbers, which can be moved by itself."""
    weights: dict[int, Tensor] = {
        id(each): nn.Parameter(each.detach(), each.requires_grad) for each in model.parameters()
    }
    return weights | {id(each): each.detach() for each in model.buffers()}


def _check_bands(model: ChangeModel, preprocessing: Preprocessing) -> None:
    """OptionError unless the network takes as many bands as it is given."""
    bands = preprocessing.bands
    channels = model.config.get("in_channels", len(bands))
    if channels != len(bands):
        raise OptionError(
            f"{type(model).__name__} takes {channels} bands, its preprocessing names {len(bands)} "
            f"({', '.join(bands)}): name as many (preprocessing.bands, mean, std), or build it with other in_channels."
        )

"""What detectors looked at: Grad-CAM of their declared layers, and the spectra around ChangeFFT."""

import copy
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from minenetcd.constants import UNKNOWN, Progress, no_progress
from minenetcd.detectors.learned import ChangeDetector, NetworkScene
from minenetcd.detectors.scenes.threshold import shifted
from minenetcd.errors import OptionError
from minenetcd.explain.grad_cam import TargetScore, grad_cam, heat
from minenetcd.explain.layers import Dates, declared_layers
from minenetcd.explain.options import ExplainOptions, Target
from minenetcd.explain.spectra import REGIONS, Spectrum, channel_spectra
from minenetcd.explain.view import View, open_view
from minenetcd.geo.align import AlignedPair
from minenetcd.geo.sample import SceneSample
from minenetcd.geo.values import Limits
from minenetcd.models.minenetcd import MineNetCD
from minenetcd.runtime.device import choose_device

#: Images are padded to multiples of this, so that the cells of every level divide them. [pixels]
COARSEST_CELL = 32


@dataclass(frozen=True)
class HeatMap:
    """Grad-CAM of one level of one stage: `values` (H, W) as shares of `peak`, their largest; 0 where `peak` is 0.

    `cells`: rows and columns the layer itself has.
    """

    stage: str
    level: int
    values: NDArray[np.float32]
    peak: float
    cells: tuple[int, int]

    def focus(self, region: NDArray[np.bool_]) -> float | None:
        """Mean heat inside `region` over mean heat everywhere: 1 is chance. None without heat or without region."""
        everywhere = float(self.values.mean())
        return float(self.values[region].mean()) / everywhere if region.any() and everywhere > 0 else None


@dataclass(frozen=True)
class Explanation:
    """What one detector looked at.

    `probability` (H, W) of change, `changed` (H, W) at its threshold. `pixels_explained`: how many pixels the score is
    the mean of; `fell_back`: all of them, because the detector gives none to the target. No `maps` where it has none of
    the levels asked for.
    """

    detector: ChangeDetector
    target: Target
    probability: NDArray[np.float32]
    changed: NDArray[np.bool_]
    pixels_explained: int
    fell_back: bool
    maps: list[HeatMap]
    spectra: list[Spectrum] = field(default_factory=list)

    @property
    def stages(self) -> list[str]:
        """From the images to the answer."""
        return list(dict.fromkeys(heat_map.stage for heat_map in self.maps))

    @property
    def levels(self) -> list[int]:
        return sorted({heat_map.level for heat_map in self.maps})


def explain_pair(
    detectors: Mapping[str, ChangeDetector],
    before: str | Path,
    after: str | Path,
    *,
    options: ExplainOptions | None = None,
    device: str = "auto",
    progress: Progress = no_progress,
) -> tuple[View, dict[str, Explanation]]:
    """`explain_opened` of two images, and the part that the detectors see; raises what `open_view` raises, too."""
    options = options or ExplainOptions()
    with open_view(before, after, options) as (pair, view):
        return view, explain_opened(detectors, pair, view, options=options, device=device, progress=progress)


def explain_opened(
    detectors: Mapping[str, ChangeDetector],
    pair: AlignedPair,
    view: View,
    *,
    options: ExplainOptions,
    device: str = "auto",
    progress: Progress = no_progress,
) -> dict[str, Explanation]:
    """Look into each of `detectors` while it sees `view`, a part of `pair`: an explanation by name.

    Raises OptionError for levels that none of them has, or without captum.
    """
    _check_levels(detectors, options.levels)
    explanations, sample = {}, SceneSample(pair)
    for done, (name, detector) in enumerate(detectors.items()):
        progress(done, len(detectors))
        scene = detector.for_scene(sample, device)
        explanations[name] = explain(detector, view, scene, options=options, device=device)
    progress(len(detectors), len(detectors))
    return explanations


def explain(
    detector: ChangeDetector,
    view: View,
    scene: NetworkScene,
    *,
    options: ExplainOptions,
    device: str = "auto",
) -> Explanation:
    """Look into `detector` while it sees `view`, knowing of the whole scene what `scene`, made of it, knows."""
    frozen = _frozen_copy(detector, scene, device)
    dates, probability = _seen(frozen, view, scene.limits)
    probability = shifted(probability, scene.shift)
    changed = (probability >= detector.threshold) & view.valid
    pixels, fell_back = _pixels(changed, view.valid, options)
    height, width = size = dates[0].shape[-2:]
    score = TargetScore(frozen.model, options.target, _padded(pixels, size).to(frozen.device))
    layers = declared_layers(frozen.model, options.levels)
    maps = []
    for layer in layers:
        cam = grad_cam(score, layer, dates)
        values = heat(cam, (height, width))[: view.shape[0], : view.shape[1]].cpu().numpy()
        maps.append(_heat_map(layer.stage, layer.level, values, view.valid, (cam.shape[0], cam.shape[1])))
    spectra = []
    if isinstance(frozen.model, MineNetCD):
        regions = {name: _padded(region, size).to(frozen.device) for name, region in _regions(view, changed).items()}
        spectra = channel_spectra(frozen.model, layers, dates, regions)
    return Explanation(detector, options.target, probability, changed, int(pixels.sum()), fell_back, maps, spectra)


def region_of_change(view: View, explanation: Explanation) -> NDArray[np.bool_]:
    """Where it changed (H, W): by the truth where it is known, else by the detector."""
    return explanation.changed if view.truth is None else view.truth == 1


def region_of_target(view: View, explanation: Explanation) -> NDArray[np.bool_]:
    """Where heat is looked for (H, W): where it changed or, explaining no change, where it is known not to have."""
    if explanation.target == "change":
        return region_of_change(view, explanation)
    return view.valid & (~explanation.changed if view.truth is None else view.truth == 0)


def _check_levels(detectors: Mapping[str, ChangeDetector], levels: tuple[int, ...] | None) -> None:
    """OptionError for a level that none of `detectors` has."""
    most = max(layer.level for detector in detectors.values() for layer in declared_layers(detector.model))
    for level in levels or ():
        if not 1 <= level <= most:
            raise OptionError(
                f"There is no level {level}: {', '.join(detectors)} has levels 1 to {most}: choose from these."
            )


def _frozen_copy(detector: ChangeDetector, scene: NetworkScene, device: str) -> ChangeDetector:
    """The same detector in `scene`, for gradients of its layers alone, on `device`; the one given keeps its own."""
    model = copy.deepcopy(detector.model).eval().requires_grad_(False).to(choose_device(device))
    if (statistics := scene.ready.model.of_scene) is not None:
        model = model.in_scene(*statistics)
    return detector.with_model(model).eval()


def _seen(detector: ChangeDetector, view: View, limits: tuple[Limits, Limits]) -> tuple[Dates, NDArray[np.float32]]:
    """What the network itself is given, each date (1, C, H', W') with sides padded, and what it answers (H, W)."""
    multiple = math.lcm(COARSEST_CELL, detector.model.size_multiple)
    rows, columns = (-side % multiple for side in view.shape)
    arrays = [
        np.pad(array, [(0, rows), (0, columns), (0, 0)][: array.ndim], mode="symmetric")
        for array in (view.before, view.after, view.valid)
    ]
    captured: list[Dates] = []
    hook = detector.model.register_forward_pre_hook(lambda _, dates: captured.append(dates))
    try:
        probability = detector.probability(arrays[0], arrays[1], valid=arrays[2], limits=limits)
    finally:
        hook.remove()
    before, after = (date.clone() for date in captured[0])  # out of inference mode
    return (before, after), probability[: view.shape[0], : view.shape[1]]


def _pixels(
    changed: NDArray[np.bool_], valid: NDArray[np.bool_], options: ExplainOptions
) -> tuple[NDArray[np.bool_], bool]:
    """The pixels whose score is explained, and whether these are all for want of any predicted."""
    if options.pixels == "all":
        return valid, False
    predicted = valid & (changed if options.target == "change" else ~changed)
    return (predicted, False) if predicted.any() else (valid, True)


def _regions(view: View, changed: NDArray[np.bool_]) -> dict[str, NDArray[np.bool_]]:
    """Where the image changed and where it did not: by the truth where there is one, else by the detector."""
    if view.truth is None:
        return dict(zip(REGIONS, (changed, view.valid & ~changed), strict=True))
    known = view.valid & (view.truth != UNKNOWN)
    return dict(zip(REGIONS, (known & (view.truth == 1), known & (view.truth == 0)), strict=True))


def _heat_map(
    stage: str, level: int, values: NDArray[np.float32], valid: NDArray[np.bool_], cells: tuple[int, int]
) -> HeatMap:
    values = np.where(valid, values, np.float32(0))
    peak = float(values.max())
    return HeatMap(stage, level, values / np.float32(peak) if peak > 0 else values, peak, cells)


def _padded(region: NDArray[np.bool_], size: torch.Size) -> Tensor:
    """(H, W) -> (H', W'), False in what was added."""
    bottom, right = (int(whole - part) for whole, part in zip(size, region.shape, strict=True))
    return functional.pad(torch.from_numpy(region), (0, right, 0, bottom))

"""Grad-CAM for change detection: which places of a layer support the answer.

Source: Selvaraju et al., "Grad-CAM: Visual explanations from deep networks via gradient-based localization", ICCV
2017. Of a map, as in Vinogradova, Dibrov, Myers, "Towards interpretable semantic segmentation via gradient-weighted
class activation mapping", AAAI 2020, the sum over a set of pixels takes the place of the class score.
"""

from typing import TYPE_CHECKING

from torch import Tensor, nn

from minenetcd.errors import OptionError
from minenetcd.explain.layers import Dates, Layer
from minenetcd.explain.options import Target
from minenetcd.layers.resize import resize_to
from minenetcd.models.base import ChangeModel
from minenetcd.types import change_log_odds

if TYPE_CHECKING:
    from captum.attr import LayerGradCam


class TargetScore(nn.Module):
    """Mean log-odds of the target over some pixels (H, W), the number that Grad-CAM explains: two dates -> (1,).

    Log-odds, not the logit of a class: networks with one logit and with two are then asked the same question, and
    what moves both logits alike, which no probability shows, counts for nothing.
    """

    def __init__(self, model: ChangeModel, target: Target, pixels: Tensor) -> None:
        super().__init__()
        self.model = model
        self.sign = 1 if target == "change" else -1
        self.pixels = pixels

    def forward(self, before: Tensor, after: Tensor) -> Tensor:
        odds = change_log_odds(self.model(before, after).logits)[:, self.pixels].mean(dim=1)
        anchor = odds.new_zeros(()).requires_grad_()  # a layer without influence gets a gradient of zeros, no error
        return self.sign * odds + anchor


def grad_cam(score: TargetScore, layer: Layer, dates: Dates) -> Tensor:
    """Grad-CAM of `layer` before its ReLU, on the layer's own cells: (h, w).

    The model is in evaluation mode and its weights are frozen. All zeros where the layer has no influence on the
    score. Raises OptionError where captum is not installed.
    """
    attributed = _layer_grad_cam()(score, layer.module).attribute(
        dates,
        attribute_to_layer_input=layer.argument is not None,
        grad_kwargs={"materialize_grads": True},
    )
    if isinstance(attributed, tuple):
        attributed = attributed[layer.argument or 0]
    return attributed.detach().flatten(1, -3).mean(dim=1)[0]  # some layers keep the dates apart: (1, 1, T, h, w)


def heat(cam: Tensor, size: tuple[int, int]) -> Tensor:
    """What supports the target, at the size of the images: (h, w) -> (H, W), from 0 up."""
    return resize_to(cam.relu()[None, None], size)[0, 0]


def _layer_grad_cam() -> "type[LayerGradCam]":
    try:
        from captum.attr import LayerGradCam
    except ImportError as error:
        raise OptionError("Grad-CAM needs captum, which is not installed: pip install 'minenetcd[explain]'.") from error
    return LayerGradCam

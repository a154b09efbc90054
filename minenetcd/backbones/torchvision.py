"""ImageNet weights of torchvision's trunks, downloaded when asked for."""

from torch import Tensor
from torchvision.models import get_model_weights

from minenetcd.backbones.pretrained import downloading


def imagenet_weights(architecture: str) -> dict[str, Tensor]:
    """State dict of torchvision's `architecture` ("resnet18", "mobilenet_v2", ...) trained on ImageNet-1k.

    Takes the first (V1) weights, which the published change detectors started from. Raises WeightsError
    where they are neither cached nor can be downloaded.
    """
    weights = get_model_weights(architecture).IMAGENET1K_V1
    with downloading(f"ImageNet weights of {architecture} ({weights.url})"):
        tensors: dict[str, Tensor] = weights.get_state_dict(progress=False, check_hash=True)
    return tensors

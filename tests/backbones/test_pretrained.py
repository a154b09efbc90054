"""Without a network a trunk says at once, and in one line alone, that its weights cannot be had."""

from pathlib import Path

import pytest
from huggingface_hub import constants

from fixtures.no_network import NoNetwork
from minenetcd.backbones.catalog import create_backbone
from minenetcd.backbones.pretrained import from_hub, imagenet_weights
from minenetcd.errors import WeightsError


@pytest.fixture
def network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> NoNetwork:
    """None, and nothing on this disk."""
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr("urllib.request._opener", None)  # it would keep the proxies of its first use
    with NoNetwork() as network:
        address = f"http://127.0.0.1:{network.server_address[1]}"
        monkeypatch.setattr(constants, "ENDPOINT", address)
        for scheme in ("http_proxy", "https_proxy"):
            monkeypatch.setenv(scheme, address)
        yield network


def test_of_the_hub(network: NoNetwork, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(WeightsError, match=r"'microsoft/resnet-18' could not be .*\(the hub cannot be reached\)"):
        create_backbone("resnet18").load_pretrained()
    assert network.calls <= 2  # one request; the client opens a new connection where one breaks
    assert capfd.readouterr() == ("", "")


def test_of_an_address(network: NoNetwork, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(WeightsError, match=r"resnet18 \(https://.*could not be downloaded .*pretrained_backbone=False"):
        imagenet_weights("resnet18")
    assert network.calls == 1
    assert capfd.readouterr() == ("", "")


def test_what_is_on_this_disk_needs_no_network(network: NoNetwork) -> None:
    assert from_hub(lambda name, **options: (name, options), "me/other") == ("me/other", {"local_files_only": True})

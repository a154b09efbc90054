"""What tests of detectors share."""

import pytest
import torch

from detectors.small_detector import SMALL
from minenetcd.detectors.learned import ChangeDetector


@pytest.fixture(scope="package")
def detector() -> ChangeDetector:
    """A small network with weights that make it react to what it sees."""
    torch.manual_seed(0)
    detector = ChangeDetector.from_config({"model": SMALL})
    with torch.no_grad():
        for parameter in detector.model.decoder.classifier.parameters():
            parameter.mul_(30)
    return detector.eval()

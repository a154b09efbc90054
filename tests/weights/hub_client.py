"""Serves requests {"source", "options"} to load weights, or {"folder", "push_to", "options"} to upload them."""

import hashlib
import json
from typing import Any

from fixtures.hub_process import serve
from minenetcd.detectors.learned import ChangeDetector


def facts(detector: ChangeDetector) -> dict[str, Any]:
    """What tells two detectors apart: their description, and a hash of all weights."""
    digest = hashlib.sha256()
    for name, tensor in detector.model.state_dict().items():
        digest.update(name.encode() + tensor.numpy().tobytes())
    return {"description": json.loads(json.dumps(detector.describe(), default=list)), "weights": digest.hexdigest()}


def answer(*, source: str = "", folder: str = "", push_to: str = "", options: dict[str, Any] | None = None) -> Any:
    """Do what is asked."""
    if source:
        return facts(ChangeDetector.from_pretrained(source, **(options or {})))
    return str(ChangeDetector.from_pretrained(folder).push_to_hub(push_to, **(options or {})))


if __name__ == "__main__":
    serve(answer)

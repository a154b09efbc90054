"""A user of the hub in a process of its own: HF_ENDPOINT and HF_HOME count when huggingface_hub is imported.

Reads one JSON request a line, {"source", "options"} to load or {"folder", "push_to", "options"} to upload, and
answers with one JSON line: {"ok": facts} or {"error": type, "message": text}.
"""

import hashlib
import json
import sys
from typing import Any

from minenetcd.detectors.learned import ChangeDetector
from minenetcd.errors import MineNetCDError


def facts(detector: ChangeDetector) -> dict[str, Any]:
    """What tells two detectors apart: their description, and a hash of all weights."""
    digest = hashlib.sha256()
    for name, tensor in detector.model.state_dict().items():
        digest.update(name.encode() + tensor.numpy().tobytes())
    return {"description": json.loads(json.dumps(detector.describe(), default=list)), "weights": digest.hexdigest()}


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """Do what is asked; errors of the package are answers, any other ends this process."""
    try:
        if "source" in request:
            return {"ok": facts(ChangeDetector.from_pretrained(request["source"], **request["options"]))}
        detector = ChangeDetector.from_pretrained(request["folder"])
        return {"ok": str(detector.push_to_hub(request["push_to"], **request["options"]))}
    except MineNetCDError as error:
        return {"error": type(error).__name__, "message": str(error)}


if __name__ == "__main__":
    for line in sys.stdin:
        print("answer " + json.dumps(answer(json.loads(line))), flush=True)

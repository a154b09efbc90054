"""Text as part of the name of a file."""

import hashlib
import json
import re


def slug(text: str, longest: int = 48) -> str:
    """`text` as part of a file name, of `longest` letters; those beyond a to z leave a hash of the whole behind."""
    plain = re.sub(r"[^a-z0-9._]+", "-", text.lower()).strip("-.")[:longest]
    if text.isascii() and plain:
        return plain
    digest = hashlib.sha256(json.dumps({"text": text}).encode()).hexdigest()
    return f"{plain}-{digest[:6]}".lstrip("-")

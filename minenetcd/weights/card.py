"""The model card that travels with saved weights."""

from collections.abc import Mapping
from typing import Any

from huggingface_hub import ModelCard, ModelCardData

from minenetcd.constants import Provenance

_TEMPLATE = """---
{metadata}
---

# {name}

A change detector of the `minenetcd` package: two images of a place in, a map of what changed out.

```python
import minenetcd

detector = minenetcd.from_pretrained("{name}")
minenetcd.predict(detector, "before.tif", "after.tif").save("out")
```

## Data and recipe
{data}

## Input
Bands: {bands}. Trained at {gsd}. Decision threshold: {threshold}.

## Metrics
{metrics}

## Limits
{limits}

## Architecture
{options}
"""


def model_card(name: str, description: Mapping[str, Any]) -> ModelCard:
    """Markdown with metadata from what `ChangeDetector.describe` says; what is not known is said to be so."""
    provenance, preprocessing = Provenance.read(description["provenance"]), description["preprocessing"]
    gsd = preprocessing["metres_per_pixel"]
    metadata = ModelCardData(
        library_name="minenetcd",
        license=provenance.license,
        tags=["change-detection", "remote-sensing", "mining"],
    )
    text = _TEMPLATE.format(
        metadata=metadata.to_yaml(),
        name=name,
        data=_lines({"Trained on": provenance.trained_on or "nothing yet: random weights"})
        + _lines({"Recipe": provenance.recipe or "not stated"}),
        bands=", ".join(preprocessing["bands"]),
        gsd="an unstated ground sampling distance" if gsd is None else f"{gsd:g} m per pixel",
        threshold=description["threshold"],
        metrics=_lines(provenance.metrics or {"Metrics": "not stated"}),
        limits=provenance.limits or "Not stated. Check results on images of your own before relying on them.",
        options=_lines(description["model"]),
    )
    return ModelCard(text)


def _lines(values: Mapping[str, Any]) -> str:
    return "".join(f"- {key}: {value}\n" for key, value in values.items())

"""The model card that travels with saved weights."""

import json
from collections.abc import Mapping
from typing import Any

import yaml

from minenetcd.configs.value_range import range_in_words
from minenetcd.constants import Provenance
from minenetcd.display.escaping import in_markdown
from minenetcd.display.words import in_words

_TEMPLATE = """---
{metadata}
---

# {name}

A change detector of the `minenetcd` package: two images of a place in, a map of what changed out.

```python
import minenetcd

detector = minenetcd.from_pretrained({source})
minenetcd.predict(detector, "before.tif", "after.tif").save("out")
```

## Data and recipe
{data}
## Input
Bands: {bands}. Values: {values}. Trained at {gsd}. Decision threshold: {threshold}{scene_threshold}.

## Metrics
{metrics}
## Limits
{limits}

## Architecture
{options}"""


def model_card(name: str, description: Mapping[str, Any], *, source: str) -> str:
    """Markdown with metadata from what `ChangeDetector.describe` says; what is not known is said to be so.

    `source` is what `from_pretrained` finds the weights by: the folder they are saved in, or their hub id.
    """
    provenance, preprocessing = Provenance.read(description["provenance"]), description["preprocessing"]
    gsd = preprocessing["metres_per_pixel"]
    licence = {} if provenance.license is None else {"license": provenance.license}
    tags = ["change-detection", "remote-sensing", "mining"]
    metadata = {"library_name": "minenetcd", **licence, "tags": tags}
    return _TEMPLATE.format(
        metadata=yaml.safe_dump(metadata, sort_keys=False).strip(),
        name=in_markdown(name),
        source=json.dumps(source, ensure_ascii=False),
        data=_lines({"Trained on": provenance.trained_on or "nothing yet: random weights"})
        + _lines({"Recipe": in_words(provenance.recipe or None)})
        + _lines({name.capitalize(): text for name, text in provenance.extra.items() if isinstance(text, str)}),
        bands=in_markdown(", ".join(preprocessing["bands"])),
        values=_values(preprocessing.get("value_range")),
        gsd="an unstated ground sampling distance" if gsd is None else f"{gsd:g} m per pixel",
        threshold=description["threshold"],
        scene_threshold=_scene_threshold(description.get("scene_threshold")),
        metrics=_lines(_rounded(provenance.metrics) or {"Metrics": "not stated"}),
        limits=in_markdown(
            provenance.limits or "Not stated. Check results on images of your own before relying on them."
        ),
        options=_lines(description["model"])
        + (_lines({"class": description["model_class"]}) if "model_class" in description else ""),
    )


def _scene_threshold(within: Any) -> str:
    return "" if within is None else f" on data sets; each scene has its own, between {within[0]:g} and {within[1]:g}"


def _values(value_range: Any) -> str:
    if value_range is None:
        return "8 bits, or others stretched between limits that both dates share"
    return f"{range_in_words(value_range)} become 0 and 1"


def _rounded(metrics: Mapping[str, Any]) -> dict[str, Any]:
    return {key: round(value, 4) if isinstance(value, float) else value for key, value in metrics.items()}


def _lines(values: Mapping[str, Any]) -> str:
    return "".join(f"- {in_markdown(str(key))}: {in_markdown(str(value))}\n" for key, value in values.items())

"""The README of a data set that was built: a card, as the Hugging Face hub shows it."""

from collections.abc import Mapping
from typing import Any

from minenetcd.building.manifest import Description, SiteFacts, SplitFacts
from minenetcd.display.escaping import in_markdown
from minenetcd.display.words import counted

_TEMPLATE = """---
pretty_name: Mining change at {site_count}
task_categories:
- image-segmentation
tags:
- change-detection
- remote-sensing
- mining
size_categories:
- {size_category}
configs:
- config_name: default
  data_files:
{data_files}
---

# Mining change at {site_count}

{note}Pairs of images of mining sites{country_count}, with masks of what changed between the two dates:
{patch_count} patches of {size} x {size} pixels. Sites are split as wholes: no site is in two splits.

| split | sites | patches | changed pixels |
|---|---:|---:|---:|
{splits}

```python
import datasets

patches = datasets.load_dataset("PATH OR HUB ID OF THIS FOLDER", split="train")
```

## Columns

| column | content |
|---|---|
| `imageA`, `imageB` | before and after, PNG, red, green, blue, 8 bits; 0 where either date has no data |
| `label` | PNG, 8 bits: 255 changed, 0 unchanged or no data |
| `name` | unique: site, row and column |
| `site`, `country` | where it was cut from |
| `row`, `column` | the patch's upper left pixel in the scene |
| `crs`, `left`, `bottom`, `right`, `top` | its bounds, in the units of the CRS |
| `before_date`, `after_date` | when the images were taken, as far as known |

## How it was made

{making}

Checksums of all files are in `manifest.json`.

## Sites

| site | country | split | before | after | m per pixel | patches | changed pixels |
|---|---|---|---|---|---:|---:|---:|
{sites}

## Licence and sources

Not stated. Name the owners of the images and their terms here before you pass the data on.
"""

_SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))


def dataset_card(manifest: Description) -> str:
    """Markdown with the hub's metadata, from the manifest alone."""
    splits = {split: facts for split, facts in manifest["splits"].items() if facts["patches"]}
    patches = sum(facts["patches"] for facts in splits.values())
    countries = {site["country"] for site in manifest["sites"] if site["country"]}
    return _TEMPLATE.format(
        note=f"{in_markdown(manifest['note'])}\n\n" if manifest["note"] else "",
        size_category=next((category for limit, category in _SIZES if patches < limit), "n>1M"),
        data_files="\n".join(f"  - split: {split}\n    path: data/{split}-*" for split in splits),
        site_count=counted(len(manifest["sites"]), "site"),
        country_count=f" in {counted(len(countries), 'country', 'countries')}" if countries else "",
        patch_count=f"{patches:,}",
        size=manifest["options"]["size"],
        splits="\n".join(_split_row(split, facts) for split, facts in splits.items()),
        making=_making(manifest),
        sites="\n".join(map(_site_row, manifest["sites"])),
    )


def _split_row(split: str, facts: SplitFacts) -> str:
    return f"| {split} | {facts['sites']:,} | {facts['patches']:,} | {_changed_share(facts)} |"


def _site_row(site: SiteFacts) -> str:
    texts = (site["id"], site["country"], site["split"], site["before_date"], site["after_date"])
    cells = [_cell(text) for text in texts]
    numbers = f"{site['metres_per_pixel']:.4g}", f"{site['patches']:,}", _changed_share(site)
    return f"| {' | '.join((*cells, *numbers))} |"


def _making(manifest: Description) -> str:
    options = manifest["options"]
    shares = "/".join(f"{share:g}" for share in options["shares"])
    by = f", stratified by {options['stratify']}" if options["stratify"] else ""
    grid = f"resampled to {options['gsd']:g} m per pixel" if options["gsd"] else "at the resolution of the image before"
    lines = [
        f"- Both dates on one grid, {grid}; cut with {options['overlap']} pixels overlap.",
        f"- Patches with less than {options['min_valid']:.0%} of their pixels valid on both dates were left out.",
        f"- {_colours(options)}",
        f"- Sites split {shares} into train, val and test by a hash of their ids (seed {options['seed']}){by}.",
        f"- Written by {manifest['written_by']}.",
    ]
    return "\n".join(lines)


def _colours(options: Mapping[str, Any]) -> str:
    bands = f"Bands {in_markdown(', '.join(map(str, options['bands'])))}. " if options["bands"] else ""
    if options["value_range"]:
        low, high = options["value_range"]
        return f"{bands}Values from {low:g} to {high:g} were brought to 8 bits."
    return f"{bands}8-bit images are as they were; others were stretched to 8 bits by date and band."


def _changed_share(facts: SplitFacts | SiteFacts) -> str:
    return f"{facts['changed_pixels'] / facts['valid_pixels']:.2%}" if facts["valid_pixels"] else "-"


def _cell(text: str | None) -> str:
    return "-" if text is None else in_markdown(text)

"""minenetcd datasets"""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from typer import Argument, Context, Option, Typer
from typer.core import TyperGroup

from minenetcd.cli.console import is_terminal, print_rich, print_rows, progress_bar, table
from minenetcd.constants import SPLITS
from minenetcd.display.words import size

if TYPE_CHECKING:
    from minenetcd.datasets.download import OnDisk
    from minenetcd.datasets.named import NamedDataset

#: Columns that leave their room to others. [characters]
_NARROW = {"Size, GSD": 9, "Licence": 14, "On disk": 8}
CacheFolder = Annotated[Path | None, Option(help="Folder to keep data sets in, instead of the hub's own cache.")]


class _NamesAreCommands(TyperGroup):
    """`minenetcd datasets NAME` is `minenetcd datasets show NAME`."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        known = args[0] in self.commands or args[0].startswith("-")
        return super().resolve_command(ctx, args if known else ["show", *args])


app = Typer(cls=_NamesAreCommands)


@app.callback(invoke_without_command=True)
def datasets(context: Context, cache_dir: CacheFolder = None) -> None:
    """List the data sets known by name; "minenetcd datasets NAME" shows all about one.

    Example: minenetcd datasets LEVIR-CD
    """
    if context.invoked_subcommand is None:
        _print_overview(cache_dir)


@app.command()
def show(
    name: Annotated[str, Argument(help="A data set, e.g. LEVIR-CD.", show_default=False)], cache_dir: CacheFolder = None
) -> None:
    """Show all about one data set: splits, place, licence, citation, where it is published, what is on this disk.

    Example: minenetcd datasets show MineNetCD256
    """
    from minenetcd.datasets.download import available_on_disk
    from minenetcd.datasets.named import named_dataset

    row = named_dataset(name.partition("@")[0])
    print(f"{row.name}: {row.task}\n")
    for heading, fact in _details(row):
        print(f"{heading:<11} {fact}")
    here = available_on_disk(row.name + name[len(row.name) :], cache_dir=cache_dir)
    for heading, fact in zip(("On disk", *[""] * 2), _held_lines(here), strict=False):
        print(f"{heading:<11} {fact}")


@app.command()
def download(
    name: Annotated[
        str,
        Argument(help="A data set or a hub id; NAME@REVISION for another version than the newest.", show_default=False),
    ],
    split: Annotated[list[str] | None, Option(help="Only this split; may be repeated.")] = None,
    cache_dir: CacheFolder = None,
) -> None:
    """Download a data set; an interrupted download goes on with the same command.

    Example: minenetcd datasets download LEVIR-CD
    """
    from minenetcd.datasets.download import download_dataset

    with progress_bar(name, of_bytes=True) as progress:
        found = download_dataset(name, splits=tuple(split) if split else None, cache_dir=cache_dir, progress=progress)
    print(f"{found.repo_id} at {found.commit[:12]} is in {found.folder}")
    print(f"To use exactly this state again, name it {name.partition('@')[0]}@{found.commit}")


def _print_overview(cache_dir: Path | None) -> None:
    from minenetcd.datasets.download import available_on_disk
    from minenetcd.datasets.named import DATASETS

    columns = (
        "Name",
        "Task",
        "Patches",
        *SPLITS,
        "Pixels",
        "GSD",
        "Place",
        "Licence",
        "Citation",
        "Hub id",
        "On disk",
    )
    rows = [(row, available_on_disk(row.name, cache_dir=cache_dir)) for row in DATASETS.values()]
    if not is_terminal():
        print_rows(columns, [_cells(row, here) for row, here in rows])
        return
    shown = table(
        *("Name, task", "Patches", "Size, GSD", "Place, hub id, citation", "Licence", "On disk"),
        right=("Patches", "Size, GSD"),
        whole=("Name, task", "Patches", "Size, GSD"),
        narrow=_NARROW,
    )
    for row, here in rows:
        about = f"{row.place}, {row.sensor}\n[cyan]{row.hub_ids[0]}[/cyan]\n{_short_citation(row)}"
        patches = "\n".join([f"{row.patches:,}", *_split_lines(row)])
        size = f"{row.side} px\n{_gsd(row, '-')} m"
        shown.add_row(f"[bold]{row.name}[/bold]\n{row.task}", patches, size, about, row.licence, _held(here))
        shown.add_section()
    print_rich(shown, markup=True)  # of names that this package knows
    print("All about one: minenetcd datasets NAME. Download one: minenetcd datasets download NAME")


def _cells(row: "NamedDataset", here: dict[str, "OnDisk"]) -> list[str]:
    splits = [str(row.split_patches[split]) if row.split_patches else "not stated" for split in SPLITS]
    place = f"{row.place} ({row.sensor})"
    citation = f"{row.citation}. https://doi.org/{row.doi}"
    known = [row.name, row.task, str(row.patches), *splits, _side(row), _gsd(row), place, row.licence, citation]
    return [*known, row.hub_ids[0], _held(here)]


def _details(row: "NamedDataset") -> Iterator[tuple[str, str]]:
    counts = row.split_patches
    splits = ", ".join(f"{split} {counts[split]:,}" for split in SPLITS) if counts else "patches per split not stated"
    yield "Patches", f"{row.patches:,} of {_side(row)} pixels: {splits}"
    yield "GSD", f"{_gsd(row)} m"
    yield "Place", row.place
    yield "Images", row.sensor
    yield "Licence", row.licence
    yield "Citation", f"{row.citation}. https://doi.org/{row.doi}"
    yield "Hub id", row.hub_ids[0] + (f", else {row.hub_ids[1]}" if len(row.hub_ids) > 1 else "")


def _split_lines(row: "NamedDataset") -> list[str]:
    return [f"{split} {row.split_patches[split]:,}" for split in SPLITS] if row.split_patches else []


def _short_citation(row: "NamedDataset") -> str:
    first, year = row.citation.split(",")[0].split()[-1], row.citation[-4:]
    return f"{first} et al. {year}"


def _side(row: "NamedDataset") -> str:
    return f"{row.side} x {row.side}"


def _gsd(row: "NamedDataset", to: str = " to ") -> str:
    low, high = row.ground_sampling_distance
    return f"{low:g}" if low == high else f"{low:g}{to}{high:g}"


def _held(here: dict[str, "OnDisk"]) -> str:
    """What is on this disk, in a cell of a table."""
    complete = [split for split, part in here.items() if part.is_complete]
    if here and len(complete) == len(here):
        return f"all, {size(sum(part.bytes for part in here.values()))}"
    if complete:
        return ", ".join(complete)
    return "in part" if any(part.files for part in here.values()) else "-"


def _held_lines(here: dict[str, "OnDisk"]) -> list[str]:
    if not any(part.files for part in here.values()):
        return ["nothing of it yet: minenetcd datasets download NAME"]
    return [
        f"{split} {'complete' if part.is_complete else f'{part.files} of {part.of_files} files'}, {size(part.bytes)}"
        + ("" if part.is_complete else f" of {size(part.of_bytes)}")
        for split, part in here.items()
    ]

"""Data sets that the package draws itself: `synthetic:NAME?sites=20`, `pasted:FOLDER?pairs=1000` wherever one is named.

What each kind is stands in `building`; here they are known by how a name begins.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from minenetcd.building.drawn.contract import DrawnSet
from minenetcd.building.drawn.once import cache_folder
from minenetcd.constants import SPLITS, Progress, no_progress
from minenetcd.data.split_names import choose_split
from minenetcd.errors import UnknownNameError
from minenetcd.registry import resolve

if TYPE_CHECKING:
    from minenetcd.data.dataset import ChangeDataset

#: How the name of a data set begins -> its kind, loaded when it is asked for.
DRAWN = {
    "synthetic:": "minenetcd.building.synthetic_sets.source:SyntheticSet",
    "pasted:": "minenetcd.building.pasted_sets.source:PastedSet",
}


def drawn_scheme(source: str) -> str | None:
    """The key of DRAWN that `source` begins with; None for every other data set."""
    return next((scheme for scheme in DRAWN if source.startswith(scheme)), None)


def drawn_kind(source: str) -> type[DrawnSet] | None:
    """The kind of drawn data set that `source` names; None for every other data set."""
    scheme = drawn_scheme(source)
    if scheme is None:
        return None
    kind: type[DrawnSet] = resolve(DRAWN[scheme])
    return kind


def check_drawn(source: str) -> None:
    """DataError where a data set is drawn from what is not there; nothing is drawn."""
    kind = drawn_kind(source)
    if kind is not None:
        kind.parse(source).check()


def name_parts(source: str) -> tuple[str | None, str]:
    """How the data set `source` is drawn, None for others, and the last part of its name, path or id."""
    scheme = drawn_scheme(source)
    last = source.removeprefix(scheme or "").partition("?")[0].rstrip("/").split("/")[-1]
    return scheme and scheme.removesuffix(":"), last


def open_drawn(
    source: str,
    split: str,
    *,
    cache_dir: str | Path | None = None,
    workers: int | None = None,
    progress: Progress = no_progress,
) -> "ChangeDataset":
    """The pairs of one split of a drawn data set, drawn the first time they are asked for.

    They are kept under `cache_dir`, else MINENETCD_CACHE, else where this system keeps such files. Of two processes
    that ask at once one draws, the other waits. `progress` counts scenes or pairs drawn. OptionError or
    UnknownNameError for a source that cannot be read and for what is no split, DataError for a split it does not have
    and for images that cannot be used.
    """
    from minenetcd.datasets.folder import open_path  # here, because names are read before torch is imported

    kind = drawn_kind(source)
    if kind is None:
        raise UnknownNameError("drawn data set", source, DRAWN)
    wanted = kind.parse(source)
    if split not in SPLITS:
        raise UnknownNameError("split", split, kind.splits)
    chosen = choose_split(source, split, kind.splits)
    folder = wanted.build(chosen, cache_folder(cache_dir), workers=workers, progress=progress)
    return open_path(folder, source, chosen, kind.read_options, cache_dir=folder.with_name("rows"))

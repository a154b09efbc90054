"""What is handed over to learn from: results with verdicts, and folders of labels."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from minenetcd.constants import Note
from minenetcd.display.words import counted, some_of
from minenetcd.errors import DataError, InputError, OptionError
from minenetcd.labelling.learning.options import LearnOptions
from minenetcd.labelling.learning.reading.hand_labels import Labels, read_labels
from minenetcd.labelling.learning.reading.results import read_result
from minenetcd.labelling.learning.reading.scenes import JudgedScene
from minenetcd.prediction.outputs import DETAILS

#: Pixels may differ by this factor between what one detector learns from at once, as it may be off by when it predicts.
LARGEST_RATIO = 2.0


def read_sources(sources: Iterable[str | Path], options: LearnOptions, note: Note) -> list[JudgedScene]:
    """The judged scenes of results and of folders of labels; DataError where there is nothing to learn from in them."""
    folders = list(dict.fromkeys(each for source in sources for each in _results_within(Path(source))))
    results = [folder for folder in folders if (folder / DETAILS).exists()]
    labels = [each for folder in folders if folder not in results for each in read_labels(folder, note)]
    scenes: list[JudgedScene] = []
    used: list[Labels] = []
    for folder in results:
        scene, own = read_result(folder, options, labels)
        scenes.append(scene)
        used += own
    scenes += [each.scene() for each in labels if not any(each is other for other in used)]
    judged = [scene for scene in scenes if _says_something(scene)]
    _check_verdicts(scenes, judged, options)
    left_out = [scene.name for scene in scenes if not _says_something(scene)]
    if left_out:
        note(
            f"Left out, as none of their polygons was judged: {some_of(left_out)} ({counted(len(left_out), 'result')})."
        )
    _check_pixels(judged)
    return judged


def _results_within(folder: Path) -> list[Path]:
    """`folder` itself, or the results in it, where it is of a table of pairs or of a series of dates."""
    if not folder.is_dir():
        raise InputError(f"A folder of a result or of labels is needed, there is none at {folder}: name another.")
    if (folder / DETAILS).exists():
        return [folder]
    found = [path.parent for path in (*folder.glob(f"*/{DETAILS}"), *folder.glob(f"*/*/{DETAILS}"))]
    return sorted(found) or [folder]


def _says_something(scene: JudgedScene) -> bool:
    return any(scene.counts.get(kind) for kind in ("accepted", "rejected", "changed", "unchanged"))


def _check_verdicts(scenes: Sequence[JudgedScene], judged: Sequence[JudgedScene], options: LearnOptions) -> None:
    names = some_of([scene.name for scene in scenes])
    if not judged:
        raise DataError(
            f"Verdicts or labels are needed, {names or 'what was named'} has none: accept and reject polygons first, "
            "or name other results."
        )
    if not count_places(judged, "accepted", "changed"):
        raise DataError(
            f"Change that somebody accepted or labelled is needed, {names} has rejected polygons alone: accept what is "
            "right, or label what was missed."
        )
    if not count_places(judged, "rejected", "unchanged") and not options.complete:
        raise DataError(
            f"Something that is no change is needed, too, {names} has accepted polygons alone: reject what is wrong, "
            "or say that the results were looked at as a whole (--complete)."
        )


def count_places(scenes: Iterable[JudgedScene], *kinds: str) -> int:
    """Of `kinds`: accepted, rejected, unsure, not judged; of labels changed and unchanged."""
    return sum(scene.counts.get(kind, 0) for scene in scenes for kind in kinds)


def _check_pixels(scenes: Sequence[JudgedScene]) -> None:
    known = sorted((scene.metres, scene.name) for scene in scenes if scene.metres is not None)
    if known and known[-1][0] > LARGEST_RATIO * known[0][0]:
        raise OptionError(
            f"Pixels of about one size are needed, {known[0][1]} has {known[0][0]:.3g} m and {known[-1][1]} "
            f"{known[-1][0]:.3g} m: learn from each by itself."
        )

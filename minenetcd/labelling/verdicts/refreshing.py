"""summary.json and report.html of a result, brought to what its verdicts say.

The verdicts in change.gpkg are what counts; the summary and the report repeat their counts for programs and people.
They are made anew by `minenetcd review`, and by the server a moment after the last verdict. Both appear together, and
each names the revision of the review that it is of; after a kill they may be of an earlier one until the next time.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from minenetcd.errors import InputError
from minenetcd.files import in_turn, reclaim, sha256, staged_files, write_json, write_text
from minenetcd.files.hidden import is_recent_work
from minenetcd.foreign import LARGEST_JSON, folders_of, read_json, read_text, refuse_links_out, refused
from minenetcd.labelling.verdicts.counts import ReviewCounts
from minenetcd.labelling.verdicts.report_section import with_review
from minenetcd.labelling.verdicts.store import Verdicts
from minenetcd.prediction.formats.pdf import page_as_pdf
from minenetcd.prediction.formats.stac.assets import file_fields
from minenetcd.prediction.outputs import ITEM, PDF, REPORT, SUMMARY, check_library

#: Of a report with large pictures. [bytes]
_LARGEST_PAGE = 256 * 2**20


@dataclass(frozen=True)
class Review:
    """The `counts` of a review, the `files` that say so now, and why rows of its polygons were left out."""

    counts: ReviewCounts
    files: tuple[Path, ...]
    problems: tuple[str, ...] = ()


def refresh(folder: str | Path, *, with_pdf: bool = False) -> Review:
    """Write what stands in the verdicts of a result into its summary, its report and its STAC item, all or none.

    Those that are not there are left out, as in results of earlier versions; `with_pdf`: report.pdf, too, which takes
    seconds. InputError where the folder holds no result, or one of these files lies elsewhere; OutputError where it
    cannot be written.
    """
    verdicts = Verdicts(folder)
    folder = verdicts.folder
    with in_turn(folder):  # nobody gives a verdict between the counting and the writing
        reclaim(folder, depth=0, keep=is_recent_work)
        refuse_links_out(folder, SUMMARY, REPORT, PDF, ITEM)  # what they lead to would be copied into the folder
        counts, problems = verdicts.counts(), tuple(verdicts.problems())
        names = [name for name in (SUMMARY, REPORT, *([PDF] if with_pdf else []), ITEM) if (folder / name).is_file()]
        if names and (counts.revision or _says_something(folder)):
            with staged_files(folder, names) as staged:
                _write(folder, staged, names, counts)
    return Review(counts, tuple(folder / name for name in names), problems)


def is_stale(folder: Path, counts: ReviewCounts) -> bool:
    """Whether the summary of a result says something else than `counts`, which are its own."""
    said = _summary(folder).get("review") if (folder / SUMMARY).is_file() else None
    return said != counts.as_json() and (said is not None or counts.revision > 0)


def _says_something(folder: Path) -> bool:
    return (folder / SUMMARY).is_file() and "review" in _summary(folder)


def _summary(folder: Path) -> dict[str, Any]:
    """InputError where it is none."""
    refuse_links_out(folder, SUMMARY)
    summary = read_json(folder / SUMMARY, InputError, most_bytes=LARGEST_JSON)
    if not isinstance(summary, dict):
        raise InputError(f"{folder / SUMMARY} needs to hold the summary of a result: predict again.")
    return summary


def _write(folder: Path, staged: Path, names: list[str], counts: ReviewCounts) -> None:
    if SUMMARY in names:
        write_json(staged / SUMMARY, {**_summary(folder), "review": counts.as_json()})
    if REPORT in names:
        page = read_text(folder / REPORT, InputError, most_bytes=_LARGEST_PAGE)
        write_text(staged / REPORT, with_review(page, counts))
    if PDF in names:
        check_library("pdf")
        page_as_pdf(staged / REPORT if REPORT in names else folder / REPORT, staged / PDF)
    if ITEM in names:
        item = read_json(folder / ITEM, InputError, most_bytes=LARGEST_JSON)
        write_json(staged / ITEM, _with_checksums(item, folder, staged))


def _with_checksums(item: Any, folder: Path, staged: Path) -> Any:
    """A STAC item whose assets have the sizes and checksums of the files as they are now."""
    if not isinstance(item, Mapping) or not isinstance(item.get("assets"), Mapping):
        return item
    return {**item, "assets": {key: _as_it_is(asset, folder, staged) for key, asset in item["assets"].items()}}


def _as_it_is(asset: Any, folder: Path, staged: Path) -> Any:
    name = str(asset.get("href", "")).removeprefix("./") if isinstance(asset, Mapping) else ""
    is_beside = name != "" and Path(name).name == name
    path = next((place / name for place in (staged, folder) if is_beside and (place / name).is_file()), None)
    if path is None or "file:checksum" not in asset or refused(path, within=folders_of(path.parent)) is not None:
        return asset
    return {**asset, **file_fields(path.stat().st_size, sha256(path))}

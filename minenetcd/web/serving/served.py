"""What every part of a server knows of the others: its results, its jobs, who may come in."""

from dataclasses import dataclass, field
from pathlib import Path

from minenetcd.web.desks.shown import ShownDesk
from minenetcd.web.results.folder import ResultFolder
from minenetcd.web.results.series import SeriesFolder
from minenetcd.web.serving.access.guard import Access
from minenetcd.web.serving.found.catalogue import Catalogue
from minenetcd.web.serving.found.opened import Opened
from minenetcd.web.serving.jobs.runner import Runner
from minenetcd.web.serving.jobs.store import JobStore
from minenetcd.web.serving.options import ServeOptions
from minenetcd.web.serving.problems import without_folders
from minenetcd.web.serving.turns import Turns
from minenetcd.web.serving.uploads.receiving import Receiver


@dataclass(frozen=True)
class Workshop:
    """Where images come in and are read."""

    store: JobStore
    receiver: Receiver
    runner: Runner


@dataclass(frozen=True)
class Served:
    """The state of a server, which every router gets.

    `results` and `series` open a folder of the `catalogue` once, for all threads. `workshop`: None where no images come
    in. `reviewable`: whether verdicts can be given here. `desk`: where labels are made, if that is what is served.
    `turns`: how work waits for folders that others are busy with.
    """

    options: ServeOptions
    access: Access
    catalogue: Catalogue
    results: Opened[ResultFolder]
    series: Opened[SeriesFolder]
    workshop: Workshop | None
    reviewable: bool = False
    desk: ShownDesk | None = None
    turns: Turns = field(default_factory=Turns)

    def result(self, id: str) -> ResultFolder:
        """The result that is called `id`. NotThere where none is, InputError where it cannot be read any more."""
        return self.results.get(self.catalogue.result(id).folder)

    def series_of(self, id: str) -> SeriesFolder:
        """The series of dates that is called `id`; as `result`."""
        return self.series.get(self.catalogue.series(id).folder)

    def told(self, text: str) -> str:
        """`text` as whoever asks may read it: other machines are told no folder of this one."""
        return text if self.options.is_for_this_machine else without_folders(text)

    def result_id(self, folder: Path) -> str | None:
        """What the result in `folder` is called; None where it is not served."""
        found = self.catalogue.contents.results.values()
        return next((each.id for each in found if each.folder == folder), None)

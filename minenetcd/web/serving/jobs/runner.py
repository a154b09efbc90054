"""Does what waits, one job after the other, in a process that may be killed."""

import logging
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

from minenetcd.errors import MineNetCDError, one_line
from minenetcd.runtime.pool import Event, Failed, Finished, Noted, Progressed, Started, Task, run_tasks
from minenetcd.web.serving.jobs.models import Job
from minenetcd.web.serving.jobs.store import JobStore
from minenetcd.web.serving.uploads.receiving import Receiver

WORK = "minenetcd.web.serving.jobs.work:predict_uploads"
#: Another server's jobs are none of ours, but ours may be asked for by another thread at any time. [seconds]
LOOK_AGAIN = 1.0

_LOG = logging.getLogger(__name__)


class Runner:
    """A thread that takes jobs from `store`; their results go to `results`/ID. `finished` is called after each.

    A job whose process is killed waits again (`JobStore.died`); one that fails by itself has failed. Where jobs cannot
    be kept, as on a full disk, that is logged, and tried again until they can.
    """

    def __init__(
        self, store: JobStore, receiver: Receiver, results: Path, log: Path, finished: Callable[[], None]
    ) -> None:
        self.store, self.receiver, self.results, self.log = store, receiver, results, log
        self._finished = finished
        self._stopping, self._wake = threading.Event(), threading.Event()
        self._running: str | None = None
        self._stumbled: str | None = None
        self._thread = threading.Thread(target=self._run, name="jobs", daemon=True)

    def start(self) -> None:
        self.store.recover()
        self._thread.start()

    def wake(self) -> None:
        """There may be something to do."""
        self._wake.set()

    def stop(self) -> None:
        """Stop the job that runs, which waits for the next server, and the thread."""
        self._stopping.set()
        self._wake.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._wake.wait(LOOK_AGAIN)
            self._wake.clear()
            try:
                if self._stumbled is not None:  # also over this: it is said of the job once that can be kept again
                    self.store.recover(f"the server stumbled over {self._stumbled}")
                    self._stumbled = None
                self._work()
            except Exception as error:  # whatever it is, the next job is begun
                self._running = None
                self._stumble(error)

    def _stumble(self, error: Exception) -> None:
        """Log it, once for as long as nothing else happens."""
        said = one_line(error, with_kind=not isinstance(error, MineNetCDError))
        if said != self._stumbled:
            _LOG.warning("Jobs are held up: %s", said)
        self._stumbled = said

    def _work(self) -> None:
        """All that waits, in one process for as long as it lives, or until the job that runs is to stop."""
        with closing(run_tasks(self._tasks(), workers=1, log=self.log, stopped=self._stops)) as events:
            for event in events:
                self._heard(event)
        if self._running is not None:
            self._stopped(self._running)

    def _heard(self, event: Event) -> None:
        id = event.task.name
        if isinstance(event, Started):
            self._running = id
        elif isinstance(event, Progressed):
            try:
                self.store.progress(id, event.phase, event.done, event.of)
            except MineNetCDError as error:  # the work itself goes on
                self._stumble(error)
        elif isinstance(event, Finished):
            self._running = None
            self._finished()  # before it is said to be done, so that its result is found
            self.store.end(id, "done", result=self.result_id(id))
        elif isinstance(event, Failed):
            self._running = None
            self._failed(event)
        else:
            assert isinstance(event, Noted)

    def _tasks(self) -> Iterator[Task]:
        while not self._stopping.is_set() and (job := self.store.take()) is not None:
            self._running = job.id
            task = self._task(job)
            if task is not None:
                yield task

    def _task(self, job: Job) -> Task | None:
        try:
            before, after = (self.receiver.path(upload.id) for upload in (job.before, job.after))
        except Exception as error:
            self._running = None
            self.store.end(job.id, "failed", error=str(error))
            return None
        options = job.options.model_dump(exclude={"detector"}, exclude_none=True)
        arguments = {
            "before": str(before),
            "after": str(after),
            "out": str(self.results / job.id),
            "options": options,
            "detector": job.options.detector,
        }
        return Task(job.id, WORK, arguments, str(self.log))

    def _stops(self) -> bool:
        return self._stopping.is_set() or (self._running is not None and self.store.is_cancelled(self._running))

    def _failed(self, event: Failed) -> None:
        id = event.task.name
        if event.process_ended:
            self.store.died(id, event.error)
        else:
            self.store.end(id, "cancelled" if self.store.is_cancelled(id) else "failed", error=event.error)

    def _stopped(self, id: str) -> None:
        """After its process was asked to end: by its user, or with the server."""
        self._running = None
        if self.store.is_cancelled(id):
            self.store.end(id, "cancelled")
            shutil.rmtree(self.results / id, ignore_errors=True)
        else:
            self.store.wait_again(id, "Goes on since the server was started again.", counts=False)

    def forget(self, id: str) -> None:
        """Remove the result of a job that is out of the history."""
        shutil.rmtree(self.results / id, ignore_errors=True)

    @staticmethod
    def result_id(id: str) -> str:
        """What its result is called: see `Catalogue`."""
        return f"results-{id}"

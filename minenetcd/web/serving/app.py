"""The application: its routers, behind who may come in."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from fastapi import APIRouter, FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp

from minenetcd.constants import VERSION
from minenetcd.files import make_folder
from minenetcd.monitoring.dates.monitor import TIMELINE
from minenetcd.prediction.outputs import DETAILS
from minenetcd.web.desks.shown import ShownDesk
from minenetcd.web.results.folder import ResultFolder
from minenetcd.web.results.series import SeriesFolder
from minenetcd.web.serving.access.guard import Access, Guard
from minenetcd.web.serving.access.hosts import Hosts
from minenetcd.web.serving.access.tokens import Token
from minenetcd.web.serving.found.catalogue import Catalogue
from minenetcd.web.serving.found.opened import Opened
from minenetcd.web.serving.jobs.runner import Runner
from minenetcd.web.serving.jobs.store import JobStore
from minenetcd.web.serving.options import ServeOptions
from minenetcd.web.serving.problems import Refused, add_handlers
from minenetcd.web.serving.routes import jobs, labels, pages, results, samples, series, session, verdicts
from minenetcd.web.serving.served import Served, Workshop
from minenetcd.web.serving.uploads.receiving import Receiver

#: One for each trade. A further one is a line here: it gets the state of the server.
ROUTERS: Sequence[Callable[[Served], APIRouter]] = (
    session.router,
    results.router,
    series.router,
    jobs.router,
    verdicts.router,
    samples.router,
    labels.router,
    pages.router,
)

DATABASE, FILES, RESULTS, LOG = "jobs.sqlite", "files", "results", "worker.log"
#: An image that no job has asked for is kept so long.
UNUSED = timedelta(hours=24)


def make_served(roots: Sequence[Path], options: ServeOptions, port: int, desk: ShownDesk | None = None) -> Served:
    """The state of a server of the results in `roots`, and of a labelling `desk`, at `port`."""
    uploads = options.uploads
    all_roots = list(roots)
    if uploads is not None:
        all_roots.append(make_folder(uploads / RESULTS))
    catalogue = Catalogue(all_roots)
    return Served(
        options=options,
        access=Access(Hosts(options.host, options.names), Token.of(options, port)),
        catalogue=catalogue,
        results=Opened(DETAILS, partial(ResultFolder.read, waits=False)),
        series=Opened(TIMELINE, SeriesFolder.read),
        reviewable=options.review,
        workshop=None if uploads is None else _workshop(uploads, options, catalogue),
        desk=desk,
    )


def _workshop(uploads: Path, options: ServeOptions, catalogue: Catalogue) -> Workshop:
    store, receiver = JobStore(uploads / DATABASE), Receiver(uploads / FILES, options)
    runner = Runner(store, receiver, uploads / RESULTS, uploads / LOG, catalogue.look_again)
    return Workshop(store, receiver, runner)


def make_app(served: Served) -> ASGIApp:
    """The application; jobs are done while it runs."""
    app = FastAPI(
        title="minenetcd serve",
        description="Results of minenetcd: described, as map tiles and polygons; images in, maps of change out.",
        version=VERSION,
        docs_url=None,
        redoc_url=None,
        lifespan=_lifespan(served),
    )
    add_handlers(app, served.told)
    for router in ROUTERS:
        app.include_router(router(served))
    return Guard(app, served.access)


def _lifespan(served: Served) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        shop = served.workshop
        if shop is None:
            yield
            return
        _tidy(shop)
        shop.runner.start()
        try:
            yield
        finally:
            await run_in_threadpool(shop.runner.stop)

    return lifespan


def _tidy(shop: Workshop) -> None:
    """Remove images that nobody will ask for."""
    for id in shop.store.unused_uploads(older_than=datetime.now(UTC) - UNUSED):
        with suppress(Refused):
            shop.store.forget_upload(id)
            shop.receiver.remove(id)
    shop.receiver.keep_only(shop.store.upload_ids())

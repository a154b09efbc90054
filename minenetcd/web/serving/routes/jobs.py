"""Images come in, two of them are compared, and how far that is."""

from contextlib import suppress
from pathlib import PurePosixPath
from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel

from minenetcd.classical.catalog import CLASSICAL
from minenetcd.detectors.sources import list_detectors
from minenetcd.errors import MineNetCDError, OptionError
from minenetcd.prediction.options import PredictOptions
from minenetcd.secrets import without_secrets
from minenetcd.web.serving.found.sites import Site, site_of_result
from minenetcd.web.serving.jobs.models import Job, JobOptions, JobRequest, Upload
from minenetcd.web.serving.jobs.store import now
from minenetcd.web.serving.problems import NotThere, Refused, problems
from minenetcd.web.serving.served import Served, Workshop
from minenetcd.web.serving.uploads.checking import KINDS_IN_WORDS

JobId = Annotated[str, Path(pattern=r"^[0-9a-f]{16}$")]
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": f"The bytes of the image: {KINDS_IN_WORDS}.",
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}
AUTO = "auto"


class Limits(BaseModel):
    """What may come in, and who reads it. `open`: whether images come in at all."""

    open: bool
    max_upload_bytes: int
    max_pixels: int
    kinds: str
    detectors: list[str]


class ShownJob(Job):
    """A job, and what it has found: of one that is not done None."""

    site: Site | None = None


class ShownJobs(BaseModel):
    """All of them, the newest first; as `Jobs`."""

    revision: int
    jobs: list[ShownJob]


def router(served: Served) -> APIRouter:
    """Uploads and jobs."""
    routes = APIRouter(tags=["jobs"])
    options = served.options

    def workshop() -> Workshop:
        if served.workshop is None:
            raise NotThere("No images come in here: start the server with a folder for them (--uploads DIR).")
        return served.workshop

    def told(job: Job) -> ShownJob:
        error = None if job.error is None else served.told(job.error)
        return ShownJob(**{**job.model_dump(), "error": error}, site=found_by(job))

    def found_by(job: Job) -> Site | None:
        if job.state != "done" or job.result is None:
            return None
        with suppress(MineNetCDError, OSError):  # it is gone, or somebody is making it anew
            return site_of_result(served.catalogue.result(job.result))
        return None

    @routes.get("/api/limits", responses=problems(), summary="What may come in")
    def limits() -> Limits:
        return Limits(
            open=served.workshop is not None,
            max_upload_bytes=options.max_upload_bytes,
            max_pixels=options.max_pixels,
            kinds=KINDS_IN_WORDS,
            detectors=detectors(),
        )

    @routes.post(
        "/api/uploads",
        status_code=201,
        responses=problems(404, 413, 415, 507),
        openapi_extra=_BODY,
        summary="Bring an image",
    )
    async def upload(
        request: Request,
        name: Annotated[str, Query(min_length=1, max_length=200, description="Of the file.")],
        x_minenetcd: Annotated[str, Header(description="Anything: it tells that a script of this server asks.")],
    ) -> Upload:
        shop = workshop()
        declared = request.headers.get("content-length", "")
        plain = PurePosixPath(without_secrets(name).replace("\\", "/")).name or "image"
        size = int(declared) if declared.isdecimal() else None
        id, path, header = await shop.receiver.receive(plain, size, request.stream())
        came = Upload(
            id=id, name=plain, bytes=path.stat().st_size, width=header.width, height=header.height, bands=header.bands,
            created=now(),
        )  # fmt: skip
        try:
            shop.store.add_upload(came)
        except BaseException:
            shop.receiver.remove(id)
            raise
        return came

    @routes.delete("/api/uploads/{id}", status_code=204, responses=problems(404, 409), summary="Remove an image")
    def remove_upload(id: JobId, x_minenetcd: Annotated[str, Header()]) -> Response:
        shop = workshop()
        shop.store.upload(id)
        shop.store.forget_upload(id)
        shop.receiver.remove(id)
        return Response(status_code=204)

    @routes.get("/api/jobs", responses=problems(404), summary="All jobs, the newest first")
    def jobs() -> ShownJobs:
        found = workshop().store.jobs()
        return ShownJobs(revision=found.revision, jobs=[told(each) for each in found.jobs])

    @routes.post("/api/jobs", status_code=201, responses=problems(404, 413, 415, 429), summary="Ask for a map")
    def ask(wanted: JobRequest) -> Job:
        shop = workshop()
        check_options(wanted.options)
        if wanted.before == wanted.after:
            raise OptionError("Two dates are needed, before and after are the same image: upload another.")
        before, after = shop.store.upload(wanted.before), shop.store.upload(wanted.after)
        title = (wanted.title or "").strip() or f"{before.name} to {after.name}"
        job = shop.store.add(before.id, after.id, title, wanted.options)
        shop.runner.wake()
        return job

    @routes.get("/api/jobs/{id}", responses=problems(404), summary="One job")
    def job(id: JobId) -> ShownJob:
        return told(workshop().store.job(id))

    @routes.post("/api/jobs/{id}/cancel", responses=problems(404, 413, 415), summary="Stop a job")
    def cancel(id: JobId, x_minenetcd: Annotated[str, Header()]) -> ShownJob:
        shop = workshop()
        job = shop.store.cancel(id)
        shop.runner.wake()
        return told(job)

    @routes.delete(
        "/api/jobs/{id}", status_code=204, responses=problems(404, 409), summary="Remove a job that has ended"
    )
    def remove(id: JobId, x_minenetcd: Annotated[str, Header()]) -> Response:
        shop = workshop()
        job = shop.store.remove(id)
        shop.runner.forget(id)
        for image in (job.before.id, job.after.id):
            with suppress(Refused):  # another job needs it
                shop.store.forget_upload(image)
                shop.receiver.remove(image)
        served.catalogue.look_again()
        return Response(status_code=204)

    return routes


def detectors() -> list[str]:
    """Those that need nothing from elsewhere; "auto" chooses among them."""
    return [AUTO, *list_detectors(), *CLASSICAL]


def check_options(options: JobOptions) -> None:
    """OptionError for what no prediction can be asked for."""
    if options.detector not in detectors():
        raise OptionError(
            f"A detector of this server is needed ({', '.join(detectors())}), got {options.detector!r:.80}."
        )
    PredictOptions(**options.model_dump(exclude={"detector"}, exclude_none=True))

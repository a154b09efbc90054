"""A prediction that is asked for, as programs see it."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

State = Literal["queued", "running", "done", "failed", "cancelled"]
#: A job does not leave these.
ENDED: tuple[State, ...] = ("done", "failed", "cancelled")

Id = Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]
Day = Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$")]


class JobOptions(BaseModel):
    """How two images are read; None: as `minenetcd predict` does by itself.

    `detector`: "auto", or one of those that the server lists. `yes`: also where it takes hours.
    """

    model_config = ConfigDict(extra="forbid")

    detector: str = Field("auto", max_length=80)
    threshold: float | None = Field(None, ge=0, le=1)
    coregister: bool | None = None
    min_area_ha: float = Field(0.0, ge=0, le=1e6)
    metres_per_pixel: float | None = Field(None, ge=0.001, le=100_000)
    date_before: Day | None = None
    date_after: Day | None = None
    yes: bool = False


class JobRequest(BaseModel):
    """Two uploads, and how they are read."""

    model_config = ConfigDict(extra="forbid")

    before: Id
    after: Id
    title: str | None = Field(None, max_length=200)
    options: JobOptions = JobOptions()


class Upload(BaseModel):
    """An image that came in, `name` as its user calls it."""

    id: str
    name: str
    bytes: int
    width: int
    height: int
    bands: int
    created: str


class Job(BaseModel):
    """`done` of `total` parts of a `phase` are done. `starts`: how often it was begun. `result`: the id of its result.

    Times are UTC, ISO 8601. `note`: what happened to it, in words, where it is not an `error`.
    """

    id: str
    title: str
    before: Upload
    after: Upload
    options: JobOptions
    state: State
    phase: str
    done: int
    total: int
    starts: int
    error: str | None
    note: str | None
    created: str
    started: str | None
    ended: str | None
    result: str | None


class Jobs(BaseModel):
    """All of them, the newest first. `revision` grows with every change, also of progress."""

    revision: int
    jobs: list[Job]

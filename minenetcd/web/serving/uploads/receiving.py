"""Images come in piece by piece, into a file of their own, and no further than is allowed."""

import re
import secrets
import shutil
from collections.abc import AsyncIterator, Collection
from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from minenetcd.errors import OutputError
from minenetcd.files import make_folder, unwritable
from minenetcd.files.names import slug
from minenetcd.web.serving.options import MEGABYTE, ServeOptions
from minenetcd.web.serving.problems import Refused
from minenetcd.web.serving.uploads.checking import ImageHeader, check_image

#: Is left free on the disk for what else needs it [bytes].
LEAST_FREE = 2**29
PART = "part"
_OWN_ID = re.compile(r"[0-9a-f]{16}")


class Receiver:
    """Takes images into `folder`/ID/NAME; a part that did not come to its end is removed."""

    def __init__(self, folder: Path, options: ServeOptions) -> None:
        self.folder = make_folder(folder)
        self.options = options

    def keep_only(self, ids: Collection[str]) -> None:
        """Remove other images: of a server that was killed before it had said that they came, or went."""
        for place in self.folder.iterdir():
            if place.name not in ids and _OWN_ID.fullmatch(place.name):
                shutil.rmtree(place, ignore_errors=True)

    async def receive(
        self, name: str, declared: int | None, pieces: AsyncIterator[bytes]
    ) -> tuple[str, Path, ImageHeader]:
        """Its id, where it lies, and what it is; `name` as its user calls it.

        Refused for one that is too large (413), no image (415), cut off (400), or has no room on the disk (507).
        """
        self._check_size(declared or 0, hangs_up=False)
        id = secrets.token_hex(8)
        place = make_folder(self.folder / id)
        try:
            await self._write(place / PART, pieces)
            header = await run_in_threadpool(check_image, place / PART, self.options.max_pixels)
            final = place / f"{slug(Path(name).stem) or 'image'}{header.suffix}"
            (place / PART).rename(final)
        except BaseException as error:
            shutil.rmtree(place, ignore_errors=True)
            if isinstance(error, ClientDisconnect):
                raise Refused(
                    400, "The whole image is needed, the connection ended before: upload it again."
                ) from error
            if isinstance(error, OSError):
                raise unwritable(self.folder, error) from error
            raise
        return id, final, header

    async def _write(self, path: Path, pieces: AsyncIterator[bytes]) -> None:
        came = 0
        with path.open("xb") as file:
            async for piece in pieces:
                came += len(piece)
                self._check_size(came, hangs_up=True)
                await run_in_threadpool(file.write, piece)
        if not came:
            raise Refused(415, "An image is needed, this file is empty.")

    def _check_size(self, size: int, *, hangs_up: bool) -> None:
        most = self.options.max_upload_bytes
        if size > most:
            raise Refused(
                413,
                f"At most {most / MEGABYTE:,g} MB are taken, this file has more: cut out the part that you need, or "
                "start the server with more (--max-upload-mb).",
                hangs_up=hangs_up,
            )
        if shutil.disk_usage(self.folder).free < LEAST_FREE:
            raise Refused(507, "There is no room left on the server's disk: remove jobs that are done.")

    def remove(self, id: str) -> None:
        """The image `id`, an id of ours."""
        shutil.rmtree(self.folder / id, ignore_errors=True)

    def path(self, id: str) -> Path:
        """Where the image `id` lies. OutputError where it is gone."""
        found = [path for path in (self.folder / id).glob("*") if path.name != PART]
        if len(found) != 1:
            raise OutputError("The image of this job is not there any more: upload it again.")
        return found[0]

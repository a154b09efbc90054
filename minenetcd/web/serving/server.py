"""The server itself: a place to listen at, and an end that leaves nothing half done."""

import os
import socket
import sys
import webbrowser
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import uvicorn

from minenetcd.errors import InputError, OptionError, one_line
from minenetcd.files import make_folder
from minenetcd.files.locks import locked
from minenetcd.web.desks.shown import ShownDesk
from minenetcd.web.serving.app import make_app, make_served
from minenetcd.web.serving.found.catalogue import check_roots
from minenetcd.web.serving.options import USUAL_PORT, ServeOptions
from minenetcd.web.serving.served import Served

#: Connections that are open when the server ends are given so long. [seconds]
GOODBYE = 3
LOCK = ".minenetcd-serve.lock"


@dataclass(frozen=True)
class Address:
    """Where a server is reached, and with which token; `entry` brings that along, where no log keeps it."""

    url: str
    token: str | None

    @property
    def entry(self) -> str:
        return self.url if self.token is None else f"{self.url}enter#{quote(self.token, safe='')}"


def serve(
    results: Sequence[str | Path],
    options: ServeOptions,
    *,
    ready: Callable[[Address, Served], None] = lambda address, served: None,
    desk: ShownDesk | None = None,
) -> None:
    """Serve the results in these folders, or a labelling `desk`, until Ctrl-C, which is raised again
    (KeyboardInterrupt); `ready` is called once it listens.

    InputError for a folder without results, OptionError for an address that cannot be listened at, OutputError where
    uploads cannot be kept, or another server keeps its own there.
    """
    roots = [Path(result) for result in results]
    if not roots and options.uploads is None and desk is None:
        raise InputError(
            "Something to serve is needed, got nothing: name a folder with results, or one for uploads (--uploads)."
        )
    check_roots(roots)
    with ExitStack() as opened:
        if options.uploads is not None:
            opened.enter_context(_only_server_in(options.uploads))
        listening = opened.enter_context(_listening(options))
        port = listening.getsockname()[1]
        served = make_served(roots, options, port, desk)
        address = Address(f"http://{_shown(options.host)}:{port}/", served.access.token.text)
        config = uvicorn.Config(
            make_app(served), access_log=False, log_level="warning", server_header=False, proxy_headers=False,
            timeout_graceful_shutdown=GOODBYE, ws="none",
        )  # fmt: skip
        _Server(config, lambda: ready(address, served)).run(sockets=[listening])


class _Server(uvicorn.Server):
    """Says when it listens."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if not self.should_exit:
            self._ready()


def open_browser(address: Address) -> bool:
    """Show it in the user's browser, where there is a screen."""
    has_screen = sys.platform in ("win32", "darwin") or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    return bool(has_screen) and webbrowser.open(address.entry)


@contextmanager
def _only_server_in(uploads: Path) -> Iterator[None]:
    folder = make_folder(uploads)
    refusal = f"Another server keeps its uploads in {folder}: end it, or name another folder (--uploads)."
    with locked(folder / LOCK, refusal=refusal):
        yield


@contextmanager
def _listening(options: ServeOptions) -> Iterator[socket.socket]:
    """A socket at the host and port asked for; without a port at the usual one or, where that is in use, a free one."""
    ports = [USUAL_PORT, 0] if options.port is None else [options.port]
    for port in ports:
        try:
            listening = _bound(options.host, port)
        except OSError as error:
            if port == ports[-1]:
                raise OptionError(
                    f"An address to listen at is needed, {options.host} port {port} cannot be used "
                    f"({one_line(error)}): name another (--host, --port)."
                ) from error
        else:
            with listening:
                yield listening
            return


def _bound(host: str, port: int) -> socket.socket:
    family, kind, _, _, place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    listening = socket.socket(family, kind)
    try:
        if sys.platform != "win32":  # where it would let another program take the place
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(place)
        listening.listen(128)
    except BaseException:
        listening.close()
        raise
    return listening


def _shown(host: str) -> str:
    """As it stands in an address; of every address of a machine its name."""
    if host in ("0.0.0.0", "::"):
        return socket.gethostname()
    return f"[{host}]" if ":" in host else host

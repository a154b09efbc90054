"""minenetcd serve"""

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from typer import Argument, Option

from minenetcd.display.escaping import in_terminal
from minenetcd.display.words import counted
from minenetcd.errors import OptionError

if TYPE_CHECKING:
    from minenetcd.web.serving.served import Served
    from minenetcd.web.serving.server import Address

#: Of the extra `web`.
_LIBRARIES = ("fastapi", "uvicorn", "rio_tiler")


def serve(
    results: Annotated[
        list[Path] | None,
        Argument(
            metavar="RESULT...",
            help="Folders that minenetcd predict, monitor or accuracy sample has written, or that hold such folders.",
            show_default=False,
        ),
    ] = None,
    host: Annotated[
        str, Option(help="Name or address to listen at. Another than this machine's own needs a token.")
    ] = "127.0.0.1",
    port: Annotated[
        int | None, Option(help="0: any that is free.", show_default="8765, or another that is free")
    ] = None,
    token: Annotated[
        str | None,
        Option(
            envvar="MINENETCD_TOKEN",
            help="That who comes in must have, 16 characters or more.",
            show_default="none here; one is made for other machines",
        ),
    ] = None,
    name: Annotated[
        list[str] | None,
        Option(
            metavar="NAME",
            help="Another name under which it is reached, by a proxy say; may be repeated. It then needs a token, too.",
            show_default=False,
        ),
    ] = None,
    no_open: Annotated[bool, Option("--no-open", help="Do not open a browser.")] = False,
    no_review: Annotated[
        bool, Option("--no-review", help="Show results only: nobody can judge their changes.")
    ] = False,
    uploads: Annotated[
        Path | None,
        Option(
            metavar="DIR",
            help="Let images be uploaded and compared; they, jobs and results are kept here.",
            show_default=False,
        ),
    ] = None,
    max_upload_mb: Annotated[float, Option(help="Megabytes of an uploaded image, at most.")] = 2000.0,
    max_pixels: Annotated[int, Option(help="Pixels of an uploaded image, at most.")] = 400_000_000,
) -> None:
    """Show results in the browser: both dates, probability and polygons on a map, many sites, series of dates.

    Only this machine reaches it, unless --host says otherwise. Ctrl-C ends it.

    Example: minenetcd serve change
    """
    if any(find_spec(library) is None for library in _LIBRARIES):
        raise OptionError("minenetcd serve needs an extra that is not installed: pip install 'minenetcd[web]'.")
    from minenetcd.web.serving.options import ServeOptions
    from minenetcd.web.serving.server import open_browser
    from minenetcd.web.serving.server import serve as start

    options = ServeOptions(
        host, port, token, uploads, max_upload_mb, max_pixels, names=tuple(name or ()), review=not no_review
    )

    def ready(address: "Address", served: "Served") -> None:
        _tell(address, served)
        if not no_open:
            open_browser(address)

    start(results or [], options, ready=ready)


def _tell(address: "Address", served: "Served") -> None:
    contents = served.catalogue.contents
    listed = sum(not each.of_series for each in contents.results.values())  # pairs of a series are listed with it
    found = [counted(listed, "result")] if listed or not (contents.samples or contents.series) else []
    if contents.series:
        found.append(counted(len(contents.series), "series", "series"))
    if contents.samples:
        found.append(counted(len(contents.samples), "sample"))
    if served.workshop is not None:
        found.append("uploads")
    print(f"Serving {', '.join(found)} at {in_terminal(address.url)}", flush=True)
    if address.token is not None:
        print(f"  Open         {in_terminal(address.entry)}", flush=True)
        print(f"  Token        {in_terminal(address.token)}", flush=True)
    for id in contents.samples:
        print(f"  Sample       {in_terminal(address.url)}samples/{id}", flush=True)
    print("Ctrl-C ends it.", flush=True)

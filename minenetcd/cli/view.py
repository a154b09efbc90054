"""minenetcd view"""

import os
import sys
import webbrowser
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

from typer import Argument, Option

from minenetcd.cli.console import progress_bar
from minenetcd.display.escaping import in_terminal
from minenetcd.display.words import size
from minenetcd.errors import OptionError


def view(
    result: Annotated[Path, Argument(help="Folder that minenetcd predict has written.", show_default=False)],
    out: Annotated[
        Path | None, Option(metavar="FILE", help="The page to write.", show_default="RESULT.html beside the folder")
    ] = None,
    open_page: Annotated[bool, Option("--open/--no-open", help="Open it in the browser.")] = True,
) -> None:
    """Explore a result in the browser: one file that needs no network, to look at and to pass on.

    Example: minenetcd view change
    """
    if find_spec("rio_tiler") is None:
        raise OptionError("minenetcd view needs an extra that is not installed: pip install 'minenetcd[web]'.")
    from minenetcd.web.offline.view import write_view

    with progress_bar("Cutting tiles") as progress:
        path = write_view(result, out, progress=progress)
    print(f"  {'View':<12} {in_terminal(str(path))} ({size(path.stat().st_size)}, needs no network)")
    if open_page and _has_a_screen():
        webbrowser.open(path.resolve().as_uri())


def _has_a_screen() -> bool:
    """Whether a browser would open in a window; a terminal's own would take the terminal."""
    return sys.platform in ("win32", "darwin") or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))

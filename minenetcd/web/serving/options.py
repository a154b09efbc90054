"""What a caller may choose about a server."""

import ipaddress
import math
from dataclasses import dataclass
from pathlib import Path

from minenetcd.errors import OptionError

#: Where one is served unless its user says otherwise; another is taken where that is in use.
USUAL_HOST, USUAL_PORT = "127.0.0.1", 8765
#: Nobody guesses a token of so many characters.
LEAST_TOKEN, MOST_TOKEN = 16, 256

MEGABYTE = 10**6
MAX_UPLOAD_MB, MAX_PIXELS = 2000.0, 400_000_000


@dataclass(frozen=True)
class ServeOptions:
    """OptionError for a value out of range.

    `port`: None: USUAL_PORT, or another that is free. `token`: that who comes in must have; of another host than this
    machine one is made where none is given. `uploads`: where images that come in, jobs and their results are kept;
    None: none come in.
    """

    host: str = USUAL_HOST
    port: int | None = None
    token: str | None = None
    uploads: Path | None = None
    max_upload_mb: float = MAX_UPLOAD_MB  # of one image
    max_pixels: int = MAX_PIXELS  # of one image
    names: tuple[str, ...] = ()  # under which others reach it, too, by a proxy say
    review: bool = True  # whether verdicts can be given

    def __post_init__(self) -> None:
        for option, name in (("--host", self.host), *(("--name", name) for name in self.names)):
            if not name or set(name) & set("/ @#?"):
                raise OptionError(f"A name or address of this machine is needed ({option}), got {name!r:.80}.")
        if self.port is not None and not 0 <= self.port <= 65535:
            raise OptionError(f"A port is a number from 0 (any that is free) to 65535 (--port), got {self.port}.")
        if self.token is not None and not _is_token(self.token):
            raise OptionError(
                f"A token needs {LEAST_TOKEN} to {MOST_TOKEN} letters and digits without blanks (--token), got "
                f"{len(self.token)}: leave it out, and one is made."
            )
        if not (math.isfinite(self.max_upload_mb) and self.max_upload_mb > 0):
            raise OptionError(f"Megabytes of an upload must be positive (--max-upload-mb), got {self.max_upload_mb}.")
        if self.max_pixels < 1:
            raise OptionError(f"Pixels of an image must be positive (--max-pixels), got {self.max_pixels}.")

    @property
    def is_for_this_machine(self) -> bool:
        """Whether only programs on this machine reach it."""
        if self.names:
            return False
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    @property
    def max_upload_bytes(self) -> int:
        return round(self.max_upload_mb * MEGABYTE)


def _is_token(text: str) -> bool:
    return LEAST_TOKEN <= len(text) <= MOST_TOKEN and text.isascii() and text.isprintable() and " " not in text

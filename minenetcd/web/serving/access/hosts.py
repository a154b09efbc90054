"""Names under which a server answers: a page of somebody else's that leads its own name here is refused.

A browser lets a page talk to the name that it came from. Where that name, by its own name server, becomes the address
of this machine (DNS rebinding), only the Host of the request tells it from a page of ours.
"""

import ipaddress
import socket
from dataclasses import dataclass
from functools import cached_property

LOOPBACK_NAMES = ("localhost", "127.0.0.1", "::1")
#: Addresses that mean "all of this machine".
EVERY_ADDRESS = ("0.0.0.0", "::")


@dataclass(frozen=True)
class Hosts:
    """What may stand as Host of a request to a server that listens at `host`, and is reached by `others`, too."""

    host: str
    others: tuple[str, ...] = ()

    @cached_property
    def names(self) -> frozenset[str]:
        own = {self.host.lower(), *map(str.lower, self.others), *LOOPBACK_NAMES}
        if self.host in EVERY_ADDRESS:
            own |= {socket.gethostname().lower(), socket.getfqdn().lower()}
        return frozenset(own)

    def are_ours(self, header: str) -> bool:
        """Whether a request with this Host is to us."""
        name = host_name(header)
        if name is None:
            return False
        return name in self.names or (self.host in EVERY_ADDRESS and _is_address(name))


def host_name(header: str) -> str | None:
    """The name in a Host, without its port; None where it is none."""
    text = header.strip().lower()
    if text.startswith("["):
        name, closed, rest = text[1:].partition("]")
        return name if closed and _is_port(rest) and _is_address(name) else None
    name, colon, port = text.partition(":")
    return name if name and _is_port(colon + port) and not set(name) & set("/@?#\\ ") else None


def _is_port(text: str) -> bool:
    return not text or (text[0] == ":" and text[1:].isdecimal() and len(text) <= 6)


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True

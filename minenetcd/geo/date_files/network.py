"""Descriptions in XML (a VRT, a web service) that GDAL opens as images, whatever they are called: where they lead."""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from xml.sax.saxutils import unescape

from minenetcd.errors import RasterError
from minenetcd.foreign import refused
from minenetcd.geo.date_files.stac import LARGEST_ITEM
from minenetcd.secrets import host_of

#: What a description names, and whether that does not lie on this machine.
_NAMED = re.compile(
    r"<(?:SourceFilename|SourceDataset|SourceOverview|DataFile|ServerUrl|ServiceURL|GetCapabilitiesUrl|Url|"
    r"MDI key=\"OVERVIEW_FILE\")\b[^>]*>\s*(?:<!\[CDATA\[)?([^<\]]*)", re.IGNORECASE,
)  # fmt: skip
_NETWORK = re.compile(
    r"(?:/vsi\w+/)*(?:/vsi(?:curl|s3|gs|az|adls|oss|swift|webhdfs|hdfs)[^/?]*[/?]|(?=(?:https?|ftps?|s3|gs|az)://))(.*)",
    re.IGNORECASE | re.DOTALL,
)
#: GDAL looks for the first word anywhere in the beginning of a file.
BEGINNING, _VRT, _BLANK = 4096, b"<VRTDataset", b"\xef\xbb\xbf \t\r\n"
#: What GDAL opens beside an image.
_BESIDE = ("", ".aux.xml", ".ovr", ".msk")
#: Descriptions that name descriptions: no more are looked through.
_MOST_FILES = 1000


def refuse_network(path: Path) -> None:
    """RasterError for a description that names files on the network, as do those that it names, or that lie beside."""
    waiting, seen = [str(path)], set[str]()
    while waiting and len(seen) < _MOST_FILES:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        for named in (each for ending in _BESIDE for each in _names_in(name + ending)):
            if found := _NETWORK.match(named):
                raise RasterError(
                    f"{path} names files on the network ({host_of(found[1])}): allow that (--remote), or download "
                    "them and let it name those."
                )
            waiting.append(os.path.join(os.path.dirname(name), named))


def describes(head: bytes) -> bool:
    """Whether a file that begins so is a description."""
    return _VRT in head or head.lstrip(_BLANK).startswith(b"<")


def is_description(name: str) -> bool:
    """Whether `name` is a file, and a description."""
    if refused(name) is not None:
        return False
    with open(name, "rb") as file:
        return describes(file.read(BEGINNING))


def _names_in(name: str) -> Iterator[str]:
    if not is_description(name):
        return
    with open(name, "rb") as file:
        text = file.read(LARGEST_ITEM)
    for found in _NAMED.finditer(text.decode("utf-8", "replace")):
        yield unescape(found[1]).strip()

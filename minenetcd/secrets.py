"""Names of images and files, and what libraries say of them, without passwords, signatures, tokens."""

import logging
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import unquote, urlsplit

#: A URL, also after /vsicurl/ or inside a longer text, up to a blank, a quote or a bracket of XML; those of the network
#: also as a Path writes them, with one slash. An apostrophe ends it where nothing of a URL follows.
_URL = re.compile(
    r"""(?P<scheme>(?<![a-z0-9+.-])[a-z0-9+.-]+://|\b(?:https?|ftps?|s3|gs|az):/)"""
    r"""(?P<rest>(?:[^\s'"<>]|'(?=[^\s'"<>),.;:\]}]))*)""",
    re.IGNORECASE,
)
#: GDAL's other way to name one: /vsicurl?option=value&url=percent-encoded.
_OPTIONS = re.compile(r"""(?P<prefix>/vsi[a-z0-9_]+)\?(?P<options>[^\s'"<>]*)""", re.IGNORECASE)
#: Of a connection string, e.g. of a database.
_WORD = re.compile(
    r"""\b(\w{0,40}(?:password|passwd|pwd|secret|token|api_?key|secret_access_key|signature)|sig)"""
    r"""\s?=\s?('[^']*'|"[^"]*"|[^\s'"&<>]+)""",
    re.IGNORECASE,
)
#: User and password before a machine's name, without a scheme.
_USER = re.compile(r"""(?<![\w:/.\\])//[^\s/@'"<>]{1,1000}@""")


def without_secrets(text: str) -> str:
    """`text` whose URLs have no user, password, query and fragment; values after `password=` and its like are gone.

    What follows "?" is dropped as a whole: which key holds a signature is each server's own choice.
    """
    text = _OPTIONS.sub(_plain_options, text)
    return _USER.sub("//", _WORD.sub(r"\1=...", _URL.sub(_plain_url, text)))


def host_of(url: str) -> str:
    """The machine that a URL names, without user and password; the name without them where it names none."""
    try:
        return urlsplit(url).netloc.rpartition("@")[2] or without_secrets(url)
    except ValueError:  # a bracket that is not closed
        return without_secrets(url)


@contextmanager
def kept_out_of_logs() -> Iterator[None]:
    """Within the block no library's log record or warning holds them, in a traceback neither."""
    make, form = logging.getLogRecordFactory(), warnings.formatwarning

    def plain_record(*arguments: Any, **more: Any) -> logging.LogRecord:
        return _plain_record(make(*arguments, **more))

    def plain_warning(*arguments: Any, **more: Any) -> str:
        return without_secrets(form(*arguments, **more))

    logging.setLogRecordFactory(plain_record)
    warnings.formatwarning = plain_warning
    try:
        yield
    finally:
        logging.setLogRecordFactory(make)
        warnings.formatwarning = form


def _plain_record(record: logging.LogRecord) -> logging.LogRecord:
    try:
        message = record.getMessage()
    except Exception:  # its words and values do not fit together: the handler says so
        return record
    if (plain := without_secrets(message)) != message:
        record.msg, record.args = plain, ()
    if record.exc_info:
        record.exc_text = without_secrets(logging.Formatter().formatException(record.exc_info))
    return record


def _plain_options(found: re.Match[str]) -> str:
    url = re.search(r"(?:^|&)url=([^&]*)", found["options"])
    return found["prefix"] + (f"/{unquote(url[1])}" if url else "")


def _plain_url(found: re.Match[str]) -> str:
    rest = re.split(r"[?#]", found["rest"], maxsplit=1)
    authority, slash, path = rest[0].partition("/")
    port = authority.rpartition(":")[2] if ":" in authority else ""
    if "@" not in authority and port and not port.rstrip("),.;:]").isdigit() and "@" in path:
        return found["scheme"] + rest[0].rpartition("@")[2]  # a password with a slash
    after = "" if len(rest) == 1 else (re.search(r"[),.;:]*$", rest[1]) or [""])[0]
    return f"{found['scheme']}{authority.rpartition('@')[2]}{slash}{path}{after}"

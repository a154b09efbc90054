"""The Hugging Face hub: whether it answers, and its client kept from saying what our errors say."""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from minenetcd.files import sha256

PATIENCE_SECONDS = 5.0
_HUB_ID = re.compile(r"\w[\w.-]*/[\w.-]+")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_CLIENTS = ("huggingface_hub", "transformers")


def is_hub_id(text: str) -> bool:
    """Whether it reads like "owner/name"."""
    return _HUB_ID.fullmatch(text) is not None


def hub_answers() -> bool:
    """Whether the hub can be reached, asked once and the way its client goes.

    That client tries a file it does not have six times in 24 s before it says that there is no network, and waits for
    ever for facts about a repository. So the part that gives them is asked, since a front page may answer alone.
    """
    # here, because who needs no hub shall not wait for its client
    from huggingface_hub import constants
    from huggingface_hub.errors import HTTPError
    from huggingface_hub.utils import get_session

    try:
        answer = get_session().head(f"{constants.ENDPOINT}/api/models?limit=1", timeout=PATIENCE_SECONDS)
    except (OSError, HTTPError):
        return False
    return bool(answer.status_code < 500)


def refusal(what: str, error: Exception, revision: str | None) -> str | None:
    """In one line why the hub does not give `what` ("model 'a/b'"), and what to do; None where it did not refuse."""
    from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError, RevisionNotFoundError  # here: as above

    if isinstance(error, GatedRepoError):  # before RepositoryNotFoundError, which it is too
        return f"The {what} is gated: ask for access on its page, then log in with 'hf auth login'."
    if isinstance(error, RepositoryNotFoundError):
        return f"The hub has no {what}, or it is private: check the id, or log in with 'hf auth login'."
    if isinstance(error, RevisionNotFoundError):
        return f"The {what} has no revision {revision!r}: give a branch, tag or commit of it."
    return None


def is_as_announced(path: Path) -> bool:
    """Whether a file of the hub's cache holds what the hub said it would; a file that is not is removed.

    The client checks its size alone. Of large files the hub gives the SHA-256, by which the cache calls them; of others
    nothing is known.
    """
    stored = path.resolve()
    if not _SHA256.fullmatch(stored.name) or sha256(stored) == stored.name:
        return True
    path.unlink(missing_ok=True)
    stored.unlink(missing_ok=True)
    return False


@contextmanager
def quiet_hub() -> Iterator[None]:
    """Within the block the hub's clients log errors only."""
    loggers = [logging.getLogger(name) for name in _CLIENTS]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)

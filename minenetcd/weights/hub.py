"""Weights on the Hugging Face hub: fetched into its own cache, and put there."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from huggingface_hub import HfApi, hf_hub_download, try_to_load_from_cache
from huggingface_hub.errors import (
    HFValidationError,
    HTTPError,
    LocalEntryNotFoundError,
    RemoteEntryNotFoundError,
)

from minenetcd.errors import OutputError, WeightsError, one_line
from minenetcd.runtime.hub import hub_answers, is_as_announced, quiet_hub, refusal


def download(repo_id: str, config: str, weights: Sequence[str], **options: Any) -> dict[str, Path]:
    """Name -> path on this disk of `config` and the first of `weights` that the repository `repo_id` has.

    `options` go to `hf_hub_download`. Without a connection the hub's cache serves. WeightsError where the hub
    refuses, or cannot be reached and the cache does not hold them.
    """
    files: dict[str, Path] = {}
    failure: LocalEntryNotFoundError | None = None
    with quiet_hub():
        if not options.get("local_files_only") and not hub_answers():
            options["local_files_only"] = True
        for name in (config, *weights):
            try:
                here = _in_cache(repo_id, name, options)
                files[name] = Path(hf_hub_download(repo_id, name, **options))
                if files[name] != here and not is_as_announced(files[name]):
                    raise WeightsError(
                        f"The file {name} of the model {repo_id!r} came with another checksum than the hub states, and "
                        "was removed: load it again, and tell its owner if that does not help."
                    )
            except RemoteEntryNotFoundError:
                continue
            except LocalEntryNotFoundError as error:
                failure = error
            except (OSError, HTTPError, HFValidationError) as error:  # every answer of the hub that is not a file
                raise WeightsError(_refusal(repo_id, error, options)) from error
            if name in files and name in weights:
                return files
    if failure is not None:
        raise WeightsError(_refusal(repo_id, failure, options)) from failure
    return files


def upload(
    folder: Path,
    repo_id: str,
    *,
    private: bool | None = None,
    token: str | bool | None = None,
    branch: str | None = None,
    commit_message: str = "Push model using minenetcd.",
    **options: Any,
) -> str:
    """Put the files of `folder` into the repository `repo_id`, which is made if it is not there; the commit's address.

    `options` go to `HfApi.upload_folder`: create_pr, allow_patterns, ... OutputError where the hub refuses or cannot
    be reached.
    """
    hub = HfApi(token=token)
    try:
        with quiet_hub():
            repo_id = hub.create_repo(repo_id, private=private, exist_ok=True).repo_id
            return hub.upload_folder(
                repo_id=repo_id, folder_path=folder, revision=branch, commit_message=commit_message, **options
            )
    except (OSError, HTTPError, HFValidationError) as error:
        reason = one_line(error)
        raise OutputError(
            f"The detector cannot be uploaded to {repo_id!r} ({reason}): log in with 'hf auth login', check the id."
        ) from error


def _in_cache(repo_id: str, name: str, options: dict[str, Any]) -> Path | None:
    """Where it is on this disk already, and was checked when it came."""
    known = {key: options[key] for key in ("cache_dir", "revision") if key in options}
    found = try_to_load_from_cache(repo_id, name, **known)
    return Path(found) if isinstance(found, str) else None


def _refusal(repo_id: str, error: Exception, options: dict[str, Any]) -> str:
    """One line on why the hub gave no file, and what to do."""
    if refused := refusal(f"model {repo_id!r}", error, options.get("revision")):
        return refused
    if isinstance(error, LocalEntryNotFoundError):
        return (
            f"The model {repo_id!r} is not on this disk and the hub cannot be reached: go online once, or give a "
            f"folder that holds it."
        )
    reason = one_line(error)
    return f"The model {repo_id!r} cannot be had from the hub ({reason}): check the id and your connection."

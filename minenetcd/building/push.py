"""A data set that was built, put on the Hugging Face hub."""

from pathlib import Path

from huggingface_hub import HfApi, get_token
from huggingface_hub.errors import HFValidationError, HTTPError
from huggingface_hub.utils import validate_repo_id

from minenetcd.building.build import CARD
from minenetcd.building.verification import DATA, MANIFEST
from minenetcd.errors import OptionError, OutputError, one_line


def check_push(repo_id: str) -> None:
    """OptionError for an id the hub will not take, or nobody logged in: known before hours of work, not after."""
    try:
        validate_repo_id(repo_id)
    except HFValidationError as error:
        raise OptionError(f"A hub id needs to read owner/name, got {repo_id!r}: correct --push.") from error
    if get_token() is None:
        raise OptionError(f"Nobody is logged in to the hub, so {repo_id!r} cannot be pushed: run 'hf auth login'.")


def push_dataset(folder: str | Path, repo_id: str, *, private: bool = True) -> str:
    """Upload the data set in `folder` to the hub data set `repo_id`, and return its address.

    It is made if it is not there, `private` or for all to see; one that is there keeps its own setting, and loses
    patches of an earlier upload. OutputError where the hub refuses or cannot be reached.
    """
    check_push(repo_id)
    hub = HfApi()
    try:
        address = hub.create_repo(repo_id, repo_type="dataset", private=private, exist_ok=True)
        hub.upload_folder(
            repo_id=repo_id,
            repo_type="dataset",
            folder_path=folder,
            allow_patterns=[f"{DATA}/*.parquet", CARD, MANIFEST],
            delete_patterns=[f"{DATA}/*.parquet"],
            commit_message="Patches, card and manifest",
        )
    except (OSError, HTTPError, HFValidationError) as error:
        reason = one_line(error)
        raise OutputError(
            f"The data set cannot be uploaded to {repo_id!r} ({reason}): check the id and 'hf auth login', then give "
            f"the same command again; all is kept in {folder}."
        ) from error
    return str(address)

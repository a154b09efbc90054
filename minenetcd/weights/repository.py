"""A repository of weights: config.json beside model.safetensors or pytorch_model.bin, in a folder or on the hub."""

import struct
from dataclasses import dataclass
from pathlib import Path
from pickle import UnpicklingError
from typing import TYPE_CHECKING, Any

from safetensors import SafetensorError, safe_open

from minenetcd.errors import WeightsError, one_line
from minenetcd.files import settle
from minenetcd.foreign import read_json

if TYPE_CHECKING:
    from torch import Tensor

CONFIG_FILE = "config.json"
WEIGHT_FILES = ("model.safetensors", "pytorch_model.bin")

#: What readers of tensors raise for a file that is damaged, or was made to be so.
_DAMAGED = (
    *(SafetensorError, RuntimeError, EOFError, OSError, ValueError, LookupError, AttributeError, TypeError),
    *(AssertionError, ArithmeticError, MemoryError, ImportError, struct.error),
)


@dataclass(frozen=True)
class Repository:
    """What a folder or hub repository holds: its configuration, and where its weights lie on this disk."""

    source: str
    config: dict[str, Any]
    weights: Path

    @property
    def is_published(self) -> bool:
        """Whether the configuration has one of the authors' two layouts (see `weights.published`), not our own."""
        return "Backbone_type" in self.config or "model_name" in self.config


def open_repository(source: str | Path, **hub_options: Any) -> Repository:
    """Find configuration and weights in a folder, or download them from the hub repository "owner/name".

    `hub_options` go to `hf_hub_download`: revision, cache_dir, token, local_files_only. Raises WeightsError
    where something is missing, unreachable or not JSON.
    """
    folder = Path(source)
    if folder.is_dir():
        settle(folder)  # saving it may have been killed half-way
        files = {name: folder / name for name in (CONFIG_FILE, *WEIGHT_FILES) if (folder / name).is_file()}
    else:
        from minenetcd.weights.hub import download  # here, because a folder shall not wait for the hub's client

        files = download(str(source), CONFIG_FILE, WEIGHT_FILES, **hub_options)
    weights = next((files[name] for name in WEIGHT_FILES if name in files), None)
    if CONFIG_FILE not in files or weights is None:
        raise WeightsError(
            f"A model needs {CONFIG_FILE} and {' or '.join(WEIGHT_FILES)}, {str(source)!r} holds "
            f"{', '.join(files) or 'none of them'}: give the folder that save_pretrained wrote."
        )
    return Repository(str(source), _read_config(files[CONFIG_FILE]), weights)


def read_tensors(path: Path) -> "dict[str, Tensor]":
    """Every tensor of a .safetensors file, aliases included, or of a pickle, which may hold nothing but tensors.

    Code in a pickle is not run. Raises WeightsError for a file that is damaged or holds anything else.
    """
    import torch  # here, because what a repository lacks is said without it

    try:
        if path.suffix == ".safetensors":
            return _read_safetensors(path)
        tensors = torch.load(path, map_location="cpu", weights_only=True)
    except UnpicklingError as error:
        raise WeightsError(
            f"The weights {str(path)!r} are damaged or hold more than tensors, and code in them is not run: fetch "
            f"them again, or have them saved as {WEIGHT_FILES[0]}."
        ) from error
    except _DAMAGED as error:
        reason = one_line(error)
        raise WeightsError(f"The weights {str(path)!r} cannot be read ({reason}): fetch or save them again.") from error
    if not isinstance(tensors, dict) or not all(isinstance(value, torch.Tensor) for value in tensors.values()):
        raise WeightsError(f"{str(path)!r} needs to hold tensors by name and nothing else: save a state dict.")
    odd = next((name for name, value in tensors.items() if not isinstance(name, str) or not _is_plain(value)), None)
    if odd is not None:
        raise WeightsError(f"{str(path)!r} needs plain tensors, {odd!r} is sparse, quantised or empty: save it again.")
    return tensors


def _is_plain(tensor: "Tensor") -> bool:
    """Whether every element of it stands in memory."""
    return str(tensor.layout) == "torch.strided" and not tensor.is_quantized and tensor.device.type == "cpu"


def _read_safetensors(path: Path) -> "dict[str, Tensor]":
    with safe_open(path, framework="pt") as file:
        names = file.keys()
        tensors = {name: file.get_tensor(name) for name in names}
        aliases = {alias: kept for alias, kept in (file.metadata() or {}).items() if kept in tensors}
    return tensors | {alias: tensors[kept] for alias, kept in aliases.items()}


def _read_config(path: Path) -> dict[str, Any]:
    config = read_json(path, WeightsError)
    if not isinstance(config, dict):
        raise WeightsError(f"{str(path)!r} needs to hold a mapping, got {type(config).__name__}: is it a model's?")
    return config

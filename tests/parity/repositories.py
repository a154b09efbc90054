"""Repositories on disk exactly as the authors' tools write them, filled with the goldens' deterministic weights."""

import json
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor

from parity.golden import Golden, load_golden

#: The framework's `model_name` -> golden, its most telling filling, and how its hub id spells the method.
METHODS = {
    "A2Net": ("a2net", "", "A2Net"),
    "AFCF3D": ("afcf3d", "", "AFCF3D"),
    "BIT": ("bit", "", "BIT"),
    "CGNet": ("cgnet", "boost", "CGNet"),
    "ChangeFormer": ("changeformer", "", "ChangeFormer"),
    "DMINet": ("dminet", "", "DMINet"),
    "DTCDSCN": ("dtcdscn", "", "DTCDSCN"),
    "FC-EF": ("fc_ef", "", "FCEF"),
    "FCNPP": ("fcnpp", "gain2", "FCNPP"),
    "HCGMNet": ("hcgmnet", "boost", "HCGMNet"),
    "ICIFNet": ("icifnet", "", "ICIFNet"),
    "MSPSNet": ("mspsnet", "", "MSPSNet"),
    "MineNetCD": ("minenetcd_swin_t", "", "ChangeFFT"),
    "RDPNet": ("rdpnet", "nv", "RDPNet"),
    "ResUnet": ("resunet", "", "ResUnet"),
    "SNUNet": ("snunet", "", "SNUNet"),
    "SiamUnet_diff": ("siamunet_diff", "", "SiamUDiff"),
    "TFI_GR": ("tfi_gr", "", "TFIGR"),
    "Tiny_CD": ("tinycd", "", "TinyCD"),
    "siamunet_conc": ("siamunet_conc", "", "SiamUConc"),
}


def framework_config(model_name: str) -> dict[str, Any]:
    """The framework's training configuration as its config.json holds it: the dictionary itself, keys sorted."""
    config: dict[str, Any] = {
        "data_type": "HG",
        "dataset_name": "MNCD256",
        "dataset_path": "HZDR-FWGEL/MineNetCD256",
        "device": "cuda",
        "eval": {"batch_size": 32},
        "input_nc": 3,
        "model_name": model_name,
        "num_classes": 2,
        "push_to_hub": False,
        "test": {"batch_size": 32, "checkpoint": "./checkpoints/BestF1/", "save_path": "./results/"},
        "train": {
            "batch_size": 32,
            "epochs": 100,
            "loss": "CrossEntropy",
            "lr": 0.0001,
            "optim": "Adam",
            "save_intervals": 10,
            "snapshots_dir": "./checkpoints/",
        },
    }
    if model_name == "MineNetCD":
        config |= {"transform": ["normalize"], "model": {"type": "HG", "backbone_type": "Swin_Diff_T"}}
        config["train"] |= {"batch_size": 4, "loss": "integrated"}
        config["test"] |= {"use_external_checkpoint": False, "checkpoint_type": "HG"}
    return config


def published_golden(model_name: str) -> Golden:
    """The golden of the framework's `model_name`, in its most telling filling."""
    name, filling, _ = METHODS[model_name]
    return load_golden(name, filling)


def hub_id(model_name: str, data_set: str = "MNCD256") -> str:
    """The hub id of the framework's `model_name`."""
    return f"HZDR-FWGEL/UCD-{data_set}-{METHODS[model_name][2]}"


def published_tensors(golden: Golden) -> dict[str, Tensor]:
    """Every tensor of the published state dict, integer buffers included, under its published name."""
    buffers = golden.facts["integer_buffers"]
    return golden.weights | {name: torch.ones(shape, dtype=torch.int64) for name, shape in buffers.items()}


def golden_probability(golden: Golden) -> Tensor:
    """Published probability of change, every 4th pixel both ways: (1, H / 4, W / 4)."""
    main = torch.from_numpy(golden.arrays["main.samples"])
    activation = golden.facts["activation"]
    if activation == "sigmoid":
        return main[:, 0]
    return (main.exp() if activation == "log_softmax" else main.softmax(dim=1))[:, 1]


def write_repository(
    folder: Path,
    config: dict[str, Any],
    tensors: dict[str, Tensor],
    *,
    file_name: str = "model.safetensors",
    aliases: dict[str, str] | None = None,
) -> Path:
    """config.json and weights in `folder`; `aliases` go into the file's metadata as other name -> kept name."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config, indent=2, sort_keys=True))
    if file_name.endswith(".safetensors"):
        save_file(tensors, folder / file_name, metadata=aliases)
    else:
        torch.save(tensors, folder / file_name)
    return folder


def prefixed(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """`tensors` under names that begin with `prefix`."""
    return {f"{prefix}{name}": tensor for name, tensor in tensors.items()}

"""One process or several: who computes what, and the whole state of a model whichever way it is spread."""

import copy
from typing import Any, cast

import torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState, GradientState
from accelerate.utils import DistributedDataParallelKwargs
from torch import Tensor, nn
from torch.distributed.checkpoint.state_dict import (
    StateDictOptions,
    get_model_state_dict,
    get_optimizer_state_dict,
    set_model_state_dict,
    set_optimizer_state_dict,
)
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard
from torch.distributed.tensor import DTensor
from torch.nn.modules.batchnorm import _BatchNorm
from torch.optim import Optimizer

from minenetcd.configs.schema import TrainerSettings
from minenetcd.errors import OptionError
from minenetcd.layers.memory_order import channels_last
from minenetcd.models.base import ChangeModel

WHOLE = StateDictOptions(full_state_dict=True, cpu_offload=True)

#: Blocks with fewer parameters than this are not shared out by themselves but with what surrounds them.
SMALLEST_SHARE = 1_000_000


def start_accelerator(settings: TrainerSettings, device: torch.device, **options: Any) -> Accelerator:
    """The launcher's processes, or this one alone, ready for `device`; OptionError for what cannot be combined."""
    AcceleratorState._reset_state(reset_partial_state=not torch.distributed.is_initialized())
    GradientState._reset_state()
    fixed_graph = settings.accumulation == 1  # torch finds unused parameters once only, but not while accumulating
    accelerator = Accelerator(
        cpu=device.type == "cpu",
        mixed_precision=settings.mixed_precision,
        step_scheduler_with_optimizer=False,
        kwargs_handlers=[
            DistributedDataParallelKwargs(static_graph=fixed_graph, find_unused_parameters=not fixed_graph)
        ],
        **options,
    )
    if accelerator.num_processes > 1 and settings.sharding == "none":
        raise OptionError(
            f"trainer.sharding is none, but {accelerator.num_processes} processes were launched: choose ddp or fsdp."
        )
    if settings.batch_norm == "sync" and accelerator.device.type != "cuda":
        raise OptionError("trainer.batch_norm=sync needs CUDA devices: choose own, or frozen.")
    return accelerator


class Spread:
    """A model spread over the processes of `accelerator`, with its optimiser.

    `module` is what is called in training; `parameters` are those the optimiser moves, in their order.
    """

    def __init__(self, model: ChangeModel, accelerator: Accelerator, settings: TrainerSettings) -> None:
        self.accelerator, self.settings = accelerator, settings
        if settings.batch_norm == "sync":
            model = nn.SyncBatchNorm.convert_sync_batchnorm(model)
        self.sharded = settings.sharding == "fsdp" and accelerator.num_processes > 1
        model = model.to(accelerator.device)
        self.model = model if self.sharded else channels_last(model)  # shares are cut from rows
        self.full_copy = copy.deepcopy(self.model) if self.sharded else None
        if settings.compile:
            self.model.compile()
        self.module = self._share_out() if self.sharded else accelerator.prepare_model(self.model)

    def _share_out(self) -> nn.Module:
        """Fully sharded data parallel (FSDP2): blocks that are large enough, then the rest as one."""
        mesh = init_device_mesh(self.accelerator.device.type, (self.accelerator.num_processes,))
        for block in _large_blocks(self.model):
            fully_shard(block, mesh=mesh)
        fully_shard(self.model, mesh=mesh)  # in place
        return self.model

    def train(self) -> None:
        """Training mode; frozen BatchNorm keeps its statistics."""
        self.module.train()
        if self.settings.batch_norm == "frozen":
            for layer in self.model.modules():
                if isinstance(layer, _BatchNorm):
                    layer.eval()

    def whole(self) -> nn.Module:
        """A model that one process alone can call, with the weights of this moment, in evaluation mode."""
        self._share_buffers()
        if self.full_copy is None:
            return self.model.eval()
        self.full_copy.load_state_dict(get_model_state_dict(self.model, options=StateDictOptions(full_state_dict=True)))
        return self.full_copy.eval()

    def model_state(self) -> dict[str, Tensor]:
        """Every tensor, whole, on the CPU of the main process, elsewhere its own share. All processes must call it."""
        self._share_buffers()
        return cast("dict[str, Tensor]", get_model_state_dict(self.model, options=WHOLE))

    def load_model_state(self, state: dict[str, Tensor]) -> None:
        """Take `state` of `model_state`, which every process has read."""
        set_model_state_dict(self.model, dict(state), options=StateDictOptions(full_state_dict=True, strict=True))

    def optimiser_state(self, optimiser: Optimizer) -> dict[str, Any]:
        """As `model_state`, for the optimiser's moments."""
        return get_optimizer_state_dict(self.model, optimiser, options=WHOLE)

    def load_optimiser_state(self, optimiser: Optimizer, state: dict[str, Any]) -> None:
        """Take `state` of `optimiser_state`, which every process has read."""
        if not state["state"]:  # gradient descent without momentum remembers nothing, which torch does not expect
            return
        set_optimizer_state_dict(self.model, optimiser, state, options=StateDictOptions(full_state_dict=True))

    def _share_buffers(self) -> None:
        """Running statistics differ between processes: all take those of the main one, as DDP does every step."""
        if self.accelerator.num_processes > 1:
            for buffer in self.model.buffers():
                torch.distributed.broadcast(buffer, src=0)


def this_share(tensor: Tensor) -> Tensor:
    """What of `tensor` is on this process: all of it, unless the model is shared out."""
    return tensor.to_local() if isinstance(tensor, DTensor) else tensor


def _large_blocks(model: nn.Module) -> list[nn.Module]:
    """The innermost modules that hold at least SMALLEST_SHARE parameters and are called by themselves."""
    blocks = [
        module
        for module in model.modules()
        if module is not model
        and not isinstance(module, nn.ModuleList | nn.ModuleDict | nn.ParameterList)
        and sum(p.numel() for p in module.parameters()) >= SMALLEST_SHARE
    ]
    return [block for block in blocks if not any(inner in blocks for inner in list(block.modules())[1:])]

"""What the selective scan costs, against other ways to compute it, and VMamba-T against Swin-T inside MineNetCD.

    OMP_NUM_THREADS=2 python benchmarks/selective_scan.py [scan] [length] [memory] [network]

Prints one table for each part named, all four without a name. Times are medians of calls taken in turn. The scan has
1,536 channels in all (2 x 768), one state and 4,096 positions, as the first stage of VMamba-T at 256 x 256 pixels.
"""

import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor
from torch.nn import functional
from turns import seconds_in_turn

from minenetcd.backbones import linear_recurrence, portable_scan
from minenetcd.backbones.selective_scan import selective_scan
from minenetcd.models.minenetcd import MineNetCD

Scan = Callable[..., Tensor]
ROUNDS = 7


def main() -> None:
    parts = {"scan": scan_table, "length": length_table, "memory": memory_table, "network": network_table}
    print(f"{torch.get_num_threads()} threads, torch {torch.__version__}")
    for name in sys.argv[1:] or parts:
        print(f"\n{name}", flush=True)
        parts[name]()


# --- ways to compute it: u, delta (batch, channels, L); A (channels, 1); B, C (batch, 1, L); D, bias (channels,) ---


def step_by_step(u: Tensor, delta: Tensor, A: Tensor, B: Tensor, C: Tensor, D: Tensor, bias: Tensor) -> Tensor:
    """As the definition reads."""
    decay, x = _decay_and_input(u, delta, A, B, bias)
    h, states = torch.zeros_like(x[..., 0]), []
    for t in range(u.shape[-1]):
        h = decay[..., t] * h + x[..., t]
        states.append(h)
    return torch.stack(states, dim=-1) * C + D[:, None] * u


def unbound_steps(u: Tensor, delta: Tensor, A: Tensor, B: Tensor, C: Tensor, D: Tensor, bias: Tensor) -> Tensor:
    """The same loop over tensors taken apart beforehand, which spares autograd the zeros around every step."""
    decay, x = _decay_and_input(u, delta, A, B, bias)
    h, states = torch.zeros_like(x[..., 0]), []
    for factor, step in zip(decay.unbind(-1), x.unbind(-1), strict=True):
        h = torch.addcmul(step, factor, h)
        states.append(h)
    return torch.stack(states, dim=-1) * C + D[:, None] * u


def doubling(u: Tensor, delta: Tensor, A: Tensor, B: Tensor, C: Tensor, D: Tensor, bias: Tensor) -> Tensor:
    """log2(L) steps, each joining stretches of twice the length (Hillis and Steele)."""
    decay, h = _decay_and_input(u, delta, A, B, bias)
    reach = 1
    while reach < u.shape[-1]:
        h = torch.cat([h[..., :reach], torch.addcmul(h[..., reach:], decay[..., reach:], h[..., :-reach])], dim=-1)
        decay = torch.cat([decay[..., :reach], decay[..., reach:] * decay[..., :-reach]], dim=-1)
        reach *= 2
    return h * C + D[:, None] * u


def matrices(
    u: Tensor, delta: Tensor, A: Tensor, B: Tensor, C: Tensor, D: Tensor, bias: Tensor, *, chunk: int
) -> Tensor:
    """Inside a chunk a product with the triangular matrix of decays between any two steps; a loop over chunks."""
    step = functional.softplus(delta + bias[:, None])
    exponent = (step * A).unflatten(-1, (-1, chunk)).cumsum(-1)  # bounded by the chunk: no underflow of quotients
    between = exponent.unsqueeze(-1) - exponent.unsqueeze(-2)
    between = between.masked_fill(torch.ones(chunk, chunk, dtype=torch.bool).triu(1), -torch.inf).exp()
    local = (between @ (step * B * u).unflatten(-1, (-1, chunk)).unsqueeze(-1)).squeeze(-1)
    decay, carry, parts = exponent.exp(), torch.zeros_like(u[..., 0]), []
    for i in range(local.shape[-2]):
        h = local[..., i, :] + decay[..., i, :] * carry[..., None]
        carry = h[..., -1]
        parts.append(h)
    return torch.cat(parts, dim=-1) * C + D[:, None] * u


def chunks(u: Tensor, delta: Tensor, A: Tensor, B: Tensor, C: Tensor, D: Tensor, bias: Tensor, *, chunk: int) -> Tensor:
    """All chunks together, step by step inside them, on whole tensors; autograd keeps what it needs."""
    decay, x = (t.unflatten(-1, (-1, chunk)).unbind(-1) for t in _decay_and_input(u, delta, A, B, bias))
    h, product, local = torch.zeros_like(x[0]), torch.ones_like(x[0]), []
    for factor, step in zip(decay, x, strict=True):
        h, product = torch.addcmul(step, factor, h), product * factor
        local.append((h, product))
    carry, entering = torch.zeros_like(h[..., 0]), []
    for leaving, whole in zip(h.unbind(-1), product.unbind(-1), strict=True):
        entering.append(carry)
        carry = torch.addcmul(leaving, whole, carry)
    start = torch.stack(entering, dim=-1)
    states = torch.stack([torch.addcmul(h, product, start) for h, product in local], dim=-1)
    return states.flatten(-2) * C + D[:, None] * u


def _decay_and_input(u: Tensor, delta: Tensor, A: Tensor, B: Tensor, bias: Tensor) -> tuple[Tensor, Tensor]:
    step = functional.softplus(delta + bias[:, None])
    return (step * A).exp(), step * B * u


# --- tables ---


@dataclass(frozen=True)
class Case:
    """A scan of some tensors; `chunk` and `tile` are sizes that ours works with."""

    scan: Scan
    tensors: list[Tensor]
    chunk: int = linear_recurrence.CHUNK
    tile: int = portable_scan.CPU_TILE

    def forward(self) -> Tensor:
        linear_recurrence.CHUNK, portable_scan.CPU_TILE = self.chunk, self.tile
        with torch.no_grad():
            return self.scan(*self.tensors)

    def train(self) -> None:
        linear_recurrence.CHUNK, portable_scan.CPU_TILE = self.chunk, self.tile
        y = self.scan(*self.tensors)
        torch.autograd.grad(y, self.tensors, torch.ones_like(y))


def scan_table() -> None:
    """Forward, and forward with backward, in milliseconds; distance from the first form, of the largest magnitude."""
    tensors = _tensors(4096)
    in_time = [x.detach().mT.contiguous().mT.requires_grad_() for x in tensors[:2]] + tensors[2:]
    cases = {
        "step by step": Case(step_by_step, tensors),
        "step by step, tensors unbound beforehand": Case(unbound_steps, tensors),
        "doubling: log2 L steps": Case(doubling, tensors),
        "triangular matrices in chunks of 16": Case(partial(matrices, chunk=16), tensors),
        "chunks of 64 under autograd": Case(partial(chunks, chunk=64), tensors),
        "ours": Case(selective_scan, tensors),
        "ours, channels side by side in memory": Case(selective_scan, in_time),
        "the same, all in one tile": Case(selective_scan, in_time, tile=2**40),
        "the same, tiles of 2^16": Case(selective_scan, in_time, tile=2**16),
        "the same, tiles of 2^20": Case(selective_scan, in_time, tile=2**20),
        "the same, chunks of 16": Case(selective_scan, in_time, chunk=16),
        "the same, chunks of 64": Case(selective_scan, in_time, chunk=64),
    }
    forward = seconds_in_turn({name: case.forward for name, case in cases.items()}, ROUNDS)
    slowest, *others = cases
    training = seconds_in_turn({slowest: cases[slowest].train}, 1) | seconds_in_turn(
        {name: cases[name].train for name in others}, ROUNDS
    )
    expected = cases[slowest].forward()
    for name, case in cases.items():
        error = ((case.forward() - expected).abs().max() / expected.abs().max()).item()
        ratios = forward[slowest] / forward[name], training[slowest] / training[name]
        print(
            f"| {name} | {forward[name] * 1e3:.0f} | {ratios[0]:.1f} x "
            f"| {training[name] * 1e3:.0f} | {ratios[1]:.0f} x | {error:.0e} |",
            flush=True,
        )


def length_table() -> None:
    """Forward, and forward with backward, in milliseconds, and in nanoseconds for one position of one channel."""
    cases = {length: Case(selective_scan, _tensors(length, channels=192)) for length in (1024, 4096, 16384, 65536)}
    forward = seconds_in_turn({length: case.forward for length, case in cases.items()}, ROUNDS)
    training = seconds_in_turn({length: case.train for length, case in cases.items()}, ROUNDS)
    for length, case in cases.items():
        times = forward[length], training[length]
        row = [f"{t * 1e3:.1f}" for t in times] + [f"{t * 1e9 / case.tensors[0].numel():.1f}" for t in times]
        print(f"| {length} | {' | '.join(row)} |")


MEMORY = """
import sys
sys.path.insert(0, sys.argv[1])
import selective_scan as benchmark
from functools import partial

scans = {"step": benchmark.unbound_steps, "chunks": partial(benchmark.chunks, chunk=64)}
scan = scans.get(sys.argv[2], benchmark.selective_scan)
benchmark.Case(scan, benchmark._tensors(128, channels=8)).train()
tensors = benchmark._tensors(4096, states=int(sys.argv[3]))

def read(key):
    return int(next(line for line in open("/proc/self/status") if line.startswith(key)).split()[1]) * 1024

before = read("VmRSS")
open("/proc/self/clear_refs", "w").write("5")  # the peak starts anew
benchmark.Case(scan, tensors).train()
print((read("VmHWM") - before) / tensors[0].nbytes)
"""


def memory_table() -> None:
    """Peak memory of forward and backward beyond the inputs, in sizes of u. Linux."""
    for name, scan, states in (
        ("steps unbound beforehand", "step", 1),
        ("chunks of 64 under autograd", "chunks", 1),
        ("ours", "ours", 1),
        ("ours, 16 states", "ours", 16),
    ):
        command = [sys.executable, "-c", MEMORY, str(sys.path[0]), scan, str(states)]
        print(f"| {name} | {float(subprocess.run(command, capture_output=True, text=True, check=True).stdout):.1f} |")


def network_table() -> None:
    """Swin-T and VMamba-T in MineNetCD, in milliseconds: one pair of 256 x 256 pixels forward, a step with two."""
    torch.manual_seed(0)
    networks = {name: MineNetCD(backbone=name) for name in ("swin_t", "vmamba_t")}
    pairs = {batch: [torch.randn(batch, 3, 256, 256) for _ in range(2)] for batch in (1, 2)}
    calls = {
        "trunk alone": lambda network: _infer(network.encoder, torch.cat(pairs[1])),
        "forward": lambda network: _infer(network, *pairs[1]),
        "training step": lambda network: _step(network, *pairs[2]),
    }
    for name, call in calls.items():
        swin, vmamba = seconds_in_turn(
            {key: partial(call, network) for key, network in networks.items()}, ROUNDS
        ).values()
        print(f"| {name} | {swin * 1e3:.0f} | {vmamba * 1e3:.0f} | {vmamba / swin:.2f} |", flush=True)


def _infer(network: torch.nn.Module, *images: Tensor) -> None:
    with torch.inference_mode():
        network.eval()(*images)


def _step(network: MineNetCD, *pair: Tensor) -> None:
    network.train().zero_grad()
    output = network(*pair)
    (output.logits.square().mean() + output.auxiliary[0].square().mean()).backward()


def _tensors(length: int, *, channels: int = 768, states: int = 1) -> list[Tensor]:
    torch.manual_seed(0)
    shared = (2, states, length)
    shapes = [
        (2, channels, length),
        (2, channels, length),
        (channels, states),
        shared,
        shared,
        (channels,),
        (channels,),
    ]
    tensors = [torch.randn(shape) for shape in shapes]
    tensors[2] = -3 * torch.rand(channels, states)
    return [x.requires_grad_() for x in tensors]


if __name__ == "__main__":
    main()

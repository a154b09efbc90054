"""Engines give what torch gives; what one cannot run it says in one line. Scenes: prediction/test_engines.py."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from detectors.small_detector import images
from minenetcd.detectors.engines import engine as engines
from minenetcd.detectors.learned import ChangeDetector
from minenetcd.errors import OptionError, UnknownNameError
from minenetcd.layers.changefft import SpatialChangeFFT
from minenetcd.models.base import ChangeModel
from minenetcd.models.catalog import create_model, list_models
from minenetcd.runtime import execution
from minenetcd.runtime.execution import Execution
from minenetcd.types import ChangeOutput
from models.facts import FACTS, Facts

with_compiler = pytest.mark.skipif(shutil.which("g++") is None, reason="needs a C++ compiler")
#: Exporting to ONNX takes seconds, and compiling C++.
ENGINES = [
    pytest.param("inductor", marks=[with_compiler, pytest.mark.slow]),
    pytest.param("openvino", marks=pytest.mark.needs("openvino")),
    pytest.param(
        "onnxruntime", marks=[pytest.mark.needs("onnxruntime"), pytest.mark.needs("onnxscript"), pytest.mark.slow]
    ),
]
#: Compiling a network takes up to a minute, and what is compiled stays in memory: of the others `poe long` asks.
COMPILED_FAST = ("bit", "fc_ef", "minenetcd", "minenetcd_lite")
BFLOAT16 = [
    Execution(precision="bfloat16"),
    pytest.param(Execution("openvino", "bfloat16"), marks=pytest.mark.needs("openvino")),
]


def has_bfloat16(wanted: Execution) -> bool:
    if wanted.is_torch:
        return True
    from minenetcd.detectors.engines.openvino import core

    return "BF16" in core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


@pytest.mark.parametrize("engine", ENGINES)
def test_an_engine_gives_what_torch_gives_at_any_size(detector: ChangeDetector, engine: str) -> None:
    ready = detector.for_inference(execution=Execution(engine))
    for size in ((48, 64), (64, 33))[: 1 if engine == "inductor" else 2]:  # which compiles each for half a minute
        before, after = (np.stack([date, date[::-1], date[:, ::-1]]) for date in images(*size))
        expected = detector.probabilities(before, after)
        np.testing.assert_allclose(ready.probabilities(before, after), expected, rtol=0, atol=1e-5)
        assert np.ptp(expected) > 0.01


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", [name if name in COMPILED_FAST else pytest.param(name, marks=pytest.mark.long) for name in list_models()]
)
@pytest.mark.parametrize("engine", ENGINES[1:])  # inductor takes the export that ONNX takes, and a minute for each
@torch.no_grad()
def test_an_engine_runs_every_network(name: str, engine: str) -> None:
    torch.manual_seed(0)
    network = create_model(name, **FACTS.get(name, Facts()).small).eval()
    dates = torch.randn(2, 2, network.config.get("in_channels", 3), 64, 96)
    made = engines.make_engine(network.fused(), Execution(engine), torch.device("cpu"))
    assert made is not None
    found, expected = made(*dates), network(*dates).logits
    # TinyCD with random weights normalises maps that hardly vary: torch's own rounding shows there as well
    rounding = (network.double()(*dates.double()).logits - expected).abs().max().item()
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-4 * expected.abs().max().item() + 3 * rounding)


@pytest.mark.slow  # exporting and compiling the network of the paper, whose windows take operations of their own
@pytest.mark.parametrize("engine", ENGINES[1:])
@torch.no_grad()
def test_an_engine_runs_the_trunk_with_windows(engine: str) -> None:
    torch.manual_seed(0)
    network = ChangeDetector.from_config("minenetcd-swin-t").model.eval()
    dates = torch.randn(2, 1, 3, 64, 96)
    made = engines.make_engine(network.fused(), Execution(engine), torch.device("cpu"))
    assert made is not None
    torch.testing.assert_close(made(*dates), network(*dates).logits, rtol=0, atol=1e-4)


@pytest.mark.parametrize("wanted", BFLOAT16, ids=str)
def test_bfloat16_is_near_and_the_scene_in_float32_beside_it(detector: ChangeDetector, wanted: Execution) -> None:
    if not has_bfloat16(wanted):
        pytest.skip("the processor has no bfloat16")
    before, after = images()
    found = detector.for_inference("cpu", execution=wanted).probability(before, after)
    assert 0 < np.abs(found - detector.probability(before, after)).max() < 0.1
    assert found.dtype == np.float32


SIGNALS_BETWEEN = """
import gc, signal
import torch
from minenetcd.detectors.engines.engine import make_engine
from minenetcd.models.catalog import create_model
from minenetcd.runtime.execution import Execution
signal.signal(signal.SIGUSR1, lambda *_: print("handled"))
network, dates = create_model("fc_ef").eval(), torch.zeros(2, 1, 3, 32, 32)
made = [make_engine(network, Execution("openvino"), torch.device("cpu")) for _ in range(3)]
for engine in made:
    engine(*dates)
engine = None
while made:
    del made[0]
    gc.collect()
    signal.raise_signal(signal.SIGUSR1)
"""


@pytest.mark.slow  # a process, that loads torch and OpenVINO
@pytest.mark.needs("openvino")
def test_signals_are_handled_whichever_engine_ends_first() -> None:
    done = subprocess.run([sys.executable, "-X", "faulthandler", "-c", SIGNALS_BETWEEN], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, 3 * "handled\n"), done.stderr


class OddNetwork(ChangeModel):
    """With an operation that no exporter knows."""

    def __init__(self, *, in_channels: int = 3) -> None:
        super().__init__(in_channels=in_channels)
        self.head = torch.nn.Conv2d(in_channels, 2, kernel_size=1)

    def compare(self, before: Tensor, after: Tensor) -> ChangeOutput:
        return ChangeOutput(self.head(torch.special.bessel_j0(after - before)))


class Tiny(ChangeModel):
    """That compiles in a moment."""

    def __init__(self, *, in_channels: int = 3) -> None:
        super().__init__(in_channels=in_channels)
        self.head = torch.nn.Conv2d(in_channels, 2, kernel_size=1)

    def compare(self, before: Tensor, after: Tensor) -> ChangeOutput:
        return ChangeOutput(self.head((after - before).relu()))


class Spectral(ChangeModel):
    """With complex numbers."""

    def __init__(self, *, in_channels: int = 3) -> None:
        super().__init__(in_channels=in_channels)
        self.mix = SpatialChangeFFT(in_channels, blocks=1)

    def compare(self, before: Tensor, after: Tensor) -> ChangeOutput:
        return ChangeOutput(self.mix(after - before)[:, :2])


class Undecided(Tiny):
    """What it does depends on what it sees."""

    def compare(self, before: Tensor, after: Tensor) -> ChangeOutput:
        return super().compare(before, after) if after.mean() > before.mean() else super().compare(after, before)


@with_compiler
@pytest.mark.parametrize("network", [Tiny, pytest.param(Spectral, marks=pytest.mark.slow)])
def test_torch_compiled_gives_what_torch_gives(network: type[ChangeModel]) -> None:
    torch.manual_seed(0)
    detector = ChangeDetector(network()).eval()
    before, after = (np.stack([date, date[::-1]]) for date in images(48, 64))
    expected = detector.probabilities(before, after)
    ready = detector.for_inference("cpu", execution=Execution("inductor"))
    np.testing.assert_allclose(ready.probabilities(before, after), expected, rtol=0, atol=1e-5)


@with_compiler
def test_torch_compiled_computes_in_bfloat16() -> None:
    tiny = ChangeDetector(Tiny()).eval()
    ready = tiny.for_inference("cpu", execution=Execution("inductor", "bfloat16"))
    assert 0 < np.abs(ready.probability(*images()) - tiny.probability(*images())).max() < 0.1


@with_compiler
def test_what_torch_cannot_compile_as_one_graph_is_refused() -> None:
    ready = ChangeDetector(Undecided()).for_inference("cpu", execution=Execution("inductor"))
    with pytest.raises(OptionError, match=r"^inductor cannot run Undecided \(.*\): use another engine") as found:
        ready.probability(*images())
    assert "\n" not in str(found.value) and len(str(found.value)) < 500


def test_a_compiler_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CXX", "no-such-compiler")
    ready = ChangeDetector(Tiny()).for_inference("cpu", execution=Execution("inductor"))
    with pytest.raises(OptionError, match=r"needs a C\+\+ compiler \(no-such-compiler\), which is not on the PATH"):
        ready.probability(*images())


@pytest.mark.parametrize("engine", ENGINES[1:])
def test_what_an_engine_cannot_run_is_named(engine: str) -> None:
    ready = ChangeDetector(OddNetwork()).for_inference(execution=Execution(engine))
    with pytest.raises(OptionError, match=r"cannot run OddNetwork \(it knows no .*bessel_j0\): use another") as found:
        ready.probability(*images())
    assert "\n" not in str(found.value)


@pytest.mark.needs("openvino")
def test_an_engine_that_answers_otherwise_is_refused(detector: ChangeDetector, monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(network: torch.nn.Module, *_: Any) -> Callable[..., Any]:
        return lambda before, after: torch.zeros(1, 2, *before.shape[2:])

    monkeypatch.setattr(engines, "resolve", lambda _: wrong)
    with pytest.raises(OptionError, match=r"its probabilities are up to 0.* from those of torch\): use another engine"):
        detector.for_inference(execution=Execution("openvino")).probability(*images())


def test_what_does_not_go_together_is_refused() -> None:
    with pytest.raises(OptionError, match="computes in float32 alone"):
        Execution("onnxruntime", "bfloat16")
    for wrong in ({"engine": "openwino"}, {"precision": "float16"}):
        with pytest.raises(UnknownNameError, match=r"did you mean|choose one of"):
            Execution(**wrong)


def test_an_engine_that_is_not_here_or_not_there_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(execution, "find_spec", lambda package: None)
    with pytest.raises(
        OptionError, match=r"needs openvino, which is not installed: pip install 'minenetcd\[openvino\]'"
    ):
        Execution("openvino").check_here("cpu")
    with pytest.raises(
        OptionError, match=r"onnx and onnxscript, which are not installed: pip install 'minenetcd\[onnx"
    ):
        Execution("onnxruntime").check_here("auto")
    monkeypatch.setattr(execution, "find_spec", lambda package: object())
    with pytest.raises(OptionError, match="works on the processor, got the device 'cuda:1'"):
        Execution("openvino").check_here("cuda:1")
    with pytest.raises(OptionError, match="works on the processor and on CUDA, got the device 'mps'"):
        Execution("inductor").check_here("mps")
    for engine, place in (("openvino", "cpu"), ("torch", "auto"), ("inductor", "auto")):
        assert Execution(engine).device("auto") == place


def test_other_devices_have_no_bfloat16(detector: ChangeDetector) -> None:
    with pytest.raises(OptionError, match="bfloat16 is for processors and CUDA, the device is mps"):
        engines.make_engine(detector.model, Execution(precision="bfloat16"), torch.device("mps"))

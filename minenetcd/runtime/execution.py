"""What computes a network, and in which numbers; known without torch and without the engines."""

from dataclasses import dataclass, replace
from importlib.util import find_spec
from typing import Self

from minenetcd.errors import OptionError, UnknownNameError

#: Engines, and what of an extra of this package each needs; torch, whose compiler inductor is, is always there.
ENGINES: dict[str, tuple[str, ...]] = {
    "torch": (),
    "inductor": (),
    "openvino": ("openvino",),
    "onnxruntime": ("onnxruntime", "onnx", "onnxscript"),
}
#: Where each works, if not everywhere.
_PLACES = {"inductor": ("cpu", "cuda"), "openvino": ("cpu",), "onnxruntime": ("cpu",)}
_EXTRAS = {"openvino": "openvino", "onnxruntime": "onnx"}
PRECISIONS = ("float32", "bfloat16")


@dataclass(frozen=True)
class Execution:
    """An engine, and the precision in which it computes.

    UnknownNameError for names, OptionError for what does not go together. Whether the engine is here only
    `check_here` asks: a stored result may name one that is not.
    """

    engine: str = "torch"
    precision: str = "float32"

    def __post_init__(self) -> None:
        if self.engine not in ENGINES:
            raise UnknownNameError("engine", self.engine, ENGINES)
        if self.precision not in PRECISIONS:
            raise UnknownNameError("precision", self.precision, PRECISIONS)
        if self.engine == "onnxruntime" and not self.is_exact:
            raise OptionError(
                f"onnxruntime computes in float32 alone, got {self.precision}: leave --precision out, or use another "
                "engine."
            )

    @property
    def is_torch(self) -> bool:
        return self.engine == "torch"

    @property
    def library(self) -> str:
        """What is imported for the engine, whose version is the engine's."""
        return "torch" if self.engine == "inductor" else self.engine

    @property
    def is_exact(self) -> bool:
        """Whether it computes in the numbers in which networks are trained."""
        return self.precision == "float32"

    @property
    def is_chosen(self) -> bool:
        """Whether networks are computed otherwise than they were trained."""
        return not (self.is_torch and self.is_exact)

    def in_float32(self) -> Self:
        return replace(self, precision="float32")

    def device(self, wanted: str) -> str:
        """Where it computes when `wanted` is asked for: "auto" is the processor for engines that know no other place.

        OptionError where the engine is not installed, or does not work there.
        """
        self.check_here(wanted)
        return "cpu" if wanted == "auto" and _PLACES.get(self.engine) == ("cpu",) else wanted

    def check_here(self, device: str) -> None:
        """OptionError where the engine is not installed, or does not work on `device`."""
        missing = [package for package in ENGINES[self.engine] if find_spec(package) is None]
        if missing:
            raise OptionError(
                f"The engine {self.engine} needs {' and '.join(missing)}, which {'is' if len(missing) == 1 else 'are'} "
                f"not installed: pip install 'minenetcd[{_EXTRAS[self.engine]}]'."
            )
        kind, places = device.partition(":")[0], _PLACES.get(self.engine)
        if places is not None and kind not in ("auto", *places):
            on_cuda, other = ("", "leave --device out") if len(places) == 1 else (" and on CUDA", "choose one of them")
            raise OptionError(
                f"The engine {self.engine} works on the processor{on_cuda}, got the device {device!r}: {other}."
            )


#: As networks are trained.
AS_TRAINED = Execution()

"""Networks as ONNX Runtime runs them on a processor."""

import re

import onnxruntime
import torch
from torch import Tensor, nn

from minenetcd.detectors.engines.engine import Compiled, UnknownOperation


def compiled(network: nn.Module, example: tuple[Tensor, Tensor], precision: str) -> Compiled:
    """`network` for pairs of the size of `example`, in as many threads as torch has."""
    # by torch.export: the older exporter, through a trace, gives other logits for a pooled map (MineNetCD)
    try:
        program = torch.onnx.export(network, example, dynamo=True, verbose=False)
    except torch.onnx.OnnxExporterError as error:
        unknown = re.search(r"OpOverload\(op='([^']+)'", str(error))
        if unknown is None:
            raise
        raise UnknownOperation(unknown[1]) from error
    assert program is not None  # it is without `dynamo`
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = torch.get_num_threads(), 1
    options.log_severity_level = 3  # errors
    session = onnxruntime.InferenceSession(
        program.model_proto.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    names = [each.name for each in session.get_inputs()]

    def run(before: Tensor, after: Tensor) -> Tensor:
        dates = (before.numpy(), after.numpy())
        return torch.from_numpy(session.run(None, dict(zip(names, dates, strict=True)))[0])

    return run

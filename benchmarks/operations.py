"""Multiply-adds of every network: as published, as it is built here, and made ready to predict.

    python benchmarks/operations.py

Prints the table of docs/performance.md, for one pair of 256 x 256 pixels. What is built is read from
`minenetcd/models/measured.csv`; what is ready is measured, with numbers: its convolutions and matrix products, not the
sums, normalisations and resizings beside them. Weights are random.
"""

import pandas as pd
import torch
from markdown_table import markdown

from minenetcd.layers.winograd import WinogradConv
from minenetcd.models.base import ChangeModel
from minenetcd.models.catalog import MODELS, create_model
from minenetcd.models.complexity import measure_complexity, read_measured

#: Networks without a layer whose products can be saved.
_NARROW = "Nothing but passes: no 3 x 3 convolution of stride 1 joins 512 channels with 512."

#: What is saved, exactly but for rounding, or why nothing is. BatchNorm is folded in all.
WHY = {
    "a2net": f"{_NARROW} The auxiliary heads are 1 x 1.",
    "afcf3d": "Nothing but passes: it convolves in three dimensions, for which there is no Winograd here, although the "
    "trunk's kernels are 1 x 3 x 3.",
    "bit": "Nothing more: pixels meet tokens that were projected for them, in what is built already (8.11 without).",
    "cgnet": "Winograd, in VGG-16's two deepest levels and in what joins the dates and guides the decoder there.",
    "changeformer": "The auxiliary heads; its wide convolutions have 256 channels, where Winograd does not pay.",
    "dminet": "The two heads that only the loss reads: convolutions at the size of the image.",
    "dtcdscn": "Winograd, in the deepest level of ResNet-34 and of the decoder.",
    "fc_ef": _NARROW,
    "fcnpp": "Nothing but passes: the 3 x 3 convolutions that join 512 channels with 512 are dilated.",
    "hcgmnet": "Winograd, in VGG-16 and in the wide convolutions that refine and read its levels.",
    "icifnet": "Nothing but passes: its 3 x 3 convolutions are narrow, and all three heads are summed in the answer.",
    "minenetcd": "Winograd in UPerNet, and no auxiliary head. Built already: UPerNet's joined convolution takes coarse "
    "maps at their own size, Swin projects no padded tokens. Not counted: spatial ChangeFFT's half spectrum.",
    "minenetcd_lite": "Joined heads: the ground is multiplied before it is enlarged, the heads' mean is one product.",
    "mspsnet": _NARROW,
    "rdpnet": "Nothing: it has no BatchNorm, and mixes with depthwise and 1 x 1 convolutions.",
    "resunet": "Winograd, in the only convolution of 512 channels without stride, of one date.",
    "siamunet_conc": _NARROW,
    "siamunet_diff": _NARROW,
    "snunet": "Winograd, in the deepest node of the encoder; the rest is narrower, at the size of the image.",
    "tfi_gr": "Winograd, in the deepest level of ResNet-18 and its interaction of the dates.",
    "tinycd": "Nothing but passes: depthwise and 1 x 1 convolutions, of up to 336 channels.",
}


def main() -> None:
    measured = read_measured()
    with torch.inference_mode():
        rows = [row(name, measured[name].macs_gi) for name in sorted(MODELS.built_in)]
    print(markdown(pd.DataFrame(rows)))


def row(name: str, built: float) -> dict[str, str]:
    model = create_model(name).eval()
    ready = model.fused()
    left = measure_complexity(ready, computed=True).macs_gi
    published = model.about.macs_gi if model.about and not model.about.published_form else None
    return {
        "": f"`{name}`",
        "published [Gi]": f"{published:.2f}" if published else "",
        "built [Gi]": f"{built:.2f}",
        "ready [Gi]": f"{left:.2f}",
        "of built": f"{left / built:.0%}",
        "Winograd": str(winograd_convolutions(ready)),
        "what is saved, or why nothing is": WHY[name],
    }


def winograd_convolutions(model: ChangeModel) -> int:
    return sum(isinstance(module, WinogradConv) for module in model.modules())


if __name__ == "__main__":
    main()

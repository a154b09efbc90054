"""How much faster the networks are made ready to predict than the published order of work, in one run.

    python benchmarks/forward.py [--pairs 4] [--rounds 5] [--threads 2]

The reference stands below: each date passes the encoder by itself (Swin as the transformers library computes it),
coarse maps are enlarged and convolved side by side, BatchNorm and the auxiliary head are computed, ChangeFFT transforms
whole complex spectra, all pairs at once. Ours takes one pair after the other, as detectors do on processors. Weights
are random and the same on both sides, which take turns; printed are medians, the largest difference of the logits, and
what share of the machine's matrix peak is reached on the operations that are left. The peak is a product of two
matrices of 2048 x 2048, measured in the same run: as torch multiplies, and, in brackets, with one of them packed
(minenetcd/layers/packed.py). With one thread all times are the processor's, which hardly depend on what else runs.
"""

import argparse
import copy
from collections.abc import Callable, Sequence

import pandas as pd
import torch
from markdown_table import markdown
from torch import Tensor
from torch.nn import functional
from transformers import SwinBackbone, SwinConfig
from turns import in_turn, seconds_in_turn, timed

from minenetcd.backbones.swin import Swin
from minenetcd.layers.changefft import SpatialChangeFFT
from minenetcd.layers.convolution import ConvNormAct
from minenetcd.layers.packed import PackedMatrix
from minenetcd.layers.resize import resize_to
from minenetcd.layers.upernet import UPerNetDecoder
from minenetcd.models.catalog import create_model
from minenetcd.models.complexity import measure_complexity
from minenetcd.models.minenetcd import MineNetCD
from minenetcd.types import ChangeOutput

#: Backbone, form of ChangeFFT, and the ratio that is wanted.
NETWORKS = (("swin_t", "channel", 1.8), ("swin_t", "spatial", 1.8), ("resnet50", "channel", 1.5))
SIDE = 256
PEAK_SIDE = 2048


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    with torch.inference_mode():
        rows = [compare(*each, arguments.pairs, arguments.rounds) for each in NETWORKS]
    print(f"{arguments.pairs} pairs of {SIDE} x {SIDE}, {arguments.threads} threads\n{markdown(pd.DataFrame(rows))}")


def compare(backbone: str, change_fft: str, wanted: float, pairs: int, rounds: int) -> dict[str, str]:
    torch.manual_seed(0)
    model = create_model("minenetcd", backbone=backbone, change_fft=change_fft).eval()
    assert isinstance(model, MineNetCD)
    ready = copy.deepcopy(model).fused().to(memory_format=torch.channels_last)
    before, after = torch.randn(2, pairs, 3, SIDE, SIDE)
    dates = [date.contiguous(memory_format=torch.channels_last) for date in (before, after)]
    encoder = published_encoder(model)

    def ours() -> Tensor:
        return torch.cat([ready(*pair).logits for pair in zip(*(date.split(1) for date in dates), strict=True)])

    expected, found = published(model, encoder, before, after).logits, ours()
    sides = {"published": lambda: published(model, encoder, before, after), "ours": ours, **products()}
    taken = in_turn({name: timed(side) for name, side in sides.items()}, rounds)
    clock = "processor" if torch.get_num_threads() == 1 else "seconds"
    seconds = {name: numbers[clock] for name, numbers in taken.items()}
    speed = pairs * measure_complexity(ready).macs / seconds["ours"]
    of_peak, of_packed = (speed / (PEAK_SIDE**3 / seconds[name]) for name in ("product", "packed product"))
    return {
        "network": f"{backbone}, {change_fft}",
        "published [s]": f"{seconds['published']:.2f}",
        "ours [s]": f"{seconds['ours']:.2f}",
        "ratio": f"{seconds['published'] / seconds['ours']:.2f}",
        "wanted": f"{wanted:g}",
        "largest difference": f"{(found - expected).abs().max() / expected.abs().max():.1e}",
        "of the matrix peak": f"{of_peak:.0%} ({of_packed:.0%})",
    }


def products() -> dict[str, Callable[[], Tensor]]:
    """The quickest products there are, of PEAK_SIDE^3 multiply-adds."""
    one, other = torch.randn(2, PEAK_SIDE, PEAK_SIDE)
    packed = PackedMatrix()
    return {"product": lambda: one @ other, "packed product": lambda: packed.product(one, other)}


def matrix_peak() -> float:
    """Multiply-adds a second of a product as torch multiplies, by the clock."""
    taken = seconds_in_turn({"product": products()["product"]}, 5)
    return float(PEAK_SIDE**3 / taken["product"])


class PublishedSwin(torch.nn.Module):
    """Swin-T by the transformers library, with the weights of `encoder`."""

    def __init__(self, encoder: Swin) -> None:
        super().__init__()
        self.network = SwinBackbone(SwinConfig(out_features=[f"stage{i}" for i in (1, 2, 3, 4)]))
        self.network.swin.layernorm = torch.nn.Identity()  # no map is made of it
        self.load_state_dict(encoder.state_dict())
        self.train(encoder.training)

    def forward(self, image: Tensor) -> tuple[Tensor, ...]:
        maps: tuple[Tensor, ...] = self.network(image).feature_maps
        return maps


def published_encoder(model: MineNetCD) -> torch.nn.Module:
    return PublishedSwin(model.encoder) if isinstance(model.encoder, Swin) else model.encoder


def published(model: MineNetCD, encoder: Callable[[Tensor], Sequence[Tensor]], *images: Tensor) -> ChangeOutput:
    """The answer, by the order of work that was published."""
    before, _ = images
    dates = [encoder(date) for date in images]
    changes = [
        spatial(layer, later - earlier) if isinstance(layer, SpatialChangeFFT) else layer(later - earlier)
        for layer, earlier, later in zip(model.change_fft, *dates, strict=True)
    ]
    auxiliary = resize_to(model.auxiliary(changes[2]), like=before)
    return ChangeOutput(resize_to(decoded(model.decoder, changes), like=before), (auxiliary,))


def decoded(decoder: UPerNetDecoder, levels: Sequence[Tensor]) -> Tensor:
    *fine, deepest = levels
    maps = [lateral(level) for lateral, level in zip(decoder.laterals, fine, strict=True)]
    pooled = [functional.adaptive_avg_pool2d(deepest, scale) for scale in decoder.pool_scales]
    pyramid = [conv(x) for conv, x in zip(decoder.pyramid, pooled, strict=True)]
    maps.append(joined(decoder.bottleneck, [deepest, *pyramid]))
    for i in range(len(maps) - 1, 0, -1):
        maps[i - 1] = maps[i - 1] + resize_to(maps[i], like=maps[i - 1])
    merged = [smooth(x) for smooth, x in zip(decoder.smooth, maps[:-1], strict=True)]
    return decoder.classifier(joined(decoder.fuse, [*merged, maps[-1]]))


def joined(block: ConvNormAct, maps: Sequence[Tensor]) -> Tensor:
    side_by_side = torch.cat([resize_to(x, like=maps[0]) for x in maps], dim=1)
    return block.act(block.norm(functional.conv2d(side_by_side, block.conv.weight, padding=1)))


def spatial(layer: SpatialChangeFFT, difference: Tensor) -> Tensor:
    """With whole spectra, of which the imaginary part is thrown away at the end."""
    x = difference.permute(0, 2, 3, 1)
    first = x if layer.residual else whole(layer, x)
    return (first + whole(layer, layer.norm(first))).permute(0, 3, 1, 2)


def whole(layer: SpatialChangeFFT, x: Tensor) -> Tensor:
    spectrum = torch.fft.fft2(x.unflatten(-1, (layer.blocks, -1)), dim=(1, 2), norm="ortho")
    real, imaginary = product(spectrum.real, spectrum.imag, layer.complex_weight_1, layer.complex_bias_1)
    real, imaginary = functional.relu(real), functional.relu(imaginary)
    parts = product(real, imaginary, layer.complex_weight_2, layer.complex_bias_2)
    shrunk = (functional.softshrink(part, layer.SHRINKAGE) for part in parts)
    return torch.fft.ifft2(torch.complex(*shrunk), dim=(1, 2), norm="ortho").real.flatten(-2)


def product(real: Tensor, imaginary: Tensor, weight: Tensor, bias: Tensor) -> tuple[Tensor, Tensor]:
    def times(part: Tensor, matrix: Tensor) -> Tensor:
        return torch.einsum("...ki,kio->...ko", part, matrix)

    return (
        times(real, weight[0]) - times(imaginary, weight[1]) + bias[0],
        times(real, weight[1]) + times(imaginary, weight[0]) + bias[1],
    )


if __name__ == "__main__":
    main()

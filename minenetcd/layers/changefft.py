"""ChangeFFT: learning change-aware representations in the frequency domain.

Source: MineNetCD, section 3.2, equations 2 to 5 and figure 9 (`ChannelChangeFFT`), and the authors'
released code, which differs from the paper and which the released weights need (`SpatialChangeFFT`).
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from minenetcd.layers.folding import Foldable, folded


class FrequencyConv(nn.Module):
    """FDConv (equation 4): F . W + B with a complex C x C weight and a complex bias.

    Works on (B, 2C, H, W), the real parts of the spectrum first, the imaginary parts after them.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        scale = math.sqrt(1 / (2 * channels))  # keeps the variance of the spectrum
        self.weight = nn.Parameter(torch.randn(2, channels, channels) * scale)  # (real | imaginary, out, in)
        self.bias = nn.Parameter(torch.zeros(2, channels))

    def real_matrix(self) -> Tensor:
        """The complex product as one real matrix (2C, 2C) on stacked real and imaginary parts."""
        real, imaginary = self.weight
        return torch.cat([torch.cat([real, -imaginary], dim=1), torch.cat([imaginary, real], dim=1)])

    def forward(self, spectrum: Tensor) -> Tensor:
        weight, bias = self.real_matrix()[..., None, None], self.bias.flatten()
        return functional.conv2d(spectrum, weight.to(spectrum.dtype), bias.to(spectrum.dtype))


class ChannelChangeFFT(Foldable):
    """The paper's ChangeFFT on one level: difference (B, C, H, W) -> change-aware representation (B, C, H, W).

    Orthonormal FFT along the channels, FDConv, SiLU on real and imaginary parts, FDConv, inverse FFT,
    real part. No residual. The FFT runs in float32 where the input has half precision.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.channels = channels
        self.first = FrequencyConv(channels)
        self.second = FrequencyConv(channels)

    def forward(self, difference: Tensor) -> Tensor:
        with torch.autocast(difference.device.type, enabled=False):
            spectrum = torch.fft.fft(_at_least_float32(difference), dim=1, norm="ortho")
            x = torch.cat([spectrum.real, spectrum.imag], dim=1)
            real, imaginary = self.second(functional.silu(self.first(x))).chunk(2, dim=1)
            change: Tensor = torch.fft.ifft(torch.complex(real, imaginary), dim=1, norm="ortho").real.to(
                difference.dtype
            )
            return change

    @torch.no_grad()
    def fused(self) -> nn.Module:
        """The same function as two 1 x 1 convolutions with SiLU between, for inference.

        The FFT along the channels is linear in them, so it folds into the first FDConv, and the inverse
        FFT with its real part into the second.
        """
        forward, inverse = _fourier_matrices(self.channels, like=self.first.weight)
        expand = _pointwise(self.first.real_matrix() @ forward, self.first.bias.flatten())
        reduce = _pointwise(inverse @ self.second.real_matrix(), inverse @ self.second.bias.flatten())
        return folded(nn.Sequential(expand, nn.SiLU(inplace=True), reduce).train(self.training))


class SpatialChangeFFT(nn.Module):
    """ChangeFFT as released: difference (B, C, H, W) -> (B, C, H, W); C must divide by `blocks`.

    Orthonormal FFT over height and width, two block-diagonal complex layers across the channels with ReLU
    between, soft shrinkage, inverse FFT, real part (E below). Released with two wirings: behind Swin and
    ResNet trunks Y = E(D), Z = Y + DropPath(E(LayerNorm(Y))), E being the same block twice; behind VMamba
    trunks, `residual`, Z = D + DropPath(E(LayerNorm(D))).
    """

    SHRINKAGE = 0.01

    def __init__(self, channels: int, *, blocks: int = 4, drop_path: float = 0.1, residual: bool = False) -> None:
        super().__init__()
        width = channels // blocks
        self.blocks, self.drop_path, self.residual = blocks, drop_path, residual
        self.complex_weight_1 = nn.Parameter(torch.randn(2, blocks, width, width) * 0.02)  # (re | im, block, in, out)
        self.complex_bias_1 = nn.Parameter(torch.randn(2, blocks, width) * 0.02)
        self.complex_weight_2 = nn.Parameter(torch.randn(2, blocks, width, width) * 0.02)
        self.complex_bias_2 = nn.Parameter(torch.randn(2, blocks, width) * 0.02)
        self.norm = nn.LayerNorm(channels, eps=1e-5)

    def forward(self, difference: Tensor) -> Tensor:
        with torch.autocast(difference.device.type, enabled=False):
            x = _at_least_float32(difference).permute(0, 2, 3, 1)
            mixed = x if self.residual else self.mix(x)
            mixed = mixed + self._drop_path(self.mix(self.norm(mixed.to(self.norm.weight.dtype)).to(mixed.dtype)))
        return mixed.permute(0, 3, 1, 2).to(difference.dtype)

    def mix(self, x: Tensor) -> Tensor:
        """E: real (B, H, W, C) -> (B, H, W, C).

        Only one half of the spectrum is computed: what is real has at -k the conjugate of what it has at k. After the
        layers that is so no more, hence both go through them; the real part of the inverse is that of their mean.
        """
        spectrum = torch.fft.rfft2(x.unflatten(-1, (self.blocks, -1)), dim=(1, 2), norm="ortho")
        (real, turned_real), (imaginary, turned_imaginary) = (
            [_block_product(part, self.complex_weight_1[index]) for index in (0, 1)]
            for part in (spectrum.real, spectrum.imag)
        )
        here = self._second(real - turned_imaginary, turned_real + imaginary)
        opposite = self._second(real + turned_imaginary, turned_real - imaginary)
        # parity: the discarded imaginary part is not zero
        kept = torch.complex((here[0] + opposite[0]) / 2, (here[1] - opposite[1]) / 2)
        mixed: Tensor = torch.fft.irfft2(kept, s=x.shape[1:3], dim=(1, 2), norm="ortho").flatten(-2)
        return mixed

    def _second(self, real: Tensor, imaginary: Tensor) -> tuple[Tensor, Tensor]:
        """From the first layer's products on: its bias, ReLU, the second layer, soft shrinkage."""
        first, second = (bias.to(real.dtype) for bias in (self.complex_bias_1, self.complex_bias_2))
        real, imaginary = functional.relu(real + first[0]), functional.relu(imaginary + first[1])
        weight = self.complex_weight_2
        product = (
            _block_product(real, weight[0]) - _block_product(imaginary, weight[1]) + second[0],
            _block_product(real, weight[1]) + _block_product(imaginary, weight[0]) + second[1],
        )
        # softshrink, in operations that every engine has
        shrunk = [part - part.clamp(-self.SHRINKAGE, self.SHRINKAGE) for part in product]
        return shrunk[0], shrunk[1]

    def _drop_path(self, x: Tensor) -> Tensor:
        if not self.training or self.drop_path == 0:
            return x
        keep = 1 - self.drop_path
        return x * x.new_empty(x.shape[0], 1, 1, 1).bernoulli_(keep).div_(keep)


def _block_product(part: Tensor, weight: Tensor) -> Tensor:
    """(..., blocks, in) times a block-diagonal weight (blocks, in, out) -> (..., blocks, out)."""
    return torch.einsum("...ki,kio->...ko", part, weight.to(part.dtype))


def _fourier_matrices(channels: int, *, like: Tensor) -> tuple[Tensor, Tensor]:
    """Orthonormal DFT (2C, C) of real input, and real part of the inverse (C, 2C), on stacked real | imaginary."""
    index = torch.arange(channels, device=like.device)
    angle = 2 * torch.pi * (torch.outer(index, index) % channels).double() / channels
    cosine, sine = angle.cos() / math.sqrt(channels), angle.sin() / math.sqrt(channels)
    return torch.cat([cosine, -sine]).to(like.dtype), torch.cat([cosine, -sine], dim=1).to(like.dtype)


def _pointwise(matrix: Tensor, bias: Tensor) -> nn.Conv2d:
    conv = nn.Conv2d(matrix.shape[1], matrix.shape[0], kernel_size=1, device=matrix.device, dtype=matrix.dtype)
    conv.weight.copy_(matrix[..., None, None])
    conv.get_parameter("bias").copy_(bias)
    return conv


def _at_least_float32(x: Tensor) -> Tensor:
    return x if x.dtype == torch.float64 else x.float()

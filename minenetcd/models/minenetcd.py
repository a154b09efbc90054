"""MineNetCD: siamese encoder, difference of the dates, ChangeFFT, UPerNet decoder.

Source: Yu, Zhang, Zhu, Gloaguen, Ghamisi, "MineNetCD: A benchmark for global mining change detection on
remote sensing imagery", IEEE TGRS 2024, section 3; the released weights, where they differ from it.
"""

from typing import Literal

from torch import Tensor, nn

from minenetcd.backbones.catalog import create_backbone
from minenetcd.errors import OptionError
from minenetcd.layers.both_dates import encode_both
from minenetcd.layers.changefft import ChannelChangeFFT, SpatialChangeFFT
from minenetcd.layers.resize import resize_to
from minenetcd.layers.upernet import FCNHead, UPerNetDecoder
from minenetcd.models.base import About, ChangeModel, Stage
from minenetcd.types import ChangeOutput

ChangeFFT = Literal["channel", "spatial", "none"]
_CHANGE_FFT = {"channel": ChannelChangeFFT, "spatial": SpatialChangeFFT, "none": nn.Identity}


class MineNetCD(ChangeModel):
    """Two dates (B, in_channels, H, W) -> logits (B, num_classes, H, W), and auxiliary ones from level 3.

    `change_fft`: "channel" is the paper's form (equations 2 to 5), "spatial" the one the released weights
    were trained with, "none" the ablation of table 3. Any H and W work as they are. Not symmetric: the
    decoder sees after minus before, as released (equation 1 writes before minus after).
    """

    about = About(
        title="MineNetCD: A Benchmark for Global Mining Change Detection on Remote Sensing Imagery",
        authors="W. Yu, X. Zhang, X. X. Zhu, R. Gloaguen, P. Ghamisi",
        venue="IEEE TGRS",
        year=2024,
        doi="10.1109/TGRS.2024.3491715",
        pretrained_trunk="Swin (ImageNet, ADE20k), ResNet or VMamba (ImageNet)",
        parameters_mi=57.81,
        published_form={"change_fft": "spatial"},
    )
    auxiliary_weights = (0.4,)
    folds = True
    explained_layers = (
        Stage.numbered("feature difference", "change_fft.{}(0)", 0, 1, 2, 3),
        Stage.numbered("change-aware representation", "change_fft.{}", 0, 1, 2, 3),
    )

    def __init__(
        self,
        *,
        backbone: str = "swin_t",
        change_fft: ChangeFFT = "channel",
        in_channels: int = 3,
        num_classes: int = 2,
        decoder_channels: int = 512,
        auxiliary_channels: int = 256,
    ) -> None:
        super().__init__(
            backbone=backbone,
            change_fft=change_fft,
            in_channels=in_channels,
            num_classes=num_classes,
            decoder_channels=decoder_channels,
            auxiliary_channels=auxiliary_channels,
        )
        if change_fft not in _CHANGE_FFT:
            raise OptionError(f"change_fft needs one of {', '.join(_CHANGE_FFT)}, got {change_fft!r}: choose one.")
        self.encoder = create_backbone(backbone, in_channels=in_channels)
        residual = getattr(self.encoder, "has_residual_change_fft", False)
        wiring = {"residual": residual} if change_fft == "spatial" else {}
        self.change_fft = nn.ModuleList(_CHANGE_FFT[change_fft](width, **wiring) for width in self.encoder.channels)
        self.decoder = UPerNetDecoder(self.encoder.channels, num_classes, channels=decoder_channels)
        self.auxiliary = FCNHead(self.encoder.channels[2], num_classes, channels=auxiliary_channels)
        for head in (self.decoder, self.auxiliary):
            head.apply(_initialise)

    def compare(self, before: Tensor, after: Tensor) -> ChangeOutput:
        changes = [
            change_fft(x) for change_fft, x in zip(self.change_fft, self.differences(before, after), strict=True)
        ]
        logits = resize_to(self.decoder(changes), like=before)
        if not self.with_auxiliary:
            return ChangeOutput(logits)
        return ChangeOutput(logits, (resize_to(self.auxiliary(changes[2]), like=before),))

    def differences(self, before: Tensor, after: Tensor) -> list[Tensor]:
        """After minus before on each level, fine to coarse: (B, C_l, H / stride_l, W / stride_l).

        In inference both dates share one batch. In training BatchNorm trunks see each date as a batch of its
        own, after first, so that the statistics move as published.
        """
        at_once = not (self.training and self.encoder.has_batch_norm)
        levels = encode_both(self.encoder, after, before, at_once=at_once)
        return [later - earlier for later, earlier in zip(*levels, strict=True)]

    @property
    def has_pretrained_backbone(self) -> bool:
        return self.encoder.pretrained_id is not None

    def load_pretrained_backbone(self) -> None:
        self.encoder.load_pretrained()


def _initialise(module: nn.Module) -> None:
    if isinstance(module, nn.Conv2d):
        nn.init.normal_(module.weight, std=0.02)
        if module.bias is not None:
            nn.init.zeros_(module.bias)

"""What is particular about each method, for the tests that all of them share.

`test_contract.py` and `weights/test_published.py` read it. A method that stands in the catalogue and not here is put
to the contract all the same (`minenetcd/models/contract.py`); facts say what can be tested beyond it.
"""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Outputs:
    """What the published network makes of the golden images under one filling of its weights (parity/fillings.py)."""

    #: Published output -> how far ours may be from it, as a share of its largest magnitude.
    tolerances: dict[str, float]
    filling: str = ""
    #: Outputs whose tolerance is absolute, because they hardly spread.
    absolute: tuple[str, ...] = ()
    #: Published name of each of our auxiliary outputs.
    auxiliary: tuple[str, ...] = ()
    #: How exactly exchanging the dates changes "main" as much as published; None: not tested here.
    exchange_tolerance: float | None = None
    #: As much as that, where the golden does not say it.
    exchange: float | None = None


@dataclass(frozen=True)
class Trunk:
    """A trunk that starts from ImageNet weights by the names of torchvision."""

    #: Where the network asks for its weights, and the name it asks for.
    asks: str
    library: str
    #: What stands before the names in torchvision.
    prefix: str = ""
    #: How a network of four bands refuses.
    refusal: str = "read 3 bands, this trunk 4"


@dataclass(frozen=True)
class Facts:
    """One method. Patterns are regular expressions that match whole names of parameters."""

    outputs: tuple[Outputs, ...] = ()
    #: Options that keep the network small where its published weights do not matter.
    small: dict[str, Any] = field(default_factory=dict)
    #: Options other than the defaults, other bands and classes among them.
    others: dict[str, Any] = field(default_factory=dict)
    #: Parameters of the published network that reach no output, and that ours does not have.
    unused: int = 0
    #: As the earlier framework prints it, where that is not the published number, rounded.
    printed_mi: float | None = None
    #: A published tensor, and the name of ours that is told when it is missing.
    missing: tuple[str, str] | None = None
    #: A tensor too many under its published name, and our name for it that is told. Without a published name: ours.
    unexpected: tuple[str | None, str] | None = None
    #: A published name that has no place in the network.
    unknown: str | None = None
    #: Parameters without effect on any output.
    idle: str = ""
    #: Those that a normalisation subtracts again in training; None: not tested here.
    subtracted: str | None = None
    #: Below it a gradient is the rounding of float64.
    rounding: float = 1e-12
    #: Height and width (px) of the images for gradients and statistics: as small as all attention still acts.
    side: int = 32
    #: Modules that see one date at a time, whose statistics move once a date, before first, and the method that runs
    #: them alone.
    one_date: tuple[str, ...] = ()
    sees: str = "trunk"
    symmetric: bool = False
    #: What exchanging the dates of noise changes at least, in every output; None: not tested here.
    exchange_moves: float | None = None
    #: Stride of each auxiliary output where they are coarser than the images, and their channels where these are not
    #: the classes.
    auxiliary_strides: tuple[int, ...] = ()
    auxiliary_channels: int | None = None
    #: Whether bfloat16 stays within a tenth of the largest logit.
    bfloat16_is_near: bool = False
    trunk: Trunk | None = None

    @property
    def has_published_weights(self) -> bool:
        """Whether the network under test is the published one."""
        return bool(self.outputs) and not self.small


def _resnet18() -> Trunk:
    return Trunk("minenetcd.backbones.torchvision_resnet18.imagenet_weights", "resnet18")


def _vgg16() -> Trunk:
    return Trunk("minenetcd.backbones.vgg16.imagenet_weights", "vgg16_bn", "features.")


#: Of VGG-16: the biases of its convolutions, each before a norm.
_VGG_BIASES = r"trunk\.(0|3|7|10|14|17|20|24|27|30|34|37|40)\.bias"


def _fc_unet(exchange: float, tolerance: float) -> Facts:
    return Facts(
        outputs=(
            Outputs({"main_logits": 1e-5, "main": 1e-5}, exchange=exchange, exchange_tolerance=tolerance),
        ),
        others={"in_channels": 13, "num_classes": 1, "dropout": 0.5},
        missing=("conv43d.weight", "decoder.level4.merge.unit3.conv.weight"),
        unexpected=("conv55.weight", "encoder.level5.unit5.conv.weight"),
        unknown="fc.weight",
        subtracted=r"(encoder\.level\d|decoder\.level\d\.merge)\.unit\d\.conv\.bias",
        bfloat16_is_near=True,
    )  # fmt: skip


FACTS: dict[str, Facts] = {
    "a2net": Facts(
        outputs=(
            Outputs(
                {f"{name}{kind}": 1e-5 for name in ("main", "aux0", "aux1", "aux2") for kind in ("_logits", "")},
                auxiliary=("aux0", "aux1", "aux2"),
            ),
        ),
        others={"in_channels": 5, "prediction": "coarsest"},
        unused=320 * 1280 + 2 * 1280,  # dropped with the trunk's last layer: 320 -> 1280 convolution, norm
        printed_mi=3.60,
        missing=("decoder.sam_p4.conv2.0.bias", "attention.level4.refine.conv.bias"),
        unexpected=(None, "mask.scale"),
        unknown="decoder.extra.weight",
        # blocks of convolution and norm, and layers of the trunk read only through a 1 x 1 convolution and a norm
        subtracted=r"(aggregation|fusion|attention|merge)\.level\d\.(.*\.)?conv\.bias"
        r"|trunk\.(1\.conv\.2|(7|8|9|10|14|15|16)\.conv\.3)\.bias",
        one_date=("trunk", "aggregation"),
        sees="features",
        symmetric=True,
        trunk=Trunk(
            "minenetcd.models.a2net.imagenet_weights", "mobilenet_v2", "features.", "reads 3 bands, this one 4"
        ),
        side=64,
    ),
    "afcf3d": Facts(
        outputs=(Outputs({"main": 5e-6}, exchange_tolerance=1e-5),),
        others={"in_channels": 4, "num_classes": 3},
        unused=103_044,
        missing=("decoder.output.downfinal.2.conv_bn.0.weight", "decoder.stages.0.condense.2.conv.weight"),
        unexpected=("decoder.AFCF_fuse.AFCF3.conv_up.conv_bn.0.weight", "fuse_coarsest.refine.conv.weight"),
        unknown="decoder.output.conv_downsample2.conv_bn.0.weight",
        # batch statistics take a bias before them out again; nothing bends between the two norms of the head
        subtracted=r"(reduce|decoder|fuse_\w+)\..*conv\.bias|head\.0\.norm\.bias",
        rounding=1e-14,
    ),
    "bit": Facts(
        # stricter than elsewhere: at 1e-4 the whole token encoder could be wrong unseen
        outputs=(Outputs({"main": 2e-5}, exchange_tolerance=5e-5),),
        others={"in_channels": 5, "num_classes": 1, "tokens": 6, "encoder_depth": 2, "decoder_depth": 3},
        unused=8_906_728,  # layer4 and the classifier of its ResNet-18
        missing=("pos_embedding", "position"),
        unexpected=("transformer.layers.1.1.fn.norm.weight", "encoder.1.mlp_norm.weight"),
        unknown="conv_b.weight",
        idle=r"decoder\.7\.mlp\.2\.bias",  # added to both dates alike after the last layer
        subtracted="",
        one_date=("trunk",),
        trunk=_resnet18(),
    ),
    "cgnet": Facts(
        outputs=(
            Outputs(
                {"main_logits": 1e-5, "main": 1e-5, "aux0": 1e-5},
                absolute=("main_logits", "main", "aux0"),  # far below what a mistake moves
                auxiliary=("aux0",),
                exchange_tolerance=1e-5,
            ),
            Outputs({"main_logits": 1e-5, "main": 1e-5}, "boost", absolute=("main_logits", "main")),
        ),
        # up_layer4, up_layer3, up_layer2: never run. Convolution without bias, norm
        others={"in_channels": 4, "num_classes": 3},
        unused=sum(9 * width**2 + 2 * width for width in (512, 512, 256)),
        subtracted=_VGG_BIASES,
        one_date=("trunk",),
        auxiliary_channels=1,
        trunk=_vgg16(),
        side=48,
    ),
    "changeformer": Facts(
        outputs=(
            Outputs(
                dict.fromkeys(("main", "extra.aux0", "extra.aux1", "extra.aux2", "extra.aux3"), 2e-5),
                auxiliary=("extra.aux0", "extra.aux1", "extra.aux2", "extra.aux3"),
            ),
        ),
        small={"decoder_channels": 16},
        others={"in_channels": 5, "num_classes": 1, "decoder_channels": 16},
        missing=("TDec_x2.change_probability.conv2d.bias", "head.bias"),
        unexpected=("TDec_x2.linear_c5.proj.weight", "scales.scale5.project.weight"),
        unknown="TDec_x2.other.weight",
        subtracted=r"fuse\.conv\.bias",
        auxiliary_strides=(32, 16, 8, 4),
        side=64,
    ),
    "dminet": Facts(
        outputs=(
            Outputs(
                dict.fromkeys(("main", "aux0", "aux1", "aux2", "aux3"), 1e-5),
                auxiliary=("aux0", "aux1", "aux2", "aux3"),
            ),
        ),
        others={"in_channels": 5, "num_classes": 1},
        unused=512 * 1000 + 1000,  # the classifier of its ResNet-18
        missing=("cross4.gamma", "exchange.0.gamma"),
        unexpected=(None, "heads.4.classifier.bias"),
        unknown="cross5.gamma",
        # a constant added to all keys shifts every row of logits alike, which softmax removes
        idle=r"exchange\.\d\.(before|after)\.key\.bias",
        subtracted=r"(difference|concatenation)\.fuse_\w+\.fuse\.conv\.bias|heads\.\d\.block\.conv\.bias",
        exchange_moves=1e-3,
        trunk=_resnet18(),
    ),
    "dtcdscn": Facts(
        # stricter than elsewhere: at 1e-4 the gates could be wrong unseen
        outputs=(Outputs({"main": 1e-5}, exchange_tolerance=1e-5),),
        others={"in_channels": 5, "num_classes": 1, "dual_task": True},
        unused=9_814_706,  # the branch for buildings
    ),
    "fc_ef": _fc_unet(2.556, 2.556e-3),
    "fcnpp": Facts(
        outputs=(
            Outputs(
                {"main_logits": 1e-5, "main": 1e-5},
                absolute=("main_logits",),  # hides the pyramid: mistakes there move the logits by some 1e-3 only
                exchange=0.052,
                exchange_tolerance=1e-3,
            ),
            Outputs({"main_logits": 1e-5, "main": 1e-5}, "gain2"),
        ),
        others={"in_channels": 4, "num_classes": 3, "dropout": 0.5},
        missing=("aspp.aspp2.block.depthwise.weight", "pyramid.dilated.rate2.depthwise.conv.weight"),
        unexpected=("up5.conv.double_conv.0.weight", "decoder.step5.0.weight"),
        unknown="up1.up.weight",
        subtracted=r"(encoder\.\d|decoder\.step\d)\.(0|3|6)\.bias",
        bfloat16_is_near=True,
    ),
    "hcgmnet": Facts(
        outputs=(
            Outputs(
                dict.fromkeys(("main_logits", "main", "aux0_logits", "aux0"), 1e-5),
                absolute=("main_logits", "main", "aux0_logits", "aux0"),  # far below what a mistake moves
                auxiliary=("aux0",),
            ),
            Outputs({"main_logits": 1e-5, "main": 1e-5}, "boost", absolute=("main_logits", "main")),
        ),
        others={"in_channels": 4, "num_classes": 3},
        subtracted=_VGG_BIASES,
        one_date=("trunk",),
        exchange_moves=0.02,
        auxiliary_channels=1,
        trunk=_vgg16(),
    ),
    "icifnet": Facts(
        outputs=(
            Outputs(
                {"main": 5e-6, "aux0": 1e-5, "aux1": 1e-5},  # main: sees a wrong eps of PVT's norms
                auxiliary=("main", "aux0", "aux1"),
            ),
        ),
        others={"in_channels": 5, "num_classes": 1},
        unused=9_813_480,  # ImageNet classifier, PVT's last stage, and five tensors of every interaction
        missing=("cross4.Ype.penc.inv_freq", "before.interact.0.local_position.frequencies"),
        unexpected=(None, "heads.3.classifier.bias"),
        unknown="cross4_img3.qkv.bias",
        subtracted=r"(before|after)\.(interact\.\d\.(local|global)_project|up_\w+\.\w+|\w+_decoder\.fuse_\w+\.fuse)"
        r"\.conv\.bias|(before|after)\.interact\.\d\.fuse\.(narrow|spread)\.2\.bias|heads\.\d\.block\.conv\.bias"
        r"|global_trunk\.stages\.stage3\.norm\.bias",
        exchange_moves=1e-2,
        side=64,
    ),
    "minenetcd": Facts(
        small={"backbone": "resnet_nano", "decoder_channels": 32, "auxiliary_channels": 16},
        others={
            **{"backbone": "resnet_nano", "decoder_channels": 32, "auxiliary_channels": 16},
            **{"in_channels": 5, "num_classes": 1},
        },
        exchange_moves=1e-4,
    ),
    "minenetcd_lite": Facts(
        small={"width": 12, "heads": 2},
        others={"in_channels": 5, "num_classes": 2, "width": 12, "heads": 3, "levels": 4, "frozen": False},
        symmetric=True,
    ),
    "mspsnet": Facts(
        outputs=(Outputs({"main": 1e-5}, exchange_tolerance=1e-5),),
        others={"in_channels": 4, "num_classes": 1},
        unused=417_880,
        missing=("conv6_3_2.weight", "integrate.scale3.dilated.rate2.weight"),
        unexpected=("conv5_1.weight", "integrate.scale5.merge.weight"),
        unknown="conv8.weight",
        subtracted=r"refine\.scale\d\.(condense|expand)\.conv\.bias",  # batch statistics take them out again
        rounding=1e-14,
        one_date=("encoder",),
        sees="features",
    ),
    "rdpnet": Facts(
        outputs=(
            Outputs({"main": 1e-4}),
            Outputs({"main": 1e-4}, "nv", exchange=0.39, exchange_tolerance=0.005),
        ),
        others={"in_channels": 4, "num_classes": 1},
        missing=("mixer6.gn2.running_var", "mixers.5.pointwise_norm.running_var"),
        unexpected=("mixer6.gn2.num_batches_tracked", "mixers.5.pointwise_norm.num_batches_tracked"),
        unknown="mixer7.gn2.weight",
        subtracted="",
    ),
    "resunet": Facts(
        outputs=(Outputs({"main": 1e-5}, exchange=0.512, exchange_tolerance=1e-3),),
        others={"in_channels": 4, "num_classes": 1},
        missing=("bridge.conv_skip.0.bias", "encoder.4.shortcut.0.bias"),
        unexpected=("upsample_5.upsample.weight", "decoder.step5.up.weight"),
        unknown="fc.weight",
        subtracted=r"encoder\.0\.main\.0\.bias|(encoder\.[1-4]|decoder\.step\d\.merge|refine|head)"
        r"\.(main\.2|shortcut\.0)\.bias",
        bfloat16_is_near=True,
    ),
    "siamunet_conc": _fc_unet(4.655, 4.655e-3),
    "siamunet_diff": _fc_unet(0.002628, 2.628e-6),  # hardly anything
    "snunet": Facts(
        outputs=(Outputs({"main": 1e-5}, exchange=0.767, exchange_tolerance=1e-3),),
        others={"in_channels": 4, "num_classes": 3, "width": 8},
        missing=("conv2_1.conv1.weight", "nodes.2_1.conv1.weight"),
        unexpected=("conv5_1.conv1.weight", "nodes.5_1.conv1.weight"),
        unknown="final1.weight",
        subtracted=r"(encoder\.\d|nodes\.\d_\d)\.conv2\.bias",  # batch statistics take them out again
    ),
    "tfi_gr": Facts(
        outputs=(Outputs({"main": 1e-5}),),
        others={"in_channels": 5, "num_classes": 1},
        # the ImageNet classifier, and two of three 3 x 3 blocks of 64 channels in the decoder
        unused=(512 * 1000 + 1000) + 2 * (64 * 64 * 9 + 64 + 2 * 64),
        subtracted=r"(interaction|round\d\.refine)\.level\d\.(\w+\.)?conv\.bias|merge\.conv\.bias",
        one_date=("trunk",),
        trunk=_resnet18(),
    ),
    "tinycd": Facts(
        outputs=(
            Outputs({"main_logits": 3e-5, "main": 1e-4}, exchange_tolerance=1e-4),
        ),
        others={"in_channels": 4, "num_classes": 3},
        missing=("_mixing_mask.2._convmix.0.bias", "deep_mix.0.bias"),
        unexpected=("_backbone.4.0.block.0.1.bias", "trunk.4.0.block.0.1.bias"),
        unknown="_first_mix._convmixnorm.0.weight",
        subtracted="",
        trunk=Trunk("minenetcd.models.tinycd.imagenet_weights", "efficientnet_b4", "features.", "in_channels=3, got 4"),
    ),
}  # fmt: skip

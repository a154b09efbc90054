"""Names inside the decoder and heads that DMINet and ICIF-Net publish alike."""

from collections.abc import Sequence

from minenetcd.weights.keymap import Rules


def decoder_rules(theirs: Sequence[str], ours: str) -> Rules:
    """For a GatedDecoder; `theirs` lists its reductions and gates coarse to fine: reduce, gate, reduce, gate."""
    reduce_coarse, fuse_middle, reduce_middle, fuse_fine = theirs
    return (
        *_reduction(reduce_coarse, f"{ours}.reduce_coarse"),
        *_gate(fuse_middle, f"{ours}.fuse_middle"),
        *_reduction(reduce_middle, f"{ours}.reduce_middle"),
        *_gate(fuse_fine, f"{ours}.fuse_fine"),
    )


def head_rules(theirs: str, ours: str) -> Rules:
    """For an UpsampledHead."""
    return (
        (f"{theirs}.0.conv", f"{ours}.block.conv"),
        (f"{theirs}.0.bn", f"{ours}.block.norm"),
        (f"{theirs}.1.conv", f"{ours}.classifier"),
    )


def _reduction(theirs: str, ours: str) -> Rules:
    return ((f"{theirs}.conv", f"{ours}.conv"), (f"{theirs}.bn", f"{ours}.norm"))


def _gate(theirs: str, ours: str) -> Rules:
    return (
        (f"{theirs}.conv_l", f"{ours}.conv_level"),
        (f"{theirs}.conv_d1", f"{ours}.conv_below"),
        (f"{theirs}.conv3", f"{ours}.fuse.conv"),
        (f"{theirs}.bn3", f"{ours}.fuse.norm"),
    )

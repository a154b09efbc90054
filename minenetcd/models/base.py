"""The one contract all architectures keep."""

import copy
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from numbers import Integral
from typing import Any, ClassVar, NamedTuple, Self

from torch import Tensor, nn
from torch.nn import functional

from minenetcd.constants import LEAST_SIDE
from minenetcd.errors import OptionError, SizeError, one_line
from minenetcd.layers.folding import folded
from minenetcd.types import BandStatistics, ChangeOutput

#: What torch says where BatchNorm takes statistics of a single number.
_TOO_FEW = "Expected more than 1 value per channel"


@dataclass(frozen=True)
class About:
    """Where a method comes from, and the size its published implementation reports.

    Without a title it was not published: it is its package's own. `parameters_mi` are trainable parameters / 2**20,
    `macs_gi` multiply-adds / 2**30 for one pair of 3 x 256 x 256 images, as printed by the earlier framework; None
    where nothing is printed. `published_form` holds the options they are of, where these change the size and are not
    the defaults.
    """

    title: str = ""
    authors: str = ""
    venue: str = ""
    year: int = 0
    doi: str | None = None
    pretrained_trunk: str | None = None
    parameters_mi: float | None = None
    macs_gi: float | None = None
    published_form: Mapping[str, Any] = field(default_factory=dict)


class Stage(NamedTuple):
    """What a network holds about change at one point on its way, at each of its levels, fine to coarse.

    A level is the output of a module, by its path inside the model: "fusion.level2"; or, with a number in brackets,
    one of the tensors that go into it: "change_fft.0(0)" is the first. The module runs once in a forward.
    """

    name: str
    levels: tuple[str, ...]

    @classmethod
    def numbered(cls, name: str, pattern: str, *numbers: int) -> Self:
        """Levels that differ in a number only: `pattern` holds {} in its place."""
        return cls(name, tuple(pattern.format(number) for number in numbers))


class ChangeModel(nn.Module, ABC):
    """Two normalised dates (B, C, H, W) in, change logits (B, K, H, W) out, for any H, W >= 32.

    An architecture subclasses this, hands its keyword arguments to `super().__init__(**config)` so that
    they rebuild it, and implements `compare`. `size_multiple` is what H and W must divide by inside
    `compare`: other sizes are padded here (reflected at bottom and right) and cropped back; sizes that
    divide already pass through untouched.
    """

    about: ClassVar[About | None] = None
    size_multiple: ClassVar[int] = 1

    #: Whether each BatchNorm that stands right behind a convolution, in the order in which parts are made, reads that
    #: convolution's result, which nothing else reads: then the two may become one for inference.
    folds: ClassVar[bool] = False

    #: Weight of each auxiliary output in the training loss, as in the method's own publication.
    auxiliary_weights: tuple[float, ...] = ()

    #: Weight of the logits themselves beside auxiliary outputs; 0 where the publication puts no loss on them.
    main_weight: float = 1.0

    #: Where the method can be looked into (`minenetcd explain`), from the images to the answer.
    explained_layers: tuple[Stage, ...] = ()

    #: Whether there are auxiliary outputs, which only the loss reads: not in a network made ready to predict. Where
    #: they take work of their own, `compare` leaves it out.
    with_auxiliary: bool = True

    #: Whether it standardises each date by the mean and deviation of the image it is shown, or, as `in_scene`, of all
    #: of the scene that the image is a part of.
    standardises: ClassVar[bool] = False

    #: What it standardises both dates by, in its order; None: the images' own.
    of_scene: tuple[BandStatistics, BandStatistics] | None = None

    def __init__(self, **config: Any) -> None:
        super().__init__()
        for key in ("in_channels", "num_classes"):
            _check_count(type(self).__name__, key, config.get(key, 1))
        self.config: dict[str, Any] = {
            key: list(value) if isinstance(value, tuple) else value for key, value in config.items()
        }

    def forward(self, before: Tensor, after: Tensor) -> ChangeOutput:
        """Logits of change between `before` and `after`, each float (B, C, H, W) on one device.

        Raises SizeError where the two differ in shape, a side is under 32 px, or C is not what was built; in training
        also where BatchNorm meets a single number, as a network that goes down to one pixel does with one small pair.
        """
        self._check(before, after)
        height, width = before.shape[-2:]
        bottom, right = -height % self.size_multiple, -width % self.size_multiple
        if bottom or right:
            before, after = (functional.pad(x, (0, right, 0, bottom), mode="reflect") for x in (before, after))
        is_one = self.training and len(before) == 1
        output = (self._compare_one if is_one else self.compare)(before, after)
        if not self.with_auxiliary:
            output = ChangeOutput(output.logits)
        return _crop(output, before.shape[-2:], (height, width)) if bottom or right else output

    @abstractmethod
    def compare(self, before: Tensor, after: Tensor) -> ChangeOutput:
        """The architecture itself; H and W are multiples of `size_multiple`."""

    @property
    def has_pretrained_backbone(self) -> bool:
        """Whether `load_pretrained_backbone` has weights to fetch."""
        return self.about is not None and self.about.pretrained_trunk is not None

    def load_pretrained_backbone(self) -> None:
        """Start the trunk from its ImageNet weights. Raises OptionError where the method has no such trunk."""
        raise OptionError(f"{type(self).__name__} has no pretrained trunk: build it with pretrained_backbone=False.")

    def fused(self) -> Self:
        """A network for inference with equal logits and no auxiliary outputs, its layers folded (`layers.folding`).

        What does not change is shared with this one. Itself, where it does not say that it `folds`.
        """
        if not self.folds:
            return self
        twin = copy.copy(folded(self))
        assert isinstance(twin, type(self))
        twin.with_auxiliary = False
        return twin

    def in_scene(self, before: BandStatistics, after: BandStatistics) -> Self:
        """This network for parts of a scene of which both dates are known in whole, so that they fit each other.

        Statistics are of normalised dates, in the network's order, and lie on its device; weights are shared with this
        one. Itself, where it does not standardise.
        """
        if not self.standardises:
            return self
        twin = copy.copy(self)
        twin.of_scene = (before, after)
        return twin

    def _compare_one(self, before: Tensor, after: Tensor) -> ChangeOutput:
        """`compare` of a batch of one in training."""
        try:
            return self.compare(before, after)
        except ValueError as error:
            if _TOO_FEW not in str(error):
                raise
            raise SizeError(
                f"{type(self).__name__} cannot be trained on batches of one pair of {before.shape[-2]} x "
                f"{before.shape[-1]} pixels ({one_line(error)}): raise the batch size, or give larger images or crops."
            ) from error

    def _check(self, before: Tensor, after: Tensor) -> None:
        name, channels = type(self).__name__, self.config.get("in_channels", before.shape[1] if before.ndim > 1 else 0)
        if before.ndim != 4 or before.shape != after.shape:
            raise SizeError(
                f"{name} needs two dates of one shape (B, C, H, W), got {tuple(before.shape)} and "
                f"{tuple(after.shape)}: crop or resample them to one grid."
            )
        if before.shape[1] != channels:
            raise SizeError(
                f"{name} was built for {channels} channels, got {before.shape[1]}: select {channels} bands, or build "
                f"it with in_channels={before.shape[1]}."
            )
        if min(before.shape[-2:]) < LEAST_SIDE:
            raise SizeError(
                f"{name} needs at least {LEAST_SIDE} x {LEAST_SIDE} pixels, got {before.shape[-2]} x "
                f"{before.shape[-1]}: pad the images, or use a detector, which pads and crops."
            )


def _check_count(name: str, key: str, value: object) -> None:
    """OptionError unless `value` is a whole number of 1 or more."""
    if isinstance(value, bool) or not isinstance(value, Integral) or value < 1:
        raise OptionError(f"{name} needs a whole number of 1 or more as {key}, got {value!r}: correct it.")


def _crop(output: ChangeOutput, padded: Sequence[int], size: Sequence[int]) -> ChangeOutput:
    """Cut every output that has the padded size back to `size`; coarser auxiliary ones stay as they are."""

    def cut(logits: Tensor) -> Tensor:
        return logits[..., : size[0], : size[1]] if logits.shape[-2:] == padded else logits

    return ChangeOutput(cut(output.logits), tuple(map(cut, output.auxiliary)))

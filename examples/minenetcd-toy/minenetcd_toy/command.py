"""A command: a function as Typer takes it."""

from typing import Annotated

from typer import Argument, Option


def share(
    data: Annotated[str, Argument(help="A data set, by any name.")],
    split: Annotated[str, Option(help="train, val or test.")] = "train",
) -> None:
    """How much of a data set has changed."""
    from minenetcd import load_dataset  # here, so that --help does not wait for it

    pairs = load_dataset(data, split)
    labelled = [mask[mask < 255] for mask in map(pairs.mask, range(len(pairs)))]
    changed = sum(int(mask.sum()) for mask in labelled) / sum(mask.numel() for mask in labelled)
    print(f"{changed:.1%} of the pixels of {len(pairs)} pairs have changed.")

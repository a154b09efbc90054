"""Scenes set apart by their seeds, so that what a detector is judged by was never drawn for its training."""

#: First seed of each part: no scene is in two of them, and the demo's scene is in none.
SPLIT_SEEDS = {"train": 1_000_000, "val": 2_000_000, "test": 3_000_000}


def synthetic_seeds(split: str, count: int) -> range:
    """Seeds of the first `count` scenes of `split`: train, val or test."""
    return range(SPLIT_SEEDS[split], SPLIT_SEEDS[split] + count)

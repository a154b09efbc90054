"""The numbers of a data set, and figures of them: `dataset_statistics(source)`."""

from minenetcd.data.statistics.numbers import Statistics, dataset_statistics

__all__ = ["Statistics", "dataset_statistics"]

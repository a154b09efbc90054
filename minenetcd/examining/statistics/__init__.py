"""The numbers of a data set, and figures of them: `dataset_statistics(source)`."""

from minenetcd.examining.statistics.numbers import Statistics, dataset_statistics

__all__ = ["Statistics", "dataset_statistics"]

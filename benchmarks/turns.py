"""Sides that take turns, so that what else the machine does falls on all of them alike."""

import statistics
import time
from collections.abc import Callable, Mapping
from typing import TypeVar

Name = TypeVar("Name")
Numbers = dict[str, float]


def in_turn(sides: Mapping[Name, Callable[[], Numbers]], rounds: int) -> dict[Name, Numbers]:
    """The median of each number of each side, one side after the other in every round, after one to warm up."""
    answers: dict[Name, list[Numbers]] = {name: [] for name in sides}
    for _ in range(1 + rounds):
        for name, side in sides.items():
            answers[name].append(side())
    return {
        name: {key: statistics.median(each[key] for each in several[1:]) for key in several[0]}
        for name, several in answers.items()
    }


def seconds_in_turn(calls: Mapping[Name, Callable[[], object]], rounds: int) -> dict[Name, float]:
    """The median time of each call, in the same way."""
    taken = in_turn({name: timed(call) for name, call in calls.items()}, rounds)
    return {name: numbers["seconds"] for name, numbers in taken.items()}


def timed(call: Callable[[], object]) -> Callable[[], Numbers]:
    """`call`, which answers with its seconds, and the processor time of all threads."""

    def measure() -> Numbers:
        started, worked = time.perf_counter(), time.process_time()
        call()
        return {"seconds": time.perf_counter() - started, "processor": time.process_time() - worked}

    return measure

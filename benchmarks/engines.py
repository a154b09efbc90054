"""How engines and precisions compare with torch in float32, in one run and in turn.

    OMP_NUM_THREADS=1 python benchmarks/engines.py [--rounds 7] [--pairs 2] [--engines torch inductor]

The embedded detector on a drawn scene, and MineNetCD with Swin-T and random weights on the same, each on tiles of its
own size. Printed are medians of a pair's time (the processor's, where there is one thread), the ratio to torch, the
time until the first answer, the largest difference of the probability, and how many pixels are decided otherwise at the
detector's threshold. Every engine is limited to as many threads as torch has.
"""

import argparse
import time
from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
import torch
from markdown_table import markdown
from numpy.typing import NDArray
from turns import in_turn, timed

import minenetcd
from minenetcd.detectors.learned import ChangeDetector
from minenetcd.runtime.execution import ENGINES, Execution
from minenetcd.synthetic import make_scene

EXECUTIONS = (
    *(Execution(), Execution(precision="bfloat16")),
    Execution("inductor"),
    *(Execution("openvino"), Execution("openvino", "bfloat16"), Execution("onnxruntime")),
)
#: Of a drawn scene that no split holds, with much change.
SEED = 3_000_004

Probability = NDArray[np.float32]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--pairs", type=int, default=2)
    parser.add_argument("--engines", nargs="+", choices=ENGINES, default=list(ENGINES), help="torch is always one")
    arguments = parser.parse_args()
    torch.manual_seed(0)
    detectors = [minenetcd.from_pretrained("minenetcd-nano"), ChangeDetector.from_config("minenetcd-swin-t").eval()]
    for detector in detectors:
        wanted = [each for each in EXECUTIONS if each == Execution() or each.engine in arguments.engines]
        table = compare(detector, wanted, arguments.pairs, arguments.rounds)
        print(f"{detector.name}, {arguments.pairs} pairs of {detector.tile} x {detector.tile} at once, "
              f"{torch.get_num_threads()} threads\n{markdown(table)}\n")  # fmt: skip


def compare(detector: ChangeDetector, executions: Sequence[Execution], pairs: int, rounds: int) -> pd.DataFrame:
    scene = make_scene(SEED, size=detector.tile * 2)
    tiles = [np.s_[:, : detector.tile], np.s_[:, detector.tile :]] * pairs
    before, after = (
        np.stack([date[: detector.tile][place] for place in tiles[:pairs]]) for date in (scene.before, scene.after)
    )
    runs: dict[str, Callable[[], Probability]] = {}
    answers, first = {}, {}
    for execution in executions:
        name = f"{execution.engine}, {execution.precision}"
        started = time.perf_counter()
        ready = detector.for_inference("cpu", execution=execution)
        runs[name] = lambda ready=ready: ready.probabilities(before, after)
        answers[name] = runs[name]()
        first[name] = time.perf_counter() - started
    taken = in_turn({name: timed(run) for name, run in runs.items()}, rounds)
    clock = "processor" if torch.get_num_threads() == 1 else "seconds"
    seconds = {name: numbers[clock] for name, numbers in taken.items()}
    expected = next(iter(answers.values()))
    threshold = detector.threshold if detector.provenance.trained_on else float(np.median(expected))
    return pd.DataFrame(
        [
            {
                "": name,
                "a pair": f"{1000 * each / pairs:.0f} ms",
                "ratio": f"{next(iter(seconds.values())) / each:.2f} x",
                "first answer": f"{first[name]:.1f} s",
                "largest difference": f"{np.abs(answers[name] - expected).max():.1e}",
                "decided otherwise": decided((answers[name] >= threshold) != (expected >= threshold)),
            }
            for name, each in seconds.items()
        ]
    )


def decided(differ: NDArray[np.bool_]) -> str:
    return f"{np.count_nonzero(differ):,} of {differ.size:,}"


if __name__ == "__main__":
    main()

"""What `minenetcd predict` shall choose by itself, decided on pairs made from images without labels.

    python benchmarks/choices.py IMAGERY [--table TABLE] [--model NAME] [--out FOLDER]

IMAGERY holds sets of images as the data set `pasted:` reads them, TABLE what is to be known of them, with their metres
per pixel (choices.csv). What `pasted:` holds out of each set becomes validation pairs (choosing/validation.py): pasted
change of several kinds, real dates, and images against themselves. Printed are tables and, with reasons: the threshold
rule and the smoothing of each detector without training, whether tone and co-registration help, which detector without
training is best, the threshold of the network NAME and at which metres per pixel it is at least as good, both on pairs
by rules that it was not trained on, and what agreement of the two says.
With --out, every count as CSV. Every other pair is measured, which takes 25 minutes on two cores; with --all, all are.

The images have three bands of 8 bits: what is best for more bands, or for other numbers, cannot be decided here.
"""

import argparse
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from choosing import deciding, tables
from choosing.measuring import Candidate, agreements, every_rule, every_threshold, measured
from choosing.validation import ITSELF, NOTHING, OTHER_RULES, PASTED, Case, Validation

from minenetcd.building.drawn.once import cache_folder
from minenetcd.files import make_folder
from minenetcd.runtime.parallel_map import parallel_map

#: Those that read any number of bands; raw change vectors are left out, since a tone is not to be a change.
DETECTORS = ("cva", "irmad", "isfa", "pca-kmeans")
#: Kinds by rules that the embedded network was trained on.
TRAINED_ON = set(PASTED) - {*OTHER_RULES, NOTHING}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("imagery", type=Path)
    parser.add_argument("--table", type=Path, default=Path(__file__).with_suffix(".csv"))
    parser.add_argument("--model", default="minenetcd-nano")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--jobs", type=int, default=2)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        out = make_folder(arguments.out or Path(scratch))
        cases = Validation(arguments.imagery, arguments.table, cache_folder()).cases()
        decide(cases if arguments.all else every_other(cases), arguments.model, out, arguments.jobs)


def every_other(cases: list[Case]) -> list[Case]:
    """Every other pair, but each image against itself, and each pair by rules that no network was trained on."""
    whole = (ITSELF, *OTHER_RULES)
    return [case for number, case in enumerate(cases) if number % 2 == 0 or case.kind.startswith(whole)]


def decide(cases: list[Case], network: str, out: Path, jobs: int) -> None:
    """The tables, one decision after the other."""

    def rows(name: str, measure: Callable[[Case], list[dict[str, Any]]], of: list[Case] = cases) -> pd.DataFrame:
        with parallel_map(jobs) as mapped:
            found = pd.DataFrame([row for case in mapped(partial(_alone, measure), of) for row in case])
        found.to_csv(out / f"{name}.csv", index=False)
        return found

    show(tables.overview(cases))
    without = rows("rules", partial(every_rule, detectors=DETECTORS, tone=False, coregister=True))
    show(tables.rules_and_radii(without))
    without = deciding.with_best_rules(without)
    show(tables.without_training(without))
    classical = deciding.best_candidate(without)
    by_other_rules = [case for case in cases if case.kind not in PASTED or case.kind in (*OTHER_RULES, NOTHING)]
    show(tables.thresholds(rows("thresholds", partial(every_threshold, name=network), by_other_rules)))
    candidates = [
        Candidate(*config, tone, coregister)
        for config in (classical, (network, "", 0))
        for tone, coregister in ((False, False), (False, True), (True, True))
    ]
    both = rows("prepared", partial(measured, candidates=candidates))
    show(tables.preparations(both))
    show(tables.network_against(both[~both["kind"].isin(TRAINED_ON)], network, classical[0]))
    chosen = [deciding.chosen_candidate(both, name) for name in (classical[0], network)]
    changed = [case for case in cases if case.mask]
    agreed = rows("agreement", partial(agreements, first=chosen[0], second=chosen[1]), changed)
    show(tables.second_opinion(agreed))


def show(table: str) -> None:
    print(table, flush=True)


def _alone(measure: Callable[[Case], list[dict[str, Any]]], case: Case) -> list[dict[str, Any]]:
    torch.set_num_threads(1)  # processes share the cores
    return measure(case)


if __name__ == "__main__":
    main()

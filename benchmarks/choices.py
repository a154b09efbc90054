"""What `minenetcd predict` shall choose by itself, decided on pairs made from images without labels.

    python benchmarks/choices.py IMAGERY [--table TABLE] [--model NAME] [--classical as-chosen] [--out FOLDER]

IMAGERY holds sets of images as the data set `pasted:` reads them, TABLE what is to be known of them, with their metres
per pixel (choices.csv). What `pasted:` holds out of each set becomes validation pairs (choosing/validation.py): pasted
change of several kinds, real dates, and images against themselves. Printed are tables and, with reasons: the threshold
rule and the smoothing of each detector without training, whether tone and co-registration help, which detector without
training is best, the threshold of the network NAME and at which metres per pixel it is at least as good, both on
the pairs least like its training, and what agreement of the two says.
With --out, every count as CSV. Every other pair is measured, which takes 25 minutes on two cores; with --all, all are.
With --classical as-chosen, detectors without training are not compared anew: after the network alone has changed.

The images have three bands of 8 bits: what is best for more bands, or for other numbers, cannot be decided here.
"""

import argparse
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from choosing import deciding, tables
from choosing.measuring import Candidate, agreements, every_rule, every_threshold, measured
from choosing.validation import ITSELF, NOTHING, OTHER_RULES, PASTED, Case, Validation

from minenetcd.building.drawn.once import cache_folder
from minenetcd.detectors.choice import CLASSICAL, CLASSICAL_OPTIONS
from minenetcd.files import make_folder
from minenetcd.runtime.parallel_map import parallel_map

#: Those that read any number of bands; raw change vectors are left out, since a tone is not to be a change.
DETECTORS = ("cva", "irmad", "isfa", "pca-kmeans")
#: Kinds by the rules that the embedded network was trained on.
TRAINED_ON = set(PASTED) - {*OTHER_RULES, NOTHING}
CLASSICAL_AS_CHOSEN = (CLASSICAL, CLASSICAL_OPTIONS.threshold_rule or "", CLASSICAL_OPTIONS.smooth or 0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("imagery", type=Path)
    parser.add_argument("--table", type=Path, default=Path(__file__).with_suffix(".csv"))
    parser.add_argument("--model", default="minenetcd-nano")
    parser.add_argument("--classical", choices=("anew", "as-chosen"), default="anew")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--jobs", type=int, default=2)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        out = make_folder(arguments.out or Path(scratch))
        cases = Validation(arguments.imagery, arguments.table, cache_folder()).cases()
        measuring = Measuring(out, arguments.jobs, cases if arguments.all else every_other(cases))
        show(tables.overview(measuring.cases))
        is_anew = arguments.classical == "anew"
        decide(measuring, arguments.model, best_classical(measuring) if is_anew else CLASSICAL_AS_CHOSEN)


def every_other(cases: list[Case]) -> list[Case]:
    """Every other pair, but each image against itself, and each pair least like what networks are trained on."""
    whole = (ITSELF, *OTHER_RULES)
    return [case for number, case in enumerate(cases) if number % 2 == 0 or case.kind.startswith(whole)]


@dataclass(frozen=True)
class Measuring:
    """Measures pairs in `jobs` processes and keeps every count in the folder `out`."""

    out: Path
    jobs: int
    cases: list[Case]

    def rows(
        self, name: str, measure: Callable[[Case], list[dict[str, Any]]], cases: list[Case] | None = None
    ) -> pd.DataFrame:
        with parallel_map(self.jobs) as mapped:
            measured = mapped(partial(_alone, measure), self.cases if cases is None else cases)
            found = pd.DataFrame([row for case in measured for row in case])
        found.to_csv(self.out / f"{name}.csv", index=False)
        return found


def best_classical(measuring: Measuring) -> tuple[str, str, int]:
    """Name, threshold rule and radius of the best detector without training."""
    rows = measuring.rows("rules", partial(every_rule, detectors=DETECTORS, tone=False, coregister=True))
    show(tables.rules_and_radii(rows))
    rows = deciding.with_best_rules(rows)
    show(tables.without_training(rows))
    return deciding.best_candidate(rows)


def decide(measuring: Measuring, network: str, classical: tuple[str, str, int]) -> None:
    """The tables of what concerns the network, one decision after the other."""
    by_other_rules = [each for each in measuring.cases if each.kind not in TRAINED_ON]
    show(tables.thresholds(measuring.rows("thresholds", partial(every_threshold, name=network), by_other_rules)))
    steps = ((False, False), (False, True), (True, True))  # tone, co-registration; the former is nothing to the other
    candidates = [Candidate(network, "", 0, *step) for step in steps] + [Candidate(*classical, coregister=True)]
    both = measuring.rows("prepared", partial(measured, candidates=candidates), by_other_rules)
    show(tables.preparations(both))
    show(tables.network_against(both, network, classical[0]))
    chosen = [deciding.chosen_candidate(both, name) for name in (classical[0], network)]
    changed = [case for case in by_other_rules if case.mask]
    agreed = measuring.rows("agreement", partial(agreements, first=chosen[0], second=chosen[1]), changed)
    show(tables.second_opinion(agreed))


def show(table: str) -> None:
    print(table, flush=True)


def _alone(measure: Callable[[Case], list[dict[str, Any]]], case: Case) -> list[dict[str, Any]]:
    torch.set_num_threads(1)  # processes share the cores
    return measure(case)


if __name__ == "__main__":
    main()

"""minenetcd learn"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from typer import Argument, Option

from minenetcd.cli.checks import check_early
from minenetcd.cli.console import print_json, print_rich, table, warn
from minenetcd.cli.options import Device, Json, Quiet
from minenetcd.display.words import some_of
from minenetcd.labelling.learning.options import STEPS, LearnOptions

if TYPE_CHECKING:
    from minenetcd.evaluation.significance import Interval
    from minenetcd.labelling.learning.outcome import Learned, Score


def learn(
    results: Annotated[
        list[Path],
        Argument(
            metavar="RESULT...",
            help="Results whose polygons were judged, folders of such results, and folders of labels.",
            show_default=False,
        ),
    ],
    out: Annotated[Path, Option(help="New folder for the detector.")],
    start_from: Annotated[
        str, Option(help="Trained network to begin with: embedded name, hub id, or folder.")
    ] = "minenetcd-nano",
    complete: Annotated[
        bool,
        Option(
            "--complete",
            help="The results were looked at as a whole: what nobody marked, and was far from change, is unchanged.",
        ),
    ] = False,
    held_out: Annotated[float, Option(help="Share of the sites that judges (of one site: of its polygons).")] = 0.25,
    rehearsal: Annotated[
        float | None,
        Option(help="Share of drawn scenes that train beside.", show_default="by what the network learned from"),
    ] = None,
    steps: Annotated[int, Option(help="Steps of training.", min=1)] = STEPS,
    seed: Annotated[int, Option(help="Of everything that is drawn.", min=0)] = 1,
    resume: Annotated[bool, Option("--resume", help="Go on with what was stopped.")] = False,
    device: Device = "auto",
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Train a detector further on what people said of its results, and say whether it became better.

    Accepted polygons are change, rejected ones are not; what nobody judged stays unknown.

    Example: minenetcd learn mine_a mine_b mine_c --start-from minenetcd-nano --out detector
    """
    options = LearnOptions(complete=complete, held_out=held_out, rehearsal=rehearsal, steps=steps, seed=seed)
    check_early(detectors=[start_from], device=device)
    # from here on torch is needed
    from minenetcd.cli.training_progress import LearnProgress
    from minenetcd.labelling.learning.learn import learn as run
    from minenetcd.training.records.reporting import TrainingReporter

    result = run(
        results,
        out,
        start=start_from,
        options=options,
        device=device,
        resume=resume,
        reporter=TrainingReporter() if quiet or as_json else LearnProgress(),
    )
    if as_json:
        print_json(result.as_json())
        return
    if not quiet:
        warn(result.notes)
    _print(result)


def _print(result: "Learned") -> None:
    """The scores side by side, the answer, and what to do."""
    comparison = result.comparison
    numbers = ("F1", "cIoU", "Precision", "Recall", "Accepted, found", "Rejected, called")
    scores = table("", *numbers, right=numbers)
    for what, score in (("Before", comparison.before), ("After", comparison.after)):
        scores.add_row(what, *_cells(score))
    print_rich(scores)
    where = "held-out sites" if result.by_site else "a held-out strip of the one site"
    where += f" ({some_of(result.judged_on)})"
    seen = "places and the ground around them" if result.knows_ground else "places that were judged"
    print(f"By pixels of {seen}, on {where}, which trained and chose nothing; in brackets intervals of 95 %.")
    print(comparison.in_words)
    print(result.decision)
    print(result.advice)


def _cells(score: "Score") -> tuple[str, ...]:
    return (
        _with_interval(score.f1, score.f1_interval),
        _with_interval(score.ciou, score.ciou_interval),
        *("undefined" if value is None else f"{value:.3f}" for value in (score.counts.precision, score.counts.recall)),
        f"{score.found} of {score.accepted}",
        f"{score.called} of {score.rejected}",
    )


def _with_interval(value: float, interval: "Interval | None") -> str:
    return f"{value:.3f}" if interval is None else f"{value:.3f} ({interval.low:.2f} to {interval.high:.2f})"

"""minenetcd monitor"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from typer import Argument, Option

from minenetcd.cli.checks import check_early
from minenetcd.cli.console import note_to, progress_bars
from minenetcd.cli.options import (
    Aoi,
    Bands,
    Clouds,
    Coregister,
    Crs,
    Device,
    Engine,
    IsolatedThreshold,
    Json,
    LeaseName,
    Leases,
    Mask,
    MetresPerPixel,
    MinAreaHa,
    ModelOrNone,
    Precision,
    Prior,
    PriorDistance,
    Quiet,
    SecondOpinion,
    SeedThreshold,
    Smooth,
    Threshold,
    ThresholdRule,
    Tmp,
    Tone,
    Yes,
    bands_wanted,
    nodata_values,
)
from minenetcd.cli.options import metres_per_pixel as metres_of_analysis
from minenetcd.cli.predict_pairs import plain_rows, print_found
from minenetcd.errors import OptionError

if TYPE_CHECKING:
    from minenetcd.monitoring.dates.monitor import MonitorResult


def monitor(
    images: Annotated[
        list[str], Argument(help="Images of one place, in any order, each as predict takes it.", show_default=False)
    ],
    out: Annotated[Path, Option(help="Folder for the results; those of each pair are in its folder pairs.")] = Path(
        "monitor"
    ),
    dates: Annotated[
        str | None,
        Option(
            metavar="DAY,DAY,...",
            help="When they were taken, in their order, with commas between.",
            show_default="as files or their names say",
        ),
    ] = None,
    against: Annotated[
        Literal["both", "previous", "first"], Option(help="Which dates each is compared with.")
    ] = "both",
    every: Annotated[
        Literal["year"] | None,
        Option(help="Keep one image a year, those nearest to one season.", show_default="all images"),
    ] = None,
    most_missing: Annotated[
        float, Option(help="Leave out images without data in more than this share of what the series shows.")
    ] = 0.3,
    cumulative_threshold: Annotated[
        float | None,
        Option(help="Probability that what counts as changed for good must reach, too.", show_default="the map's own"),
    ] = None,
    model: ModelOrNone = None,
    device: Device = "auto",
    engine: Engine = "torch",
    precision: Precision = "float32",
    bands: Bands = None,
    gsd: Annotated[str | None, Option(help="Analyse at this many metres per pixel.")] = None,
    threshold: Threshold = None,
    threshold_rule: ThresholdRule = None,
    smooth: Smooth = None,
    tone: Tone = None,
    coregister: Coregister = None,
    second_opinion: SecondOpinion = None,
    metres_per_pixel: MetresPerPixel = None,
    min_area_ha: MinAreaHa = 0.0,
    seed_threshold: SeedThreshold = None,
    aoi: Aoi = None,
    mask: Mask = None,
    clouds: Clouds = None,
    leases: Leases = None,
    lease_name: LeaseName = None,
    prior: Prior = None,
    prior_distance: PriorDistance = 1000.0,
    isolated_threshold: IsolatedThreshold = None,
    crs: Crs = None,
    nodata: Annotated[
        str | None, Option(metavar="V", help="A number that means no data in all images.", show_default=False)
    ] = None,
    tmp: Tmp = None,
    yes: Yes = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Follow one place through many dates: what changed when, and how the area grew.

    Each date is compared with the previous and with the first one. Called again, what is done stays.

    Example: minenetcd monitor 2019.tif 2020.tif 2021.tif --dates 2019-06-01,2020-06-11,2021-05-30 --out mine
    """
    from minenetcd.detectors.by_name import DetectorOptions
    from minenetcd.monitoring.dates.options import MonitorOptions
    from minenetcd.prediction.options import PredictOptions

    nodata_before, nodata_after = nodata_values(nodata)
    if nodata_before != nodata_after:
        raise OptionError(f"--nodata needs one number for all images, got {nodata!r}: e.g. 0.")
    choice = MonitorOptions(against, every, most_missing, cumulative_threshold)
    options = PredictOptions(
        bands=bands_wanted(bands),
        gsd=metres_of_analysis(gsd),
        threshold=threshold,
        metres_per_pixel=metres_per_pixel,
        tone=None if tone is None else tone == "auto",
        coregister=None if coregister is None else coregister == "auto",
        min_area_ha=min_area_ha,
        seed_threshold=seed_threshold,
        aoi=aoi,
        mask=mask,
        clouds=clouds,
        leases=leases,
        lease_name=lease_name,
        prior=prior,
        prior_distance=prior_distance,
        isolated_threshold=isolated_threshold,
        crs=crs,
        nodata=nodata_before,
        engine=engine,
        precision=precision,
        yes=yes,
    )
    check_early(detectors=[] if model is None else [model], device=device, execution=options.execution)
    from minenetcd.monitoring.dates.series import find_series
    from minenetcd.monitoring.pairs.asked import Asked

    days = None if dates is None else [day.strip() for day in dates.split(",")]
    series = find_series(images, days, options, choice)
    note = note_to(quiet=quiet)
    for left in series.left_out:
        note(f"{left.image.image} ({left.image.day}) is left out: {left.why}.")
    wanted = DetectorOptions(threshold_rule=threshold_rule, smooth=smooth)
    asked = Asked.named(model, wanted, second_opinion=second_opinion, device=device)
    from minenetcd.monitoring.dates.monitor import monitor_as_asked
    from minenetcd.monitoring.pairs.run import Watching

    with progress_bars("Pairs", "Detecting change", quiet=quiet) as (of_pairs, of_tiles):
        watching = Watching(of_pairs, of_tiles, note)
        found = monitor_as_asked(asked, series, out, choice=choice, options=options, tmp=tmp, watching=watching)
    print_found(found, _as_json, as_json=as_json, quiet=quiet)


def _as_json(found: "MonitorResult") -> dict[str, Any]:
    return {
        "hectares": found.hectares,
        "timeline": plain_rows(found.timeline),
        "left_out": found.left_out,
        "failed": found.failed,
        "pairs": {each.pair.id: str(each.folder) for each in found.outcomes},
        "files": {what: str(path) for what, path in found.files.items()},
    }

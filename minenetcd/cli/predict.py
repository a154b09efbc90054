"""minenetcd predict"""

from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

from typer import Option
from typer.core import TyperCommand

from minenetcd.cli.checks import check_early, unless_refused
from minenetcd.cli.console import note_to, progress_bar
from minenetcd.cli.options import (
    MASK_FILE,
    AfterOrNone,
    Aoi,
    Bands,
    BandsAfter,
    BeforeOrNone,
    Clouds,
    Coregister,
    Crs,
    DateAfter,
    DateBefore,
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
    Nodata,
    Precision,
    Prior,
    PriorDistance,
    Quiet,
    Remote,
    SecondOpinion,
    SeedThreshold,
    Smooth,
    Threshold,
    ThresholdRule,
    Tmp,
    Tone,
    Yes,
    bands_wanted,
    metres_or_model,
    nodata_values,
    two_numbers,
    whole_numbers,
)
from minenetcd.cli.predict_pairs import predict_table
from minenetcd.cli.results import print_forecast, print_prediction
from minenetcd.constants import OVERLAP, USUAL_SHEETS
from minenetcd.errors import OptionError

if TYPE_CHECKING:
    from minenetcd.prediction.forecast import Forecast
    from minenetcd.prediction.result import ScenePrediction


class PredictCommand(TyperCommand):
    """`--sheets` may stand without a number: what follows it is then another word."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        given: list[str] = []
        for word, following in zip_longest(args, args[1:], fillvalue=""):
            given.append(word)
            if word == "--sheets" and not following.lstrip("-").isdecimal():
                given.append(str(USUAL_SHEETS))
        return super().parse_args(ctx, given)


def predict(
    before: BeforeOrNone = None,
    after: AfterOrNone = None,
    pairs: Annotated[
        Path | None,
        Option(
            help="A table of pairs (CSV, GeoJSON, GeoPackage, Parquet) in place of BEFORE and AFTER, with columns id, "
            "before, after, and options of a row.",
            show_default=False,
        ),
    ] = None,
    out: Annotated[Path, Option(help="Folder for the results.")] = Path("change"),
    model: ModelOrNone = None,
    device: Device = "auto",
    engine: Engine = "torch",
    precision: Precision = "float32",
    bands: Bands = None,
    bands_after: BandsAfter = None,
    remote: Remote = False,
    gsd: Annotated[
        str | None, Option(help="Analyse at this many metres per pixel, or 'model' for the detector's.")
    ] = None,
    force_gsd: Annotated[
        bool, Option("--force-gsd", help="Analyse at --gsd even where that is finer than the images.")
    ] = False,
    threshold: Threshold = None,
    seed_threshold: SeedThreshold = None,
    threshold_rule: ThresholdRule = None,
    smooth: Smooth = None,
    value_range: Annotated[
        str | None,
        Option("--range", metavar="LOW,HIGH", help="Numbers that become 0 and 1 for a network.", show_default=False),
    ] = None,
    tone: Tone = None,
    coregister: Coregister = None,
    second_opinion: SecondOpinion = None,
    metres_per_pixel: MetresPerPixel = None,
    min_area_ha: MinAreaHa = 0.0,
    aoi: Aoi = None,
    mask: Mask = None,
    mask_before: Annotated[
        str | None,
        Option(metavar=MASK_FILE, help="The same of the earlier image.", show_default=False),
    ] = None,
    mask_after: Annotated[
        str | None,
        Option(metavar=MASK_FILE, help="The same of the later image.", show_default=False),
    ] = None,
    mask_values: Annotated[
        str | None,
        Option(
            metavar="V,V",
            help="Numbers of a raster that are masked, e.g. 3,8,9.",
            show_default="all but 0, or as scl says",
        ),
    ] = None,
    clouds: Clouds = None,
    leases: Leases = None,
    lease_name: LeaseName = None,
    prior: Prior = None,
    prior_distance: PriorDistance = 1000.0,
    isolated_threshold: IsolatedThreshold = None,
    kind: Annotated[
        bool,
        Option(
            "--kind", help="Say what kind of change each is, as far as the bands tell: vegetation, water, brightness."
        ),
    ] = False,
    crs: Crs = None,
    nodata: Nodata = None,
    date_before: DateBefore = None,
    date_after: DateAfter = None,
    float_probability: Annotated[bool, Option("--float", help="Write probability.tif as float32.")] = False,
    also: Annotated[
        list[str] | None,
        Option(
            metavar="FORMAT",
            help="Write the result in this format, too: geojson, gpkg, parquet, fgb, kml, shp, csv, qgz, stac, pdf, or "
            "a plug-in's; may be repeated.",
            show_default=False,
        ),
    ] = None,
    sheets: Annotated[
        int | None,
        Option(
            metavar="[N]",
            help="A page for each of the N largest changes, to print: sheets.html. Without a number 50.",
            show_default=False,
        ),
    ] = None,
    resume: Annotated[
        bool, Option("--resume", help="Go on from what a run that was killed has finished; keep it when interrupted.")
    ] = False,
    tmp: Tmp = None,
    overlap: Annotated[
        float, Option(help="Part of its side that a network's tile shares with the next: more takes longer.")
    ] = OVERLAP,
    symmetries: Annotated[
        bool, Option("--symmetries", help="Mean of what a network says of eight flips and turns: eight times the work.")
    ] = False,
    compile: Annotated[bool, Option("--compile", help="The same as --engine inductor.")] = False,
    dry_run: Annotated[
        bool, Option("--dry-run", help="Try a few tiles; say how long all would take, and how much disk and memory.")
    ] = False,
    yes: Yes = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Map what changed between two images.

    With --pairs, in each pair of a table: each has its own folder in --out, and what is done stays.

    Example: minenetcd predict 2019.tif 2023.tif --out change --min-area-ha 0.1
    """
    _check_images(before, after, pairs)
    from minenetcd.detectors.by_name import DetectorOptions
    from minenetcd.monitoring.pairs.asked import Asked
    from minenetcd.prediction.kept.unfinished import WorkOptions
    from minenetcd.prediction.options import PredictOptions

    wanted = DetectorOptions(
        threshold_rule=threshold_rule,
        smooth=smooth,
        value_range=None if value_range is None else two_numbers(value_range, "--range", "0,10000"),
    )
    metres = metres_or_model(gsd)
    nodata_before, nodata_after = nodata_values(nodata)
    options = PredictOptions(
        bands=bands_wanted(bands),
        bands_after=bands_wanted(bands_after, "--bands-after"),
        remote=remote,
        gsd=None if metres == "model" else metres,
        force_gsd=force_gsd and metres != "model",
        threshold=threshold,
        seed_threshold=seed_threshold,
        metres_per_pixel=metres_per_pixel,
        tone=None if tone is None else tone == "auto",
        coregister=None if coregister is None else coregister == "auto",
        min_area_ha=min_area_ha,
        aoi=aoi,
        mask=mask,
        mask_before=mask_before,
        mask_after=mask_after,
        mask_values=None if mask_values is None else whole_numbers(mask_values, "--mask-values", "3,8,9"),
        clouds=clouds,
        leases=leases,
        lease_name=lease_name,
        prior=prior,
        prior_distance=prior_distance,
        isolated_threshold=isolated_threshold,
        kind=kind,
        crs=crs,
        nodata=nodata_before,
        nodata_after=nodata_after,
        date_before=date_before,
        date_after=date_after,
        overlap=overlap,
        symmetries=symmetries,
        float_probability=float_probability,
        engine=engine,
        precision=precision,
        compile=compile,
        yes=yes,
        also=tuple(also or ()),
        sheets=sheets or 0,
    )
    check_early(detectors=[] if model is None else [model], device=device, execution=options.execution)
    asked = Asked.named(
        model, wanted, second_opinion=second_opinion, device=device, at_its_scale=metres == "model", force=force_gsd
    )
    if pairs is not None:
        if dry_run:
            raise OptionError(
                "A dry run is one of two images (--dry-run), got a table of pairs: name BEFORE and AFTER."
            )
        predict_table(asked, pairs, out, options, tmp=tmp, as_json=as_json, quiet=quiet)
        return

    def run(options: PredictOptions) -> "ScenePrediction | Forecast":
        assert before is not None and after is not None, "checked above"
        work = WorkOptions(tmp, resume)
        if dry_run:
            return asked.forecast(before, after, out, options, work=work)
        with progress_bar("Detecting change", quiet=quiet) as progress:
            return asked.predict(
                before, after, out, options, work=work, progress=progress, note=note_to(quiet=quiet)
            )  # fmt: skip

    result = unless_refused(run, options)
    if dry_run:
        print_forecast(cast("Forecast", result), as_json=as_json)
    else:
        print_prediction(cast("ScenePrediction", result), as_json=as_json, quiet=quiet)


def _check_images(before: str | None, after: str | None, pairs: Path | None) -> None:
    """Either two images, or a table."""
    if pairs is None:
        missing = [name for name, image in (("before", before), ("after", after)) if image is None]
        if missing:
            raise OptionError(f"Missing argument '{missing[0]}': see minenetcd predict --help.")
    elif before is not None:
        raise OptionError(
            f"Two images or a table of pairs is needed, got both ({before:.80} and --pairs {pairs}): leave one out."
        )

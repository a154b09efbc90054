"""minenetcd predict"""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from typer import Option

from minenetcd.cli.checks import check_early
from minenetcd.cli.console import progress_bar
from minenetcd.cli.options import After, Bands, BandsAfter, Before, Device, Json, Quiet, band_numbers, metres_or_model
from minenetcd.cli.results import print_prediction
from minenetcd.errors import OptionError

if TYPE_CHECKING:
    from minenetcd.detectors.learned import ChangeDetector


def predict(
    before: Before,
    after: After,
    out: Annotated[Path, Option(help="Folder for the results.")] = Path("change"),
    model: Annotated[str, Option(help="Embedded name, hub id, or folder of a trained detector.")] = "minenetcd-nano",
    device: Device = "auto",
    bands: Bands = None,
    bands_after: BandsAfter = None,
    gsd: Annotated[
        str | None, Option(help="Analyse at this many metres per pixel, or 'model' for the detector's.")
    ] = None,
    force_gsd: Annotated[
        bool, Option("--force-gsd", help="Analyse at --gsd even where that is finer than the images.")
    ] = False,
    threshold: Annotated[float | None, Option(help="Probability from which a pixel counts as changed.")] = None,
    min_area_ha: Annotated[float, Option(help="Leave out changes smaller than this, in hectares.")] = 0.0,
    float_probability: Annotated[bool, Option("--float", help="Write probability.tif as float32.")] = False,
    also: Annotated[
        list[str] | None,
        Option(
            metavar="FORMAT",
            help="Write the result in this format, too: geojson, gpkg, parquet, or a plug-in's; may be repeated.",
            show_default=False,
        ),
    ] = None,
    compile: Annotated[bool, Option("--compile", help="Compile the network: slow start, faster on long runs.")] = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Map what changed between two images.

    Example: minenetcd predict 2019.tif 2023.tif --out change --min-area-ha 0.1
    """
    from minenetcd.prediction.opening import open_scene
    from minenetcd.prediction.options import PredictOptions

    metres = metres_or_model(gsd)
    options = PredictOptions(
        bands=band_numbers(bands),
        bands_after=band_numbers(bands_after, "--bands-after"),
        gsd=None if metres == "model" else metres,
        force_gsd=force_gsd,
        threshold=threshold,
        min_area_ha=min_area_ha,
        float_probability=float_probability,
        compile=compile,
        also=tuple(also or ()),
    )
    check_early(detectors=[model], device=device)
    with open_scene(before, after, options) as scene:
        scene.check_out(out, options)
        # from here on torch is needed
        from minenetcd.detectors.learned import ChangeDetector
        from minenetcd.prediction.scene import predict_opened

        detector = ChangeDetector.from_pretrained(model)
        if metres == "model":
            options = replace(options, gsd=_metres_of(detector))
        with progress_bar("Detecting change", quiet=quiet) as progress:
            result = predict_opened(detector, scene, out, options=options, device=device, progress=progress)
    print_prediction(result, as_json=as_json, quiet=quiet)


def _metres_of(detector: "ChangeDetector") -> float:
    metres = detector.preprocessing.metres_per_pixel
    if metres is None:
        raise OptionError("This detector does not state its metres per pixel: give --gsd a number, e.g. 1.2.")
    return metres

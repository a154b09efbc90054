"""minenetcd predict"""

from pathlib import Path
from typing import Annotated

from typer import Argument, Option


def predict(
    before: Annotated[str, Argument(help="Earlier image: GeoTIFF, PNG, JPEG, or a URL.", show_default=False)],
    after: Annotated[str, Argument(help="Later image of the same place.", show_default=False)],
    out: Annotated[Path, Option(help="Folder for the results.")] = Path("change"),
    model: Annotated[str, Option(help="Embedded name, hub id, or folder of a trained detector.")] = "minenetcd-nano",
    device: Annotated[str, Option(help="auto, cpu, cuda or mps.")] = "auto",
    bands: Annotated[str | None, Option(help="Bands to read as red, green, blue, e.g. 4,3,2.")] = None,
    bands_after: Annotated[str | None, Option(help="The same for the later image, where it differs.")] = None,
    gsd: Annotated[
        str | None, Option(help="Analyse at this many metres per pixel, or 'model' for the detector's.")
    ] = None,
    threshold: Annotated[float | None, Option(help="Probability from which a pixel counts as changed.")] = None,
    min_area_ha: Annotated[float, Option(help="Leave out changes smaller than this, in hectares.")] = 0.0,
    float_probability: Annotated[bool, Option("--float", help="Write probability.tif as float32.")] = False,
    compile: Annotated[bool, Option("--compile", help="Compile the network: slow start, faster on long runs.")] = False,
) -> None:
    """Map what changed between two images.

    Example: minenetcd predict 2019.tif 2023.tif --out change --min-area-ha 0.1
    """
    from minenetcd.cli.progress import progress_bar
    from minenetcd.cli.results import print_prediction
    from minenetcd.detectors.learned import ChangeDetector
    from minenetcd.prediction.scene import PredictOptions, predict_scene

    detector = ChangeDetector.from_pretrained(model)
    options = PredictOptions(
        bands=_band_numbers(bands, "--bands"),
        bands_after=_band_numbers(bands_after, "--bands-after"),
        gsd=_metres(gsd, detector.preprocessing.metres_per_pixel),
        threshold=threshold,
        min_area_ha=min_area_ha,
        float_probability=float_probability,
        compile=compile,
    )
    with progress_bar("Detecting change") as progress:
        result = predict_scene(detector, before, after, out, options=options, device=device, progress=progress)
    print_prediction(result)


def _band_numbers(text: str | None, option: str) -> tuple[int, ...] | None:
    from minenetcd.errors import OptionError

    if text is None:
        return None
    try:
        return tuple(int(number) for number in text.split(","))
    except ValueError:
        raise OptionError(f"{option} needs band numbers with commas between, got {text!r}: e.g. 4,3,2.") from None


def _metres(text: str | None, trained_at: float | None) -> float | None:
    from minenetcd.errors import OptionError

    if text == "model":
        if trained_at is None:
            raise OptionError("This detector does not state its metres per pixel: give --gsd a number, e.g. 1.2.")
        return trained_at
    try:
        return None if text is None else float(text)
    except ValueError:
        raise OptionError(f"--gsd needs metres per pixel or 'model', got {text!r}: e.g. 1.2.") from None

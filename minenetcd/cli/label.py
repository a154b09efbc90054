"""minenetcd label"""

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from typer import Option

from minenetcd.cli.console import progress_bar
from minenetcd.cli.options import (
    AfterOrNone,
    Aoi,
    Bands,
    BandsAfter,
    BeforeOrNone,
    Crs,
    DateAfter,
    DateBefore,
    Nodata,
    Remote,
    Yes,
    bands_wanted,
    nodata_values,
    number_or_none,
    shares,
)
from minenetcd.display.escaping import in_terminal
from minenetcd.errors import OptionError

if TYPE_CHECKING:
    from minenetcd.labelling.labels.making import DeskOptions
    from minenetcd.web.serving.served import Served
    from minenetcd.web.serving.server import Address

#: Of the extras `web` and `label`.
_LIBRARIES = ("fastapi", "uvicorn", "rio_tiler", "numba")


def label(
    before: BeforeOrNone = None,
    after: AfterOrNone = None,
    result: Annotated[
        Path | None,
        Option(metavar="RESULT", help="Folder with a map of the same pair, to be proposed.", show_default=False),
    ] = None,
    out: Annotated[Path, Option(metavar="DIR", help="Folder for the desk; of an earlier one: go on there.")] = Path(
        "labels"
    ),
    scales: Annotated[
        str | None, Option(metavar="S/S", help="Scales of segments, rising.", show_default="5/7.1/10 ... 320")
    ] = None,
    shape: Annotated[str | None, Option(help="Share of shape in what makes a segment.", show_default="0.3")] = None,
    compactness: Annotated[str | None, Option(help="Share of compactness in shape.", show_default="0.9")] = None,
    bands: Bands = None,
    bands_after: BandsAfter = None,
    coregister: Annotated[Literal["auto", "off"], Option(help="Take out a displacement of the later image.")] = "off",
    aoi: Aoi = None,
    crs: Crs = None,
    nodata: Nodata = None,
    date_before: DateBefore = None,
    date_after: DateAfter = None,
    remote: Remote = False,
    yes: Yes = False,
    port: Annotated[
        int | None, Option(help="0: any that is free.", show_default="8765, or another that is free")
    ] = None,
    no_open: Annotated[bool, Option("--no-open", help="Do not open a browser.")] = False,
) -> None:
    """Label change in the browser: click segments of both dates, at any scale. Ctrl-C ends it, nothing is lost.

    Example: minenetcd label 2019.tif 2023.tif --result change --out labels/pit_3
    """
    if any(find_spec(library) is None for library in _LIBRARIES):
        raise OptionError("minenetcd label needs extras that are not installed: pip install 'minenetcd[label,web]'.")
    from minenetcd.labelling.labels.desk import check_same_pair, is_desk, open_desk
    from minenetcd.labelling.labels.making import make_desk
    from minenetcd.web.desks.shown import ShownDesk
    from minenetcd.web.serving.options import ServeOptions
    from minenetcd.web.serving.server import open_browser, serve

    serving = ServeOptions(port=port)
    if is_desk(out):
        check_same_pair(out, before, after)
        _refuse_to_lay_out_again(
            out,
            scales=scales, shape=shape, compactness=compactness, bands=bands, bands_after=bands_after,
            coregister=coregister == "auto", aoi=aoi, crs=crs, nodata=nodata, date_before=date_before,
            date_after=date_after,
        )  # fmt: skip
    else:
        if before is None or after is None:
            raise OptionError("Two images are needed, BEFORE and AFTER, or a folder with a desk (--out DIR).")
        nodata_before, nodata_after = nodata_values(nodata)
        options = _desk_options(
            scales, shape, compactness,
            bands=bands_wanted(bands), bands_after=bands_wanted(bands_after, "--bands-after"),
            coregister=coregister == "auto", aoi=aoi, crs=crs, nodata=nodata_before, nodata_after=nodata_after,
            date_before=date_before, date_after=date_after, remote=remote, yes=yes,
        )  # fmt: skip
        with progress_bar("Cutting into segments") as progress:
            make_desk(out, before, after, options, progress)

    def ready(address: "Address", _: "Served") -> None:
        print(f"Labelling at {in_terminal(address.url)}, kept in {in_terminal(str(out))}", flush=True)
        print("Ctrl-C ends it; the same command goes on.", flush=True)
        if not no_open:
            open_browser(address)

    with open_desk(out, result=result) as desk:
        serve([], serving, ready=ready, desk=ShownDesk(desk))


def _refuse_to_lay_out_again(out: Path, **asked: object) -> None:
    """OptionError for options of a desk that is made: its segments stay what they are, as marks are of them."""
    given = [f"--{name.replace('_', '-')}" for name, value in asked.items() if value]
    if given:
        raise OptionError(
            f"{' and '.join(given)} can only be given to a new desk, there is one in {out}: leave out, or name another "
            "folder (--out)."
        )


def _desk_options(scales: str | None, shape: str | None, compactness: str | None, **images: Any) -> "DeskOptions":
    from minenetcd.labelling.labels.making import DeskOptions
    from minenetcd.labelling.segments.options import SegmentOptions
    from minenetcd.prediction.options import PredictOptions

    usual = SegmentOptions()
    segments = SegmentOptions(
        usual.scales if scales is None else shares(scales, "--scales", "10/20/40"),
        _number(shape, "--shape", usual.shape),
        _number(compactness, "--compactness", usual.compactness),
    )
    return DeskOptions(PredictOptions(**images), segments)


def _number(text: str | None, option: str, usual: float) -> float:
    found = None if text is None else number_or_none(text, option, f"{usual:g}")
    return usual if found is None else found

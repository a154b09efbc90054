"""minenetcd data build, minenetcd data sites"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

from typer import Argument, Option, Typer

from minenetcd.cli.console import progress_bar, warn
from minenetcd.cli.data_check import check, stats
from minenetcd.cli.options import Bands, BandsAfter, Gsd, bands_wanted, metres_per_pixel, shares, two_numbers
from minenetcd.display.words import counted

if TYPE_CHECKING:
    from minenetcd.building.build import BuiltDataset
    from minenetcd.building.splits import Strata

app = Typer(no_args_is_help=True, help="Make, find and examine data sets.")


def build(
    sites: Annotated[Path, Argument(help="Site table: .gpkg, .geojson or .csv.", show_default=False)],
    out: Annotated[Path, Option(help="Folder for the data set.", show_default=False)],
    size: Annotated[int, Option(help="Side of a patch, in pixels.")] = 256,
    overlap: Annotated[int, Option(help="How far neighbouring patches overlap, in pixels.")] = 0,
    min_valid: Annotated[float, Option(help="Share of a patch that must hold data on both dates.")] = 0.5,
    split: Annotated[str, Option(help="Shares of train/val/test; sites are never divided.")] = "60/10/30",
    seed: Annotated[int, Option(help="Another seed gives another split of the sites.")] = 8888,
    stratify: Annotated[
        str | None, Option(help="Keep the shares in every 'country', or in every class of 'area'.")
    ] = None,
    bands: Bands = None,
    bands_after: BandsAfter = None,
    gsd: Gsd = None,
    value_range: Annotated[
        str | None, Option("--range", help="Values that become 0 and 255, e.g. 0,3000, where images are not 8-bit.")
    ] = None,
    workers: Annotated[int, Option(help="Sites cut side by side.")] = 1,
    verify: Annotated[
        bool, Option("--verify", help="Of a data set that is there: read every file, not only sizes and times.")
    ] = False,
    push: Annotated[str | None, Option(help="Upload to this hub data set, owner/name.", show_default=False)] = None,
    public: Annotated[bool, Option("--public", help="With --push: everybody can see it, not only you.")] = False,
) -> None:
    """Cut the scenes of mining sites into a data set, split by site.

    Example: minenetcd data build sites.csv --out patches --size 256
    """
    from minenetcd.building.build import build_dataset
    from minenetcd.building.push import check_push, push_dataset
    from minenetcd.building.scenes import PatchOptions
    from minenetcd.building.splits import SplitPlan

    patches = PatchOptions(
        size=size,
        overlap=overlap,
        min_valid=min_valid,
        bands=bands_wanted(bands),
        bands_after=bands_wanted(bands_after, "--bands-after"),
        gsd=metres_per_pixel(gsd),
        value_range=None if value_range is None else two_numbers(value_range, "--range", "0,3000"),
    )
    plan = SplitPlan(shares(split, "--split", "60/10/30"), seed, cast("Strata", stratify))  # which refuses others
    if push is not None:
        check_push(push)
    with progress_bar("Cutting sites") as progress:
        built = build_dataset(
            sites, out, patches=patches, split=plan, workers=workers, verify=verify, progress=progress
        )
    _print_built(built)
    if push is not None:
        print(f"Pushed to {push_dataset(out, push, private=not public)}")


def sites(
    polygons: Annotated[Path, Argument(help="Mining polygons: .gpkg, .geojson, .parquet, .shp.", show_default=False)],
    out: Annotated[Path, Option(help="Site table to write: .gpkg, .geojson or .csv.")] = Path("sites.gpkg"),
    distance: Annotated[float, Option(help="Polygons at most this many metres apart are one site.")] = 2_000.0,
    buffer: Annotated[float, Option(help="Metres added around the polygons of a site.")] = 500.0,
    min_area: Annotated[float, Option(help="Leave out sites with less than this many km2 of mines.")] = 1.0,
    picture: Annotated[bool, Option("--map/--no-map", help="Draw a world map beside the table.")] = True,
) -> None:
    """Find mining sites in a layer of mining polygons, and write the table to fill in for 'data build'.

    Example: minenetcd data sites global_mining_polygons_v2.gpkg --out sites.gpkg --min-area 5
    """
    from minenetcd.building.sites.finding import SiteOptions, find_sites, write_sites
    from minenetcd.building.sites.map import draw_site_map

    found = find_sites(polygons, SiteOptions(distance, buffer, min_area))
    write_sites(found, out)
    countries, area = counted(found["country"].nunique(), "country", "countries"), found["area_km2"].sum()
    print(f"{counted(len(found), 'site')} in {countries}, {area:,.{0 if area >= 10 else 2}f} km2 of mines")
    print(f"  {'Table':<6} {out}")
    if picture:
        draw_site_map(found, out.with_suffix(".png"))
        print(f"  {'Map':<6} {out.with_suffix('.png')}")


for command in (build, sites, check, stats):
    app.command()(command)


def _print_built(built: "BuiltDataset") -> None:
    warn(built.warnings)
    if built.was_there:
        print(f"{built.folder} holds this data set already:")
    for name, split in built.manifest["splits"].items():
        if split["sites"]:
            found, cut = counted(split["sites"], "site"), counted(split["patches"], "patch", "patches")
            print(f"  {name:<6} {found:>12} {cut:>17}")
    print(f"  {built.folder}")

"""A STAC item as one date: its assets of one band each, or its one image of several.

Source: STAC 1.0 and 1.1, with the electro-optical extension (eo:bands; bands).
"""

import json
from base64 import b64encode
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

from minenetcd.errors import RasterError
from minenetcd.foreign import refused
from minenetcd.geo.date_files.names import PICTURES, is_remote, local_path
from minenetcd.geo.date_files.stack import Part
from minenetcd.geo.metadata.acquired import ITEM_DATE_TAG, stac_date
from minenetcd.geo.metadata.sentinel2 import BASELINE_TAG
from minenetcd.geo.source import gdal_name
from minenetcd.secrets import host_of

LARGEST_ITEM = 16 * 1024**2  # [bytes]
_IMAGES = (*PICTURES, ".nc")
_NO_IMAGE = {"thumbnail", "overview", "metadata", "saturation", "cloud", "snow-ice", "water-mask", "graphic"}


class Item(NamedTuple):
    """The files of an item, and its tags: when it was taken, by which satellite."""

    parts: list[Part]
    tags: dict[str, str]


class _Asset(NamedTuple):
    key: str
    href: str
    kind: str
    bands: tuple[Mapping[str, Any], ...]


def is_item(path: Path) -> bool:
    """Whether a JSON file calls itself a STAC item."""
    if path.suffix.lower() not in (".json", ".geojson") or path.stat().st_size > LARGEST_ITEM:
        return False
    with path.open("rb") as file:
        return b"stac_version" in file.read(LARGEST_ITEM)


def read_item(place: str, *, remote: bool) -> Item:
    """The item in a file or, if `remote`, at a URL. RasterError where it names no image, or one on the network."""
    item = _load(place, remote=remote)
    assets = _assets(item, place)
    chosen = _single_bands(assets) or _one_image(assets, place)
    parts = [_part(asset, place, remote=remote) for asset in chosen]
    properties = item.get("properties")
    platform = properties.get("platform") if isinstance(properties, dict) else None
    tags = {ITEM_DATE_TAG: stac_date(item), "PLATFORM": platform, BASELINE_TAG: _baseline(properties)}
    return Item(parts, {key: str(value) for key, value in tags.items() if value})


def asset_of(place: str, keys: Sequence[str], *, remote: bool) -> Part | None:
    """The file of the first of `keys`, in any case, that an item has; None where it has none of them.

    RasterError as in `read_item`.
    """
    assets = _load(place, remote=remote)["assets"]
    found = {str(key).lower(): asset for key, asset in assets.items() if isinstance(asset, dict)}
    for key in keys:
        href = found.get(key.lower(), {}).get("href")
        if isinstance(href, str):
            return _part(_Asset(key, href, "", ()), place, remote=remote)
    return None


def _baseline(properties: object) -> object:
    """Of a Sentinel-2 product whose numbers are as ESA has them; some catalogues take the offset out."""
    if not isinstance(properties, Mapping) or properties.get("earthsearch:boa_offset_applied"):
        return None
    return properties.get("s2:processing_baseline")


def _load(place: str, *, remote: bool) -> dict[str, Any]:
    if is_remote(place) and not remote:
        raise RasterError(_not_allowed(place, place))
    try:
        item = json.loads(_download(place) if is_remote(place) else Path(place).read_bytes())
        json.dumps(item, ensure_ascii=False).encode()  # halves of characters (\\ud800) are no text
    except (OSError, ValueError, RecursionError) as error:
        raise RasterError(f"A STAC item is needed, {place} cannot be read as one: download it again.") from error
    if not isinstance(item, dict) or not isinstance(item.get("assets"), dict) or not item["assets"]:
        raise RasterError(f"A STAC item with assets is needed, {place} has none: give the item, not its collection.")
    return item


def _download(url: str) -> bytes:
    """What lies at `url`. OSError where that cannot be read."""
    from http.client import HTTPException  # here: these bring TLS and HTTP, and few need it
    from urllib.request import Request, build_opener

    parts = urlsplit(url)
    head = {}
    if parts.username is not None:  # which urllib takes for a part of the host's name
        pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        head["Authorization"] = f"Basic {b64encode(pair.encode()).decode()}"
    request = Request(parts._replace(netloc=host_of(url)).geturl(), headers=head)
    try:
        with build_opener().open(request, timeout=15) as answer:  # urlopen keeps the proxies of its first call
            found: bytes = answer.read(LARGEST_ITEM)
    except HTTPException as error:
        raise OSError from error
    return found


def _assets(item: Mapping[str, Any], place: str) -> list[_Asset]:
    found = []
    for key, asset in item["assets"].items():
        if not isinstance(asset, dict) or not isinstance(asset.get("href"), str):
            continue
        kind, roles = str(asset.get("type") or ""), set(map(str, _list_in(asset, "roles")))
        suffix = _suffix(asset["href"])
        if roles & _NO_IMAGE or not (kind.startswith("image/") or suffix in _IMAGES):
            continue
        bands = _list_in(asset, "bands") or _list_in(asset, "eo:bands")
        kept = tuple(band for band in bands if isinstance(band, dict))
        found.append(_Asset(str(key), asset["href"], kind, kept))
    if not found:
        raise RasterError(f"An image is needed, the STAC item {place} names none: give a file.")
    return found


def _list_in(asset: Mapping[str, Any], key: str) -> list[Any]:
    """What stands there, if it is a list, as it should be."""
    found = asset.get(key)
    return found if isinstance(found, list) else []


def _suffix(href: str) -> str:
    """The ending of a name; "" where a URL is none, which whoever opens it says."""
    try:
        return Path(urlsplit(href).path).suffix.lower()
    except ValueError:
        return ""


def _single_bands(assets: Sequence[_Asset]) -> list[_Asset]:
    """One asset for each band, TIFFs first; none where red, green and blue are not among them."""
    found: dict[str, _Asset] = {}
    for asset in sorted(assets, key=lambda each: "tiff" not in each.kind):
        if len(asset.bands) == 1:
            found.setdefault(_name(asset.bands[0], asset.key), asset)
    colours = {_common_name(asset.bands[0]) or name for name, asset in found.items()}
    return [asset for asset in assets if asset in found.values()] if {"red", "green", "blue"} <= colours else []


def _one_image(assets: Sequence[_Asset], place: str) -> list[_Asset]:
    several = [asset for asset in assets if len(asset.bands) > 1] or list(assets)
    if len(several) > 1:
        usual = ("analytic", "analytic_sr", "ortho_analytic_4b", "data", "image", "visual")
        several = [asset for name in usual for asset in several if asset.key == name][:1] or several
    if len(several) > 1:
        keys = ", ".join(asset.key for asset in several)
        raise RasterError(f"One image is needed, the STAC item {place} has {keys}: give the file of one.")
    return several


def _part(asset: _Asset, place: str, *, remote: bool) -> Part:
    tags = tuple(_band_tags(band, asset.key) for band in asset.bands)
    label = asset.key if not asset.bands else None
    if is_remote(asset.href) or (is_remote(place) and "://" not in asset.href):
        href = asset.href if is_remote(asset.href) else place.rsplit("/", 1)[0] + "/" + asset.href
        if not remote:
            raise RasterError(_not_allowed(place, href))
        return Part(gdal_name(href), href, label, band_tags=tags)
    path = local_path(asset.href, Path(place).parent)
    if refused(path) is not None:
        raise RasterError(f"There is no file {path}, which the STAC item {place} names ({asset.key}): download it.")
    return Part(str(path.resolve()), str(path), label, band_tags=tags)


def _band_tags(band: Mapping[str, Any], key: str) -> dict[str, str]:
    length = band.get("center_wavelength", band.get("eo:center_wavelength"))
    tags = {"NAME": _name(band, key), "COMMON_NAME": _common_name(band)}
    return {name: value for name, value in tags.items() if value} | (
        {} if length is None else {"CENTRAL_WAVELENGTH_UM": str(length)}
    )


def _name(band: Mapping[str, Any], key: str) -> str:
    return str(band.get("name") or _common_name(band) or key)


def _common_name(band: Mapping[str, Any]) -> str | None:
    name = band.get("common_name", band.get("eo:common_name"))
    return None if name is None else str(name)


def _not_allowed(place: str, href: str) -> str:
    return (
        f"The STAC item {place} lies on the network or names files there ({host_of(href)}): allow "
        "that (--remote), or download them and let it name those."
    )

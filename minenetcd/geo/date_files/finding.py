"""One date found: from what somebody gives to what GDAL opens."""

import filecmp
import glob
import os
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path

import rasterio
from rasterio.errors import RasterioError

from minenetcd.errors import RasterError
from minenetcd.geo.archives import DAMAGED, opened_file
from minenetcd.geo.bands.said import FileBands
from minenetcd.geo.date_files.names import OF_VARIABLES, archive_prefix, is_remote, resolved_name
from minenetcd.geo.date_files.network import BEGINNING, describes, is_description, refuse_network
from minenetcd.geo.date_files.products import IMAGES, choose_parts, label_of
from minenetcd.geo.date_files.stac import LARGEST_ITEM, is_item, read_item
from minenetcd.geo.date_files.stack import Part, stack_document
from minenetcd.geo.metadata.acquired import FIRST_FILE_TAG
from minenetcd.geo.metadata.sentinel2 import BASELINE_TAG, baseline_in_metadata
from minenetcd.geo.source import bands_said, gdal_name, quiet_gdal, refuse_stream

#: More files than these are not looked through for an image.
MOST_FILES = 20_000
#: Nor are names of more letters, which no disk takes, and tars that say they hold so many times their own bytes, but
#: at least so many.
LONGEST_NAME, MOST_UNPACKED, LEAST_UNPACKED = 1024, 100, 2**30

_UNREADABLE = {
    b"\x0e\x03\x13\x01": ("HDF4", "gdal_translate of a GDAL that has HDF4, or the provider's GeoTIFF"),
    b"msid": ("MrSID", "the provider's GeoTIFF or JPEG 2000"),
}


@dataclass(frozen=True)
class DateFiles:
    """One date: `text` as given, `name` as GDAL opens it, `parts`, what GDAL opens of it, and the local files."""

    text: str
    name: str
    parts: tuple[str, ...]
    local: tuple[Path, ...] = ()

    def __str__(self) -> str:
        return self.text

    @cached_property
    def bands(self) -> FileBands:
        """What it says of its bands, alpha left out; it is opened for that once. RasterError where it cannot be."""
        return bands_said(self.text, name=self.name)

    def is_same(self, other: "DateFiles") -> bool:
        """Whether both are the same files, or files of the same bytes."""
        if self.parts == other.parts:
            return True
        if len(self.parts) != len(other.parts) or not all(map(os.path.isfile, (*self.parts, *other.parts))):
            return False
        return all(_is_same_file(*pair) for pair in zip(self.parts, other.parts, strict=True))


def _is_same_file(one: str, other: str) -> bool:
    """Or a copy of it. A description in XML (VRT, MRF) names files beside it: the same words elsewhere mean others."""
    if os.path.samefile(one, other):
        return True
    return not is_description(one) and filecmp.cmp(one, other, shallow=False)


#: What stands for one date: a path, URL or pattern; several of them, of one band each; or what was found by those.
Image = str | Path | Sequence[str | Path] | DateFiles


def find_date(image: Image, *, remote: bool = False) -> DateFiles:
    """The files of one date.

    A path or URL of an image; a pattern (*, ?, [...]) or several names with commas between, files of one band each; a
    folder or an archive (zip, tar) of a Sentinel-2 or Landsat product, of one image, or of files of one band each; a
    netCDF or HDF5 file, whose variables are bands; a STAC item, which leads to the network only if `remote`.
    RasterError in one line where that is not there, or not clear.
    """
    if isinstance(image, DateFiles):
        return image
    if not isinstance(image, str | Path):
        names = [str(name) for name in image]
        return _several(names, ", ".join(names), remote=remote)
    text = str(image)
    if not text.strip():
        raise RasterError("An image is needed, got an empty name: give a path or a URL.")
    given = resolved_name(text) if isinstance(image, str) else text
    if os.path.exists(given):
        return _existing(Path(given), text, remote=remote)
    if is_remote(given):
        if given.lower().partition("?")[0].endswith((".json", ".geojson")) and given.startswith("http"):
            return _item(given, text, remote=remote)
        return DateFiles(text, gdal_name(given), (gdal_name(given),))
    if glob.has_magic(given):
        return _pattern(given, text, remote=remote)
    names = [name.strip() for name in given.split(",")]
    if len(names) > 1 and any(os.path.exists(resolved_name(name)) or is_remote(name) for name in names):
        return _several(names, text, remote=remote)
    return DateFiles(text, gdal_name(given), (gdal_name(given),))


def _existing(path: Path, text: str, *, remote: bool) -> DateFiles:
    if path.is_dir():
        return _folder(path, text, remote=remote)
    refuse_stream(path, text)
    if path.name.startswith("MTD_MSI") or path.name.endswith("_MTL.txt"):
        return _folder(path.parent, text, remote=remote)
    if archive_prefix(path):
        return _archive(path, text)
    if is_item(path):
        return _item(str(path), text, remote=remote)
    if not remote:
        refuse_network(path)
    if path.suffix.lower() in OF_VARIABLES:
        return _inside(path, text)
    name = str(path.resolve())
    return DateFiles(text, name, (name,), (path,))


def _pattern(given: str, text: str, *, remote: bool) -> DateFiles:
    names = sorted(glob.glob(given, recursive=True))
    if not names:
        raise RasterError(f"No file fits the pattern {text}: check it, and put it in quotes.")
    if len(names) == 1:
        found = find_date(Path(names[0]), remote=remote)
        return DateFiles(names[0], found.name, found.parts, found.local)
    return _several(names, text, remote=remote)


def _several(names: Sequence[str], text: str, *, remote: bool) -> DateFiles:
    """Files of one band each, in the order in which they are given."""
    if not names:
        raise RasterError("An image is needed, got an empty list: name its files.")
    dates = [find_date(name, remote=remote) for name in names]
    if len(dates) == 1:
        return dates[0]
    parts = [Part(date.name, str(date), label_of(str(date))) for date in dates]
    return _stacked(parts, text, tuple(path for date in dates for path in date.local), all_are_read=True)


def _folder(folder: Path, text: str, *, remote: bool) -> DateFiles:
    names = _files_in(folder)
    if not names:
        name = gdal_name(folder)
        return DateFiles(text, name, (name,))
    parts = choose_parts(names, lambda name: str((folder / name).resolve()), text)
    return _stacked(parts, text, _files_of(parts, remote=remote), tags=_product_tags(folder, names))


def _files_of(parts: Sequence[Part], *, remote: bool) -> tuple[Path, ...]:
    """Those that lie here. RasterError where one leads to the network, unless `remote`."""
    files = tuple(Path(part.name) for part in parts if os.path.isfile(part.name))
    for path in () if remote else files:
        refuse_network(path)
    return files


def _product_tags(folder: Path, names: Sequence[str]) -> dict[str, str]:
    """What the metadata of a Sentinel-2 product say of its numbers."""
    for name in names:
        base = name.rpartition("/")[2]
        if base.startswith("MTD_MSI") and base.endswith(".xml") and (folder / name).stat().st_size <= LARGEST_ITEM:
            baseline = baseline_in_metadata((folder / name).read_text(encoding="utf-8", errors="replace"))
            return {BASELINE_TAG: baseline, "PLATFORM": "Sentinel-2"} if baseline else {}
    return {}


def _files_in(folder: Path) -> list[str]:
    """The files of a folder, of a Sentinel-2 product those below, too; none where GDAL opens it as a whole."""
    is_product = folder.suffix.upper() == ".SAFE" or (folder / "GRANULE").is_dir()
    inside = [each for each in folder.iterdir() if each.is_dir() and each.suffix.upper() == ".SAFE"]
    if len(inside) == 1:
        return [f"{inside[0].name}/{name}" for name in _files_in(inside[0])]
    if folder.suffix.lower() == ".zarr":
        return []
    walk = folder.rglob("*") if is_product else folder.iterdir()
    names = []
    for path in walk:
        if path.is_file():
            names.append(path.relative_to(folder).as_posix())
        if len(names) > MOST_FILES:
            raise RasterError(f"One image is needed, {folder} holds more than {MOST_FILES:,} files: name one.")
    return names or ["."]


def _archive(path: Path, text: str) -> DateFiles:
    """An image in a zip or tar; what is inside is read there, nothing is unpacked."""
    root = f"{archive_prefix(path)}{path.resolve()}"
    try:
        members = _in_zip(path) if root.startswith("/vsizip/") else _in_tar(path, text)
        longest = max(map(len, members), default=0)
        if longest > LONGEST_NAME:
            raise RasterError(
                f"{text} holds a file whose name has {longest:,} letters, at most {LONGEST_NAME:,} are read: unpack it."
            )
        parts = choose_parts(list(members), lambda name: f"{root}/{name}", text)
        described = [part.shown for part in parts if describes(members[part.shown]())]
    except DAMAGED as error:
        raise RasterError(
            f"{text} cannot be opened as an archive: it is damaged or none; download it again."
        ) from error
    if described:
        raise RasterError(
            f"An image is needed, {described[0]} in {text} describes files that lie elsewhere: unpack it first."
        )
    return _stacked(parts, text, (path,))


def _in_zip(path: Path) -> dict[str, Callable[[], bytes]]:
    """The names of the files in a zip, and how each of them begins."""

    def beginning(name: str) -> bytes:
        with opened_file(f"/vsizip/{path.resolve()}/{name}") as member:
            return b"" if member is None else member.read(BEGINNING)

    with zipfile.ZipFile(path) as archive:
        names = [entry.filename for entry in archive.infolist() if not entry.is_dir()]
    return {name: partial(beginning, name) for name in names}


def _in_tar(path: Path, text: str) -> dict[str, Callable[[], bytes]]:
    """The same of a tar, read once from front to back. RasterError for one that claims to hold far more than it may."""
    import tarfile  # here: few need it, and a start waits for it

    most = max(LEAST_UNPACKED, MOST_UNPACKED * path.stat().st_size)
    members: dict[str, Callable[[], bytes]] = {}
    claimed = 0
    try:
        with tarfile.open(path) as tar:
            for entry in tar:
                claimed += entry.size
                if claimed > most or len(members) > MOST_FILES:
                    raise RasterError(
                        f"{text} claims to hold {claimed:,} bytes or more in {len(members) + 1:,} files, at most "
                        f"{most:,} in {MOST_FILES:,} are looked through: unpack it and name a file."
                    )
                if entry.isfile():
                    member = tar.extractfile(entry) if entry.name.lower().endswith(IMAGES) else None
                    members[entry.name] = partial(bytes, member.read(BEGINNING) if member else b"")
    except tarfile.TarError as error:
        raise OSError(str(error)) from error
    return members


def _item(place: str, text: str, *, remote: bool) -> DateFiles:
    item = read_item(place, remote=remote)
    return _stacked(item.parts, text, _files_of(item.parts, remote=remote), tags=item.tags)


def _inside(path: Path, text: str) -> DateFiles:
    """A netCDF or HDF5 file: one image, or its variables that lie on one grid as bands."""
    name = str(path.resolve())
    _check_kind(path, text)
    variables: dict[object, list[Part]] = {}
    with quiet_gdal():
        try:
            with rasterio.open(name) as dataset:
                inside = dataset.subdatasets if dataset.count == 0 or len(dataset.subdatasets) > 1 else []
            for subdataset in inside:
                with rasterio.open(subdataset) as variable:
                    part = Part(subdataset, subdataset, subdataset.rpartition(":")[2].strip("/").rpartition("/")[2])
                    variables.setdefault((variable.shape, variable.transform, variable.count), []).append(part)
        except RasterioError:
            return DateFiles(text, name, (name,), (path,))  # whoever opens it says why it cannot be
    if not variables:
        return DateFiles(text, name, (name,), (path,))
    parts = max(variables.values(), key=len)
    return _stacked(parts, text, (path,))


def _check_kind(path: Path, text: str) -> None:
    with path.open("rb") as file:
        start = file.read(4)
    if start in _UNREADABLE:
        kind, way = _UNREADABLE[start]
        raise RasterError(f"{text} is {kind}, which rasterio's GDAL does not read: convert it first, by {way}.")


def _stacked(
    parts: Sequence[Part],
    text: str,
    local: tuple[Path, ...],
    *,
    tags: dict[str, str] | None = None,
    all_are_read: bool = False,
) -> DateFiles:
    """All bands of `parts` as one image; one that needs no more stands for itself."""
    names = tuple(part.name for part in parts)
    if len(parts) == 1 and not (tags or parts[0].label or parts[0].band_tags):
        return DateFiles(text, names[0], names, local)
    first = Path(parts[0].shown).name
    document = stack_document(parts, tags={**(tags or {}), FIRST_FILE_TAG: first}, all_are_read=all_are_read)
    return DateFiles(text, document, names, local)

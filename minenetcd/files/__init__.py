"""Files that appear complete or not at all, alone or as a set; locks; checksums; names as parts of file names."""

from minenetcd.files.checksum import sha256
from minenetcd.files.failing import unwritable
from minenetcd.files.hidden import HIDDEN, HiddenFolder, left_behind, reclaim, temporary_folder
from minenetcd.files.locks import locked
from minenetcd.files.names import slug
from minenetcd.files.one import atomic_path, finite, json_text, write_json, write_text
from minenetcd.files.places import check_not_input, from_home, make_folder, refuse_name
from minenetcd.files.sets import check_writable, in_turn, in_use, one_run_in, settle, staged_files

__all__ = [
    "HIDDEN",
    "HiddenFolder",
    "atomic_path",
    "check_not_input",
    "check_writable",
    "finite",
    "from_home",
    "in_turn",
    "in_use",
    "json_text",
    "left_behind",
    "locked",
    "make_folder",
    "one_run_in",
    "reclaim",
    "refuse_name",
    "settle",
    "sha256",
    "slug",
    "staged_files",
    "temporary_folder",
    "unwritable",
    "write_json",
    "write_text",
]

"""Results as pages see them, where the extra is that cuts their tiles."""

from importlib.util import find_spec

collect_ignore_glob = [] if find_spec("rio_tiler") else ["test_*.py"]

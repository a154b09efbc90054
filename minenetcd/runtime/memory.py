"""Memory that was freed, given back to the system."""

import ctypes
import sys


def give_back_freed() -> None:
    """Let the system have what this process has freed, where the C library keeps it (glibc, on Linux).

    It keeps pages of large arrays that came and went, each of its pools by itself: after many tiles more than is in
    use. Takes milliseconds, and what is needed again is cleared again by the system.
    """
    if sys.platform != "linux":
        return
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # other C libraries have none
    if trim is not None:
        trim(0)

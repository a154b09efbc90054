"""Every error a user can meet.

MineNetCDError                 a failure; the command line ends with exit code 1
├── InputError                 what came in cannot be used; exit code 2
│   ├── RasterError            an image cannot be read, or holds nothing to analyse
│   │   └── FlatBandError      one of its bands is one number everywhere
│   ├── GridError              two images cannot be laid on one grid
│   ├── SizeError              an array or tensor has the wrong shape
│   ├── DataError              a data set is missing, unreadable or not fit to be used
│   ├── OptionError            an option or configuration value is wrong
│   │   └── CostError          an analysis costs more than is done unasked
│   ├── UnknownNameError       no model, detector, data set or command has that name
│   └── WeightsError           weights are missing, or do not fit the model
├── OutputError                a result cannot be written
│   └── OutputPathError        the place given for it cannot be used; exit code 2
└── RunInterrupted             a run was stopped by its user, and its state saved; exit code 130, after SIGTERM 143

Every message is one line: what was needed, what came, what to do.
"""

import difflib
from collections.abc import Iterable, Sequence

from minenetcd.secrets import without_secrets


class MineNetCDError(Exception):
    """Root of the errors this package raises on purpose. Its message holds no password of a URL."""

    exit_code = 1

    def __init__(self, *arguments: object) -> None:
        super().__init__(*(without_secrets(part) if isinstance(part, str) else part for part in arguments))


class InputError(MineNetCDError, ValueError):
    """What the caller gave cannot be used."""

    exit_code = 2


class RasterError(InputError):
    """An image is unreadable, truncated, or has no valid pixel."""


class FlatBandError(RasterError):
    """A band of the `date`, "before" or "after", is the number `value` everywhere.

    `flat`: the places of such bands, of either date, among those read, from 0. `bands`, `bands_after`: the numbers of
    those read, in the files.
    """

    def __init__(
        self, date: str, value: object, flat: Sequence[int], bands: Sequence[int], bands_after: Sequence[int]
    ) -> None:
        self.date, self.value, self.flat = date, value, tuple(flat)
        number = (bands if date == "before" else bands_after)[flat[0]]
        before, after = (
            ",".join(str(band) for place, band in enumerate(numbers) if place not in flat)
            for numbers in (bands, bands_after)
        )
        advice = f"--bands {before}" + (f" --bands-after {after}" if after != before else "")
        super().__init__(
            f"Bands whose pixels differ are needed, band {number} of the {date} image is {value} everywhere: "
            + (f"read the others ({advice}), or give another image." if before else "give another image.")
        )

    def with_numbers(self, bands: Sequence[int], bands_after: Sequence[int]) -> "FlatBandError":
        """The same, where the bands that were read have other numbers in their files."""
        return FlatBandError(self.date, self.value, self.flat, bands, bands_after)


class GridError(InputError):
    """Two images do not meet on one grid, or a grid lacks what was asked of it."""


class SizeError(InputError):
    """An array or tensor has a shape the callee cannot work with."""


class DataError(InputError):
    """A data set, or a pair in it, is missing, unreadable, or not fit for what it was asked for."""


class OptionError(InputError):
    """An option or configuration value is missing, misspelt or out of range."""


class CostError(OptionError):
    """An analysis of claimed pixels, or of hours, which is done only where somebody says so (`PredictOptions.yes`)."""


class UnknownNameError(InputError):
    """A name is not in the table it was looked up in."""

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        spelt = {known_name.lower(): known_name for known_name in sorted(known)}
        near = difflib.get_close_matches(name.lower(), spelt, n=1, cutoff=0.4)
        advice = f"did you mean {spelt[near[0]]!r}?" if near else f"choose one of {', '.join(spelt.values())}."
        super().__init__(f"There is no {kind} {name!r:.200}: {advice}")


class WeightsError(InputError):
    """Weights cannot be found, read, or matched to the model, tensor by tensor."""


class OutputError(MineNetCDError):
    """A result cannot be written where it was asked for."""


class OutputPathError(OutputError, InputError):
    """The file or folder given for a result is in the way, forbidden, or holds something else."""


class WorkerLostError(MineNetCDError):
    """A process that did a part of the work was killed from outside; what was done before is kept."""


class RunInterrupted(MineNetCDError):
    """A run was stopped by its user after its state was saved; the message says how to go on.

    `number`: the signal that stopped it, Ctrl-C (SIGINT) unless another is named.
    """

    exit_code = 130

    def __init__(self, message: str, number: int = 2) -> None:
        super().__init__(message)
        self.number, self.exit_code = number, 128 + number


def one_line(error: BaseException, *, with_kind: bool = False) -> str:
    """What an error says, without secrets, in one line: after its kind `with_kind`, that alone where it is silent."""
    kind, text = type(error).__name__, " ".join(without_secrets(str(error)).split())
    return ": ".join(filter(None, (kind, text))) if with_kind or not text else text

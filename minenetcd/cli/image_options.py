"""Options about images that several commands take, read from text."""

from minenetcd.errors import OptionError


def whole_numbers(text: str | None, option: str, example: str, *, count: int | None = None) -> tuple[int, ...] | None:
    """Whole numbers with commas between, `count` of them where given; OptionError for anything else."""
    if text is None:
        return None
    try:
        numbers = tuple(int(number) for number in text.split(","))
    except ValueError:
        numbers = ()
    if not numbers or (count is not None and len(numbers) != count):
        raise OptionError(f"{option} needs whole numbers with commas between, got {text!r}: e.g. {example}.")
    return numbers

"""Where the command `minenetcd` begins: signals end it in one line from here on, also while commands are imported."""

import sys

from minenetcd.runtime.interruption import EndingBySignals


def run() -> None:
    """Entry point: see `minenetcd.cli.main.run`."""
    with EndingBySignals() as signals:
        try:
            from minenetcd.cli import main
        except KeyboardInterrupt:
            print(f"Error: {signals.in_words}", file=sys.stderr)
            sys.exit(signals.exit_code)
    main.run()

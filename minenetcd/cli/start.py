"""Where the command `minenetcd` begins: Ctrl-C is one line from here on, also while the commands are imported."""

import sys

from minenetcd.runtime.interruption import EndingBySignals


def run() -> None:
    """Entry point: see `minenetcd.cli.main.run`."""
    with EndingBySignals() as signals:
        try:
            from minenetcd.cli import main
        except KeyboardInterrupt:
            print("Error: interrupted", file=sys.stderr)
            sys.exit(signals.exit_code)
    main.run()

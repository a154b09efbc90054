"""`python -m minenetcd` is the command `minenetcd`."""

from minenetcd.cli.start import run

run()

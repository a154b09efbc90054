"""`python -m minenetcd` is the command `minenetcd`."""

from minenetcd.cli.main import run

run()

"""The command `minenetcd`: one file a command; here they meet, and errors become one line and an exit code."""

import errno
import os
import sys
import traceback
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated, Any

import typer

import minenetcd
from minenetcd.cli import (
    accuracy,
    adapt,
    benchmark,
    calibrate,
    compare,
    config,
    data,
    datasets,
    demo,
    explain,
    label,
    learn,
    models,
    monitor,
    predict,
    rethreshold,
    review,
    runs,
    serve,
    test,
    train,
    view,
)
from minenetcd.cli.plugins import WithPlugins
from minenetcd.display.escaping import in_terminal
from minenetcd.errors import InputError, MineNetCDError, one_line
from minenetcd.registry import TRUSTED, NameTakenWarning
from minenetcd.runtime.interruption import EndingBySignals
from minenetcd.secrets import kept_out_of_logs, without_secrets

NAME = "minenetcd"

_INTERRUPTED = 130

_UsageError: Any = typer.BadParameter.__base__  # which Typer gives no name of its own

app = typer.Typer(
    name=NAME,
    cls=WithPlugins,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    rich_markup_mode="rich",
)
for command in (
    *(
        demo.demo,
        predict.predict,
        monitor.monitor,
        rethreshold.rethreshold,
        review.review,
        train.train,
        adapt.adapt,
        learn.learn,
        test.test,
        calibrate.calibrate,
        compare.compare,
        serve.serve,
    ),
    *(view.view, label.label, explain.explain, runs.runs, models.models),
):
    app.command(cls=predict.PredictCommand if command is predict.predict else None)(command)
for name, group in (
    ("accuracy", accuracy.app),
    ("datasets", datasets.app),
    ("data", data.app),
    ("benchmark", benchmark.app),
    ("config", config.app),
):
    app.add_typer(group, name=name)


def _version(asked: bool) -> None:
    if asked:
        print(f"minenetcd {minenetcd.__version__}")
        raise typer.Exit


@app.callback()
def main(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
    trust: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PACKAGE",
            help="Let trained detectors import their network from this package; may be repeated.",
        ),
    ] = None,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
) -> None:
    """Find what changed between two images of a mine.

    Start with: minenetcd demo
    """
    if trust:
        os.environ[TRUSTED] = ",".join(trust)


def run() -> None:
    """Entry point: exit code 2 for bad input, 1 for a failure, 130 after Ctrl-C and 143 after SIGTERM."""
    arguments = [argument for argument in sys.argv[1:] if argument != "--debug"]
    debug = len(arguments) < len(sys.argv) - 1
    signals = EndingBySignals()
    try:
        _refuse_what_is_no_text(arguments)
        with signals, kept_out_of_logs(), _own_warnings_in_one_line():
            code = app(args=arguments, prog_name=NAME, standalone_mode=False)
        if code == _INTERRUPTED:  # Typer's word for Ctrl-C
            raise KeyboardInterrupt
        sys.exit(code or 0)
    except _UsageError as error:
        _end_misused(error, debug)
    except (KeyboardInterrupt, typer.Abort):
        _end(signals.in_words, signals.exit_code, debug)
    except MineNetCDError as error:
        _end(str(error), error.exit_code, debug)
    except Exception as error:  # a defect of ours: say so in one line too
        if isinstance(error, OSError) and error.errno == errno.ENAMETOOLONG:
            _end(f"{error.filename!s:.80}... is too long a name: choose a shorter one.", InputError.exit_code, debug)
        reason = one_line(error, with_kind=True)
        _end(f"unexpected {reason} (run again with --debug and report it)", 1, debug)


def _refuse_what_is_no_text(arguments: Sequence[str]) -> None:
    """Names of bytes that are no UTF-8, which neither GDAL nor JSON can hold."""
    for argument in arguments:
        if not argument.isascii() and any("\ud800" <= character <= "\udfff" for character in argument):
            raise InputError(f"Names in UTF-8 are needed, got {argument!a}: rename it, or name another.")


@contextmanager
def _own_warnings_in_one_line() -> Iterator[None]:
    """Those of libraries keep their place in the code."""
    with warnings.catch_warnings():
        with_place = warnings.showwarning

        def show(message: Warning | str, category: type[Warning], *place: Any, **more: Any) -> None:
            if category is NameTakenWarning:
                print(f"Warning: {message}", file=sys.stderr)
            else:
                with_place(message, category, *place, **more)

        warnings.showwarning = show
        yield


def _end_misused(error: Any, debug: bool) -> None:
    """What was typed is none of the commands, or lacks something."""
    message, command = error.format_message().rstrip("."), error.ctx.command_path if error.ctx else NAME
    if "\n" in message:  # nothing was typed, and the help is the answer
        error.show()
        sys.exit(error.exit_code)
    mark = " See" if message.endswith("?") else ": see"
    _end(f"{message}{mark} {command} --help.", error.exit_code, debug)


def _end(message: str, code: int, debug: bool) -> None:
    if debug:
        print(without_secrets(traceback.format_exc()), end="", file=sys.stderr)
    print(f"Error: {in_terminal(without_secrets(message))}", file=sys.stderr)
    sys.exit(code)

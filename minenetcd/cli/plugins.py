"""Commands that plug-ins bring: the help names them, and each is imported when it is run."""

from collections.abc import Callable
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from minenetcd.errors import OptionError
from minenetcd.registry import Table, is_path

#: A function as Typer takes it, or a Typer of several commands.
COMMANDS: Table[Callable[..., Any] | typer.Typer] = Table("command", "minenetcd.commands", {})


class WithPlugins(TyperGroup):
    """The commands of this package, which no plug-in replaces, and those of plug-ins by name or place."""

    def list_commands(self, ctx: Any) -> list[str]:
        own = super().list_commands(ctx)
        return [*own, *(name for name in COMMANDS if name not in own)]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        own = super().get_command(ctx, cmd_name)
        if own is None and (cmd_name in COMMANDS or is_path(cmd_name)):
            return _NotYetImported(cmd_name)
        return own


class _NotYetImported(TyperCommand):
    """Stands for a command of a plug-in until it is run, or its own help is asked for."""

    def __init__(self, name: str) -> None:
        super().__init__(name, help="Brought by a plug-in.", rich_help_panel="Commands of plug-ins")

    def make_context(self, info_name: Any, args: list[str], parent: Any = None, **extra: Any) -> Any:
        thing = COMMANDS[str(self.name)]
        if not callable(thing):
            raise OptionError(f"The command {self.name!r} needs a function or a typer.Typer, got {thing!r}: mend it.")
        app = thing if isinstance(thing, typer.Typer) else typer.Typer(add_completion=False)
        if app is not thing:
            app.command()(thing)
        return typer.main.get_command(app).make_context(info_name, args, parent, **extra)

"""minenetcd config: what a configuration may hold, and what one comes to."""

from pathlib import Path
from typing import Annotated

from typer import Argument, Option, Typer

app = Typer(no_args_is_help=True, help="List configurations, show one in full, write their schema for editors.")


@app.command("list")
def list_() -> None:
    """List the configurations that come with the package."""
    from minenetcd.configs.reading import list_configs
    from minenetcd.models.catalog import KNOWN_CONFIGURATIONS

    print("\n".join(sorted({*list_configs(), *KNOWN_CONFIGURATIONS})))


@app.command()
def show(
    config: Annotated[str, Argument(help="A method, or a YAML file.", show_default=False)],
    overrides: Annotated[list[str] | None, Argument(help="Changes to it, e.g. recipe=paper.")] = None,
) -> None:
    """Show a configuration in full, its bases and recipe filled in, as YAML.

    Example: minenetcd config show bit recipe=paper
    """
    import yaml

    from minenetcd.configs.reading import parse_overrides
    from minenetcd.training.settings import read_settings

    settings = read_settings(config, **parse_overrides(overrides or ()))
    print(yaml.safe_dump(settings.model_dump(mode="json"), sort_keys=False), end="")


@app.command()
def schema(
    out: Annotated[Path, Option(help="File to write.")] = Path("minenetcd.schema.json"),
) -> None:
    """Write the JSON schema of configurations, which editors use to complete and check YAML.

    Put '# yaml-language-server: $schema=minenetcd.schema.json' on top of the YAML file.
    """
    from minenetcd.configs.schema import write_schema
    from minenetcd.training.names import NAMES

    print(write_schema(out, NAMES))

"""The page every report is: one file with its style and pictures inside, no script, nothing fetched, fit for print."""

from html import escape
from importlib import resources
from string import Template


def render_page(*, kind: str, heading: str, subtitle: str, sections: list[str], footer: str, style: str) -> str:
    """The page as HTML, with `sections` and the rules of `style` as they are; all other text is escaped."""
    page = Template(resources.files("minenetcd.display").joinpath("page.html").read_text(encoding="utf-8"))
    return page.substitute(
        title=escape(heading),
        kind=escape(kind),
        heading=escape(heading),
        subtitle=escape(subtitle),
        sections="\n".join(sections),
        footer=escape(footer),
        style=style,
    )

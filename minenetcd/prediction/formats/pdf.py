"""The report as PDF, for those who print or file it: the page of report.html, laid out by WeasyPrint (extra `pdf`)."""

from pathlib import Path

from minenetcd.files import unwritable
from minenetcd.prediction.outputs import REPORT, Result

#: Figures that stand beside tables on a screen stand above them on paper: WeasyPrint cuts what is side by side. It
#: takes these for a reader's rules, which must be important to count more than the page's.
_ON_PAPER = """
.pair { display: block !important; }
.pair > div:first-child { display: flex; gap: 18px; break-inside: avoid; }
.pair > div:first-child > figure { flex: 0 0 48%; margin-top: 0 !important; }
.pair h2, h2 { margin-top: 20px !important; }
.limits, footer { margin-top: 16px !important; }
h2 + .wide, h2 + table, footer { break-before: avoid; }
@page { @bottom-right { content: counter(page) " / " counter(pages); font: 8pt "Liberation Sans", Arial, sans-serif;
  color: #555; } }
"""

#: Of pictures: what a printer shows. [per inch]
_DOTS = 220


def write_pdf(result: Result, path: Path) -> None:
    """The report that lies beside `path`, of any result, as PDF with the same content; nothing else is read."""
    page_as_pdf(path.parent / REPORT, path)


def page_as_pdf(source: Path, path: Path) -> None:
    """One of this package's pages as PDF; nothing else is read."""
    from weasyprint import CSS, HTML  # an extra brings it
    from weasyprint.urls import URLFetcher

    embedded_alone = URLFetcher(allowed_protocols=("data",))  # a report names no file and no server
    page = HTML(string=source.read_text(encoding="utf-8"), url_fetcher=embedded_alone)
    try:
        page.write_pdf(path, stylesheets=[CSS(string=_ON_PAPER)], optimize_images=True, dpi=_DOTS)
    except OSError as error:
        raise unwritable(path, error) from error

"""Build the site of docs/: `python docs/build.py [FOLDER]`, by default into site/.

Added to the pages in docs/: the start page (README.md), the changelog, CONTRIBUTING.md, the list of methods, and the
reference of the API, one page a module, read off the package as it stands. Any warning (a broken link or anchor, a
page that docs/nav.md leaves out) ends the build. Links to other sites are listed, not fetched.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "minenetcd"
FROM_THE_ROOT = {"README.md": "index.md", "CHANGELOG.md": "changelog.md", "CONTRIBUTING.md": "contributing.md"}


def main() -> None:
    site = Path(sys.argv[1] if len(sys.argv) > 1 else "site").resolve()
    with tempfile.TemporaryDirectory() as folder:
        pages = Path(folder) / "docs"
        write_pages(pages)
        shutil.copy(ROOT / "zensical.toml", folder)
        forgotten = pages_without_place(pages)
        if forgotten:
            sys.exit(f"docs/nav.md must name every page, but not: {', '.join(forgotten)}")
        command = [sys.executable, "-m", "zensical", "build", "--strict"]
        result = subprocess.run(command, cwd=folder, env={**os.environ, "NO_COLOR": "1", "PYTHONPATH": str(ROOT)})
        if result.returncode:
            sys.exit("The site has warnings: mend what is shown above.")
        shutil.rmtree(site, ignore_errors=True)
        shutil.move(Path(folder) / "site", site)
    print("Links to other sites:", *sorted(links_to_others()), sep="\n  ")
    print(f"Site: {site / 'index.html'}")


def write_pages(pages: Path) -> None:
    shutil.copytree(ROOT / "docs", pages, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    for page in pages.glob("*.md"):
        text = page.read_text(encoding="utf-8")
        page.write_text(text.replace("](../README.md", "](index.md"), encoding="utf-8")
    for name, page in FROM_THE_ROOT.items():
        (pages / page).write_text(seen_from_docs((ROOT / name).read_text(encoding="utf-8")), encoding="utf-8")
    shutil.copy(ROOT / "CITATION.cff", pages)
    shutil.copy(ROOT / "LICENSE", pages / "LICENSE.txt")
    titles = {page.name: title(page) for page in sorted((pages / "models").glob("*.md"))}
    lines = [f"- [{text}]({name})" for name, text in titles.items()]
    (pages / "models" / "index.md").write_text("# Methods\n\n" + "\n".join(lines) + "\n", encoding="utf-8")
    write_reference(pages / "reference")


def seen_from_docs(text: str) -> str:
    """Links written for the root of the repository, as they are from docs/."""
    for name, page in FROM_THE_ROOT.items():
        text = text.replace(f"]({name})", f"]({page})")
    return re.sub(r"\]\(docs/([^)#]*/)?", lambda found: f"]({found[1] or ''}", text).replace("/)", "/index.md)")


def title(page: Path) -> str:
    return re.search(r"^# (.+)$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)[1]


def write_reference(folder: Path) -> None:
    """One page a module; a package's page is its folder's first."""
    nav = ["- [minenetcd](index.md)"]
    for file in sorted(PACKAGE.rglob("*.py"), key=lambda file: file.with_suffix("").parts):
        path = file.relative_to(PACKAGE).with_suffix("")
        if (path.name.startswith("_") and path.name != "__init__") or path == Path("__init__"):
            continue
        module = path.parent if path.name == "__init__" else path
        page = (module / "index" if path.name == "__init__" else module).with_suffix(".md")
        name = ".".join(("minenetcd", *module.parts))
        (folder / page).parent.mkdir(parents=True, exist_ok=True)
        (folder / page).write_text(f"# {module.name}\n\n`{name}`\n\n::: {name}\n", encoding="utf-8")
        nav.append(f"{'    ' * (len(module.parts) - 1)}- [{module.name}]({page.as_posix()})")
    (folder / "index.md").write_text("# minenetcd\n\n::: minenetcd\n", encoding="utf-8")
    (folder / "nav.md").write_text("\n".join(nav) + "\n", encoding="utf-8")


def pages_without_place(pages: Path) -> list[str]:
    """Pages that docs/nav.md names neither themselves nor by their folder."""
    named = set(re.findall(r"\]\(([^)]+)\)", (pages / "nav.md").read_text(encoding="utf-8")))
    written = {page.relative_to(pages) for page in pages.rglob("*.md")} - {Path("nav.md")}
    folders = tuple(name for name in named if name.endswith("/"))
    return sorted(p.as_posix() for p in written if p.as_posix() not in named and not p.as_posix().startswith(folders))


def links_to_others() -> set[str]:
    text = "\n".join(page.read_text(encoding="utf-8") for page in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
    return set(re.findall(r"https?://[^\s)>`\"']+", text))


if __name__ == "__main__":
    main()

"""Draw F1 before and after each round of verdicts, from tables that learned_from_verdicts.py wrote.

python benchmarks/rounds_picture.py docs/images/learn-rounds.png "TITLE=FOLDER/table.csv" ...
"""

import sys

import pandas as pd
from matplotlib.axes import Axes

from minenetcd.display.figure_style import figure_style, titled
from minenetcd.display.palettes import ACCENT, BLUE, QUIET

NAMES = {"F1": ACCENT, "average precision": BLUE}


def main(target: str, *tables: str) -> None:
    with figure_style():
        figure = titled(3.1 * len(tables), 3.3, "Rounds of verdicts", "minenetcd-nano, in hundredths; 0: before")
        panels = figure.subplots(1, len(tables), sharey=True, squeeze=False)[0]
        for axes, given in zip(panels, tables, strict=True):
            title, _, path = given.partition("=")
            draw(axes, pd.read_csv(path, index_col=0)["F1 / AP"].str.split(" / ", expand=True).astype(float))
            axes.set_title(title, loc="left")
        handles, labels = panels[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=4)
        figure.savefig(target, dpi=130)


def draw(axes: Axes, rows: pd.DataFrame) -> None:
    """`rows`: F1 and average precision of what stands beside, then of each round."""
    rounds = rows[rows.index.str.startswith("verdicts")]
    for column, (name, colour) in enumerate(NAMES.items()):
        axes.plot(range(len(rounds)), rounds[column], marker="o", color=colour, label=name)
    axes.axhline(rows[0].iloc[1], linestyle="--", linewidth=1, color=QUIET, label="irmad, F1")
    axes.axhline(rows[0].iloc[0], linestyle=":", linewidth=1, color=QUIET, label="everything changed, F1")
    axes.grid(axis="y")
    axes.set(xlabel="rounds", xticks=range(len(rounds)), ylim=(0, 100))


if __name__ == "__main__":
    main(*sys.argv[1:])

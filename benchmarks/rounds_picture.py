"""Draw F1 before and after each round of verdicts, from tables that learned_from_verdicts.py wrote.

python benchmarks/rounds_picture.py docs/images/learn-rounds.png "TITLE=FOLDER/table.csv" ...
"""

import sys

import pandas as pd
from matplotlib.figure import Figure

target, *tables = sys.argv[1:]
figure = Figure(figsize=(3.2 * len(tables), 3.2), layout="constrained")
for number, (axes, given) in enumerate(
    zip(figure.subplots(1, len(tables), sharey=True, squeeze=False)[0], tables, strict=True)
):
    title, _, path = given.partition("=")
    rows = pd.read_csv(path, index_col=0)["F1 / AP"].str.split(" / ", expand=True).astype(float)
    rounds = rows[rows.index.str.startswith("verdicts")]
    for column, name in enumerate(("F1", "average precision")):
        axes.plot(range(len(rounds)), rounds[column], marker="o", label=f"minenetcd-nano, {name}")
    axes.axhline(rows[0].iloc[1], linestyle="--", color="0.4", label="irmad, F1")
    axes.axhline(rows[0].iloc[0], linestyle=":", color="0.4", label="everything changed, F1")
    axes.set(title=title, xlabel="rounds of verdicts", xticks=range(len(rounds)), ylim=(0, 100))
    if number == 0:
        axes.legend(fontsize="x-small")
figure.savefig(target, dpi=130)

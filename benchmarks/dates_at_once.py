"""Whether an encoder is quicker with both dates as one batch than with one after the other, for every network.

    OMP_NUM_THREADS=1 python benchmarks/dates_at_once.py [--pairs 1] [--rounds 7]

Of networks that have one encoder for both dates, which gives a list of maps, made ready to predict, with random
weights, on 256 x 256 pixels. Printed is the processor time of both dates at once as a part of that of two calls, which
take turns; medians.
"""

import argparse
from functools import partial

import pandas as pd
import torch
from markdown_table import markdown
from turns import in_turn, timed

from minenetcd.layers.both_dates import encode_both
from minenetcd.models.catalog import create_model

#: The part of each network that encodes a date.
ENCODERS = {
    "bit": "trunk", "cgnet": "trunk", "changeformer": "encoder", "dtcdscn": "features", "hcgmnet": "trunk",
    "minenetcd": "encoder", "minenetcd_lite": "trunk", "mspsnet": "features", "siamunet_conc": "encoder",
    "siamunet_diff": "encoder", "tfi_gr": "trunk", "tinycd": "features",
}  # fmt: skip


@torch.inference_mode()
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    rows = []
    for name, part in ENCODERS.items():
        encoder = getattr(create_model(name).eval().fused().to(memory_format=torch.channels_last), part)
        dates = torch.randn(2, options.pairs, 3, 256, 256)
        before, after = (date.contiguous(memory_format=torch.channels_last) for date in dates)
        call = partial(encode_both, encoder, before, after)
        sides = {at_once: timed(partial(call, at_once=at_once)) for at_once in (True, False)}
        taken = in_turn(sides, options.rounds)
        rows.append({"network": name, "at once": f"{taken[True]['processor'] / taken[False]['processor']:.2f}"})
    print(f"{options.pairs} pairs of 256 x 256, {torch.get_num_threads()} threads\n{markdown(pd.DataFrame(rows))}")


if __name__ == "__main__":
    main()

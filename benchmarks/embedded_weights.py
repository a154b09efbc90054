"""Make the embedded weights of a trained detector: measure it on held-out scenes, store it in half precision.

    minenetcd train minenetcd-nano --out runs/nano-1
    minenetcd train minenetcd-nano start_from=runs/nano-1 recipe.steps=1400 recipe.learning_rate=6e-4 --out runs/nano
    python benchmarks/embedded_weights.py runs/nano

The 20 scenes (512 x 512) are seeds of the split "test": neither trained on nor used for the threshold.
"""

import sys
from dataclasses import asdict, replace

import minenetcd
from minenetcd.detectors.sources import EMBEDDED
from minenetcd.evaluation.synthetic import score_on_synthetic
from minenetcd.synthetic.seeds import synthetic_seeds


def main(source: str) -> None:
    detector = minenetcd.from_pretrained(source)
    detector.half().float()  # what is measured is what is stored
    counts = score_on_synthetic(detector, synthetic_seeds("test", 20))
    metrics = {
        "data": "20 held-out synthetic scenes, 512 x 512",
        **{name: round(getattr(counts, name), 4) for name in ("f1", "ciou", "precision", "recall", "oa")},
        **asdict(counts),
    }
    detector.provenance = replace(detector.provenance, metrics=metrics)
    detector.half().save_pretrained(EMBEDDED / detector.name)
    print(f"{detector.name}: {metrics}")


if __name__ == "__main__":
    main(sys.argv[1])

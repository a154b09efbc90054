"""Make the embedded weights of a trained detector: measure it on held-out scenes, store it in half precision.

    pip install 'minenetcd[pretrained]'
    minenetcd train minenetcd-nano --out runs/nano
    python benchmarks/embedded_weights.py runs/nano

The configuration names a folder `imagery`; put another in its place with data.name= and data.val_name=. The 20 scenes
(512 x 512) are seeds of the split "test": neither trained on nor used to choose anything.
"""

import argparse
from dataclasses import asdict, replace

import minenetcd
from minenetcd.backbones.efficientnet_lite import PACKAGE
from minenetcd.constants import TrainedOn
from minenetcd.detectors.sources import EMBEDDED
from minenetcd.evaluation.synthetic import score_on_synthetic
from minenetcd.files import write_text
from minenetcd.synthetic.seeds import synthetic_seeds
from minenetcd.weights.card import model_card

TRAINED_ON = TrainedOn(
    "pieces of real images pasted into others (nine public sets of satellite and aerial images, 0.1 to 10 m per "
    "pixel) and mines drawn by this package",
    drawn=True,
)
LIMITS = (
    "Trained on pasted and drawn change: no labelled change was seen. Figures on real pairs, good and bad, stand in "
    "the documentation (experiments) and beside each map. Single changes of a few pixels at 10 m are mostly missed. "
    "Check results on a place you know before you report areas from them."
)
#: What the sheets of the images ask for, and the trunk's licence.
SOURCES = {
    "trunk": f"EfficientNet-Lite0, ImageNet weights of the package {PACKAGE} 0.1.0, Apache-2.0",
    "imagery": "Contains modified Copernicus Sentinel data 2015-2026 (cities, quarries, fields, Alps, tailings in "
    "Brazil; chips of gold mines by Earth Genome, earthrise-media/mining-detector, CC BY 4.0); NAIP, US Department of "
    "Agriculture, public domain; NOAA Emergency Response Imagery, public domain; NEON (National Ecological Observatory "
    "Network), CC0 1.0",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", metavar="RUN", help="folder of the trained detector")
    detector = minenetcd.from_pretrained(parser.parse_args().source)
    detector.half().float()  # what is measured is what is stored
    counts = score_on_synthetic(detector, synthetic_seeds("test", 20))
    metrics = {
        "data": "20 held-out drawn scenes, 512 x 512, one threshold for all",
        **{name: round(getattr(counts, name), 4) for name in ("f1", "ciou", "precision", "recall", "oa")},
        **asdict(counts),
    }
    detector.provenance = replace(
        detector.provenance, trained_on=TRAINED_ON, limits=LIMITS, license="apache-2.0", metrics=metrics, extra=SOURCES
    )
    folder = EMBEDDED / detector.name
    detector.half().save_pretrained(folder)
    write_text(folder / "README.md", model_card(detector.name, detector.describe(), source=detector.name))
    print(f"{detector.name}: {metrics}")


if __name__ == "__main__":
    main()

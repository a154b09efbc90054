"""A2Net as published on the hub: HZDR-FWGEL/UCD-MNCD256-A2Net; its prediction is the coarsest mask.

`backbone.features.18` never reaches an output and is dropped. Sources that are pooled first count from 1, not 0.
"""

from typing import Any

from minenetcd.weights.keymap import Rules
from minenetcd.weights.method import PublishedMethod

RULES: Rules = (
    ("backbone.features.18", None),
    ("backbone.features", "trunk"),
    ("swa.conv_scale3_c2.1", "aggregation.level3.sources.level2.conv"),
    ("swa.conv_scale4_c3.1", "aggregation.level4.sources.level3.conv"),
    ("swa.conv_scale5_c4.1", "aggregation.level5.sources.level4.conv"),
    ("swa.conv_scale{}_c{}.0", "aggregation.level{}.sources.level{}.conv"),
    ("swa.conv_scale{}_c{}.1", "aggregation.level{}.sources.level{}.norm"),
    ("swa.conv_scale{}_c{}.2", "aggregation.level{}.sources.level{}.norm"),
    ("swa.conv_aggregation_s{}.conv_fuse.0", "aggregation.level{}.fuse.0.conv"),
    ("swa.conv_aggregation_s{}.conv_fuse.1", "aggregation.level{}.fuse.0.norm"),
    ("swa.conv_aggregation_s{}.conv_fuse.3", "aggregation.level{}.fuse.1.conv"),
    ("swa.conv_aggregation_s{}.conv_fuse.4", "aggregation.level{}.fuse.1.norm"),
    ("swa.conv_aggregation_s{}.conv_identity", "aggregation.level{}.identity"),
    ("tfm.tffm_x{}.conv_branch1.0", "fusion.level{}.context1.conv"),
    ("tfm.tffm_x{}.conv_branch1.1", "fusion.level{}.context1.norm"),
    ("tfm.tffm_x{}.conv_branch{}_f.0", "fusion.level{}.context{}.conv"),
    ("tfm.tffm_x{}.conv_branch{}_f.1", "fusion.level{}.context{}.norm"),
    ("tfm.tffm_x{}.conv_branch{}", "fusion.level{}.shortcut{}"),
    ("decoder.sam_p{}.cls", "attention.level{}.mask"),
    ("decoder.sam_p{}.conv_context.0", "attention.level{}.gate.conv"),
    ("decoder.sam_p{}.conv_context.1", "attention.level{}.gate.norm"),
    ("decoder.sam_p{}.conv2.0", "attention.level{}.refine.conv"),
    ("decoder.sam_p{}.conv2.1", "attention.level{}.refine.norm"),
    ("decoder.conv_p{}.0", "merge.level{}.conv"),
    ("decoder.conv_p{}.1", "merge.level{}.norm"),
    ("decoder.cls", "mask"),
)

OPTIONS: dict[str, Any] = {"prediction": "coarsest"}

PUBLISHED = PublishedMethod(framework="A2Net", table="A2Net", chosen_on_test=True)

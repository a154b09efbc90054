"""The public data sets that are known by name, and what is known of them."""

from dataclasses import dataclass

from minenetcd.errors import UnknownNameError

NOT_STATED = "not stated"


@dataclass(frozen=True, kw_only=True)
class NamedDataset:
    """One row of the table. None or "not stated" stands where the sources say nothing.

    `patches` counts all splits, `split_patches` those of train, val and test; `ground_sampling_distance` is from and to
    [m]. `hub_ids`: where it is published; the first that the hub has is taken. `published_table`: the table of the
    authors' test scores on it.
    """

    name: str
    task: str
    patches: int
    split_patches: dict[str, int] | None = None
    side: int = 256  # pixels
    ground_sampling_distance: tuple[float, float]
    place: str
    sensor: str
    licence: str = NOT_STATED
    citation: str
    doi: str
    hub_ids: tuple[str, ...]
    published_table: str


# Sources: README and training configurations of github.com/EricYu97/UCD for ids, patches, places, sensors and
# resolutions (where the two spell an id differently, the configurations' comes first); the MineNetCD paper for its
# splits and sites.
_ROWS = (
    NamedDataset(
        name="MineNetCD256",
        task="mining change",
        patches=71_711,
        split_patches={"train": 47_743, "val": 4_613, "test": 19_355},
        ground_sampling_distance=(1.2, 1.2),
        place="100 mining sites on 6 continents",
        sensor="Google Earth",
        citation=(
            "W. Yu, X. Zhang, X. X. Zhu, R. Gloaguen, P. Ghamisi, MineNetCD: A Benchmark for Global Mining Change "
            "Detection on Remote Sensing Imagery, IEEE Transactions on Geoscience and Remote Sensing, 2024"
        ),
        doi="10.1109/TGRS.2024.3491715",
        hub_ids=("HZDR-FWGEL/MineNetCD256", "ericyu/MineNetCD256"),
        published_table="MineNetCD256",
    ),
    NamedDataset(
        name="LEVIR-CD",
        task="building change",
        patches=10_192,
        ground_sampling_distance=(0.5, 0.5),
        place="Texas, USA",
        sensor="Google Earth",
        licence="non-commercial research",
        citation=(
            "H. Chen, Z. Shi, A Spatial-Temporal Attention-Based Method and a New Dataset for Remote Sensing Image "
            "Change Detection, Remote Sensing 12(10), 1662, 2020"
        ),
        doi="10.3390/rs12101662",
        hub_ids=("ericyu/LEVIRCD_Cropped256",),
        published_table="LEVIRCD256",
    ),
    NamedDataset(
        name="CLCD",
        task="cropland change",
        patches=2_400,
        ground_sampling_distance=(0.5, 2.0),
        place="Guangdong, China",
        sensor="Gaofen-2",
        citation=(
            "M. Liu, Z. Chai, H. Deng, R. Liu, A CNN-Transformer Network With Multiscale Context Aggregation for "
            "Fine-Grained Cropland Change Detection, IEEE Journal of Selected Topics in Applied Earth Observations and "
            "Remote Sensing 15, 2022"
        ),
        doi="10.1109/JSTARS.2022.3177235",
        hub_ids=("ericyu/CLCD_Cropped_256",),
        published_table="CLCD256",
    ),
    NamedDataset(
        name="SYSU-CD",
        task="urban change",
        patches=20_000,
        ground_sampling_distance=(0.5, 0.5),
        place="Hong Kong",
        sensor="aerial",
        citation=(
            "Q. Shi, M. Liu, S. Li, X. Liu, F. Wang, L. Zhang, A Deeply Supervised Attention Metric-Based Network and "
            "an Open Aerial Image Dataset for Remote Sensing Change Detection, IEEE Transactions on Geoscience and "
            "Remote Sensing 60, 2021"
        ),
        doi="10.1109/TGRS.2021.3085870",
        hub_ids=("ericyu/SYSU_CD",),
        published_table="SYSUCD",
    ),
    NamedDataset(
        name="GVLM",
        task="landslides",
        patches=7_496,
        ground_sampling_distance=(0.59, 0.59),
        place="17 landslide sites, global",
        sensor="Google Earth",
        citation=(
            "X. Zhang, W. Yu, M.-O. Pun, W. Shi, Cross-Domain Landslide Mapping From Large-Scale Remote Sensing Images "
            "Using Prototype-Guided Domain-Aware Progressive Representation Learning, ISPRS Journal of Photogrammetry "
            "and Remote Sensing 197, 2023"
        ),
        doi="10.1016/j.isprsjprs.2023.01.018",
        hub_ids=("ericyu/GVLM_Cropped_256", "ericyu/GVLM_Cropped256"),
        published_table="GVLM256",
    ),
    NamedDataset(
        name="EGY-BCD",
        task="building change",
        patches=6_091,
        ground_sampling_distance=(0.25, 0.25),
        place="Egypt",
        sensor="Google Earth",
        citation=(
            "S. Holail, T. Saleh, X. Xiao, D. Li, AFDE-Net: Building Change Detection Using Attention-Based Feature "
            "Differential Enhancement for Satellite Imagery, IEEE Geoscience and Remote Sensing Letters 20, 2023"
        ),
        doi="10.1109/LGRS.2023.3283505",
        hub_ids=("ericyu/EGY_BCD",),
        published_table="EGYBCD",
    ),
)
DATASETS = {row.name: row for row in _ROWS}


def named_dataset(name: str) -> NamedDataset:
    """The row of that name, however it is capitalised. UnknownNameError with the nearest one."""
    if (row := find_named(name)) is None:
        raise UnknownNameError("data set", name, DATASETS)
    return row


def find_named(text: str, *, or_id: bool = False) -> NamedDataset | None:
    """The row of that name, or with `or_id` of one of its hub ids, however it is capitalised; None for any other."""
    wanted = text.lower()
    return next((row for row in _ROWS if wanted in map(str.lower, (row.name, *(row.hub_ids if or_id else ())))), None)

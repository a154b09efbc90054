"""The training and validation pairs of a run: those its configuration names, or those handed over in Python."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from accelerate import Accelerator
from accelerate.utils import gather_object

from minenetcd.configs.schema import HANDED_OVER, DataSettings
from minenetcd.configs.section import as_mapping
from minenetcd.data.dataset import ChangeDataset
from minenetcd.data.subset import hold_out
from minenetcd.datasets.catalog import load_dataset
from minenetcd.datasets.objects import Pairs, as_dataset
from minenetcd.errors import OptionError

Data = str | Path | Mapping[str, Any] | Pairs


@dataclass(frozen=True)
class GivenData:
    """What `minenetcd.train` was told of data: keys of the section `data`, and pairs where there are any."""

    section: dict[str, Any]
    train: ChangeDataset | None = None
    val: ChangeDataset | None = None

    @classmethod
    def of(cls, data: Data) -> Self:
        """A name or keys of the section; pairs to train on; or keys among which are `train` and `val`, both pairs.

        Raises DataError for what are no pairs, OptionError for pairs of a test split or for `val` alone.
        """
        if isinstance(data, str | Path | Mapping):
            section = dict(as_mapping(str(data) if isinstance(data, Path) else data, "name"))
        else:
            section = {"train": data}
        given = {split: section.pop(split) for split in ("train", "val") if split in section}
        if not given:
            return cls(section)
        if "train" not in given:
            raise OptionError("Pairs to choose on come with pairs to train on: data={'train': ..., 'val': ...}.")
        pairs = {split: as_dataset(value, split=split) for split, value in given.items()}
        if any(dataset.facts.split == "test" for dataset in pairs.values()):
            raise OptionError("The test split is read by 'minenetcd test' only: train on train, choose on val.")
        section["name"] = f"{HANDED_OVER}{type(given['train']).__name__}"
        if "val" in pairs:
            section["val_share"] = None
        return cls(section, **pairs)

    def open(
        self, settings: DataSettings, accelerator: Accelerator, *, seed: int
    ) -> tuple[ChangeDataset, ChangeDataset]:
        """Training and validation pairs; the first process of a machine downloads or builds what the others find.

        OptionError where there is nothing to choose on, or where processes were handed other pairs.
        """
        if self.train is None:
            with accelerator.local_main_process_first():
                train: ChangeDataset = load_dataset(settings.name, settings.train_split)
                if settings.val_share is None:
                    return train, load_dataset(settings.val_name or settings.name, settings.val_split)
                return hold_out(train, settings.val_share, seed=seed)
        val: ChangeDataset
        if settings.val_share is not None:
            train, val = hold_out(self.train, settings.val_share, seed=seed)
        elif self.val is not None:
            train, val = self.train, self.val
        else:
            raise OptionError(
                "Pairs of one's own need others to choose on: data={'train': pairs, 'val': others}, or "
                "data={'train': pairs, 'val_share': 0.1}."
            )
        found = gather_object([(train.facts.fingerprint, val.facts.fingerprint)])
        if len(set(found)) > 1:
            raise OptionError("All processes need the same pairs, in one order: make them from one seed or one list.")
        return train, val

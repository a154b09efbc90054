"""The training and validation pairs a configuration names."""

from accelerate import Accelerator

from minenetcd.configs.schema import DataSettings
from minenetcd.data.dataset import ChangeDataset
from minenetcd.data.subset import hold_out
from minenetcd.datasets.catalog import load_dataset


def open_splits(settings: DataSettings, accelerator: Accelerator, *, seed: int) -> tuple[ChangeDataset, ChangeDataset]:
    """Training and validation pairs; the first process of a machine downloads or builds what the others then find."""
    with accelerator.local_main_process_first():
        train = load_dataset(settings.name, settings.train_split)
        if settings.val_share is not None:
            return hold_out(train, settings.val_share, seed=seed)
        return train, load_dataset(settings.name, settings.val_split)

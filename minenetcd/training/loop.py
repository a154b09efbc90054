"""The training loop: batches in, moving weights, their running average validated, the best of them kept."""

import time
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import asdict

import torch
from accelerate import Accelerator
from accelerate.utils import gather_object
from torch import Tensor, nn

from minenetcd.configs.schema import Settings
from minenetcd.constants import Progress
from minenetcd.data.balance import pairs_with_change
from minenetcd.data.dataset import ChangeDataset
from minenetcd.data.loading import make_loader
from minenetcd.detectors.learned import ChangeDetector
from minenetcd.errors import MineNetCDError
from minenetcd.evaluation.evaluate import evaluate
from minenetcd.evaluation.probabilities.threshold import best_threshold, confusion_at
from minenetcd.runtime.interruption import Interruption
from minenetcd.training.losses import change_loss
from minenetcd.training.optimise import RunningAverage, make_optimiser
from minenetcd.training.parallel import Spread, this_share
from minenetcd.training.plan import Plan
from minenetcd.training.records.checkpoints import RunState, random_states, restore_random_state
from minenetcd.training.records.reporting import Step, Validation
from minenetcd.training.schedules import learning_rate
from minenetcd.types import ChangeBatch


class Trainer:
    """One run: the detector, where it is spread, and how far it has come.

    `step` counts optimiser steps done, `best` is the best validation so far, `waited` counts those since.
    """

    def __init__(
        self,
        detector: ChangeDetector,
        train_set: ChangeDataset,
        plan: Plan,
        settings: Settings,
        accelerator: Accelerator,
    ) -> None:
        self.detector, self.train_set, self.plan = detector, train_set, plan
        self.settings, self.recipe, self.accelerator = settings, settings.recipe, accelerator
        self.step, self.waited = 0, 0
        self.best: Validation | None = None
        self.model = detector.model
        self.spread = Spread(self.model, accelerator, settings.trainer)
        if self.spread.full_copy is not None:
            detector.model = self.spread.full_copy
        self.optimiser = accelerator.prepare_optimizer(make_optimiser(self.model, self.recipe))
        decay = self.recipe.ema_decay
        self.average = None if decay is None else RunningAverage(self.model, decay)
        torch.manual_seed(settings.seed + accelerator.process_index)  # each process drops out other features

    # --- steps ---

    def steps(self, interruption: Interruption) -> Iterator[Step]:
        """Train to the plan's end, yielding each step; the caller may stop at any time."""
        batches = self._batches()
        while self.step < self.plan.steps:
            started = time.perf_counter()
            rate = self._set_learning_rate()
            own_loss = self._optimise([next(batches) for _ in range(self.plan.batches_per_step)])
            self.step += 1
            loss, interrupted = self._agree(own_loss, interruption.requested)
            speed = self.plan.pairs_per_step / (time.perf_counter() - started)
            yield Step(self.step, self.plan.position(self.step - 1)[0], loss, rate, speed, interrupted)

    def _batches(self) -> Iterator[ChangeBatch]:
        """Epoch after epoch of batches, from where the run stands."""
        loader = make_loader(
            self.train_set,
            batch_size=self.recipe.batch_size * self.accelerator.num_processes,
            workers=self.settings.data.workers,
            seed=self.settings.seed,
            augmentation=self.recipe.augmentation,
            crop=self.recipe.crop,
            shuffle=True,
            changed=pairs_with_change(self.train_set) if self.recipe.sampling == "balanced" else None,
            drop_last=True,
            start=self.plan.position(self.step),
            rank=self.accelerator.process_index,
            world_size=self.accelerator.num_processes,
            device=self.accelerator.device,
        )
        while True:
            yield from loader

    def _optimise(self, batches: list[ChangeBatch]) -> Tensor:
        """One optimiser step on `batches`; their mean loss on this process."""
        self.spread.train()
        self.optimiser.zero_grad()
        total = torch.zeros((), device=self.accelerator.device)
        for number, batch in enumerate(batches, start=1):
            last = number == len(batches)
            with nullcontext() if last else self.accelerator.no_sync(self.spread.module):
                loss = self._loss(batch) / len(batches)
                self.accelerator.backward(loss)
            total += loss.detach()
        self._refuse_what_is_no_number(total, batches)
        if self.recipe.clip_norm is not None:
            self.accelerator.unscale_gradients(self.optimiser)
            nn.utils.clip_grad_norm_(self.model.parameters(), self.recipe.clip_norm)
        self.optimiser.step()
        if self.average is not None:
            self.average.update()
        return total

    def _loss(self, batch: ChangeBatch) -> Tensor:
        preprocessing = self.detector.preprocessing
        dates = preprocessing.inputs(*preprocessing.dates_in_unit(batch, self.accelerator.device))
        with self.accelerator.autocast():
            output = self.spread.module(*dates)
        recipe, model = self.recipe, self.model
        if not recipe.auxiliary:
            output = output._replace(auxiliary=())
        return change_loss(
            output,
            batch.mask.to(self.accelerator.device, non_blocking=True),
            name=recipe.loss,
            main_weight=model.main_weight if recipe.auxiliary else 1.0,
            auxiliary_weights=model.auxiliary_weights if recipe.auxiliary else (),
            class_weights=recipe.class_weights,
            ignore_label=recipe.ignore_label,
        )

    def _set_learning_rate(self) -> float:
        rate = learning_rate(self.step, self.plan.steps, self.recipe)
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        return rate

    def _refuse_what_is_no_number(self, loss: Tensor, batches: list[ChangeBatch]) -> None:
        """All processes stop together, naming the samples of those that met the loss."""
        finite = self.accelerator.reduce(loss.isfinite().float(), "sum").item() == self.accelerator.num_processes
        if finite:
            return
        names = [name for batch in batches for name in batch.names] if not loss.isfinite() else []
        raise MineNetCDError(
            f"The loss became {'nan' if loss.isnan() else loss.item()} in step {self.step + 1} on the samples "
            f"{', '.join(gather_object(names))}: look at them, or lower recipe.learning_rate."
        )

    def refuse_broken_weights(self) -> None:
        """MineNetCDError on all processes, before anything is kept, where a weight is no finite number any more."""
        tensors = (*self.model.parameters(), *self.model.buffers())
        finite = all(bool(this_share(tensor).isfinite().all()) for tensor in tensors)
        broken = torch.tensor(float(not finite), device=self.accelerator.device)
        if self.accelerator.reduce(broken, "sum").item():
            raise MineNetCDError(
                f"Step {self.step} left weights that are no finite numbers, which are not saved (earlier checkpoints "
                "stay): lower recipe.learning_rate, and train anew in another folder."
            )

    def _agree(self, loss: Tensor, asked: bool) -> tuple[float, bool]:
        """Mean loss of the processes, and whether any of them was asked to stop."""
        totals = torch.stack([loss, loss.new_tensor(float(asked))])
        mean, share = (self.accelerator.reduce(totals, "sum") / self.accelerator.num_processes).tolist()
        return mean, share > 0

    # --- validating and choosing ---

    def validate(self, val_set: ChangeDataset, progress: Progress) -> Validation:
        """Validate the averaged weights on `val_set`; where they are the best so far, `best` is what comes back."""
        with self.average.in_place() if self.average is not None else nullcontext():
            self.spread.whole()
            result = evaluate(
                self.detector,
                val_set,
                batch_size=self.recipe.batch_size,
                workers=self.settings.data.workers,
                accelerator=self.accelerator,
                progress=progress,
            )
        threshold = best_threshold(result.histogram) if self.recipe.threshold == "val" else self.recipe.threshold
        at = confusion_at(result.histogram, threshold)
        validation = Validation(self.step, at.f1 or 0.0, at.ciou or 0.0, threshold)
        if self.best is None or validation.f1 > self.best.f1:
            self.best, self.waited = validation, 0
        else:
            self.waited += 1
        return validation

    @property
    def chosen(self) -> Validation:
        """`best`, once something was validated."""
        assert self.best is not None
        return self.best

    @property
    def out_of_patience(self) -> bool:
        """Whether early stopping is asked for and due."""
        patience = self.settings.trainer.patience
        return patience is not None and self.waited >= patience

    def averaged_state(self) -> dict[str, Tensor]:
        """The weights that are validated, whole, on the main process."""
        with self.average.in_place() if self.average is not None else nullcontext():
            return {name: tensor.clone() for name, tensor in self.spread.model_state().items()}

    # --- stopping and going on ---

    def state(self) -> RunState:
        """The whole state, on the main process; elsewhere this process's share."""
        return {
            "step": self.step,
            "best": None if self.best is None else asdict(self.best),
            "waited": self.waited,
            "model": self.spread.model_state(),
            "average": None if self.average is None else self.averaged_state(),
            "average_updates": 0 if self.average is None else self.average.updates,
            "optimiser": self.spread.optimiser_state(self.optimiser.optimizer),
            "scaler": self.accelerator.scaler.state_dict() if self.accelerator.scaler is not None else None,
            "random": random_states(self.accelerator.device),
        }

    def load_state(self, state: RunState) -> None:
        """Go on from `state`, which every process has read."""
        self.step, self.waited = state["step"], state["waited"]
        self.best = None if state["best"] is None else Validation(**state["best"])
        self.spread.load_optimiser_state(self.optimiser.optimizer, state["optimiser"])
        if self.average is not None:
            assert state["average"] is not None  # a run goes on with the settings it began with
            self.spread.load_model_state(state["average"])
            self.average.restart(state["average_updates"])
        self.spread.load_model_state(state["model"])
        if state["scaler"] is not None:
            self.accelerator.scaler.load_state_dict(state["scaler"])
        own = self.accelerator.process_index
        if own < len(state["random"]):
            restore_random_state(state["random"][own], self.accelerator.device)

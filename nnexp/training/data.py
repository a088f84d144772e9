"""The training data of a stack.   R replicas, N training examples, B examples in a batch, S steps of an epoch"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from nnexp.data.augmentations.base import augment_batch
from nnexp.data.balanced_sampler import BalancedSampler
from nnexp.data.batches import Batch, iterate_batches, steps_per_epoch
from nnexp.data.parts import Part, Parts
from nnexp.data.splits import PartName
from nnexp.data.target_scaling import TargetScaling
from nnexp.nn.losses.class_weights import ClassWeights
from nnexp.nn.replicas import stack_arrays
from nnexp.spec.spec import Spec
from nnexp.training.state import TrainingState
from nnexp.typing import Array


def stack_target_scalings(parts: Sequence[Part]) -> TargetScaling | None:
    """The scaling of the targets of each run's part, (R or 1, 1, O); None where none are scaled."""
    scalings = [part.target_scaling for part in parts if part.target_scaling is not None]
    if not scalings:
        return None
    assert len(scalings) == len(parts), "runs with scaled targets and runs without have different structures"
    shift = stack_arrays([scaling.shift[None] for scaling in scalings])
    return TargetScaling(shift, stack_arrays([scaling.scale[None] for scaling in scalings]))


def stack_class_weights(parts: Sequence[Part]) -> ClassWeights | None:
    """How much each class counts in each run's loss, (R or 1, O); None where all count alike."""
    weights = [part.class_weights for part in parts if part.class_weights is not None]
    if not weights:
        return None
    assert len(weights) == len(parts), "runs whose classes have weights and runs without have different structures"
    no, yes = stack_arrays([entry.no for entry in weights]), stack_arrays([entry.yes for entry in weights])
    return ClassWeights(weights[0].targets, no, yes)


def _make_sampler(spec: Spec, part: Part) -> BalancedSampler | None:
    """What draws a run's examples of an epoch; None where each comes once."""
    return BalancedSampler(part.d) if spec.data.sampling == "balanced" else None


class StackData:
    """Each run's data; one object for all of them where they share it.

    Runs with one seed, one data set and the same augmentations see the same batches in the same order. Then a batch
    is made once, (1, B, ...), and broadcasts through the first layer.
    """

    def __init__(self, specs: Sequence[Spec], parts: Sequence[Parts]) -> None:
        first = specs[0]
        self.description = parts[0].description
        self.examples = len(parts[0].train)
        size = first.training.batch_size
        self.batch_size = self.examples if size == "full" else size
        self.steps_per_epoch = steps_per_epoch(self.examples, self.batch_size)

        self._augmentations = [spec.data.augment for spec in specs]
        has_one_set = all(entry is parts[0] for entry in parts)
        has_one_seed = len({spec.seed for spec in specs}) == 1
        is_augmented_equally = all(several == self._augmentations[0] for several in self._augmentations)
        self._distinct_parts = parts[:1] if has_one_set else parts
        is_sampled_equally = len({spec.data.sampling for spec in specs}) == 1
        shares_batches = has_one_set and has_one_seed and is_augmented_equally and is_sampled_equally
        self._batch_parts = parts[:1] if shares_batches else parts
        self._samplers = [_make_sampler(spec, own.train) for spec, own in zip(specs, parts, strict=True)]

    def list_parts(self, name: PartName) -> list[Part]:
        """A part of each run's data; a single one where all runs have the same data."""
        return [parts[name] for parts in self._distinct_parts]

    def training_inputs(self, rows: slice) -> Array:
        """Some training inputs (R or 1, n, ...), normalised."""
        return stack_arrays([part.take_inputs(rows) for part in self.list_parts("train")])

    def training_targets(self) -> Array:
        """All training targets (R or 1, N, O)."""
        return stack_arrays([part.d for part in self.list_parts("train")])

    def batch_fractions(self) -> Array:
        """The share of the training examples that each batch of an epoch has. (S, 1)"""
        starts = np.arange(self.steps_per_epoch)[:, None] * self.batch_size
        return np.minimum(self.batch_size, self.examples - starts) / self.examples

    def draw_order(self, state: TrainingState) -> None:
        """Draw the order of an epoch's examples, for each run by its own generator."""
        for order, generator, sampler in zip(state.order, state.shuffle, self._samplers, strict=True):
            if sampler is not None:
                order[...] = sampler.draw_examples(generator)
            elif self.batch_size == self.examples:
                # One batch has all examples: nothing is drawn, and sums of them keep one order.
                order[...] = np.arange(self.examples)
            else:
                order[...] = generator.permutation(self.examples)

    def iterate_batches(self, state: TrainingState) -> Iterator[Batch]:
        """The batches of this epoch that are still to come."""
        training_parts = [parts.train for parts in self._batch_parts]
        order = state.order[: len(training_parts)]
        batches = iterate_batches(training_parts, order, self.batch_size, state.step)
        if not any(self._augmentations):
            return batches
        return (self._augment_batch(batch, state.augment) for batch in batches)

    def _augment_batch(self, batch: Batch, generators: Sequence[np.random.Generator]) -> Batch:
        """Each run's examples, changed by its own generator; a batch that all runs share is changed once."""
        inputs, targets = [], []
        for row, (x, d) in enumerate(zip(batch.x, batch.d, strict=True)):
            changed_x, changed_d = augment_batch(self._augmentations[row], x, d, generators[row])
            inputs.append(changed_x)
            targets.append(changed_d)
        # The other runs' generators would have drawn the same numbers: after a resume each run goes on from its own.
        for generator in generators[len(inputs) :]:
            generator.bit_generator.state = generators[0].bit_generator.state
        return batch._replace(x=stack_arrays(inputs), d=stack_arrays(targets))

"""What fits into this machine's memory."""

from __future__ import annotations

import os
from dataclasses import replace
from math import prod

import numpy as np

from nnexp.data.dataset import Description, Source
from nnexp.errors import DataError
from nnexp.nn.parameters import Declaration
from nnexp.nn.size import count_activations, estimate_memory
from nnexp.registry import component_parameters
from nnexp.spec.spec import Data, Spec
from nnexp.typing import Shape

DATA_SET_COPIES = 3
"""How often a data set is held while it is made ready: as read, checked, and prepared."""

BYTES_PER_COUNT = 64
"""The least that one more example, class or feature of a generated set takes."""


def describe_data(data: Data, shape: Shape | None = None) -> Description:
    """What the data hold, and what of it is predicted; where a `shape` is given, as if each example had that one.

    Raises DataError where that cannot be said, or is more than memory holds, TargetError where the source does not
    offer what is to be predicted.
    """
    held = _describe_source(data.source)
    return data.targets.describe(held if shape is None else replace(held, shape=shape))


def _describe_source(source: Source) -> Description:
    """What a source holds."""
    counts = [getattr(source, p.name) for p in component_parameters(type(source)) if p.name != "seed"]
    needed = BYTES_PER_COUNT * max([0, *(count for count in counts if isinstance(count, int))])
    if needed <= memory_size():
        description = source.describe()
        numbers = description.examples * (prod(description.shape) + description.output_count)
        needed = DATA_SET_COPIES * description.itemsize * numbers
    if needed > memory_size():
        raise DataError(describe_memory_excess("the data set", needed))
    return description


def estimate_training_bytes(spec: Spec, declaration: Declaration) -> int:
    """What training holds: theta, grad, slots and the best weights, and the activations of one batch."""
    batch = 256 if spec.training.batch_size == "full" else max(256, spec.training.batch_size)
    itemsize, slots = np.dtype(spec.training.dtype).itemsize, len(spec.optimizer.slots)
    return sum(estimate_memory(declaration.weight_count, count_activations(declaration), slots, batch, itemsize))


def describe_memory_excess(what: str, needed: int) -> str:
    """The complaint about more bytes than there are."""
    return f"{what} needs about {needed / 2**30:.4g} GiB of memory, and this machine has {memory_size() / 2**30:.4g}"


def memory_size() -> int:
    """The memory of the machine in bytes."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") if hasattr(os, "sysconf") else 2**62

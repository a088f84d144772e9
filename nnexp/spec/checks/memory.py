"""What fits into this machine's memory."""

from __future__ import annotations

import os
from dataclasses import replace
from math import prod

import numpy as np

from nnexp.data.dataset import Description
from nnexp.errors import DataError
from nnexp.nn.parameters import Declaration
from nnexp.nn.size import count_activations, estimate_memory
from nnexp.registry import component_parameters
from nnexp.spec.spec import Data, Spec
from nnexp.typing import Shape

DATA_SET_COPIES = 3
"""How often a data set is held while it is made ready: as read, checked, and prepared."""

BLOCK_EXAMPLES = 256
"""Examples that evaluation passes through the layers at once, as in training/evaluation.py."""

BYTES_PER_COUNT = 64
"""The least that one more example, class or feature of a generated set takes."""


def describe_data(data: Data, shape: Shape | None = None) -> Description:
    """What the data hold, and what of it is predicted; where a `shape` is given, as if each example had that one.

    Raises DataError where that cannot be said, or is more than memory holds, TargetError where the source does not
    offer what is to be predicted.
    """
    held = _describe_source(data)
    return data.targets.describe(held if shape is None else replace(held, shape=shape))


def _describe_source(data: Data) -> Description:
    """What the source of the data holds."""
    source = data.source
    largest = 0
    for parameter in component_parameters(type(source)):
        value = getattr(source, parameter.name)
        if isinstance(value, int) and parameter.name != "seed":
            largest = max(largest, value)
    # Judged before the source is asked, since that lists all its classes.
    needed = BYTES_PER_COUNT * largest
    if needed <= memory_size():
        description = source.describe_for(data.split)
        numbers = description.examples * (prod(description.shape) + description.output_count)
        needed = DATA_SET_COPIES * description.itemsize * numbers
    if needed > memory_size():
        raise DataError(describe_memory_excess("the data set", needed))
    return description


def estimate_training_bytes(spec: Spec, declaration: Declaration) -> int:
    """What training holds: theta, grad, slots and the best weights, and the activations of one batch."""
    batch = BLOCK_EXAMPLES
    if spec.training.batch_size != "full":
        batch = max(batch, spec.training.batch_size)
    itemsize, slots = np.dtype(spec.training.dtype).itemsize, len(spec.optimizer.slots)
    return sum(estimate_memory(declaration.weight_count, count_activations(declaration), slots, batch, itemsize))


def describe_memory_excess(what: str, needed: int) -> str:
    """The complaint about more bytes than there are."""
    return f"{what} needs about {needed / 2**30:.4g} GiB of memory, and this machine has {memory_size() / 2**30:.4g}"


def memory_size() -> int:
    """The memory of the machine in bytes."""
    if not hasattr(os, "sysconf"):
        # Windows does not say; there nothing is refused.
        return 2**62
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")

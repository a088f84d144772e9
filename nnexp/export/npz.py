"""A run as a file of NumPy arrays: what was learned, under its names, and what inputs are made ready with."""

from __future__ import annotations

import io
from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike

from nnexp import registry
from nnexp.export.learned import LearnedModel, RunResult
from nnexp.spec.baseline import BaselineSpec
from nnexp.typing import AnyArray


def encode_npz(result: RunResult) -> bytes:
    """The file: weights such as `dense_1.W`, shift and scale, the names of classes and tasks, the resolved spec.

    In the core shapes that the layers declare. The arrays of the members of an ensemble are preceded by `member_1.`,
    `member_2.`, ...; those of a baseline by its name.
    """
    about = result.first_model.description
    arrays: dict[str, ArrayLike] = {**result.make_metadata(), "classes": about.classes}
    if about.tasks:
        # A name for each class, so that both arrays can be read side by side.
        arrays["tasks"] = np.repeat([task.name for task in about.tasks], [len(task.classes) for task in about.tasks])
    if about.inputs:
        arrays["inputs"] = about.inputs
    for prefix, part in result.iterate_models():
        for name, array in _list_arrays(part):
            arrays[prefix + name] = array
    # Without pickles, so that nothing in the file can be executed by whoever loads it.
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)
    return buffer.getvalue()


def _list_arrays(part: LearnedModel) -> Iterator[tuple[str, AnyArray]]:
    """Every array of one network or baseline, with its name."""
    yield from (("shift", part.shift), ("scale", part.scale))
    if part.fill is not None:
        yield "fill", part.fill
    if part.target_scaling is not None:
        yield from (("target_shift", part.target_scaling.shift), ("target_scale", part.target_scaling.scale))
    if isinstance(part.spec, BaselineSpec):
        name = registry.baselines.name_of(part.spec.baseline)
        for key, array in part.arrays.items():
            yield f"{name}.{key}", array
        return
    declaration = part.network.declare(part.description.shape)
    weights = part.weights
    for name, _ in (*declaration.iterate_weights(), *declaration.iterate_buffers()):
        yield name, weights.array_of(name)[0]

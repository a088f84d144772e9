"""Examples drawn from every class as often.   N examples, K classes, O outputs"""

from __future__ import annotations

import numpy as np

from nnexp.typing import Array, IntArray


class BalancedSampler:
    """Draws N of N training examples with replacement: first a class, each as likely, then one of its examples.

        P(example n) = 1 / (K n_k),  n of class k

    d (N, O): one-hot rows or distributions over classes, of which the largest share counts; or of one yes-or-no output,
    whose classes are yes and no. A class without an example is not drawn.
    """

    def __init__(self, d: Array) -> None:
        labels = d[:, 0] > 0.5 if d.shape[-1] == 1 else d.argmax(axis=-1)
        _, self._counts = np.unique(labels, return_counts=True)
        self._starts = np.cumsum(self._counts) - self._counts
        # stable, so that the order of a class's examples depends on nothing but the data
        self._rows = np.argsort(labels, kind="stable")

    def draw_examples(self, generator: np.random.Generator) -> IntArray:
        """The examples of one epoch, in the order in which they come. (N)"""
        classes = generator.integers(len(self._counts), size=len(self._rows))
        return self._rows[self._starts[classes] + generator.integers(self._counts[classes])]

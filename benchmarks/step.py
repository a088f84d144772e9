"""One training step: nnexp, PyTorch and scikit-learn on the same sizes and the same batches.

A step is forward, mean cross-entropy, backward and Adam's update, in single precision, on batches that lie ready.

nnexp        `Stack.step`, all of it: beyond the update it measures loss, accuracy and the norm of the gradient.
PyTorch      eager, as its users write it: zero_grad, forward, loss, backward, step; `Adam(fused=True)`, its fastest;
             labels as integers, its fastest loss; nothing is measured, not even the loss is read.
scikit-learn `MLPClassifier.fit` over whole epochs, divided by its steps. That is fairer to it than `partial_fit`, which
             checks its input at every call. No shuffling, because the others' batches lie ready too; no penalty, no
             early stopping. It reads the loss of every step and shows one an epoch.

nnexp is timed on its NumPy kernels and on the compiled ones (extra `fast`).
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from itertools import pairwise

import numpy as np
import torch
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

from benchmarks.measure import Side, describe_machine, print_times, take_turns
from benchmarks.subjects import LARGE_SPEC, SMALL_SPEC, build_stack, gather_batches, run_steps
from nnexp.data.batches import Batch

ROUNDS = 21


def make_nnexp_steps(text: str, epochs: int) -> tuple[Callable[[], None], list[Batch]]:
    """Epochs of `Stack.step`, and the batches they are made on."""
    stack = build_stack(text, f"training.epochs={epochs}")
    ready = gather_batches(stack)
    return lambda: run_steps(stack, ready, epochs), ready


def make_pytorch_steps(sizes: tuple[int, ...], ready: list[Batch], epochs: int, threads: int) -> Callable[[], None]:
    """Epochs of PyTorch's usual training step."""
    torch.manual_seed(0)
    layers: list[torch.nn.Module] = []
    for n_in, n_out in pairwise(sizes):
        layers += [torch.nn.Linear(n_in, n_out), torch.nn.ReLU()]
    model = torch.nn.Sequential(*layers[:-1])
    loss_of = torch.nn.CrossEntropyLoss()
    adam = torch.optim.Adam(model.parameters(), lr=1e-3, fused=True)
    tensors = [(torch.tensor(batch.x[0]), torch.tensor(batch.d[0].argmax(axis=-1))) for batch in ready]

    def run() -> None:
        torch.set_num_threads(threads)
        for _ in range(epochs):
            for x, y in tensors:
                adam.zero_grad()
                loss = loss_of(model(x), y)
                loss.backward()
                adam.step()

    return run


def make_sklearn_epochs(hidden: tuple[int, ...], ready: list[Batch], epochs: int) -> Callable[[], None]:
    """Epochs of scikit-learn's training."""
    x = np.concatenate([batch.x[0] for batch in ready])
    y = np.concatenate([batch.d[0].argmax(axis=-1) for batch in ready])
    classifier = MLPClassifier(
        hidden, solver="adam", alpha=0.0, batch_size=len(ready[0].x[0]), shuffle=False, max_iter=epochs,
        tol=0.0, n_iter_no_change=epochs + 1, early_stopping=False, random_state=0,
    )  # fmt: skip

    def run() -> None:
        with warnings.catch_warnings(action="ignore", category=ConvergenceWarning):
            classifier.fit(x, y)

    return run


def compare_small() -> None:
    epochs = 20
    run, ready = make_nnexp_steps(SMALL_SPEC, epochs)
    units = epochs * len(ready)
    sides = {
        "nnexp, NumPy": Side(run, units, kernels="numpy"),
        "nnexp, compiled": Side(run, units, kernels="compiled"),
        "PyTorch": Side(make_pytorch_steps((64, 64, 10), ready, epochs, 1), units),
        "scikit-learn": Side(make_sklearn_epochs((64,), ready, epochs), units),
    }
    print_times("64-64-10, batch 32, 1 thread", take_turns(sides, ROUNDS), base="nnexp, NumPy")


def compare_large(threads: int) -> None:
    epochs = 3
    run, ready = make_nnexp_steps(LARGE_SPEC, epochs)
    units = epochs * len(ready)
    sides = {
        "PyTorch": Side(make_pytorch_steps((784, 256, 128, 10), ready, epochs, threads), units, threads),
        "nnexp, NumPy": Side(run, units, threads, "numpy"),
        "nnexp, compiled": Side(run, units, threads, "compiled"),
        "scikit-learn": Side(make_sklearn_epochs((256, 128), ready, epochs), units, threads),
    }
    title = f"784-256-128-10, batch 128, {threads} thread{'s' if threads > 1 else ''} each"
    print_times(title, take_turns(sides, ROUNDS), base="PyTorch")


if __name__ == "__main__":
    print(describe_machine("torch", "scikit-learn", "numba"))
    compare_small()
    compare_large(threads=1)
    compare_large(threads=2)

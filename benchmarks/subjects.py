"""The networks that are measured, and stacks of them.   R replicas"""

from __future__ import annotations

from nnexp.data.batches import Batch
from nnexp.spec.problems import SpecText
from nnexp.spec.read import load_network_spec
from nnexp.training.stack import Stack

SMALL_SPEC = """
data: {source: digits}
architecture: {mlp: {hidden: [64]}}
training: {batch_size: 32}
"""
"""64-64-10 on real digits: 1,437 training examples, 45 steps an epoch, the last of them smaller."""

LARGE_SPEC = """
data: {source: {blobs: {examples: 2560, features: 784, classes: 10}}, split: {train: 1.0, dev: 0.0, test: 0.0}}
architecture: {mlp: {hidden: [256, 128]}}
training: {batch_size: 128}
"""
"""784-256-128-10 on generated examples, 20 steps an epoch."""


def build_stack(text: str, *overrides: str, replicas: int = 1) -> Stack:
    """Runs that differ in their seeds, ready to begin."""
    specs = [
        load_network_spec(SpecText("benchmark", text), [*overrides, f"seed={seed}"], name="benchmark")
        for seed in range(replicas)
    ]
    spec = specs[0]
    parts = spec.prepare()
    return Stack(specs, [parts] * replicas)


def gather_batches(stack: Stack) -> list[Batch]:
    """All the batches of the first epoch, gathered."""
    stack.begin_epoch()
    return list(stack.remaining_batches())


def run_steps(stack: Stack, ready: list[Batch], epochs: int) -> None:
    """Whole epochs of steps on ready batches, without what belongs to an epoch's beginning and end."""
    for _ in range(epochs):
        stack.state.step = 0
        for batch in ready:
            stack.train_step(batch)

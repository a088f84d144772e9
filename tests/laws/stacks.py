"""Specs to train in stacks and alone, and how to do it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np

from nnexp.data.parts import Parts
from nnexp.spec.problems import SpecText
from nnexp.spec.read import load_network_spec
from nnexp.spec.spec import Spec
from nnexp.training.events import Ending, RunDone
from nnexp.training.loop import train_stack
from nnexp.training.stack import Stack
from nnexp.training.state import TrainingState
from tests.contracts.arrays import identical


@dataclass(frozen=True)
class Study:
    """A spec, and the overrides that make it R runs, with the way in which each is to end."""

    text: str
    runs: tuple[tuple[str, ...], ...]
    endings: dict[int, Ending] = field(default_factory=dict)

    def specs(self) -> list[Spec]:
        return [spec_of(self.text, *overrides) for overrides in self.runs]


@cache
def spec_of(text: str, *overrides: str) -> Spec:
    return load_network_spec(SpecText("spec.yaml", text), overrides, name="law")


@cache
def _parts(data: Any, dtype: str) -> Parts:
    prepared: Parts = data.prepare(dtype)
    return prepared


def parts_of(spec: Spec) -> Parts:
    """The spec's data; the same object for specs with the same data."""
    return _parts(spec.data, spec.training.dtype)


def stack_of(specs: Sequence[Spec]) -> Stack:
    return Stack(specs, [parts_of(spec) for spec in specs])


def trained(specs: Sequence[Spec]) -> dict[int, tuple[Ending, TrainingState]]:
    """Each run's ending and last state, after training all of them together."""
    with np.errstate(all="ignore"):
        events = list(train_stack(stack_of(specs)))
    return {event.run: (event.ending, event.state) for event in events if isinstance(event, RunDone)}


TIMES = frozenset({"seconds"})


def differences(a: TrainingState, b: TrainingState) -> list[str]:
    """The names of what differs between two states in any bit, times aside."""
    names = ["theta", "buffers", "epoch", "step", "order", "losses", "scores", "layer_history", "diverged"]
    names += ["best_theta", "best_buffers", "best_value", "best_epoch"]
    found = [name for name in names if not identical(getattr(a, name), getattr(b, name))]
    found += [name for name in a.slots if not identical(a.slots[name], b.slots[name])]
    for name in ("shuffle", "dropout", "augment"):
        found += [name for x, y in zip(getattr(a, name), getattr(b, name), strict=True) if state(x) != state(y)]
    return found + (["history"] if rows(a) != rows(b) else [])


def state(generator: np.random.Generator) -> Any:
    return generator.bit_generator.state


def rows(one: TrainingState) -> list[list[list[tuple[str, bytes]]]]:
    """Every row of every history as names and bits, so that NaN equals NaN."""
    return [[bits(row.items()) for row in history] for history in one.history]


def bits(items: Iterable[tuple[str, float]]) -> list[tuple[str, bytes]]:
    return [(name, np.float64(value).tobytes()) for name, value in items if name not in TIMES]


FULL = """
data: {source: {blobs: {examples: 103, classes: 5, features: 3, spread: 4.0}}}
architecture:
  - dense: {units: 11, bias: false}
  - batch_norm
  - activation
  - dropout: {rate: 0.2}
  - dense: {units: 7}
  - batch_norm: {statistics: weighted_average, scale: false}
  - activation
  - dropout: {rate: 0.1}
  - output
activation: relu
loss: {cross_entropy: {label_smoothing: 0.1}}
regularization: {l2: 1e-2, l1: 1e-3}
optimizer: {adam: {lr: 0.02}}
schedule: {cosine: {warmup_epochs: 1, cycles: 2}}
training: {epochs: 6, batch_size: 13, early_stopping: {patience: 2}, clip_norm: 1.0, clip_value: 0.5}
"""

SMALL = """
data: {source: {moons: {examples: 101}}}
architecture: {mlp: {hidden: [11, 7]}}
optimizer: {momentum: {lr: 0.1}}
training: {epochs: 4, batch_size: 11}
"""

SINE = """
data: {source: {sine: {examples: 107}}}
architecture: [{dense: 11}, sigmoid, output]
optimizer: {nesterov: {lr: 0.05}}
schedule: {step: {every: 2}}
training: {epochs: 4, batch_size: 17}
"""

IMAGES = """
data: {source: {digits: {flat: false}}, split: {train: 67, dev: 31, test: 31}}
architecture:
  - conv2d: {filters: 5, kernel: 3, padding: same}
  - prelu
  - max_pool
  - gaussian_noise: {std: 0.1}
  - conv2d: {filters: 4, kernel: 3, stride: 1}
  - group_norm: {groups: 2}
  - activation
  - average_pool: {size: 2}
  - flatten
  - classic_dropout: 0.1
  - maxout: {units: 7}
  - layer_norm
  - output
optimizer: {adam: {lr: 1e-3}}
training: {epochs: 3, batch_size: 13}
"""

STUDIES: dict[str, Study] = {
    "own orders": Study(FULL, (("seed=1",), ("seed=2",), ("seed=3",))),
    "shared order, one stops early": Study(
        FULL,
        (
            ("training.clip_norm=0.3", "training.early_stopping.min_delta=-0"),
            ("training.early_stopping.min_delta=100.0", "optimizer.adam.beta1=0.5"),
            ("architecture.3.dropout.rate=0.5", "loss.cross_entropy.label_smoothing=0.0", "regularization.l2=0.1"),
            ("optimizer.adam.lr=0.3", "init={he: {bias: 0.1}}", "schedule.cosine.warmup_epochs=2.5"),
        ),
        {1: "stopped_early"},
    ),
    "own orders, the first diverges": Study(
        SMALL, (("seed=1", "optimizer.momentum.lr=1e30"), ("seed=2",), ("seed=3",)), {0: "diverged"}
    ),
    "momentum, one in the middle diverges": Study(
        SMALL,
        (("optimizer.momentum.lr=0.3",), ("optimizer.momentum.lr=1e30",), ("optimizer.momentum.beta=0.5",)),
        {1: "diverged"},
    ),
    "one diverges after some epochs, dropout on": Study(
        SMALL,
        tuple(
            (
                "architecture={mlp: {hidden: [11], dropout: 0.3}}",
                f"schedule={{exponential: {{base: {base}}}}}",
                f"seed={seed}",
            )
            for seed, base in enumerate((0.9, 1e15, 0.5))
        ),
        {1: "diverged"},
    ),
    "one stops early, one diverges": Study(
        SMALL,
        (
            ("training.early_stopping={patience: 1}",),
            ("training.early_stopping={patience: 1, min_delta: 9.0}", "seed=1"),
            ("training.early_stopping={patience: 1}", "optimizer.momentum.lr=1e30"),
            ("training.early_stopping={patience: 1}", "seed=2"),
        ),
        {1: "stopped_early", 2: "diverged"},
    ),
    "nesterov on a sine, own orders": Study(
        SINE, (("seed=1",), ("seed=2", "optimizer.nesterov.beta=0.5"), ("seed=3",))
    ),
    "nesterov on a sine, shared order": Study(
        SINE, ((), ("optimizer.nesterov.lr=0.01",), ("schedule.step.factor=0.5",), ("schedule.step.every=1",))
    ),
    "linear regression on one input": Study(
        SINE,
        (
            ("architecture=[output]",),
            ("architecture=[output]", "seed=1"),
            ("architecture=[output]", "init={he: {bias: 1}}"),
        ),
    ),
    "full batch": Study(SMALL, tuple((f"seed={seed}", "training.batch_size=full") for seed in range(3))),
    "batches of one": Study(
        SMALL, tuple((f"seed={seed}", "training.batch_size=1", "training.epochs=1") for seed in range(3))
    ),
    "double precision": Study(FULL, tuple((f"seed={seed}", "training.dtype=float64") for seed in range(3))),
    "double precision, shared": Study(
        SINE, tuple((f"optimizer.nesterov.lr={lr}", "training.dtype=float64") for lr in (0.1, 0.01, 0.03))
    ),
    "leaky slopes": Study(
        SMALL,
        tuple((f"activation={{leaky_relu: {slope}}}", f"seed={seed}") for seed, slope in enumerate((0.3, 0.01, 0.1))),
    ),
    "adamw": Study(SMALL, tuple((f"optimizer={{adamw: {{lr: 0.01, decay: {decay}}}}}",) for decay in (0.0, 0.1, 1.0))),
    "own splits": Study(SMALL, tuple((f"data.split.seed={seed}", "optimizer={sgd: {lr: 0.1}}") for seed in range(3))),
    "batch_norm first, on shared inputs": Study(
        SMALL,
        tuple((f"architecture=[batch_norm: {{epsilon: {e}}}, dense: 7, output]",) for e in (1e-5, 0.1, 0.01)),
    ),
    "dropout first, on shared inputs": Study(
        SMALL, tuple((f"architecture=[dropout: {{rate: {p}}}, dense: 7, activation, output]",) for p in (0.1, 0.5, 0.0))
    ),
    "margins, signs and powers": Study(
        SMALL,
        tuple(
            (
                f"loss={{hinge: {{margin: {h}}}}}",
                f"optimizer={{lion: {{lr: 0.01, decay: {h}}}}}",
                f"schedule={{polynomial: {{power: {2 * h}}}}}",
                f"init={{random_walk: {{gain: {h}}}}}",
            )
            for h in (1.0, 0.5, 1.5)
        ),
    ),
    "robust losses, orthogonal weights, own orders": Study(
        SINE,
        tuple(
            (
                f"loss={{huber: {{delta: {h}}}}}",
                f"optimizer={{amsgrad: {{lr: 0.01, beta2: {h}}}}}",
                f"schedule={{one_cycle: {{rise: {h}}}}}",
                f"init={{orthogonal: {{gain: {h}}}}}",
                f"seed={seed}",
            )
            for seed, h in enumerate((0.9, 0.5, 0.7))
        ),
    ),
    "full batch, powers of a base": Study(
        SMALL,
        tuple((f"schedule={{exponential: {{base: {b}}}}}", "training.batch_size=full") for b in (0.9, 0.7, 0.8)),
    ),
    "convolution, own orders": Study(IMAGES, tuple((f"seed={seed}",) for seed in range(3))),
    "convolution, shared order": Study(
        IMAGES,
        tuple((f"optimizer.adam.lr={lr}", f"architecture.3.gaussian_noise.std={lr}") for lr in (0.1, 0.01, 0.03)),
    ),
    "newton, own orders, dropout on": Study(
        SMALL,
        tuple(
            (
                "architecture=[dense: 5, tanh, dropout: 0.2, output]",
                f"optimizer={{newton: {{lr: 0.5, damping: {damping}}}}}",
                f"seed={seed}",
                "training.epochs=1",
            )
            for seed, damping in enumerate((1.0, 2.0, 0.5))
        ),
    ),
    "lbfgs": Study(
        SINE,
        tuple(
            (f"optimizer={{lbfgs: {{lr: {lr}, iterations: 3}}}}", "training.batch_size=full", f"seed={seed}")
            for seed, lr in enumerate((1.0, 0.5, 0.1))
        ),
    ),
    "normal equations, all but the last layer frozen": Study(
        SINE,
        tuple(
            (
                f"architecture=[rbf: {{units: 7, spread: {spread}}}, output]",
                "optimizer=normal_equations",
                "training={epochs: 1, batch_size: full, freeze: [rbf_1]}",
                f"seed={seed}",
            )
            for seed, spread in enumerate((1.0, 0.5, 2.0))
        ),
    ),
    "scaled targets, own splits": Study(
        SINE, tuple(("data.scale_targets=standard", f"data.split.seed={n}", f"seed={n}") for n in range(3))
    ),
    "scaled targets, shared order": Study(
        SINE, tuple(("data.scale_targets=min_max", f"optimizer.nesterov.lr={lr}") for lr in (0.1, 0.01, 0.03))
    ),
    "class weights, own splits": Study(
        FULL, tuple(("data.class_weights=balanced", f"data.split.seed={n}", f"seed={n}") for n in range(3))
    ),
    "class weights by hand, shared order": Study(
        SMALL, (("data.class_weights={'0': 3}",), ("data.class_weights={'1': 0.5}",), ("data.class_weights=balanced",))
    ),
    "yes or no with weights": Study(
        SMALL,
        tuple(
            ("data.targets={membership: [[1]]}", "data.class_weights=balanced", f"data.sampling={how}", f"seed={n}")
            for n, how in enumerate(("shuffled", "balanced", "shuffled"))
        ),
    ),
    "balanced sampling, shared order": Study(
        SMALL, tuple(("data.sampling=balanced", f"optimizer.momentum.lr={lr}") for lr in (0.3, 0.01, 0.1))
    ),
    "balanced sampling, own orders": Study(FULL, tuple(("data.sampling=balanced", f"seed={n}") for n in range(3))),
    "balanced sampling beside none, full batch": Study(
        SMALL,
        tuple(
            (f"data.sampling={how}", "training.batch_size=full", f"optimizer.momentum.lr={lr}")
            for how, lr in (("balanced", 0.1), ("shuffled", 0.1), ("balanced", 0.3))
        ),
    ),
    "lsuv, own splits": Study(
        SMALL,
        tuple((f"init={{lsuv: {{tolerance: {t}}}}}", f"data.split.seed={n}") for n, t in enumerate((0.1, 0.01, 0.5))),
    ),
    "data-dependent weights, a plateau, limits": Study(
        IMAGES,
        tuple(
            (
                f"init={{data_dependent: {{center: {h}}}}}",
                f"schedule={{plateau: {{patience: 1, factor: {h}, min_delta: 9}}}}",
                f"regularization={{max_norm: {h}}}",
                "training.freeze=[conv2d_1, maxout_*]",
                f"seed={seed}",
            )
            for seed, h in enumerate((0.5, 0.1, 0.7))
        ),
    ),
    "radial basis functions that sample": Study(
        SMALL,
        tuple(
            (f"architecture=[dense: 5, rbf: {{units: 7, kernel: {kernel}, centers: sample}}, output]", f"seed={seed}")
            for seed, kernel in enumerate(["multiquadric"] * 3)
        ),
    ),
    "augmented images": Study(
        IMAGES,
        tuple(
            (
                f"data.augment=[random_crop: 1, horizontal_flip: {h}, cutout: 3, noise: {h}, mixup: {h}]",
                f"seed={seed}",
            )
            for seed, h in enumerate((0.5, 0.1, 0.7))
        ),
    ),
    "augmented alike, other rates of learning": Study(
        SMALL, tuple(("data.augment=[noise: 0.1]", f"optimizer.momentum.lr={lr}") for lr in (0.1, 0.01, 0.03))
    ),
    "several binary outputs": Study(SMALL, tuple(("loss=binary_cross_entropy", f"seed={seed}") for seed in range(3))),
}

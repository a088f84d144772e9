"""Whether a solver can solve what a spec asks."""

from __future__ import annotations

from collections.abc import Iterator

from nnexp import registry
from nnexp.data.dataset import Description
from nnexp.nn.layers.dense import Dense
from nnexp.nn.layers.output import Output
from nnexp.nn.losses.squared_error import SquaredError
from nnexp.nn.network import walk_layers
from nnexp.nn.parameters import Declaration, matches_any_pattern
from nnexp.nn.penalties.l2 import L2
from nnexp.optim.optimizers.solver import Solver
from nnexp.spec.locate import count_train_examples, make_problem
from nnexp.spec.problems import Problem
from nnexp.spec.spec import Spec
from nnexp.spec.yaml import Node

MAX_DENSE_WEIGHTS = 4096
"""Weights for which a solver may hold a matrix of one row and one column each: 128 MiB."""


def check_solver(spec: Spec, description: Description, declaration: Declaration, root: Node) -> Iterator[Problem]:
    """A solver has the batch, the room and the kind of network that it needs."""
    solver = spec.optimizer
    if not isinstance(solver, Solver):
        return
    name = registry.optimizers.name_of(solver)
    if solver.full_batch and spec.training.batch_size not in ("full", count_train_examples(spec, description)):
        message = f"{name} needs all training examples in one batch"
        yield make_problem(root, "training.batch_size", message, "write `batch_size: full`")
    for clip in ("clip_norm", "clip_value"):
        if getattr(spec.training, clip) is not None:
            message = f"{name} cannot use a clipped gradient"
            yield make_problem(root, f"training.{clip}", message, f"leave {clip} out")
    trained = int(declaration.trainable_mask(spec.training.freeze).sum())
    if solver.needs_matrix and trained > MAX_DENSE_WEIGHTS:
        size = 8 * trained**2
        matrix = f"a matrix of {trained:,} x {trained:,} numbers, {size:,} bytes ({size / 2**30:.3g} GiB)"
        suggestion = f"use it for up to {MAX_DENSE_WEIGHTS:,} weights; lbfgs holds no matrix"
        yield make_problem(root, "optimizer", f"{name} would hold {matrix}", suggestion)
    if solver.needs_parabola and spec.data.class_weights != "none":
        message = f"{name} solves for examples that count alike"
        yield make_problem(root, "data.class_weights", message, "leave class_weights out")
    if solver.needs_parabola:
        yield from _check_linear(name, spec, declaration, root)


def _check_linear(solver: str, spec: Spec, declaration: Declaration, root: Node) -> Iterator[Problem]:
    """The objective is a parabola in the weights that are trained."""
    last = list(declaration.parts)[-1]
    hidden = []
    for name, _ in declaration.iterate_weights():
        if not matches_any_pattern(name, spec.training.freeze) and not name.startswith(f"{last}."):
            hidden.append(name)
    if not isinstance(spec.architecture[-1], Output | Dense):
        message = f"{solver} needs outputs that are linear in the weights: a dense layer at the end"
        yield make_problem(root, "architecture", message, "end the architecture with `- output`")
    elif hidden:
        message = f"{solver} needs outputs that are linear in all weights, and {hidden[0]} is followed by more layers"
        yield make_problem(root, "architecture", message, "use a linear network, or freeze all layers but the last")
    for index, layer in enumerate(spec.architecture):
        # With noise every step has another objective, and the equations of one step are solved by no other's weights.
        noisy = [inner for inner in walk_layers([layer]) if inner.is_random]
        if noisy:
            message = f"{solver} finds no single solution with {registry.layers.name_of(noisy[0])}"
            yield make_problem(root, f"architecture.{index}", message, "leave it out; l2 regularises")
    if not isinstance(spec.loss, SquaredError):
        yield make_problem(root, "loss", f"{solver} minimises squared_error only", "write `loss: squared_error`")
    for penalty in spec.regularization:
        if not isinstance(penalty, L2):
            name = registry.penalties.name_of(penalty)
            message = f"{solver} takes the penalty l2 only, not {name}"
            yield make_problem(root, f"regularization.{name}", message)

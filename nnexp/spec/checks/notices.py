"""What a valid spec says that has no effect, or may be meant otherwise: told to the user, and then done as written."""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil, prod

from nnexp import registry
from nnexp.data.dataset import Description, Source
from nnexp.data.file_source import FileSource
from nnexp.data.formats.images import FORMAT_BY_SUFFIX
from nnexp.data.inference.remarks import find_remarks
from nnexp.data.splits import PART_NAMES, Split
from nnexp.nn.activations.base import Activation
from nnexp.nn.activations.identity import Identity
from nnexp.nn.activations.relu import ReLU
from nnexp.nn.layers.activation import ActivationPlaceholder
from nnexp.nn.layers.base import Layer
from nnexp.nn.network import kind_of, walk_layers
from nnexp.optim.schedules.cosine import Cosine
from nnexp.optim.schedules.piecewise import Piecewise
from nnexp.optim.schedules.plateau import Plateau
from nnexp.optim.schedules.step import Step
from nnexp.registry import component_parameters
from nnexp.spec import overrides
from nnexp.spec.baseline import AnySpec, BaselineSpec
from nnexp.spec.checks.class_examples import find_class_gaps
from nnexp.spec.checks.layers import find_outputs
from nnexp.spec.checks.memory import describe_data
from nnexp.spec.file_paths import find_doubtful_files
from nnexp.spec.locate import make_problem
from nnexp.spec.problems import Problem, SpecText, sort_problems
from nnexp.spec.spec import Spec
from nnexp.spec.yaml import Node, parse_yaml_with_problems
from nnexp.wording import format_count

MAX_REMARKED_NUMBERS = 2 * 10**6
"""A larger table is not looked through before each training; `nnexp data show` does."""

WHOLES = (10, 100)
"""Sums that parts of a whole are often written to, as in 80/10/10 and 8/1/1."""


def notices(spec: AnySpec, name: str) -> list[Problem]:
    """What a user should know of a valid spec before it is trained; `name` is that of its file."""
    assert spec.origin is not None, "only a spec that was read from a text has lines to point at"
    root, _ = parse_yaml_with_problems(SpecText(name, spec.origin.text))
    overrides.apply_overrides(root, spec.origin.overrides)
    description = describe_data(spec.data)
    found = list(_counts_like_percent(spec.data.split, description, root))
    found += find_doubtful_files(root)
    found += _files_passed_over(spec.data.source, root)
    found += _decisions(spec.data.source, root)
    found += [make_problem(root, "data.split", gap) for gap in find_class_gaps(spec.data)]
    found += _worst_remark(spec, description, root)
    if not isinstance(spec, BaselineSpec):
        found += [*_unused_activation(spec, root), *_bounded_logits(spec, root), *_balanced_twice(spec, root)]
        found += [*_patience(spec, root), *_schedule(spec, root)]
    return sort_problems(found)


def _counts_like_percent(split: Split, description: Description, root: Node) -> Iterator[Problem]:
    """Whole numbers that sum to 100 are counts, and look like percentages."""
    amounts, left_open = {}, []
    for part in PART_NAMES:
        amount = getattr(split, part)
        if isinstance(amount, int):
            amounts[part] = amount
        else:
            left_open.append(part)
    total = sum(amounts.values())
    pool = description.examples
    if split.test == "own":
        pool -= description.own_test
    if split.dev == "own":
        pool -= description.own_dev
    # A part of the set's own is no part of the whole that is split.
    may_be_open = {"test"} | ({"dev"} if description.own_dev else set())
    if not set(left_open) <= may_be_open or isinstance(split.test, float) or total not in WHOLES or pool <= total:
        return
    counts = ", ".join(f"{part} {amount}" for part, amount in amounts.items())
    fractions = ", ".join(f"{part}: {amount / total:g}" for part, amount in amounts.items())
    message = f"whole numbers are counts: {counts} takes {total} of {pool:,} examples"
    suggestion = f"if you mean fractions, write split: {{{fractions}}}; if you mean counts, leave it"
    yield make_problem(root, "data.split", message, suggestion)


def _files_passed_over(source: Source, root: Node) -> Iterator[Problem]:
    """Files beside the images are no examples, though they may be pictures of another format."""
    found = source.passed_over() if isinstance(source, FileSource) else ""
    if found:
        path = f"data.source.{registry.sources.name_of(source)}.path"
        suggestion = f"to use them, convert them: images are {', '.join(FORMAT_BY_SUFFIX)}"
        yield make_problem(root, path, f"files that are no images are left out: {found}", suggestion)


def _decisions(source: Source, root: Node) -> Iterator[Problem]:
    """Files are taken for what their numbers are, which need not be what their owner had in mind."""
    if isinstance(source, FileSource):
        for decision in source.list_decisions():
            yield make_problem(root, "data.source", decision)


def _worst_remark(spec: AnySpec, description: Description, root: Node) -> Iterator[Problem]:
    """What makes an answer from a user's own numbers worth nothing, the gravest alone; `data show` has all."""
    numbers = description.examples * prod(description.shape)
    if not isinstance(spec.data.source, FileSource) or len(description.shape) != 1 or numbers > MAX_REMARKED_NUMBERS:
        return
    grave = [remark for remark in find_remarks(spec.data.load()) if remark.is_grave]
    if grave:
        more = f", and {format_count(len(grave) - 1, 'other remark')}" if len(grave) > 1 else ""
        yield make_problem(root, "data.source", f"{grave[0].what}{more}", "`nnexp data show` with the spec has all")


def _unused_activation(spec: Spec, root: Node) -> Iterator[Problem]:
    """An activation is named that no layer takes; the default, which every resolved spec has, is no wish."""
    if spec.activation == ReLU() or any(map(_takes_activation, walk_layers(spec.architecture))):
        return
    name = registry.activations.name_of(spec.activation)
    message = f"no layer uses {name}: the architecture has no `activation`"
    yield make_problem(
        root, "activation", message, "write `activation` where it belongs, such as [dense: 32, activation, output]"
    )


def _takes_activation(layer: Layer) -> bool:
    """Whether the spec's activation stands here, or in this block, which names none of its own."""
    if isinstance(layer, ActivationPlaceholder):
        return True
    return any(
        p.hint == Activation | None and getattr(layer, p.name) is None for p in component_parameters(type(layer))
    )


def _bounded_logits(spec: Spec, root: Node) -> Iterator[Problem]:
    """An activation after the output, which a loss on logits does not expect."""
    places = find_outputs(spec.architecture)
    if spec.loss.outputs != "logits" or not places:
        return
    for index, layer in enumerate(spec.architecture[places[-1] + 1 :], start=places[-1] + 1):
        placed = spec.activation if isinstance(layer, ActivationPlaceholder) else layer
        if not isinstance(placed, Identity):
            loss = registry.losses.name_of(spec.loss)
            message = (
                f"{loss} takes logits, numbers of any size, and {kind_of(placed)} after `output` bounds or bends them"
            )
            yield make_problem(root, f"architecture.{index}", message, "end the architecture with `- output`")


def _balanced_twice(spec: Spec, root: Node) -> Iterator[Problem]:
    """Classes that are drawn as often count alike already, and weights on top favour the rare ones."""
    if spec.data.sampling == "balanced" and spec.data.class_weights != "none":
        message = "sampling and class_weights both make up for rare classes, which count too much by both together"
        yield make_problem(root, "data.class_weights", message, "leave one of them out, unless you mean both")


def _patience(spec: Spec, root: Node) -> Iterator[Problem]:
    """Early stopping that can do nothing; one that never stops but restores the best weights is often meant so."""
    stopping, epochs = spec.training.early_stopping, spec.training.epochs
    # The first epoch is always the best so far, and the patience begins after it.
    if stopping is None or stopping.restore_best or stopping.patience + 1 < epochs:
        return
    patience = format_count(stopping.patience, "epoch")
    message = f"a patience of {patience} never stops a training of {format_count(epochs, 'epoch')}"
    yield make_problem(root, "training.early_stopping.patience", message, "make it shorter, or raise training.epochs")


def _schedule(spec: Spec, root: Node) -> Iterator[Problem]:
    """A part of the schedule lies behind the end of the training."""
    schedule, epochs = spec.schedule, format_count(spec.training.epochs, "epoch")
    path = f"schedule.{registry.schedules.name_of(schedule)}"
    warmup = float(schedule.warmup_epochs)
    after = f"{epochs}, of which {warmup:g} are warm-up," if warmup else epochs
    length = spec.training.epochs - warmup
    last = ceil(length) - 1  # the whole epochs of the schedule's own clock that are behind in the last epoch
    if isinstance(schedule, Piecewise):
        for index, boundary in enumerate(schedule.boundaries):
            if boundary > last:
                message = f"{after} end before the boundary {boundary:g}: its value is never used"
                suggestion = f"boundaries up to {last} have an effect"
                yield make_problem(root, f"{path}.boundaries.{index}", message, suggestion)
    elif isinstance(schedule, Step) and float(schedule.every) > last:
        message = f"{after} end before the first step, after {float(schedule.every):g}"
        yield make_problem(root, f"{path}.every", message, "the learning rate stays the same throughout")
    elif isinstance(schedule, Cosine) and schedule.cycles > max(length, 1):
        message = f"{schedule.cycles} cycles in {after} are each shorter than one epoch"
        yield make_problem(root, f"{path}.cycles", message, "cycles are usually several epochs long")
    elif isinstance(schedule, Plateau) and schedule.patience + 1 + ceil(warmup) >= spec.training.epochs:
        message = f"a patience of {format_count(schedule.patience, 'epoch')} never lowers the learning rate in {after}"
        yield make_problem(root, f"{path}.patience", message.rstrip(","), "make it shorter, or raise training.epochs")

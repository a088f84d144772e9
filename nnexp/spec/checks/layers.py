"""Whether shapes flow through the layers of a spec, from the data to the targets."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from nnexp import registry
from nnexp.data.dataset import Description
from nnexp.errors import RunError
from nnexp.nn.activations.base import Activation
from nnexp.nn.activations.sigmoid import Sigmoid
from nnexp.nn.activations.softmax import Softmax
from nnexp.nn.initializers.from_run import FromRun
from nnexp.nn.layers.activation import ActivationPlaceholder
from nnexp.nn.layers.base import ImageShapeError, Layer, ShapeError, format_shape
from nnexp.nn.layers.heads import Heads
from nnexp.nn.layers.output import Output
from nnexp.nn.layers.rbf import RBF
from nnexp.nn.network import kind_of, walk_layers
from nnexp.nn.parameters import Declaration, matches_any_pattern, matches_pattern
from nnexp.spec.checks.memory import describe_memory_excess, estimate_training_bytes, memory_size
from nnexp.spec.locate import count_train_examples, make_layer_problem, make_problem
from nnexp.spec.problems import Problem
from nnexp.spec.spec import Spec
from nnexp.spec.suggestions import suggest_images
from nnexp.spec.yaml import Node
from nnexp.typing import Shape
from nnexp.wording import find_closest, format_count, suggest_nearest

MAX_LISTED_WEIGHTS = 5
"""Weights that a message lists; of a deep network all others would push the advice off the screen."""

OUTPUT_SUGGESTION = "end the architecture with `- output`"

OUTPUT_WORDS = {"classes": "classes", "binary": "outputs", "values": "values", "tasks": "outputs of all tasks"}
"""What the outputs are called, by the kind of targets."""


def check_architecture(spec: Spec, description: Description, root: Node) -> Iterator[Problem]:
    """Shapes flow through the layers and end in one number for every target."""
    yield from _check_outputs(spec, root)
    misplaced = list(_check_output_is_last(spec, description, root))
    if misplaced:
        # The shapes behind an output that is out of place would only repeat the mistake.
        yield from misplaced
        return
    network = spec.build_network(description)
    shape: Shape = description.shape
    parts: dict[str, Declaration] = {}
    for index, (name, layer) in enumerate(zip(network.names, network.layers, strict=True)):
        try:
            parts[name] = layer.declare(shape)
        except ShapeError as error:
            # Of flat inputs the source may have images; what a layer made flat is another matter.
            is_of_data = isinstance(error, ImageShapeError) and shape == description.shape
            suggestion = suggest_images(root) if is_of_data else ""
            yield make_layer_problem(index, root, _add_layer_name(str(error), name, root), suggestion)
            return  # the layers behind it have no shape to be checked with
        shape = parts[name].output
    if shape != (description.output_count,):
        yield _make_end_problem(shape, description, len(network.layers), root)
        return
    if not Declaration(shape, parts=parts).weight_count:
        yield make_problem(root, "architecture", "there are no weights to train", OUTPUT_SUGGESTION)


def _add_layer_name(message: str, layer: str, root: Node) -> str:
    """The message, with the name of the layer where no line of the text is the layer's: one of a preset."""
    if isinstance(root.value, dict) and isinstance(root.value["architecture"].value, list):
        return message
    kind = layer.rpartition("_")[0]
    return f"{layer}: {message.removeprefix(f'{kind}: ')}"


def check_heads(spec: Spec, description: Description, root: Node) -> Iterator[Problem]:
    """Heads come last and are the tasks', one each."""
    last = len(spec.architecture) - 1
    for index, layer in enumerate(spec.architecture):
        if isinstance(layer, Heads):
            yield from _check_head_names(layer, index, last, description, root)
        elif any(isinstance(inner, Heads) for inner in walk_layers([layer])):
            yield make_layer_problem(index, root, "`heads` must be the last layer, not inside another layer")


def _check_head_names(layer: Heads, index: int, last: int, description: Description, root: Node) -> Iterator[Problem]:
    """The heads of one layer are for the tasks, one each; `last` is the index of the last layer."""
    tasks = [task.name for task in description.tasks]
    if not tasks:
        message = "`heads` needs several tasks, and there is one thing to predict"
        yield make_layer_problem(index, root, message, "name the tasks: `data: {targets: {tasks: {...}}}`")
        return
    if index < last:
        yield make_layer_problem(index, root, "`heads` must be the last layer")
        return
    for name in tasks:
        if name not in layer.heads.names:
            yield make_layer_problem(index, root, f"the task {name} has no head", f"write `{name}: [output]`")
            return
    for name in layer.heads.names:
        if name not in tasks:
            path = f"architecture.{index}.heads.{name}"
            yield make_problem(root, path, f"there is no task {name!r}", suggest_nearest(name, tasks))


def find_declaration(spec: Spec, description: Description) -> Declaration | None:
    """The weights of the network; None where the shapes do not fit, which is reported elsewhere."""
    network = spec.build_network(description)
    try:
        declaration = network.declare(description.shape)
    except ShapeError:
        return None
    return declaration if declaration.weight_count else None


def check_centers(spec: Spec, description: Description, root: Node) -> Iterator[Problem]:
    """There are as many training examples as centres are found among."""
    examples = count_train_examples(spec, description)
    if not examples:
        return
    for index, layer in enumerate(spec.architecture):
        for inner in walk_layers([layer]):
            if isinstance(inner, RBF) and inner.centers != "normal" and inner.units > examples:
                among = format_count(examples, "training example")
                message = f"rbf: {inner.units} centers cannot be found among {among}"
                yield make_layer_problem(index, root, message, "use fewer units, or draw them: `centers: normal`")


def check_frozen(spec: Spec, description: Description, declaration: Declaration, root: Node) -> Iterator[Problem]:
    """What is frozen exists, and something is left to train."""
    patterns = spec.training.freeze
    if not patterns:
        return
    yield from check_patterns(patterns, declaration, "training.freeze", root)
    if not declaration.trainable_mask(patterns).any():
        yield make_problem(root, "training.freeze", "everything is frozen: there is nothing left to train")


def check_transferred_weights(
    spec: Spec, description: Description, declaration: Declaration, root: Node
) -> Iterator[Problem]:
    """The weights that are to come from another run are there, and fit."""
    init = spec.init
    if not isinstance(init, FromRun):
        return
    try:
        stored = init.load_weights()
    except RunError as error:
        yield make_problem(root, "init.from_run.run", str(error))
        return
    yield from _check_transferred_layers(init, list(stored), root)
    own_shapes = {name: weight.shape for name, weight in declaration.iterate_weights()}
    own_shapes |= dict(declaration.iterate_buffers())
    wrong = []
    for name, values in stored.items():
        if matches_any_pattern(name, init.layers) and own_shapes.get(name) != values.shape:
            here = format_shape(own_shapes[name]) if name in own_shapes else "missing"
            wrong.append(f"{name} is {format_shape(values.shape)} there and {here} here")
    if wrong:
        message = f"the weights of {init.run} do not fit: {'; '.join(wrong[:MAX_LISTED_WEIGHTS])}"
        if len(wrong) > MAX_LISTED_WEIGHTS:
            message += f", and {len(wrong) - MAX_LISTED_WEIGHTS} more"
        yield make_problem(root, "init.from_run", message, "name the layers to start from: `layers: [...]`")


def _check_transferred_layers(init: FromRun, stored: Sequence[str], root: Node) -> Iterator[Problem]:
    """Each of the layers to start from exists in the other run, whose weights and buffers are `stored`."""
    for index, pattern in enumerate(init.layers):
        if not any(matches_pattern(name, pattern) for name in stored):
            message = f"{pattern!r} matches no layer of {init.run}"
            known = ", ".join(_list_layers(stored))
            yield make_problem(root, f"init.from_run.layers.{index}", message, f"known: {known}")


def _list_layers(weights: Iterable[str]) -> list[str]:
    """The layers of weights such as dense_1.W, each once."""
    return list(dict.fromkeys(name.rpartition(".")[0] for name in weights))


def check_patterns(patterns: Sequence[str], declaration: Declaration, path: str, root: Node) -> Iterator[Problem]:
    """Each pattern matches a layer or a weight."""
    names = [name for name, _ in declaration.iterate_weights()]
    layers = _list_layers(names)
    for index, pattern in enumerate(patterns):
        if not any(matches_pattern(name, pattern) for name in names):
            near = find_closest(pattern, [*layers, *names])
            # Only the layers: a list of all weights would be several times as long.
            suggestion = f"did you mean {near!r}?" if near else f"known: {', '.join(layers)}"
            yield make_problem(root, f"{path}.{index}", f"{pattern!r} matches no layer with weights", suggestion)


def _check_outputs(spec: Spec, root: Node) -> Iterator[Problem]:
    """There is one output layer at most."""
    for index in find_outputs(spec.architecture)[:-1]:
        message = "only one `output` is allowed, at the end"
        yield make_layer_problem(index, root, message, "write `dense: {units: ...}` here")


def find_outputs(layers: Sequence[Layer]) -> list[int]:
    """Where among layers an `output` stands."""
    return [index for index, layer in enumerate(layers) if isinstance(layer, Output)]


def _check_output_is_last(spec: Spec, description: Description, root: Node) -> Iterator[Problem]:
    """Nothing but activations follows `output`, of the network or of a head."""
    yield from _check_layers_after_output(spec.architecture, description.output_count, "architecture", root)
    outputs = {task.name: len(task.classes) for task in description.tasks}
    for index, layer in enumerate(spec.architecture):
        if isinstance(layer, Heads):
            for name, head in layer.heads.items():
                path = f"architecture.{index}.heads.{name}"
                yield from _check_layers_after_output(head.layers, outputs.get(name, 1), path, root)


def _check_layers_after_output(layers: Sequence[Layer], outputs: int, path: str, root: Node) -> Iterator[Problem]:
    """One problem, of the `output` that other layers than activations follow."""
    places = find_outputs(layers)
    if not places:
        return
    last = places[-1]
    # An activation bounds the outputs, as a sigmoid does for values from 0 to 1; any other layer makes them hidden.
    following = [layer for layer in layers[last + 1 :] if not isinstance(layer, Activation | ActivationPlaceholder)]
    if following:
        names = ", ".join(dict.fromkeys(map(kind_of, following)))
        verb = "follows" if len(following) == 1 else "follow"
        message = f"`output` gives the predictions and must be the last layer; {names} {verb} it"
        suggestion = f"move `output` to the end; if the order is meant, write `dense: {outputs}` in its place"
        yield make_problem(root, f"{path}.{last}", message, suggestion)


def _make_end_problem(shape: Shape, description: Description, count: int, root: Node) -> Problem:
    """The network's last layer, of `count`, gives another number of outputs than there are targets."""
    if not count:
        return make_problem(root, "architecture", "there are no layers", OUTPUT_SUGGESTION)
    wanted = f"{description.output_count} {OUTPUT_WORDS[description.targets]}"
    message = f"the network ends with {format_shape(shape)} numbers, but there are {wanted}"
    return make_layer_problem(count - 1, root, message, OUTPUT_SUGGESTION)


def check_last_activation(spec: Spec, description: Description, root: Node) -> Iterator[Problem]:
    """A loss on logits applies its own softmax or sigmoid."""
    layers = spec.build_network(description).layers
    if layers and spec.loss.outputs == "logits" and isinstance(layers[-1], Softmax | Sigmoid):
        loss = registry.losses.name_of(spec.loss)
        # Applied twice it keeps the outputs close together, and training is slow for no reason to be seen.
        own = "sigmoid" if loss == "binary_cross_entropy" else "softmax"
        message = f"{loss} takes logits and applies its own {own}"
        yield make_layer_problem(len(layers) - 1, root, message, "leave this last activation out")


def check_memory(spec: Spec, description: Description, declaration: Declaration, root: Node) -> Iterator[Problem]:
    """What training holds fits into memory."""
    needed = estimate_training_bytes(spec, declaration)
    if needed > memory_size():
        message = describe_memory_excess("training", needed)
        yield make_problem(root, "architecture", message, "make the layers or the batch smaller")

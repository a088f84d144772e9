"""A commented spec for arrays or folders of images that nobody has described yet."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from nnexp.data.dataset import Description
from nnexp.data.formats.csv.overrides import format_flow
from nnexp.data.formats.images import find_image_sizes
from nnexp.data.formats.npz.archives import open_archive
from nnexp.data.formats.npz.parts import find_usual_names
from nnexp.data.paths import expand_path
from nnexp.data.sources.image_folder import ImageFolder
from nnexp.errors import DataError, SpecError
from nnexp.spec.data_section import load_data_section
from nnexp.spec.problems import SpecText
from nnexp.spec.starter_for_table import choose_network, format_comment
from nnexp.spec.yaml import format_yaml

ARRAY_SUFFIXES = (".npz", ".npy")

USUAL_SIZE = 32
"""The height and width of images that are larger, or of several sizes: what a laptop trains in minutes."""

MAX_OWN_SIZE = 64
"""Images that are all of one size, and no larger, keep it."""

MAX_SAMPLED_IMAGES = 200
"""How many images are opened to see how large they are."""

MIN_CONVOLVED_SIZE = 8
"""Images with a smaller side are too small to be pooled twice."""


@dataclass(frozen=True, slots=True)
class ArrayRefusal:
    """What a reader of arrays says that it cannot decide, and the lines that decide it for a first try."""

    sign: str
    lines: tuple[str, ...]
    doubt: str


ARRAY_REFUSALS = (
    ArrayRefusal(
        "layout=channels_first",
        (
            "      layout: channels_first   # a guess: [C, H, W]",
            "      # layout: channels_last   # instead, if nothing is to be turned",
        ),
        "the images look as if their channels came first: layout",
    ),
    ArrayRefusal(
        "kind=classes",
        (
            "      kind: classes   # a guess: the targets are whole numbers",
            "      # kind: values   # instead, if the numbers are values; then loss: squared_error",
        ),
        "the targets are whole numbers, taken for classes: they may be values",
    ),
)
"""What the reader asks, one after the other."""


@dataclass(frozen=True, slots=True)
class FileSpec:
    """A spec, what it describes, and what a person should look at before training."""

    text: str
    description: Description
    doubts: tuple[str, ...]


def is_folder_or_arrays(path: str) -> bool:
    """Whether a path names a folder, or a file of arrays."""
    return path.lower().endswith(ARRAY_SUFFIXES) or expand_path(path).is_dir()


def write_spec_for(path: str, name: str, schema: str) -> FileSpec:
    """The spec for a folder of images or a file of arrays. Raises DataError where there are none."""
    if path.lower().endswith(ARRAY_SUFFIXES):
        return write_array_spec(path, name, schema)
    return write_folder_spec(path, name, schema)


def write_folder_spec(path: str, name: str, schema: str) -> FileSpec:
    """The spec for a folder with a folder of images for each class, or such folders for each part.

    Raises DataError where there are none.
    """
    images = ImageFolder(path).find_files()
    step = max(1, len(images) // MAX_SAMPLED_IMAGES)
    sizes = find_image_sizes(images[::step][:MAX_SAMPLED_IMAGES])
    common, times = Counter(size.shape for size in sizes).most_common(1)[0]
    is_one_size = times == len(sizes)
    size: int | list[int] = USUAL_SIZE
    reason = f"they are {common[0]} x {common[1]}" if is_one_size else "they are of several sizes"
    if is_one_size and max(common) <= MAX_OWN_SIZE:
        size = common[0] if common[0] == common[1] else list(common)
    is_gray = all(size.is_gray for size in sizes)
    color = format_comment("      color: gray", "all images are gray") if is_gray else "      color: rgb"
    source = [
        "    image_folder:",
        f"      path: {format_flow(path)}",
        format_comment(f"      size: {size}", f"height and width of every image; {reason}"),
        color,
    ]
    return _finish_spec(path, name, schema, source, "per_channel")


def write_array_spec(path: str, name: str, schema: str) -> FileSpec:
    """The spec for arrays x and y in a .npz file, or beside each other. Raises DataError where there are none."""
    source = ["    npz:", f"      path: {format_flow(path)}"]
    for key, array in find_usual_names(open_archive(path), path).items():
        source.append(format_comment(f"      {key}: {array}", "a guess by its name"))
    doubts: list[str] = []
    for _ in ARRAY_REFUSALS:
        message = _find_problem(path, name, schema, source)
        refusal = next((one for one in ARRAY_REFUSALS if one.sign in message), None)
        if refusal is None:
            break
        source += refusal.lines
        doubts.append(refusal.doubt)
    message = _find_problem(path, name, schema, source)
    if message:
        raise DataError(message)
    found = _finish_spec(path, name, schema, source, "standard")
    found = _give_gray_images_a_channel(found, path, name, schema, source)
    return FileSpec(found.text, found.description, tuple(doubts))


def _find_problem(path: str, name: str, schema: str, source: Sequence[str]) -> str:
    """What the reader of arrays refuses, without the lines of a spec that nobody has seen; "" where it reads them."""
    try:
        _finish_spec(path, name, schema, source, "standard")
    except SpecError as error:
        return "; ".join(problem.message for problem in error.problems)
    return ""


def _give_gray_images_a_channel(found: FileSpec, path: str, name: str, schema: str, source: Sequence[str]) -> FileSpec:
    """The spec with gray images as what a convolution takes: height, width and one channel."""
    shape = found.description.shape
    if len(shape) != 2 or min(shape) < MIN_CONVOLVED_SIZE:
        return found
    line = format_comment(f"      reshape: {[*shape, 1]}", "a guess: gray images of height, width and one channel")
    return _finish_spec(path, name, schema, [*source, line], "standard")


def _finish_spec(path: str, name: str, schema: str, source: Sequence[str], normalize: str) -> FileSpec:
    """A spec for a source, with a network that fits what it describes."""
    head = [
        f"# yaml-language-server: $schema={schema}",
        f"# Written from {path}. Every line is a decision that you may change.",
        "",
        format_yaml({"name": name}).strip(),
        "seed: 0",
        "",
        "data:",
        "  source:",
        *source,
    ]
    _, description = load_data_section(SpecText(path, "\n".join(head) + "\n"))
    own = {"dev": description.own_dev, "test": description.own_test}
    network = choose_network(description.examples)
    if any(own.values()):
        told = ", ".join(f"{part} {count:,}" for part, count in own.items() if count)
        head.append(format_comment("  split: {}", f"the set has parts of its own: {told} examples"))
    else:
        head.append(f"  split: {network.fractions}")
    head.append(f"  normalize: {normalize}")
    loss = {"classes": "cross_entropy", "binary": "binary_cross_entropy", "values": "squared_error"}
    is_image = len(description.shape) == 3 and min(description.shape[:2]) >= MIN_CONVOLVED_SIZE
    layers = (
        _list_convolutional_layers() if is_image else [f"architecture: {{mlp: {{hidden: {list(network.hidden)}}}}}"]
    )
    epochs, patience = (20, 5) if is_image else (network.epochs, network.patience)
    batch_size = network.batch_size
    if is_image and batch_size != "full":
        batch_size = max(batch_size, 32)
    tail = [
        "",
        *layers,
        "activation: relu",
        f"loss: {loss[description.targets]}",
        "optimizer: {adam: {lr: 2e-3}}",
        "",
        "training:",
        f"  epochs: {epochs}",
        f"  batch_size: {batch_size}",
        format_comment(f"  early_stopping: {{patience: {patience}}}", "watches dev_loss and restores the best weights"),
    ]
    return FileSpec("\n".join([*head, *tail]) + "\n", description, ())


def _list_convolutional_layers() -> list[str]:
    """A small network for images of any size."""
    return [
        "architecture:",
        "  - conv2d: {filters: 16, kernel: 3, padding: same}",
        "  - activation",
        "  - max_pool",
        "  - conv2d: {filters: 32, kernel: 3, padding: same}",
        "  - activation",
        "  - max_pool",
        "  - flatten",
        "  - dense: {units: 64}",
        "  - activation",
        "  - output",
    ]

"""Reading a spec, from file to validated components."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from pathlib import Path
from typing import Any

from nnexp.data.base import Description
from nnexp.data.targets.base import TargetError
from nnexp.errors import DataError, SpecError, UsageError
from nnexp.losses.base import Targets
from nnexp.spec import overrides as overriding
from nnexp.spec.baseline import KEY, AnySpec, BaselineSpec, is_baseline, take_out_foreign
from nnexp.spec.build import Builder
from nnexp.spec.meaning import check
from nnexp.spec.memory import described
from nnexp.spec.problems import Place, Problem, Text, in_order
from nnexp.spec.sections import Data, Origin, Spec
from nnexp.spec.sizes import Sizes
from nnexp.spec.text import Node, tree
from nnexp.spec.text import read as parse
from nnexp.typing import Shape

MAX_BYTES = 1_000_000
"""More than any spec has; a larger file was named by mistake."""

BOM = "\N{ZERO WIDTH NO-BREAK SPACE}"

DEFAULT_LOSS: dict[Targets, str] = {
    "classes": "cross_entropy",
    "binary": "binary_cross_entropy",
    "values": "squared_error",
}


def load(path: str | Path, overrides: Sequence[str] = (), sizes: Sizes | None = None, *, checked: bool = False) -> Spec:
    """The spec of a network in a file, with overrides such as "optimizer.adam.lr=3e-3".

    With `sizes` it is laid out for these, to be looked at and not to be trained. `checked` says that its
    parts are known to fit each other, as in the resolved spec of a run: other runs that it names may be gone by now.
    Raises SpecError with everything that is wrong, or UsageError where there is no such file or no network in it.
    """
    return loads(read(path), overrides, name=Path(path).stem, sizes=sizes, checked=checked)


def load_any(path: str | Path, overrides: Sequence[str] = (), *, checked: bool = False) -> AnySpec:
    """As `load`, of a network or of a baseline."""
    return loads_any(read(path), overrides, name=Path(path).stem, checked=checked)


def read(path: str | Path) -> Text:
    """The text of a spec file. Raises UsageError where it cannot be read, SpecError where it is not UTF-8."""
    try:
        with Path(path).open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise UsageError(f"there is no file {path}") from None
    except IsADirectoryError:
        raise UsageError(f"{path} is a directory; a spec is a YAML file") from None
    except (OSError, ValueError) as error:
        raise UsageError(f"cannot read {path}: {getattr(error, 'strerror', error)}") from None
    if len(raw) > MAX_BYTES:
        raise UsageError(f"{path} has more than {MAX_BYTES:,} bytes; a spec is a short YAML file")
    try:
        content = raw.decode()
        return Text(str(path), content.removeprefix(BOM), mark=BOM if content.startswith(BOM) else "")
    except UnicodeDecodeError as error:
        before = error.object[: error.start].decode("utf-8")
        place = Text(str(path), error.object.decode("utf-8", errors="replace")).at(len(before))
        message = f"the byte 0x{error.object[error.start]:02X} is not UTF-8 text"
        raise SpecError([Problem(place, "", message, "save the file as UTF-8")]) from None


def loads(
    text: Text, overrides: Sequence[str] = (), *, name: str, sizes: Sizes | None = None, checked: bool = False
) -> Spec:
    """The spec of a network in a text; `name` is the spec's name unless the text gives one."""
    spec = loads_any(text, overrides, name=name, sizes=sizes, checked=checked)
    if isinstance(spec, BaselineSpec):
        raise UsageError(f"{text.name} is the spec of a baseline, and this takes a network")
    return spec


def loads_any(
    text: Text, overrides: Sequence[str] = (), *, name: str, sizes: Sizes | None = None, checked: bool = False
) -> AnySpec:
    """As `loads`, of a network or of a baseline."""
    root, problems = parse(text)
    if not isinstance(root.value, dict):
        raise SpecError(problems or [_no_mapping(root)])
    problems += overriding.apply(root, overrides)
    origin = Origin(text.mark + text.content, tuple(overrides))
    return from_tree(root, origin, problems, name=name, sizes=sizes, checked=checked)


def from_tree(
    root: Node,
    origin: Origin,
    problems: Sequence[Problem] = (),
    *,
    name: str,
    sizes: Sizes | None = None,
    checked: bool = False,
) -> AnySpec:
    """As `loads_any`, from a tree, overrides put in; `problems` are those that it was read with."""
    assert isinstance(root.value, dict)
    problems = list(problems)
    root.value.setdefault("name", Node(name, root.place))
    description = None if checked else _described(root, sizes)
    loss = default_loss(description, root.place)
    kind: type[AnySpec] = BaselineSpec if is_baseline(root) else Spec
    if kind is Spec:
        root.value.setdefault("loss", loss)
    else:
        problems += take_out_foreign(root)
    builder = Builder(description.shape if description else None)
    spec: AnySpec | None = builder.section(kind, root, "")
    known = {problem.place for problem in problems}
    problems += [problem for problem in builder.problems if problem.place not in known]
    doubtful = {problem.path.partition(".")[0] for problem in problems}
    sound = _sound(kind, root, doubtful, loss, builder.shape) if problems else spec
    if sound is not None and not checked:
        problems += check(sound, root, doubtful, sizes)
    if problems or spec is None:
        raise SpecError(in_order(problems))
    return replace(spec, origin=origin)


def from_resolved(plain: Mapping[str, Any], folder: str, origin: Origin) -> AnySpec:
    """A resolved spec as components, not checked again; `folder` is the name of its run, for the messages of a bug."""
    root = tree(dict(plain), Place(Text(folder, "")))
    return from_tree(root, origin, name=str(plain["name"]), checked=True)


def default_loss(description: Description | None, place: Place) -> Node:
    """The usual loss for what there is to predict; where there are tasks, for each of them."""
    if description is None or not description.tasks:
        return Node(DEFAULT_LOSS[description.targets if description else "classes"], place)
    each = {task.name: Node({"loss": Node(DEFAULT_LOSS[task.targets], place)}, place) for task in description.tasks}
    return Node({"tasks": Node(each, place, dict.fromkeys(each, place))}, place, {"tasks": place})


def _sound(
    kind: type[AnySpec], root: Node, doubtful: AbstractSet[str], loss: Node, shape: Shape | None
) -> AnySpec | None:
    """The spec without the top-level keys that something is wrong with, so that all else is checked in the same round.

    None where no spec is left: without data, say, nothing can be said of shapes.
    """
    assert isinstance(root.value, dict)
    rest = {key: node for key, node in root.value.items() if key not in doubtful}
    rest.setdefault("name", Node("unnamed", root.place))
    if kind is BaselineSpec:
        rest.setdefault(KEY, Node("least_squares", root.place))
    else:
        if "architecture" in doubtful:
            rest["architecture"] = Node([Node("output", root.place)], root.place)
        rest.setdefault("loss", loss)
    spec: AnySpec | None = Builder(shape).section(kind, Node(rest, root.place, root.keys), "")
    return spec


def _no_mapping(root: Node) -> Problem:
    if root.value is None:
        return Problem(root.place, "", "the spec is empty", "`nnexp new NAME` writes one to start from")
    suggestion = "a spec begins with keys, such as `data:` and `architecture:`"
    return Problem(root.place, "", f"expected a mapping, found {root.describe()}", suggestion)


def _described(root: Node, sizes: Sizes | None) -> Description | None:
    """What the data hold, or None where that cannot be said; its problems are reported elsewhere.

    Looked up before anything is built, since the default loss and the layers of presets depend on it.
    """
    section = root.value.get("data") if isinstance(root.value, dict) else None
    data: Data | None = Builder().section(Data, section, "") if section else None
    try:
        return (sizes.described if sizes else described)(data) if data else None
    except (DataError, TargetError):
        return None

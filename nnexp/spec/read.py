"""Reading a spec, from file to validated components."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from pathlib import Path
from typing import Any

from nnexp.data.dataset import Description
from nnexp.data.targets.base import TargetError
from nnexp.errors import DataError, SpecError, UsageError
from nnexp.nn.losses.base import Targets
from nnexp.spec import overrides as overriding
from nnexp.spec.baseline import BASELINE_KEY, AnySpec, BaselineSpec, is_baseline, remove_foreign_keys
from nnexp.spec.build import Builder
from nnexp.spec.checks.check import check_spec
from nnexp.spec.checks.memory import describe_data
from nnexp.spec.problems import Place, Problem, SpecText, sort_problems
from nnexp.spec.sizes import AssumedSizes
from nnexp.spec.spec import Data, Origin, Spec
from nnexp.spec.yaml import Node, build_tree
from nnexp.spec.yaml import parse_yaml_with_problems as parse
from nnexp.typing import Shape

MAX_SPEC_BYTES = 1_000_000
"""More than any spec has; a larger file was named by mistake."""

BYTE_ORDER_MARK = "\N{ZERO WIDTH NO-BREAK SPACE}"

DEFAULT_LOSS: dict[Targets, str] = {
    "classes": "cross_entropy",
    "binary": "binary_cross_entropy",
    "values": "squared_error",
}


def load_network_spec(
    path: str | Path, overrides: Sequence[str] = (), sizes: AssumedSizes | None = None, *, checked: bool = False
) -> Spec:
    """The spec of a network in a file, with overrides such as "optimizer.adam.lr=3e-3".

    With `sizes` it is laid out for these, to be looked at and not to be trained. `checked` says that its
    parts are known to fit each other, as in the resolved spec of a run: other runs that it names may be gone by now.
    Raises SpecError with everything that is wrong, or UsageError where there is no such file or no network in it.
    """
    return parse_network_spec(read_spec_text(path), overrides, name=Path(path).stem, sizes=sizes, checked=checked)


def load_spec(path: str | Path, overrides: Sequence[str] = (), *, checked: bool = False) -> AnySpec:
    """As `load_network_spec`, of a network or of a baseline."""
    return parse_spec(read_spec_text(path), overrides, name=Path(path).stem, checked=checked)


def read_spec_text(path: str | Path) -> SpecText:
    """The text of a spec file. Raises UsageError where it cannot be read, SpecError where it is not UTF-8."""
    try:
        with Path(path).open("rb") as file:
            raw = file.read(MAX_SPEC_BYTES + 1)
    except FileNotFoundError:
        raise UsageError(f"there is no file {path}") from None
    except IsADirectoryError:
        raise UsageError(f"{path} is a directory; a spec is a YAML file") from None
    except (OSError, ValueError) as error:
        raise UsageError(f"cannot read {path}: {getattr(error, 'strerror', error)}") from None
    if len(raw) > MAX_SPEC_BYTES:
        raise UsageError(f"{path} has more than {MAX_SPEC_BYTES:,} bytes; a spec is a short YAML file")
    try:
        content = raw.decode()
        return SpecText(
            str(path),
            content.removeprefix(BYTE_ORDER_MARK),
            byte_order_mark=BYTE_ORDER_MARK if content.startswith(BYTE_ORDER_MARK) else "",
        )
    except UnicodeDecodeError as error:
        before = error.object[: error.start].decode("utf-8")
        place = SpecText(str(path), error.object.decode("utf-8", errors="replace")).find_place(len(before))
        message = f"the byte 0x{error.object[error.start]:02X} is not UTF-8 text"
        raise SpecError([Problem(place, "", message, "save the file as UTF-8")]) from None


def parse_network_spec(
    text: SpecText,
    overrides: Sequence[str] = (),
    *,
    name: str,
    sizes: AssumedSizes | None = None,
    checked: bool = False,
) -> Spec:
    """The spec of a network in a text; `name` is the spec's name unless the text gives one."""
    spec = parse_spec(text, overrides, name=name, sizes=sizes, checked=checked)
    if isinstance(spec, BaselineSpec):
        raise UsageError(f"{text.name} is the spec of a baseline, and this takes a network")
    return spec


def parse_spec(
    text: SpecText,
    overrides: Sequence[str] = (),
    *,
    name: str,
    sizes: AssumedSizes | None = None,
    checked: bool = False,
) -> AnySpec:
    """As `parse_network_spec`, of a network or of a baseline."""
    root, problems = parse(text)
    if not isinstance(root.value, dict):
        raise SpecError(problems or [_make_mapping_problem(root)])
    problems += overriding.apply_overrides(root, overrides)
    origin = Origin(text.byte_order_mark + text.content, tuple(overrides))
    return build_spec(root, origin, problems, name=name, sizes=sizes, checked=checked)


def build_spec(
    root: Node,
    origin: Origin,
    problems: Sequence[Problem] = (),
    *,
    name: str,
    sizes: AssumedSizes | None = None,
    checked: bool = False,
) -> AnySpec:
    """As `parse_spec`, from a tree, overrides put in; `problems` are those that it was read with."""
    assert isinstance(root.value, dict)
    problems = list(problems)
    root.value.setdefault("name", Node(name, root.place))
    description = None if checked else _describe_data(root, sizes)
    loss = make_default_loss(description, root.place)
    kind: type[AnySpec] = BaselineSpec if is_baseline(root) else Spec
    if kind is Spec:
        root.value.setdefault("loss", loss)
    else:
        problems += remove_foreign_keys(root)
    builder = Builder(description.shape if description else None)
    spec: AnySpec | None = builder.build_section(kind, root, "")
    known = {problem.place for problem in problems}
    problems += [problem for problem in builder.problems if problem.place not in known]
    doubtful = {problem.path.partition(".")[0] for problem in problems}
    sound = _build_without_doubtful(kind, root, doubtful, loss, builder.shape) if problems else spec
    if sound is not None and not checked:
        problems += check_spec(sound, root, doubtful, sizes)
    if problems or spec is None:
        raise SpecError(sort_problems(problems))
    return replace(spec, origin=origin)


def build_from_resolved(plain: Mapping[str, Any], folder: str, origin: Origin) -> AnySpec:
    """A resolved spec as components, not checked again; `folder` is the name of its run, for the messages of a bug."""
    root = build_tree(dict(plain), Place(SpecText(folder, "")))
    return build_spec(root, origin, name=str(plain["name"]), checked=True)


def make_default_loss(description: Description | None, place: Place) -> Node:
    """The usual loss for what there is to predict; where there are tasks, for each of them."""
    if description is None or not description.tasks:
        return Node(DEFAULT_LOSS[description.targets if description else "classes"], place)
    each = {task.name: Node({"loss": Node(DEFAULT_LOSS[task.targets], place)}, place) for task in description.tasks}
    return Node({"tasks": Node(each, place, dict.fromkeys(each, place))}, place, {"tasks": place})


def _build_without_doubtful(
    kind: type[AnySpec], root: Node, doubtful: AbstractSet[str], loss: Node, shape: Shape | None
) -> AnySpec | None:
    """The spec without the top-level keys that something is wrong with, so that all else is checked in the same round.

    None where no spec is left: without data, say, nothing can be said of shapes.
    """
    assert isinstance(root.value, dict)
    rest = {key: node for key, node in root.value.items() if key not in doubtful}
    rest.setdefault("name", Node("unnamed", root.place))
    if kind is BaselineSpec:
        rest.setdefault(BASELINE_KEY, Node("least_squares", root.place))
    else:
        if "architecture" in doubtful:
            rest["architecture"] = Node([Node("output", root.place)], root.place)
        rest.setdefault("loss", loss)
    spec: AnySpec | None = Builder(shape).build_section(kind, Node(rest, root.place, root.keys), "")
    return spec


def _make_mapping_problem(root: Node) -> Problem:
    if root.value is None:
        return Problem(root.place, "", "the spec is empty", "`nnexp new NAME` writes one to start from")
    suggestion = "a spec begins with keys, such as `data:` and `architecture:`"
    return Problem(root.place, "", f"expected a mapping, found {root.describe()}", suggestion)


def _describe_data(root: Node, sizes: AssumedSizes | None) -> Description | None:
    """What the data hold, or None where that cannot be said; its problems are reported elsewhere.

    Looked up before anything is built, since the default loss and the layers of presets depend on it.
    """
    section = root.value.get("data") if isinstance(root.value, dict) else None
    data: Data | None = Builder().build_section(Data, section, "") if section else None
    try:
        return (sizes.describe_data if sizes else describe_data)(data) if data else None
    except (DataError, TargetError):
        return None

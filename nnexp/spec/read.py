"""Reading a spec, from file to validated components."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from pathlib import Path
from typing import Any

from nnexp.data.dataset import Description
from nnexp.data.file_source import FileSource
from nnexp.data.targets.base import TargetError
from nnexp.errors import DataError, SpecError, UsageError
from nnexp.nn.losses.base import Targets
from nnexp.spec import overrides as overriding
from nnexp.spec.baseline import BASELINE_KEY, AnySpec, BaselineSpec, is_baseline, remove_foreign_keys
from nnexp.spec.build import Builder
from nnexp.spec.checks.check import check_spec
from nnexp.spec.checks.memory import describe_data
from nnexp.spec.file_paths import explain_missing_files, resolve_file_paths
from nnexp.spec.locate import make_problem
from nnexp.spec.problems import Place, Problem, SpecText, sort_problems
from nnexp.spec.sizes import AssumedSizes
from nnexp.spec.spec import Data, Origin, Spec
from nnexp.spec.sweep_words import suggest_sweep
from nnexp.spec.yaml import Node, build_tree
from nnexp.spec.yaml import parse_yaml_with_problems as parse
from nnexp.typing import Shape
from nnexp.wording import find_closest

MAX_SPEC_BYTES = 1_000_000
"""More than any spec has; a larger file was named by mistake."""

# Windows' editors put it before UTF-8. It is no part of the YAML, yet a run keeps its spec byte for byte.
BYTE_ORDER_MARK = "\N{ZERO WIDTH NO-BREAK SPACE}"

SWEEP_KEY = "base"
"""The key of a sweep file that no spec has: it names the spec that the sweep starts from."""

DEFAULT_LOSS: dict[Targets, str] = {
    "classes": "cross_entropy",
    "binary": "binary_cross_entropy",
    "values": "squared_error",
}


DEFAULT_SCALING = "standard"
"""How values of a file are scaled: they are in a person's units, of any size."""


def load_spec(
    source: str | Path | SpecText,
    overrides: Sequence[str] = (),
    *,
    name: str | None = None,
    sizes: AssumedSizes | None = None,
    checked: bool = False,
) -> AnySpec:
    """The spec of a network or a baseline in a file or a text, with overrides such as "optimizer.adam.lr=3e-3".

    `name` is the spec's name where the text gives none; without it, that is the name of the file. With `sizes` the
    network is laid out for these, to be looked at and not to be trained. `checked` says that the parts are known to fit
    each other, as in the resolved spec of a run: other runs that it names may be gone by now.
    Raises SpecError with everything that is wrong, UsageError where there is no such file.
    """
    text = source if isinstance(source, SpecText) else read_spec_text(source)
    root, problems = parse(text)
    if not isinstance(root.value, dict):
        raise SpecError(problems or [_make_mapping_problem(root)])
    if SWEEP_KEY in root.value:
        raise UsageError(f"{text.name} is a sweep: {shlex.join(['nnexp', 'sweep', text.name, *overrides])}")
    problems += overriding.apply_overrides(root, overrides)
    origin = Origin(text.byte_order_mark + text.content, tuple(overrides))
    try:
        return build_spec(root, origin, problems, name=name or Path(text.name).stem, sizes=sizes, checked=checked)
    except SpecError as error:
        raise SpecError(suggest_sweep(error.problems, root, text.name, overrides)) from None


def load_network_spec(
    source: str | Path | SpecText,
    overrides: Sequence[str] = (),
    *,
    name: str | None = None,
    sizes: AssumedSizes | None = None,
) -> Spec:
    """As `load_spec`, of a network. Raises UsageError where it is the spec of a baseline."""
    spec = load_spec(source, overrides, name=name, sizes=sizes)
    if isinstance(spec, BaselineSpec):
        file = source.name if isinstance(source, SpecText) else source
        raise UsageError(f"{file} is the spec of a baseline; expected that of a network")
    return spec


def _suggest_file(path: Path) -> str:
    """The spec in the same folder whose name is most like that of a missing one, as the end of a message."""
    specs = {spec.stem: spec for spec in sorted(path.parent.glob("*.yaml"))}
    closest = find_closest(path.stem, specs)
    return f"; did you mean {specs[closest]}?" if closest else ""


def read_spec_text(path: str | Path) -> SpecText:
    """The text of a spec file. Raises UsageError where it cannot be read, SpecError where it is not UTF-8."""
    try:
        with Path(path).open("rb") as file:
            # One byte more than is allowed shows that there is more, without a read to the end of a huge file.
            raw = file.read(MAX_SPEC_BYTES + 1)
    except FileNotFoundError:
        raise UsageError(f"there is no file {path}{_suggest_file(Path(path))}") from None
    except IsADirectoryError:
        raise UsageError(f"{path} is a directory; a spec is a YAML file") from None
    except (OSError, ValueError) as error:  # Python refuses a path with a null character by ValueError
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


def build_spec(
    root: Node,
    origin: Origin,
    problems: Sequence[Problem] = (),
    *,
    name: str,
    sizes: AssumedSizes | None = None,
    checked: bool = False,
) -> AnySpec:
    """The spec in a tree, into which overrides are put already; `problems` are those that it was read with."""
    assert isinstance(root.value, dict)
    problems = list(problems)
    root.value.setdefault("name", Node(name, root.place))
    if not checked:
        resolve_file_paths(root)
    # Before anything else: the default loss and the layers of presets depend on the data.
    found = None if checked else _describe_section(root, sizes)
    description = found if isinstance(found, Description) else None
    loss = make_default_loss(description, root.place)
    kind: type[AnySpec] = Spec
    if is_baseline(root):
        kind = BaselineSpec
        problems += remove_foreign_keys(root)
    else:
        root.value.setdefault("loss", loss)
    builder = Builder(description.shape if description else None, root)
    spec: AnySpec | None = builder.build_section(kind, root, "")
    # What is no YAML has been reported; the builder found None in its place, and complains of that.
    known_places = {problem.place for problem in problems}
    problems += [problem for problem in builder.problems if problem.place not in known_places]
    doubtful = {problem.path.partition(".")[0] for problem in problems}
    sound = spec
    if problems:
        sound = _build_without_doubtful(kind, root, doubtful, loss, builder.shape)
    if sound is not None and description is not None:
        problems += check_spec(sound, description, root, doubtful, layout_only=sizes is not None)
    elif sound is not None and isinstance(found, Problem):
        problems.append(found)
    if problems or spec is None:
        raise SpecError(sort_problems(problems))
    return replace(spec, origin=origin)


def build_from_resolved(plain: Mapping[str, Any], folder: str, origin: Origin) -> AnySpec:
    """A resolved spec as components, not checked again; `folder`, the name of its run, stands in a bug's messages."""
    root = build_tree(dict(plain), Place(SpecText(folder, "")))
    return build_spec(root, origin, name=str(plain["name"]), checked=True)


def make_default_loss(description: Description | None, place: Place) -> Node:
    """The usual loss for what there is to predict; where there are tasks, for each of them."""
    if description is None:
        return Node(DEFAULT_LOSS["classes"], place)
    if not description.tasks:
        return Node(DEFAULT_LOSS[description.targets], place)
    losses = {task.name: {"loss": DEFAULT_LOSS[task.targets]} for task in description.tasks}
    return build_tree({"tasks": losses}, place)


def _build_without_doubtful(
    kind: type[AnySpec], root: Node, doubtful: AbstractSet[str], loss: Node, shape: Shape | None
) -> AnySpec | None:
    """The spec without the top-level keys that something is wrong with, so that all else is checked in the same round.

    None where no spec is left: without data, say, nothing can be said of shapes.
    """
    assert isinstance(root.value, dict)
    rest = {key: node for key, node in root.value.items() if key not in doubtful}
    # What is required and wrong is replaced by something that needs no parameters and is right in itself.
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


def _describe_section(root: Node, sizes: AssumedSizes | None) -> Description | Problem | None:
    """What the data hold, or what is wrong with them; None where their section is wrong, which others report."""
    assert isinstance(root.value, dict)
    section = root.value.get("data")
    if section is None:
        return None
    data: Data | None = Builder().build_section(Data, section, "")
    if data is None:
        return None
    found = describe_or_explain(data, root, sizes)
    if isinstance(found, Description):
        set_default_scaling(section, data)
    return found


def set_default_scaling(section: Node, data: Data) -> None:
    """Have values of a file scaled where a data section does not say how targets are."""
    assert isinstance(section.value, dict)
    if "scale_targets" in section.value or not isinstance(data.source, FileSource):
        return
    if (data.targets.find_source_values(data.source.describe_for(data.split)) >= 0).any():
        section.value["scale_targets"] = Node(DEFAULT_SCALING, section.place)


def describe_or_explain(data: Data, root: Node, sizes: AssumedSizes | None = None) -> Description | Problem:
    """What the data hold, at their own sizes or at others; or what is wrong with them."""
    try:
        return sizes.describe_data(data) if sizes else describe_data(data)
    except DataError as error:
        # A missing file is no mistake of the spec, and ends the command with another exit code.
        of_data = isinstance(data.source, FileSource)
        suggestion = explain_missing_files(root) if of_data else ""
        return replace(make_problem(root, "data.source", str(error), suggestion), of_data=of_data)
    except TargetError as error:
        return make_problem(root, "data.targets", str(error))

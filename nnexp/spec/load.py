"""Reading a spec, from file to validated components."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from pathlib import Path

from nnexp.data.base import Source
from nnexp.errors import DataError, SpecError, UsageError
from nnexp.losses.base import Targets
from nnexp.spec import overrides as overriding
from nnexp.spec.build import Builder
from nnexp.spec.meaning import check, described
from nnexp.spec.problems import Problem, Text, in_order
from nnexp.spec.sections import Origin, Spec
from nnexp.spec.text import Node
from nnexp.spec.text import read as parse

MAX_BYTES = 1_000_000
"""More than any spec has; a larger file was named by mistake."""

BOM = "\N{ZERO WIDTH NO-BREAK SPACE}"

DEFAULT_LOSS: dict[Targets, str] = {
    "classes": "cross_entropy",
    "binary": "binary_cross_entropy",
    "values": "squared_error",
}


def load(path: str | Path, overrides: Sequence[str] = ()) -> Spec:
    """The spec in a file, with overrides such as "optimizer.adam.lr=3e-3".

    Raises SpecError with everything that is wrong, or UsageError where there is no such file.
    """
    return loads(read(path), overrides, name=Path(path).stem)


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


def loads(text: Text, overrides: Sequence[str] = (), *, name: str) -> Spec:
    """The spec in a text; `name` is the spec's name unless the text gives one."""
    root, problems = parse(text)
    if not isinstance(root.value, dict):
        raise SpecError(problems or [_no_mapping(root)])
    problems += overriding.apply(root, overrides)
    root.value.setdefault("name", Node(name, root.place))
    root.value.setdefault("loss", Node(DEFAULT_LOSS[_targets(root)], root.place))
    builder = Builder()
    spec: Spec | None = builder.section(Spec, root, "")
    known = {problem.place for problem in problems}
    problems += [problem for problem in builder.problems if problem.place not in known]
    doubtful = {problem.path.partition(".")[0] for problem in problems}
    sound = _sound(root, doubtful) if problems else spec
    if sound is not None:
        problems += check(sound, root, doubtful)
    if problems or spec is None:
        raise SpecError(in_order(problems))
    return replace(spec, origin=Origin(text.mark + text.content, tuple(overrides)))


def _sound(root: Node, doubtful: AbstractSet[str]) -> Spec | None:
    """The spec without the top-level keys that something is wrong with, so that all else is checked in the same round.

    None where no spec is left: without data, say, nothing can be said of shapes.
    """
    assert isinstance(root.value, dict)
    rest = {key: node for key, node in root.value.items() if key not in doubtful}
    rest.setdefault("name", Node("unnamed", root.place))
    if "architecture" in doubtful:
        rest["architecture"] = Node([Node("output", root.place)], root.place)
    rest.setdefault("loss", Node(DEFAULT_LOSS[_targets(root)], root.place))
    spec: Spec | None = Builder().section(Spec, Node(rest, root.place, root.keys), "")
    return spec


def _no_mapping(root: Node) -> Problem:
    if root.value is None:
        return Problem(root.place, "", "the spec is empty", "`nnexp new NAME` writes one to start from")
    suggestion = "a spec begins with keys, such as `data:` and `architecture:`"
    return Problem(root.place, "", f"expected a mapping, found {root.describe()}", suggestion)


def _targets(root: Node) -> Targets:
    """What the source gives to predict, as far as that can be said; its problems are reported elsewhere."""
    data = root.value.get("data") if isinstance(root.value, dict) else None
    source = data.value.get("source") if data and isinstance(data.value, dict) else None
    built: Source | None = Builder().component(Source, source, "") if source else None
    try:
        return described(built).targets if built else "classes"
    except DataError:
        return "classes"

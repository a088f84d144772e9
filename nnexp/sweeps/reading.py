"""From the text of a sweep, a file or the words of a command, to its definition; every mistake at its place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from nnexp.errors import SpecError
from nnexp.registry import parameters
from nnexp.spec import load
from nnexp.spec.build import Builder
from nnexp.spec.conflicts import Assignment
from nnexp.spec.places import counted
from nnexp.spec.problems import Place, Problem, in_order, nearest
from nnexp.spec.text import Node, join, paths
from nnexp.spec.text import read as read_text
from nnexp.sweeps import space
from nnexp.sweeps.conflicts import check_definition
from nnexp.sweeps.definition import Axis, Definition, Named, Sampled, Sampler
from nnexp.sweeps.sections import RUNGS, Common, Ensemble, Objective, Trials
from nnexp.sweeps.words import MANY, base_tree, put_into, seeds_of, with_words

T = TypeVar("T")

SAMPLERS: tuple[Sampler, ...] = ("random", "sobol", "tpe")
SPECIAL = ("base", "set", "seeds", "grid", "zip", "variants", *SAMPLERS, "exclude")
KEYS = (*SPECIAL, *(parameter.name for parameter in parameters(Common)))


def is_sweep(path: Path) -> bool:
    """Whether a file is a sweep rather than a spec: it names its base. A file that cannot be read is no sweep here."""
    try:
        root, _ = read_text(load.read(path))
    except SpecError:
        return False
    return isinstance(root.value, dict) and "base" in root.value


def from_file(path: Path, words: Sequence[str] = ()) -> Definition:
    """The sweep in a file, with more axes and overrides from the command line.

    Raises SpecError with everything that is wrong, UsageError where a file cannot be read.
    """
    text = load.read(path)
    root, problems = read_text(text)
    reader = _Reader(root, problems)
    base = reader.base(path)
    definition = reader.definition(path.stem, base)
    definition = with_words(definition, reader.problems, words)
    reader.check_keys(definition.varying())
    check_definition(definition)
    return definition


class _Reader:
    """Reads the tree of a sweep file and collects what is wrong with it."""

    def __init__(self, root: Node, problems: list[Problem]) -> None:
        if not isinstance(root.value, dict):
            raise SpecError(problems or [Problem(root.place, "", f"expected a mapping, found {root.describe()}")])
        self.root, self.problems = root, problems
        self.nodes = root.value
        for key in self.nodes:
            if key not in KEYS:
                self.wrong(root.keys[key], key, f"unknown key {key!r}", nearest(key, KEYS))

    def wrong(self, place: Place, path: str, message: str, suggestion: str = "") -> None:
        self.problems.append(Problem(place, path, message, suggestion))

    def base(self, path: Path) -> tuple[Node, str, str]:
        """The tree, the name and the text of the base spec. Raises SpecError where there is none."""
        node = self.nodes.get("base")
        if node is None or not isinstance(node.value, str):
            place = node.place if node else self.root.place
            self.wrong(place, "base", "a sweep names the spec that it starts from", "such as `base: ../adam_bn.yaml`")
            raise SpecError(in_order(self.problems))
        file = path.parent / node.value
        if not file.is_file():
            self.wrong(node.place, "base", f"there is no file {file}", "the path counts from the sweep's own folder")
            raise SpecError(in_order(self.problems))
        if is_sweep(file):
            self.wrong(node.place, "base", f"{file} is a sweep itself", "a sweep starts from a spec")
            raise SpecError(in_order(self.problems))
        text = load.read(file)
        return base_tree(text, self.problems), file.stem, text.mark + text.content

    def definition(self, stem: str, base: tuple[Node, str, str]) -> Definition:
        """All that the file says; problems are collected."""
        tree, base_name, base_text = base
        common = self.common()
        fixed = self.point(self.nodes["set"], "set") if "set" in self.nodes else ()
        for assignment in fixed:
            self.attempt(partial(put_into, tree, assignment.path, assignment.value, assignment.place))
        return Definition(
            common.name or stem,
            tree,
            base_name,
            base_text,
            fixed,
            self.root.place.text.content,
            common,
            self.seeds(),
            self.axes("grid"),
            self.zipped(),
            self.variants(),
            self.sampled(),
            self.exclude(),
            self.exclude_places(),
            {key: node.place for key, node in self.nodes.items()},
        )

    def attempt(self, act: Callable[[], T]) -> T | None:
        """What `act` gives; its problems are collected."""
        try:
            return act()
        except SpecError as error:
            self.problems += error.problems
            return None

    def common(self) -> Common:
        """The parts with fixed keys."""
        rest = {key: node for key, node in self.nodes.items() if key not in SPECIAL and key in KEYS}
        builder = Builder()
        found: Common | None = builder.section(Common, Node(rest, self.root.place, self.root.keys), "")
        self.problems += builder.problems
        if found is None:
            return Common()
        self.one_of("objective", found.objective, Objective)
        self.one_of("ensemble", found.ensemble, Ensemble)
        rungs = found.pruning.successive_halving.rungs if found.pruning else ()
        if list(rungs) != sorted(set(rungs)):
            self.wrong(self.nodes["pruning"].place, RUNGS, f"expected epochs in rising order, found {list(rungs)}")
        return found

    def one_of(self, key: str, section: Any, cls: type[Any]) -> None:
        """Complain where a section has none, or several, of the parameters of which it takes just one."""
        names = [p.name for p in parameters(cls)]
        if section is not None and sum(getattr(section, name) is not None for name in names) != 1:
            self.wrong(self.nodes[key].place, key, f"expected just one of {', '.join(names)}")

    def seeds(self) -> tuple[int, ...] | None:
        """The seeds: a list of them, or how many."""
        node = self.nodes.get("seeds")
        if node is None:
            return None
        if isinstance(node.value, int) and not isinstance(node.value, bool) and 1 <= node.value <= MANY:
            return tuple(range(node.value))
        if not isinstance(node.value, list) or not node.value:
            self.wrong(node.place, "seeds", f"expected a number of seeds or a list of them, found {space.found(node)}")
            return None
        values = node.value
        return self.attempt(lambda: seeds_of(values))

    def mapping(self, node: Node, path: str, what: str) -> dict[str, Node]:
        """The entries of a mapping that may not be empty."""
        if not isinstance(node.value, dict) or not node.value:
            self.wrong(node.place, path, f"expected a mapping of {what}, found {space.found(node)}")
            return {}
        return node.value

    def axes(self, key: str) -> tuple[Axis, ...]:
        """The keys of a grid, each with its values."""
        node = self.nodes.get(key)
        if node is None:
            return ()
        found = []
        for path, values in self.mapping(node, key, "keys of the spec, each to a list of values").items():
            here = join(key, path)
            if not isinstance(values.value, list) or not values.value:
                message = f"expected a list of values, found {space.found(values)}"
                self.wrong(values.place, here, message, "such as [1e-3, 1e-2]")
                continue
            self.problems += [p for value in values.value for p in space.problems(value, here, drawing=False)]
            if path == "seed":
                self.wrong(node.keys[path], here, "seeds are no axis of a grid", "write `seeds: [...]`")
            found.append(Axis(path, tuple(values.value), node.keys[path]))
        return () if self.problems else tuple(found)

    def zipped(self) -> tuple[Axis, ...]:
        """Keys that move together: lists of the same length."""
        axes = self.axes("zip")
        if axes and len({axis.size for axis in axes}) > 1:
            sizes = ", ".join(f"{axis.path} has {counted(axis.size, 'value')}" for axis in axes)
            self.wrong(self.nodes["zip"].place, "zip", "lists of different lengths", sizes)
        return axes

    def point(self, node: Node, path: str) -> tuple[Assignment, ...]:
        """A mapping of keys of the spec to values."""
        if node.value == {}:
            return ()
        entries = self.mapping(node, path, "keys of the spec to values")
        return tuple(Assignment(key, value, node.keys[key]) for key, value in entries.items())

    def variants(self) -> tuple[Named, ...]:
        """Variants by name."""
        node = self.nodes.get("variants")
        if node is None:
            return ()
        entries = self.mapping(node, "variants", "names, each to a mapping of keys of the spec to values")
        return tuple(Named(name, self.point(child, join("variants", name))) for name, child in entries.items())

    def sampled(self) -> Sampled | None:
        """What is drawn, by the one sampler that is named."""
        named = [sampler for sampler in SAMPLERS if sampler in self.nodes]
        for extra in named[1:]:
            self.wrong(self.root.keys[extra], extra, f"there is {named[0]} already: a sweep draws in one way")
        if not named:
            return None
        sampler = named[0]
        node = self.nodes[sampler]
        entries = self.mapping(node, sampler, "trials, seed and space")
        if "space" not in entries:
            self.wrong(node.place, sampler, "needs `space`, a mapping of keys to distributions")
            return None
        given = {k: v for k, v in entries.items() if k != "space"}
        rest = Node(given, node.place, node.keys)
        builder = Builder()
        trials: Trials | None = builder.section(Trials, rest, sampler)
        self.problems += builder.problems
        path = join(sampler, "space")
        space_ = entries["space"]
        keys = self.mapping(space_, path, "keys of the spec, each to a distribution")
        for key, value in keys.items():
            self.problems += space.problems(value, join(path, key), drawing=True)
            if not any(space.marked(inner) for _, inner in paths(value)):
                self.wrong(value.place, join(path, key), "nothing is drawn here", "such as {log_uniform: [1e-4, 1e-1]}")
        if "batch" in given and sampler != "tpe":
            message = f"{sampler} draws all its trials at once, so that a batch has no effect"
            self.wrong(node.keys["batch"], join(sampler, "batch"), message, "only tpe learns from earlier batches")
        if trials is None:
            return None
        return Sampled(sampler, trials, tuple((key, value, space_.keys[key]) for key, value in keys.items()))

    def check_keys(self, varying: Sequence[str]) -> None:
        """Raises SpecError where a key is excluded that does not vary."""
        node = self.nodes.get("exclude", self.root)
        for index, entry in enumerate(node.value if isinstance(node.value, list) else []):
            for path in entry.keys.keys() - set(varying):
                here = join(f"exclude.{index}", path)
                self.wrong(entry.keys[path], here, f"{path!r} does not vary in this sweep", nearest(path, varying))
        if self.problems:
            raise SpecError(in_order(self.problems))

    def exclude(self) -> tuple[dict[str, Any], ...]:
        """Patterns of variants that are left out."""
        node = self.nodes.get("exclude")
        if node is None:
            return ()
        if not isinstance(node.value, list):
            self.wrong(node.place, "exclude", f"expected a list of mappings, found {node.describe()}")
            return ()
        for index, entry in enumerate(node.value):
            self.mapping(entry, f"exclude.{index}", "keys of the spec to values")
        return tuple(entry.plain() for entry in node.value if isinstance(entry.value, dict))

    def exclude_places(self) -> tuple[Place, ...]:
        """Where each of the patterns stands."""
        node = self.nodes.get("exclude")
        if node is None or not isinstance(node.value, list):
            return ()
        return tuple(
            next(iter(entry.keys.values()), entry.place) for entry in node.value if isinstance(entry.value, dict)
        )

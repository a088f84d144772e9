"""From a sweep file to the definition of a sweep; every problem at its place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from nnexp.errors import SpecError
from nnexp.registry import component_parameters
from nnexp.spec import read
from nnexp.spec.build import Builder
from nnexp.spec.conflicts import Assignment
from nnexp.spec.problems import Place, Problem, sort_problems
from nnexp.spec.yaml import Node, join_path, walk_nodes
from nnexp.spec.yaml import parse_yaml_with_problems as read_text
from nnexp.sweeps.definition import space
from nnexp.sweeps.definition.command_line import MAX_VALUES, add_words, insert_value, parse_base_tree, parse_seeds
from nnexp.sweeps.definition.conflicts import check_definition
from nnexp.sweeps.definition.definition import NamedVariant, SampledKeys, SamplerName, SweepAxis, SweepDefinition
from nnexp.sweeps.definition.settings import RUNGS_PATH, EnsembleSettings, SweepObjective, SweepSettings, TrialSettings
from nnexp.wording import format_count, suggest_nearest

T = TypeVar("T")

SAMPLER_NAMES: tuple[SamplerName, ...] = ("random", "sobol", "tpe")
SPECIAL_KEYS = ("base", "set", "seeds", "grid", "zip", "variants", *SAMPLER_NAMES, "exclude")
KNOWN_KEYS = (*SPECIAL_KEYS, *(parameter.name for parameter in component_parameters(SweepSettings)))


def is_sweep_file(path: Path) -> bool:
    """Whether a file is a sweep rather than a spec: it names its base. An unreadable file counts as a spec."""
    try:
        root, _ = read_text(read.read_spec_text(path))
    except SpecError:
        return False
    return isinstance(root.value, dict) and read.SWEEP_KEY in root.value


def read_definition(path: Path, words: Sequence[str] = ()) -> SweepDefinition:
    """The sweep in a file, with more axes and overrides from the command line.

    Raises SpecError with everything that is wrong, UsageError if a file cannot be read.
    """
    text = read.read_spec_text(path)
    root, problems = read_text(text)
    reader = _SweepFileReader(root, problems)
    base = reader.read_base(path)
    definition = reader.read_sweep(path.stem, base)
    definition = add_words(definition, reader.problems, words)
    reader.check_keys(definition.list_varying_keys())
    check_definition(definition)
    return definition


class _SweepFileReader:
    """Reads the tree of a sweep file and collects what is wrong with it."""

    def __init__(self, root: Node, problems: list[Problem]) -> None:
        if not isinstance(root.value, dict):
            raise SpecError(problems or [Problem(root.place, "", f"expected a mapping, found {root.describe()}")])
        self.root, self.problems = root, problems
        self.nodes = root.value
        for key in self.nodes:
            if key not in KNOWN_KEYS:
                self.add_problem(root.keys[key], key, f"unknown key {key!r}", suggest_nearest(key, KNOWN_KEYS))

    def add_problem(self, place: Place, path: str, message: str, suggestion: str = "") -> None:
        self.problems.append(Problem(place, path, message, suggestion))

    def read_base(self, path: Path) -> tuple[Node, str, str]:
        """The tree, the name and the text of the base spec. Raises SpecError if there is none."""
        node = self.nodes.get("base")
        if node is None or not isinstance(node.value, str):
            place = node.place if node else self.root.place
            self.refuse_base(place, "a sweep names the spec that it starts from", "such as `base: ../adam_bn.yaml`")
        file = path.parent / node.value
        if not file.is_file():
            self.refuse_base(node.place, f"there is no file {file}", "the path counts from the sweep's own folder")
        if is_sweep_file(file):
            self.refuse_base(node.place, f"{file} is a sweep itself", "a sweep starts from a spec")
        text = read.read_spec_text(file)
        return parse_base_tree(text, self.problems), file.stem, text.byte_order_mark + text.content

    def refuse_base(self, place: Place, message: str, suggestion: str) -> NoReturn:
        """Raises SpecError at once: without its base nothing else of a sweep can be checked."""
        self.add_problem(place, "base", message, suggestion)
        raise SpecError(sort_problems(self.problems))

    def read_sweep(self, stem: str, base: tuple[Node, str, str]) -> SweepDefinition:
        """The whole file; problems are collected."""
        tree, base_name, base_text = base
        common = self.read_settings()
        fixed = self.read_point(self.nodes["set"], "set") if "set" in self.nodes else ()
        for assignment in fixed:
            self.collect_problems(partial(insert_value, tree, assignment.path, assignment.value, assignment.place))
        return SweepDefinition(
            common.name or stem,
            tree,
            base_name,
            base_text,
            fixed,
            self.root.place.text.content,
            common,
            self.read_seeds(),
            self.read_axes("grid"),
            self.read_zipped_axes(),
            self.read_variants(),
            self.read_sampled_keys(),
            self.read_exclusions(),
            self.exclude_places(),
            {key: node.place for key, node in self.nodes.items()},
        )

    def collect_problems(self, act: Callable[[], T]) -> T | None:
        """What `act` returns; its problems are collected."""
        try:
            return act()
        except SpecError as error:
            self.problems += error.problems
            return None

    def read_settings(self) -> SweepSettings:
        """The sections with fixed keys."""
        keys = [key for key in self.nodes if key in KNOWN_KEYS and key not in SPECIAL_KEYS]
        rest = Node({key: self.nodes[key] for key in keys}, self.root.place, self.root.keys)
        settings = self.build_section(SweepSettings, rest, "")
        if settings is None:
            return SweepSettings()
        self.check_exactly_one("objective", settings.objective, SweepObjective)
        self.check_exactly_one("ensemble", settings.ensemble, EnsembleSettings)
        rungs = settings.pruning.successive_halving.rungs if settings.pruning else ()
        if list(rungs) != sorted(set(rungs)):
            message = f"expected epochs in rising order, found {list(rungs)}"
            self.add_problem(self.nodes["pruning"].place, RUNGS_PATH, message)
        return settings

    def build_section(self, cls: type[T], node: Node, path: str) -> T | None:
        """A section as the class that describes it; its problems are collected."""
        builder = Builder()
        section: T | None = builder.build_section(cls, node, path)
        self.problems += builder.problems
        return section

    def check_exactly_one(self, key: str, section: Any, cls: type[Any]) -> None:
        """Add a problem if a section has none, or several, of the parameters of which it takes just one."""
        if section is None:
            return
        names = [parameter.name for parameter in component_parameters(cls)]
        given = [name for name in names if getattr(section, name) is not None]
        if len(given) != 1:
            self.add_problem(self.nodes[key].place, key, f"expected just one of {', '.join(names)}")

    def read_seeds(self) -> tuple[int, ...] | None:
        """The seeds: a list of them, or how many."""
        node = self.nodes.get("seeds")
        if node is None:
            return None
        if isinstance(node.value, int) and not isinstance(node.value, bool) and 1 <= node.value <= MAX_VALUES:
            return tuple(range(node.value))
        if not isinstance(node.value, list) or not node.value:
            message = f"expected a number of seeds or a list of them, found {space.describe_found(node)}"
            self.add_problem(node.place, "seeds", message)
            return None
        values = node.value
        return self.collect_problems(lambda: parse_seeds(values))

    def read_mapping(self, node: Node, path: str, what: str) -> dict[str, Node]:
        """The entries of a mapping that may not be empty."""
        if not isinstance(node.value, dict) or not node.value:
            self.add_problem(node.place, path, f"expected a mapping of {what}, found {space.describe_found(node)}")
            return {}
        return node.value

    def read_axes(self, key: str) -> tuple[SweepAxis, ...]:
        """The keys of a grid, each with its values."""
        node = self.nodes.get(key)
        if node is None:
            return ()
        found = []
        for path, values in self.read_mapping(node, key, "keys of the spec, each to a list of values").items():
            here = join_path(key, path)
            if not isinstance(values.value, list) or not values.value:
                message = f"expected a list of values, found {space.describe_found(values)}"
                self.add_problem(values.place, here, message, "such as [1e-3, 1e-2]")
                continue
            for value in values.value:
                self.problems += space.find_problems(value, here, drawing=False)
            if path == "seed":
                self.add_problem(node.keys[path], here, "seeds are no axis of a grid", "write `seeds: [...]`")
            found.append(SweepAxis(path, tuple(values.value), node.keys[path]))
        # The values of an axis with problems cannot be counted, and nothing is planned then.
        return () if self.problems else tuple(found)

    def read_zipped_axes(self) -> tuple[SweepAxis, ...]:
        """Keys that move together: lists of the same length."""
        axes = self.read_axes("zip")
        if axes and len({axis.value_count for axis in axes}) > 1:
            sizes = ", ".join(f"{axis.path} has {format_count(axis.value_count, 'value')}" for axis in axes)
            self.add_problem(self.nodes["zip"].place, "zip", "lists of different lengths", sizes)
        return axes

    def read_point(self, node: Node, path: str) -> tuple[Assignment, ...]:
        """A mapping of keys of the spec to values."""
        if node.value == {}:
            return ()
        entries = self.read_mapping(node, path, "keys of the spec to values")
        return tuple(Assignment(key, value, node.keys[key]) for key, value in entries.items())

    def read_variants(self) -> tuple[NamedVariant, ...]:
        """Variants by name."""
        node = self.nodes.get("variants")
        if node is None:
            return ()
        entries = self.read_mapping(node, "variants", "names, each to a mapping of keys of the spec to values")
        points = [self.read_point(child, join_path("variants", name)) for name, child in entries.items()]
        return tuple(map(NamedVariant, entries, points))

    def read_sampled_keys(self) -> SampledKeys | None:
        """The drawn keys of the one sampler that is named."""
        named = [sampler for sampler in SAMPLER_NAMES if sampler in self.nodes]
        for extra in named[1:]:
            self.add_problem(self.root.keys[extra], extra, f"there is {named[0]} already: a sweep draws in one way")
        if not named:
            return None
        sampler = named[0]
        node = self.nodes[sampler]
        entries = self.read_mapping(node, sampler, "trials, seed and space")
        if "space" not in entries:
            self.add_problem(node.place, sampler, "needs `space`, a mapping of keys to distributions")
            return None
        rest = Node({key: value for key, value in entries.items() if key != "space"}, node.place, node.keys)
        trials = self.build_section(TrialSettings, rest, sampler)
        keys = self.read_space(entries["space"], join_path(sampler, "space"))
        if "batch" in entries and sampler != "tpe":
            message = f"{sampler} draws all its trials at once, so that a batch has no effect"
            suggestion = "only tpe learns from earlier batches"
            self.add_problem(node.keys["batch"], join_path(sampler, "batch"), message, suggestion)
        return None if trials is None else SampledKeys(sampler, trials, keys)

    def read_space(self, node: Node, path: str) -> tuple[tuple[str, Node, Place], ...]:
        """The keys of a space, each with its distribution."""
        keys = self.read_mapping(node, path, "keys of the spec, each to a distribution")
        for key, value in keys.items():
            here = join_path(path, key)
            self.problems += space.find_problems(value, here, drawing=True)
            if not any(space.find_distribution(inner) for _, inner in walk_nodes(value)):
                self.add_problem(value.place, here, "nothing is drawn here", "such as {log_uniform: [1e-4, 1e-1]}")
        return tuple((key, value, node.keys[key]) for key, value in keys.items())

    def check_keys(self, varying: Sequence[str]) -> None:
        """Raises SpecError with all problems, those of keys that are excluded and do not vary included."""
        for index, entry in enumerate(self.list_exclusions()):
            for path in entry.keys.keys() - set(varying):
                message = f"{path!r} does not vary in this sweep"
                here = join_path(f"exclude.{index}", path)
                self.add_problem(entry.keys[path], here, message, suggest_nearest(path, varying))
        if self.problems:
            raise SpecError(sort_problems(self.problems))

    def list_exclusions(self) -> list[Node]:
        """The entries of `exclude`."""
        node = self.nodes.get("exclude")
        return node.value if node and isinstance(node.value, list) else []

    def read_exclusions(self) -> tuple[dict[str, Any], ...]:
        """Patterns of variants that are left out."""
        node = self.nodes.get("exclude")
        if node and not isinstance(node.value, list):
            self.add_problem(node.place, "exclude", f"expected a list of mappings, found {node.describe()}")
        for index, entry in enumerate(self.list_exclusions()):
            self.read_mapping(entry, f"exclude.{index}", "keys of the spec to values")
        return tuple(entry.make_plain() for entry in self.list_exclusions() if isinstance(entry.value, dict))

    def exclude_places(self) -> tuple[Place, ...]:
        """Where each of the patterns stands: at its first key."""
        patterns = [entry for entry in self.list_exclusions() if isinstance(entry.value, dict)]
        return tuple(next(iter(entry.keys.values()), entry.place) for entry in patterns)

"""Comparing variants that are named one by one: by a run of each, or by their values in a sweep."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations, count, product
from pathlib import Path
from string import ascii_uppercase
from typing import Any

from nnexp.errors import UsageError
from nnexp.reports.collect import CollectedRuns, collect_runs, is_sweep_folder, locate_folders
from nnexp.reports.comparable import choose_metric, find_differences
from nnexp.reports.filters import is_end_of_name
from nnexp.reports.labels import format_cell
from nnexp.reports.report import add_cells, compare_all, group_by_variant
from nnexp.reports.variants import Variant
from nnexp.spec.scalars import parse_scalar
from nnexp.statistics.verdicts import RankingMetric, Verdict
from nnexp.wording import suggest_nearest

MAX_VARIANTS = 30
"""Variants that are compared each with each: more make a table of over 435 pairs."""

MAX_CHOICES = 8
"""Variants of a sweep that a message lists."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Variants by letter, in the order in which they were named, and the verdict of each pair."""

    measure: RankingMetric
    variants: dict[str, Variant]
    verdicts: tuple[Verdict, ...]
    mixed: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


@dataclass(slots=True)
class _NamedVariants:
    """The variants that were named so far, by key; each folder is read once."""

    root: Path
    collected: CollectedRuns = field(default_factory=CollectedRuns)
    variants: dict[str, Variant] = field(default_factory=dict)
    collected_by_folder: dict[Path, CollectedRuns] = field(default_factory=dict)

    def add_name(self, name: str) -> None:
        """Add what a name means. Raises UsageError where it means nothing, or a variant that is there already."""
        for variant in self._find_variants(name):
            if variant.configuration.key in self.variants:
                raise UsageError(f"{name!r} is the same variant as another that is named")
            self.variants[variant.configuration.key] = variant
            self.collected.rows += variant.rows

    def _find_variants(self, name: str) -> list[Variant]:
        sweep, colon, values = name.rpartition(":")
        # A file may be called so too.
        if colon and "=" in values and not Path(name).exists():
            return [_pick_variant(name, self._collect_sweep(sweep), values)]
        places = locate_folders(name, self.root)
        if len(places) == 1 and not is_sweep_folder(places[0]):
            return [self._find_variant_of_run(places[0])]
        variants = []
        for place in places:
            variants += group_by_variant(self._collect_folder(place))
        return variants

    def _collect_sweep(self, name: str) -> CollectedRuns:
        """What a sweep holds. Raises UsageError where the name means something else."""
        places = locate_folders(name, self.root)
        if len(places) != 1 or not is_sweep_folder(places[0]):
            raise UsageError(f"{name!r} is no sweep: values are those of a sweep's variants")
        return self._collect_folder(places[0])

    def _find_variant_of_run(self, place: Path) -> Variant:
        """The variant of a run: all runs beside it that differ from it in seed, fold or member alone."""
        for variant in group_by_variant(self._collect_folder(place.parent)):
            if place.name in variant.run_names:
                return variant
        raise UsageError("\n".join([f"{place} cannot be compared", *self.collected.problems]))

    def _collect_folder(self, place: Path) -> CollectedRuns:
        if place not in self.collected_by_folder:
            found = self.collected_by_folder[place] = collect_runs([str(place)], self.root)
            self.collected.problems += found.problems
            self.collected.sweeps += found.sweeps
        return self.collected_by_folder[place]


def compare_variants(names: Sequence[str], root: Path, metric: str | None = None, *, mixed: bool = False) -> Comparison:
    """Each of the variants beside each other, corrected for all comparisons.

    Raises UsageError where a name means nothing, there are fewer than two variants, or they cannot be compared.
    """
    named = _NamedVariants(root)
    for name in names:
        named.add_name(name)
    found = named.collected
    found.is_single_sweep = len(named.collected_by_folder) == 1 and len(found.sweeps) == 1
    variants = add_cells(list(named.variants.values()), found)
    if len(variants) < 2:
        raise UsageError("two variants are needed, such as two runs, or a sweep with several")
    if len(variants) > MAX_VARIANTS:
        raise UsageError(f"{len(variants)} variants are too many; `nnexp report` ranks them")
    measured = choose_metric(found, metric)
    differences = find_differences(found, measured, asked=metric is not None)
    if differences and not mixed:
        lines = "\n  ".join(differences)
        raise UsageError(f"these runs cannot be compared as they are; they differ in\n  {lines}\n--mixed compares them")
    lettered = dict(zip(make_letters(), variants, strict=False))
    verdicts = []
    for (a, b), verdict in zip(combinations(lettered, 2), compare_all(variants, measured), strict=True):
        # The letters stand for labels, which may be long.
        verdicts.append(replace(verdict, a=a, b=b))
    return Comparison(measured, lettered, tuple(verdicts), tuple(differences), tuple(dict.fromkeys(found.problems)))


def make_letters() -> Iterator[str]:
    """A, B, ..., Z, AA, AB, ...

    >>> [letter for letter, _ in zip(make_letters(), range(28))][-2:]
    ['AA', 'AB']
    """
    for length in count(1):
        yield from map("".join, product(ascii_uppercase, repeat=length))


@dataclass(frozen=True, slots=True)
class ComparisonCheck:
    """What shall hold: `B >= A` and its like.

    `B > A` holds where B is better with p ≤ 0.05 after the correction; `B >= A` where A is not, and there are at least
    two pairs. With < and <= the sides change places.
    """

    text: str
    better: str
    worse: str
    is_strict: bool

    @classmethod
    def parse_check(cls, text: str) -> ComparisonCheck:
        """Raises UsageError where it is none."""
        found = re.fullmatch(r"\s*([A-Z]{1,2})\s*(>=|<=|>|<)\s*([A-Z]{1,2})\s*", text)
        if not found or found[1] == found[3]:
            raise UsageError(f"--check: expected such as 'B >= A', found {text!r}; A is what is named first")
        left, sign, right = found.groups()
        more, less = (left, right) if sign.startswith(">") else (right, left)
        return cls(text.strip(), more, less, is_strict=not sign.endswith("="))

    def is_satisfied(self, comparison: Comparison) -> bool:
        """Whether it holds. Raises UsageError where a letter stands for nothing."""
        for letter in (self.better, self.worse):
            if letter not in comparison.variants:
                raise UsageError(f"--check: there is no {letter}; {suggest_nearest(letter, comparison.variants)}")
        [verdict] = [v for v in comparison.verdicts if {v.a, v.b} == {self.better, self.worse}]
        # A verdict speaks of its B.
        good, bad = ("better", "worse") if verdict.b == self.better else ("worse", "better")
        if self.is_strict:
            return verdict.conclusion == good
        return verdict.difference.n >= 2 and verdict.conclusion != bad


def _pick_variant(name: str, found: CollectedRuns, text: str) -> Variant:
    """The one variant of a sweep with these values. Raises UsageError where there is none, or more than one."""
    variants = group_by_variant(found)
    matching = variants
    for word in text.split(","):
        key, equals, value = word.partition("=")
        if not equals:
            raise UsageError(f"{name!r}: expected key=value after the colon, found {word!r}")
        matching = [variant for variant in matching if _has_value(variant, found, key.strip(), value.strip())]
    if len(matching) == 1:
        return matching[0]
    labels = list(map(str, add_cells(matching or variants, found)))[:MAX_CHOICES]
    if not matching:
        raise UsageError(f"{name!r}: the sweep has no such variant; it has {'; '.join(labels)}")
    raise UsageError(f"{name!r} could be {' or '.join(labels)}")


def _has_value(variant: Variant, found: CollectedRuns, key: str, text: str) -> bool:
    """Whether a variant has the value of a text under the end of a dotted name."""
    own = found.sweeps[0].values.get(variant.configuration.key, {})
    values = {**variant.parameters, **own}
    # A whole name means itself, even where it is the end of others: `seed` beside `data.split.seed`.
    names = [key] if key in values else [name for name in values if is_end_of_name(key, name)]
    return any(_is_same_value(values[name], text) for name in names)


def _is_same_value(value: Any, text: str) -> bool:
    """Whether a text stands for a value."""
    if format_cell(value) == text:
        return True
    parsed = parse_scalar(text)
    # In Python True equals 1, and a user who writes one does not mean the other.
    return value == parsed and isinstance(value, bool) == isinstance(parsed, bool)

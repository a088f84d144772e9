"""Specs of baselines: what is right, what is wrong and where, and what the schema says of both."""

from __future__ import annotations

import os
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from nnexp.baselines.knn import KNearestNeighbors
from nnexp.baselines.least_squares import LeastSquares
from nnexp.errors import SpecError, UsageError
from nnexp.spec import resolved
from nnexp.spec.baseline import BaselineSpec
from nnexp.spec.checks.baseline import count_parameters
from nnexp.spec.problems import SpecText
from nnexp.spec.read import load_network_spec, load_spec
from nnexp.spec.schema import build_schema
from nnexp.spec.yaml import parse_yaml

BASE = """\
name: base
seed: 3
data:
  source: digits
  split: {train: 0.8, dev: 0.1, test: 0.1}
baseline: {knn: {k: 7}}
"""

VALIDATOR = Draft202012Validator(build_schema())

FOREIGN = {
    "architecture": "[output]",
    "activation": "relu",
    "init": "he",
    "loss": "cross_entropy",
    "regularization": "{l2: 1e-4}",
    "optimizer": "adam",
    "schedule": "cosine",
    "training": "{epochs: 3}",
}


def text(content: str) -> SpecText:
    return SpecText("s.yaml", content)


def spec(content: str, *overrides: str) -> BaselineSpec:
    found = load_spec(text(content), overrides, name="s")
    assert isinstance(found, BaselineSpec)
    return found


def problems(content: str, *overrides: str) -> list[tuple[str, str, str]]:
    """Place, path with message, and suggestion of each problem."""
    with pytest.raises(SpecError) as caught:
        load_spec(text(content), overrides, name="s")
    found = caught.value.problems
    return [(str(p.place).removeprefix("s.yaml:"), f"{p.path}: {p.message}", p.suggestion) for p in found]


def is_valid(content: str) -> bool:
    plain: Any = parse_yaml(text(content)).make_plain()
    return VALIDATOR.is_valid(plain)


@pytest.mark.parametrize(
    ("written", "baseline"),
    [
        ("knn", KNearestNeighbors()),
        ("{knn: 7}", KNearestNeighbors(7)),
        ("{knn: {metric: manhattan}}", KNearestNeighbors(5, "manhattan")),
        ("{least_squares: {l2: 1}}", LeastSquares(1)),
    ],
)
def test_a_baseline_is_written_like_any_component(written: str, baseline: object) -> None:
    content = f"data: {{source: digits}}\nbaseline: {written}\n"
    assert spec(content).baseline == baseline
    assert is_valid(content)


def test_the_resolved_spec_has_every_default_and_is_itself_a_spec_with_the_same_hash() -> None:
    found = spec(BASE)
    written = resolved.format_spec(found)
    assert list(parse_yaml(text(written)).make_plain()) == ["name", "seed", "data", "baseline", "metrics"]
    assert "metric: euclidean" in written
    assert spec(written) == found
    assert resolved.hash_spec(spec(written)) == resolved.hash_spec(found)
    assert is_valid(written)


def test_every_field_and_the_method_enter_the_hash() -> None:
    words = ("", "seed=4", "data.split.seed=1", "baseline.knn.k=8", "baseline=knn", "baseline=least_squares")
    assert len({resolved.hash_spec(spec(BASE, word) if word else spec(BASE)) for word in words}) == len(words)


@pytest.mark.parametrize("key", FOREIGN)
def test_what_belongs_to_a_network_is_a_mistake_on_its_line(key: str) -> None:
    content = f"{BASE}{key}: {FOREIGN[key]}\n"
    assert problems(content) == [
        (
            "7:1",
            f"{key}: a baseline has no {key}: that belongs to a network, and this spec has `baseline`",
            f"remove `{key}` or `baseline`",
        )
    ]
    assert not is_valid(content)


def test_it_is_one_in_an_override_too() -> None:
    [(place, message, _)] = problems(BASE, "training.epochs=6")
    assert place == "override 1, column 1"
    assert message.startswith("training: a baseline has no training:")


def test_everything_that_is_wrong_is_reported_in_one_round() -> None:
    content = BASE.replace("seed: 3", "seed: -3").replace("0.8", "0.9").replace("k: 7", "k: 0")
    found = problems(f"{content}loss: hinge\nwhat: 3\n")
    assert [place for place, *_ in found] == ["2:7", "5:10", "6:21", "7:1", "8:1"]


ROWS = [
    ("k: 7", "k: 0", "6:21", "baseline.knn.k: expected a whole number ≥ 1, found 0", ""),
    ("k: 7", "kk: 7", "6:18", "baseline.knn.kk: unknown key 'kk'", "did you mean 'k'?"),
    (
        "k: 7",
        "metric: cosine",
        "6:26",
        "knn.metric: expected one of euclidean,",
        "known: chebyshev, euclidean, manhattan",
    ),
    ("knn:", "kn:", "6:12", "baseline: unknown baseline 'kn'", "did you mean 'knn'?"),
    ("{knn: {k: 7}}", "adam", "6:11", "baseline: unknown baseline 'adam'", "adam is an optimizer"),
    ("{knn: {k: 7}}", "", "6:10", "baseline: expected one baseline, `name` or `name: {parameters}`, found", ""),
    ("{knn: {k: 7}}", "{least_squares: {l2: -1}}", "6:32", "least_squares.l2: expected a number ≥ 0, found -1", ""),
    ("baseline:", "basline:", "6:1", "basline: unknown key 'basline'", "did you mean 'baseline'?"),
    ("seed:", "sede:", "2:1", "sede: unknown key 'sede'", "did you mean 'seed'?"),
]
"""Mistakes that a schema sees as well: old, new, place, message and suggestion."""

BEYOND = [
    ("k: 7", "k: 1438", "6:21", "knn.k: 1438 neighbours are asked for, and the training part has 1437", ""),
    ("0.8", "0.9", "5:10", "data.split: the fractions sum to 1.1, not to 1", "asked for: train 0.9, dev 0.1, test 0.1"),
    (
        "source: digits",
        "source: sine",
        "6:11",
        "baseline: gaussian_classifier does not fit sine, whose targets are values",
        "baselines that fit: knn, least_squares",
    ),
    (
        "source: digits",
        "source: digits\n  targets: {tasks: {digit: given, pixels: inputs}}",
        "7:11",
        "baseline: a baseline predicts one thing, and data.targets has 2 tasks",
        "choose one of them in data.targets",
    ),
]
"""Parts that do not fit each other, which no schema sees."""


@pytest.mark.parametrize("row", [*ROWS, *BEYOND], ids=lambda row: row[1][:40])
def test_a_mistake_is_reported_in_its_place(row: tuple[str, ...]) -> None:
    old, new, place, message, suggestion = row
    base = BASE.replace("{knn: {k: 7}}", "gaussian_classifier") if "gaussian" in message else BASE
    [(at, said, mend)] = problems(base.replace(old, new))
    assert (at, mend) == (place, suggestion)
    assert message in said


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[1][:40])
def test_the_schema_refuses_it_too(row: tuple[str, ...]) -> None:
    assert is_valid(BASE)
    assert not is_valid(BASE.replace(row[0], row[1]))


def test_a_spec_of_neither_kind_satisfies_no_schema() -> None:
    assert not is_valid("data: {source: digits}\n")
    assert not is_valid("baseline: knn\n")


def test_what_memory_cannot_hold_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sysconf", lambda name: 1 if name == "SC_PAGE_SIZE" else 20_000_000)
    wide = "data: {source: {blobs: {features: 2000, examples: 100}}}\nbaseline: {gaussian_classifier: full}\n"
    [(place, message, _)] = problems(wide)
    assert place == "2:11"
    assert "gaussian_classifier needs about" in message
    assert spec(wide, "baseline={gaussian_classifier: diagonal}")


def test_where_a_network_is_needed_one_sentence_says_that_there_is_none() -> None:
    with pytest.raises(UsageError, match=r"^s\.yaml is the spec of a baseline; expected that of a network$"):
        load_network_spec(text(BASE), name="s")


@pytest.mark.parametrize(
    ("baseline", "numbers"),
    [
        ("knn", 1437 * (64 + 10)),
        ("{gaussian_classifier: full}", 10 * (64 + 64 * 65 // 2)),
        ("{gaussian_classifier: shared}", 10 * 64 + 64 * 65 // 2),
        ("{gaussian_classifier: diagonal}", 10 * 64 * 2),
        ("least_squares", 65 * 10),
    ],
)
def test_the_numbers_that_are_kept_are_counted(baseline: str, numbers: int) -> None:
    assert count_parameters(spec(BASE, f"baseline={baseline}")) == numbers

"""Whatever is wrong with a spec is said with its place, what was expected and found, and how to mend it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from nnexp.errors import SpecError, UsageError
from nnexp.spec.problems import Problem, SpecText
from nnexp.spec.read import load_network_spec
from tests.cli import mutations
from tests.cli.inside import inside
from tests.cli.mutations import BASE
from tests.cli.wrong_texts import OVERRIDES, WHOLE

MUTATIONS: list[tuple[str, ...]] = [
    *mutations.NAMES,
    *mutations.TYPES,
    *mutations.BOUNDS,
    *mutations.MISSING,
    *mutations.STRUCTURE,
    *mutations.SCALARS,
    *mutations.MEANING,
]


def problems_of(text: str, *overrides: str) -> tuple[Problem, ...]:
    with pytest.raises(SpecError) as caught:
        load_network_spec(SpecText("s.yaml", text), overrides, name="s")
    return caught.value.problems


def said(problem: Problem) -> str:
    return f"{problem.path}: {problem.message}" if problem.path else problem.message


def test_the_base_is_valid() -> None:
    assert load_network_spec(SpecText("s.yaml", BASE), name="s").name == "base"


def test_there_are_many_mutations() -> None:
    assert len(set(MUTATIONS)) >= 100


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda m: f"{m[2]}-{m[1].strip()}"[:60])
def test_a_mutation_is_reported_once_and_in_its_place(mutation: tuple[str, ...]) -> None:
    old, new, at, message, *suggestion = mutation
    assert old in BASE
    [problem] = problems_of(BASE.replace(old, new, 1))
    assert str(problem.place) == f"s.yaml:{at}"
    assert message in said(problem)
    assert problem.suggestion == "".join(suggestion)


@pytest.mark.parametrize("row", OVERRIDES, ids=[str(row[0]) for row in OVERRIDES])
def test_a_wrong_override_is_reported_with_its_text(row: tuple[Any, ...]) -> None:
    override, column, message, *suggestion = row
    [problem] = problems_of(BASE, override)
    assert str(problem.place) == f"override 1, column {column}"
    assert message in said(problem)
    assert problem.suggestion == "".join(suggestion)
    assert f"1 | {override}\n" in problem.format_report()


@pytest.mark.parametrize("row", WHOLE, ids=[repr(row[0][-20:]) for row in WHOLE])
def test_a_text_that_is_no_spec_is_reported(row: tuple[str, ...]) -> None:
    text, at, message, *suggestion = row
    [problem] = problems_of(text)
    assert str(problem.place) == f"s.yaml:{at}"
    assert message in problem.message
    assert problem.suggestion == "".join(suggestion)


def test_the_caret_stands_under_the_mistake() -> None:
    [problem] = problems_of(BASE.replace("lr: 1e-3", "lr: 'x'"))
    _, line, caret = problem.format_report().split("\n")
    assert line == "  17 | optimizer: {adam: {lr: 'x'}}"
    assert line[caret.index("^") : caret.rindex("^") + 1] == "'x'"


def test_all_problems_are_reported_in_file_order_and_the_overrides_after_them() -> None:
    text = BASE.replace("seed: 0", "seed: 010").replace("rate: 0.2", "rate: 2").replace("epochs: 40", "epoch: 40")
    text = text.replace("activation: relu", "activation: rely").replace("- output", "- outpt")
    found = problems_of(text, "sede=3", "training.batch_size", "optimizer.adam.lr=x")
    places = [str(problem.place).removeprefix("s.yaml:") for problem in found]
    overridden = ["override 1, column 1", "override 2, column 1", "override 3, column 19"]
    assert places == ["2:7", "11:21", "12:5", "13:13", "20:3", *overridden]


def test_a_value_that_is_not_allowed_is_not_reported_a_second_time_as_missing() -> None:
    [problem] = problems_of(BASE.replace("lr: 1e-3", "lr: 010"))
    assert problem.message == "010 begins with a zero"


def test_one_mistake_in_an_alias_is_reported_for_every_value_that_it_stands_for() -> None:
    found = problems_of(BASE.replace("seed: 0", "seed: &s -1").replace("epochs: 40", "epochs: *s"))
    assert {problem.path for problem in found} == {"seed", "training.epochs"}
    assert {problem.place.line for problem in found} == {2}


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("nowhere.yaml", "there is no file"),
        (".", "is a directory"),
        ("a\0b", "cannot read"),
        ("x" * 300, "cannot read"),
    ],
)
def test_what_is_no_file_is_a_usage_error(tmp_path: Path, name: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        load_network_spec(tmp_path / name)


def test_a_file_far_too_long_for_a_spec_is_not_read_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "long.yaml"
    path.write_bytes(b"# \n" * 400_000)
    with pytest.raises(UsageError, match="more than 1,000,000 bytes"):
        load_network_spec(path)


FILES: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "the spec is empty"),
    "binary": (bytes(range(256)), "is not UTF-8"),
    "utf16": ("name: é\n".encode("utf-16"), "is not UTF-8"),
    "zero": (b"name: \0\n", "U+0000"),
    "escape": (b'"\\e[2J": 3\n', "unknown key"),
    "wrong": (BASE.replace("epochs: 40", "epoch: 40").encode(), "did you mean 'epochs'?"),
    "dos": (BASE.replace("epochs: 40", "epoch: 40").replace("\n", "\r\n").encode("utf-8-sig"), "'epochs'?"),
    "old": (BASE.replace("- output", "- relu").encode(), "the network ends with 8 numbers"),
}


def test_the_program_ends_with_2_shows_a_caret_and_never_a_traceback(tmp_path: Path) -> None:
    for name, (content, _) in FILES.items():
        (tmp_path / name).write_bytes(content)
    done = inside("validate", *FILES, "missing", ".", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert "\x1b" not in done.stderr
    for _, message in FILES.values():
        assert message in done.stderr
    assert "there is no file missing" in done.stderr
    assert ". is a directory" in done.stderr
    assert "\n  20 |   epoch: 40\n     |   ^^^^^\n  did you mean 'epochs'?\n" in done.stderr


def test_bytes_that_are_not_utf_8_are_named_with_line_and_column(tmp_path: Path) -> None:
    path = tmp_path / "latin.yaml"
    path.write_bytes("# ü\nname: caf".encode() + "é\n".encode("latin-1"))
    with pytest.raises(SpecError) as caught:
        load_network_spec(path)
    [problem] = caught.value.problems
    assert (problem.place.line, problem.place.column) == (2, 10)
    assert problem.message == "the byte 0xE9 is not UTF-8 text"

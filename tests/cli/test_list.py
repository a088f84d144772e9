"""nnexp list"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from nnexp.registry import REGISTRY_BY_KIND, parse_docstring
from tests.cli.inside import inside
from tests.cli.program import program


def test_every_component_is_listed_with_its_summary_and_formula_whole(tmp_path: Path) -> None:
    done = inside("list", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    rows = [line.strip() for line in done.stdout.splitlines()]
    for kind, known in REGISTRY_BY_KIND.items():
        assert kind in rows
        for name in known:
            words = parse_docstring(known[name])
            assert {name, words.summary, *map(str.strip, words.formula.splitlines())} <= set(rows)


def test_parameters_are_listed_with_default_and_bounds(tmp_path: Path) -> None:
    rows = [line.strip() for line in inside("list", "optimizers", cwd=tmp_path).stdout.splitlines()]
    assert rows[0] == "optimizers"
    assert "lr: 0.001 (a number > 0)" in rows
    assert "lr: a number > 0, required" in rows
    assert "bias_correction: true (true or false)" in rows


def test_the_words_are_those_that_a_spec_takes(tmp_path: Path) -> None:
    shown = inside("list", cwd=tmp_path).stdout
    assert "None" not in shown
    assert "stride: null (a whole number ≥ 1)" in shown
    assert "rest: he (an initializer)" in shown


@pytest.mark.parametrize("environment", [{}, {"NO_COLOR": "1", "FORCE_COLOR": "1"}])
def test_a_pipe_or_no_color_gets_no_colour(tmp_path: Path, environment: dict[str, str]) -> None:
    done = program("list", "losses", cwd=tmp_path, **environment)
    assert "\x1b[3" not in done.stdout
    assert "cross_entropy" in done.stdout


def test_a_pipe_gets_no_line_cut_or_padded(tmp_path: Path) -> None:
    done = program("list", cwd=tmp_path, COLUMNS="30")
    assert all(line == line.rstrip() for line in done.stdout.splitlines())
    assert "θ ← θ - lr · m̂ / (√v̂ + eps),  m̂ = m / (1 - β1ᵗ),  v̂ = v / (1 - β2ᵗ)" in done.stdout


def test_json_is_one_document_with_the_same_content(tmp_path: Path) -> None:
    done = inside("list", "--json", cwd=tmp_path)
    document = json.loads(done.stdout)
    assert list(document) == list(REGISTRY_BY_KIND)
    assert [entry["name"] for entry in document["layers"]] == list(REGISTRY_BY_KIND["layers"])
    [dense] = [entry for entry in document["layers"] if entry["name"] == "dense"]
    assert dense["formula"].startswith("y = x W + b")
    units, bias = dense["parameters"]
    assert units == {
        "name": "units",
        "type": "a whole number",
        "bounds": {"minimum": 1},
        "choices": [],
        "nullable": False,
        "required": True,
        "default": None,
        "per_replica": False,
        "takes": "a whole number ≥ 1",
    }
    assert (bias["type"], bias["required"], bias["default"]) == ("true or false", False, True)


@pytest.mark.parametrize(
    ("kind", "hint"),
    [
        ("optimizer", "did you mean 'optimizers'?"),
        ("Layers", "did you mean 'layers'?"),
        ("zzz", "known: activations, "),
    ],
)
def test_an_unknown_kind_suggests_a_known_one_and_ends_with_2(tmp_path: Path, kind: str, hint: str) -> None:
    done = inside("list", kind, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"error: unknown kind or component {kind!r}; {hint}")

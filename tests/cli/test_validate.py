"""nnexp validate"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.inside import inside
from tests.cli.mutations import BASE
from tests.cli.program import program

WRONG = BASE.replace("epochs: 40", "epoch: 40").replace("seed: 0", "seed: -1")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "good.yaml").write_text(BASE)
    (tmp_path / "wrong.yaml").write_text(WRONG)
    return tmp_path


def test_a_valid_spec_is_named_with_its_number_of_parameters(folder: Path) -> None:
    done = inside("validate", "good.yaml", cwd=folder)
    parameters = (64 + 1) * 8 + 2 * 8 + (8 + 1) * 10  # dense, batch_norm, output
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"good.yaml: valid, {parameters} parameters\n"


def test_of_several_specs_each_is_checked_and_the_worst_decides_the_exit_code(folder: Path) -> None:
    done = inside("validate", "wrong.yaml", "good.yaml", "missing.yaml", cwd=folder)
    assert done.returncode == 2
    assert done.stdout.startswith("good.yaml: valid")
    assert "wrong.yaml:2:7: seed: expected a whole number ≥ 0, found -1" in done.stderr
    assert "wrong.yaml:20:3: training.epoch: unknown key 'epoch'" in done.stderr
    assert "there is no file missing.yaml" in done.stderr


@pytest.mark.parametrize("typed", ["godo.yaml", "good", "good.yml"])
def test_a_misspelt_file_is_suggested(typed: str, folder: Path) -> None:
    done = inside("validate", typed, cwd=folder)
    assert f"there is no file {typed}; did you mean good.yaml?" in done.stderr


def test_overrides_hold_for_all_specs(folder: Path) -> None:
    done = inside("validate", "good.yaml", "wrong.yaml", "seed=1", "training={epochs: 4}", cwd=folder)
    assert (done.returncode, done.stderr) == (0, "")
    assert len(done.stdout.splitlines()) == 2


def test_a_wrong_override_is_shown_with_a_caret(folder: Path) -> None:
    done = inside("validate", "good.yaml", "seed=1", "optimizer.adam.lr=fast", cwd=folder)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(
        "override 2, column 19: optimizer.adam.lr: expected a number > 0, found 'fast'\n"
        "  2 | optimizer.adam.lr=fast\n"
        "    |                   ^^^^\n"
    )


@pytest.mark.parametrize("words", [["seed=1"], ["x=" + "1" * 5000]])
def test_overrides_without_a_spec_are_wrong_usage(folder: Path, words: list[str]) -> None:
    done = inside("validate", *words, cwd=folder)
    assert (done.returncode, done.stdout) == (2, "")
    assert "no spec to validate" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_file_whose_name_holds_an_equals_sign_is_a_file(folder: Path) -> None:
    (folder / "a=b.yaml").write_text(BASE)
    assert inside("validate", "a=b.yaml", cwd=folder).stdout.startswith("a=b.yaml: valid")


def test_json_is_one_document_and_nothing_else(folder: Path) -> None:
    done = inside("validate", "--json", "good.yaml", "wrong.yaml", "missing.yaml", cwd=folder)
    assert (done.returncode, done.stderr) == (2, "")
    good, wrong, missing = json.loads(done.stdout)
    assert good == {"spec": "good.yaml", "valid": True, "name": "base", "parameters": 626, "notices": []}
    assert [(p["line"], p["column"], p["path"]) for p in wrong["problems"]] == [
        (2, 7, "seed"),
        (20, 3, "training.epoch"),
    ]
    assert wrong["problems"][1]["suggestion"] == "did you mean 'epochs'?"
    assert missing == {
        "spec": "missing.yaml",
        "valid": False,
        "problems": [{"message": "there is no file missing.yaml"}],
    }


REMARKABLE = """\
data: {source: moons}
architecture: [dense: 4, relu, output]
activation: tanh
training: {epochs: 1}
"""


def test_a_notice_goes_to_standard_error_and_leaves_the_spec_valid(tmp_path: Path) -> None:
    (tmp_path / "s.yaml").write_text(REMARKABLE)
    done = inside("validate", "s.yaml", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "s.yaml: valid, 22 parameters\n")
    first, line, caret, suggestion, *_ = done.stderr.splitlines()
    assert first == "notice: s.yaml:3:13: activation: no layer uses tanh: the architecture has no `activation`"
    assert (line, caret) == ("  3 | activation: tanh", "    |             ^^^^")
    assert suggestion.startswith("  write `activation` where it belongs")


def test_json_has_the_notices(tmp_path: Path) -> None:
    (tmp_path / "s.yaml").write_text(REMARKABLE)
    done = inside("validate", "--json", "s.yaml", cwd=tmp_path)
    [valid] = json.loads(done.stdout)
    assert (valid["valid"], done.stderr) == (True, "")
    assert [(notice["path"], notice["line"]) for notice in valid["notices"]] == [("activation", 3)]


@pytest.mark.parametrize("extra", [[], ["--quiet"]])
def test_train_tells_the_notices_unless_it_is_to_be_quiet(extra: list[str], tmp_path: Path) -> None:
    (tmp_path / "s.yaml").write_text(REMARKABLE)
    done = inside("train", "s.yaml", *extra, cwd=tmp_path)
    assert done.returncode == 0
    assert ("notice: s.yaml:3:13" in done.stderr) == (not extra)


@pytest.mark.parametrize("environment", [{}, {"NO_COLOR": "1", "FORCE_COLOR": "1"}])
def test_a_pipe_or_no_color_gets_no_colour(folder: Path, environment: dict[str, str]) -> None:
    done = program("validate", "wrong.yaml", cwd=folder, **environment)
    assert "\x1b[3" not in done.stderr
    assert "     |   ^^^^^" in done.stderr


def test_a_spec_that_could_command_the_terminal_is_shown_without_its_commands(folder: Path) -> None:
    (folder / "hostile.yaml").write_text('"\\e[2J\\e]0;x\\a": 3\n[bold]: 4\n"[red]x": 5\n')
    done = inside("validate", "hostile.yaml", cwd=folder)
    assert done.returncode == 2
    assert "\x1b" not in done.stderr
    assert "unknown key '[red]x'" in done.stderr

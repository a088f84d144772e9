"""nnexp gradcheck"""

from __future__ import annotations

import json
import signal
import sys
from pathlib import Path

import pytest

from nnexp.cli.app import main
from nnexp.gradient_check.components import CHECKED_KINDS
from nnexp.nn.activations.base import Activation
from nnexp.nn.activations.relu import ReLU
from nnexp.registry import REGISTRY_BY_KIND, activations
from tests.cli.inside import inside
from tests.unit.gradient_check.test_components import Wrong

SPEC = """
name: checked
data: {source: {blobs: {examples: 60}}}
architecture: [{dense: 7}, batch_norm, relu, {dropout: 0.2}, output]
regularization: {l2: 1e-3}
training: {epochs: 2, batch_size: 10}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "spec.yaml").write_text(SPEC)
    return tmp_path


def rows(text: str) -> dict[str, list[str]]:
    """The lines of the table by their first word."""
    return {line.split()[0]: line.split() for line in text.splitlines() if line.startswith("  ") and line.strip()}


def test_a_right_gradient_is_a_table_of_parameters_and_a_line(folder: Path) -> None:
    done = inside("gradcheck", "spec.yaml", cwd=folder)
    assert (done.returncode, done.stderr) == (0, "")
    table = rows(done.stdout)
    assert {"dense_1.W", "dense_1.b", "batch_norm_1.gain", "batch_norm_1.shift", "output.W", "output.b"} < {*table}
    assert table["dense_1.W"][1] == "right"
    assert float(table["dense_1.W"][2]) < 1e-7
    assert table["dense_1.b"][2] == "rounding"
    assert "so small that rounding hides them: dense_1.b\n" in done.stdout
    last = done.stdout.splitlines()[-1]
    assert last.startswith("checked: the gradient is right, largest relative error ")
    assert "; 59 entries on 10 examples before training" in last


def test_after_some_steps_and_with_overrides(folder: Path) -> None:
    words = ("--after", "7", "--examples", "4", "activation=tanh", "training.freeze=[dense_1]")
    done = inside("gradcheck", "spec.yaml", *words, cwd=folder)
    assert (done.returncode, done.stderr) == (0, "")
    assert rows(done.stdout)["dense_1.W"][1:4] == ["frozen", "-", "0"]
    assert done.stdout.splitlines()[-1].endswith("on 4 examples after 7 steps")


def test_json_is_one_document(folder: Path) -> None:
    done = inside("gradcheck", "spec.yaml", "--json", "--entries", "3", cwd=folder)
    assert (done.returncode, done.stderr) == (0, "")
    document = json.loads(done.stdout)
    assert (document["passed"], document["verdict"], document["exhaustive"]) == (True, "right", False)
    [dense] = [row for row in document["parameters"] if row["name"] == "dense_1.W"]
    assert (dense["layer"], dense["parameter"], dense["shape"]) == ("dense_1", "W", [2, 7])
    assert (dense["checked"] + dense["left_out"], dense["directions"]) == (3, 8)
    assert document["everywhere"]["directions"] == 8


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("gradcheck",), "no spec to check"),
        (("gradcheck", "spec.yaml", "--all"), "--all checks small networks of its own"),
        (("gradcheck", "spec.yaml", "--after", "99"), "training has 10 steps: a check cannot come after 99"),
        (("gradcheck", "spec.yaml", "--entries", "3", "--exhaustive"), "choose one"),
        (("gradcheck", "none.yaml"), "there is no file none.yaml"),
    ],
)
def test_wrong_usage_ends_with_2(folder: Path, words: tuple[str, ...], message: str) -> None:
    done = inside(*words, cwd=folder)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr


@pytest.mark.parametrize("width", [60, 80, 110])
def test_the_table_fits_the_terminal(
    folder: Path, width: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from nnexp.cli import console

    monkeypatch.setattr(console.out, "width", width)
    assert run_here(monkeypatch, "gradcheck", str(folder / "spec.yaml"), "--entries", "5") == 0
    lines = capsys.readouterr().out.splitlines()
    table = [line for line in lines if line.startswith(" ")]
    assert max(map(len, table)) <= width
    assert all(any(word in line for line in table[:4]) for word in ("verdict", "error", "out"))


def run_here(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    """The program in this process, where components can be replaced; gives its exit code."""
    monkeypatch.setattr(sys, "argv", ["nnexp", *words])
    handler = signal.getsignal(signal.SIGINT)
    with pytest.raises(SystemExit) as caught:
        main()
    signal.signal(signal.SIGINT, handler)  # main ignores it at the end of a program that has failed
    return int(caught.value.code or 0)


def planted(monkeypatch: pytest.MonkeyPatch, cls: type[Activation]) -> None:
    assert activations["relu"] is ReLU
    monkeypatch.setitem(activations._classes, "relu", cls)


def test_a_wrong_gradient_ends_with_4_and_names_layer_parameter_entry_and_values(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    planted(monkeypatch, Wrong)
    assert run_here(monkeypatch, "gradcheck", str(folder / "spec.yaml")) == 4
    shown = capsys.readouterr()
    table = rows(shown.out)
    assert (table["dense_1.W"][1], table["output.W"][1]) == ("wrong", "right")
    assert shown.out.splitlines()[-1].startswith("checked: the gradient is wrong; ")
    assert "error: checked: the gradient of batch_norm_1.shift is wrong: [0, " in shown.err
    assert "by backpropagation and " in shown.err
    assert "relu_1: dx, which it hands back, is wrong by itself" in shown.err


def test_a_wrong_gradient_as_json(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    planted(monkeypatch, Wrong)
    assert run_here(monkeypatch, "gradcheck", str(folder / "spec.yaml"), "--json") == 4
    document = json.loads(capsys.readouterr().out)
    assert (document["passed"], document["verdict"]) == (False, "wrong")
    assert [(fault["part"], fault["what"]) for fault in document["faults"]] == [("relu_1", "dx, which it hands back,")]


def test_all_puts_every_component_into_a_network_and_every_gradient_is_right(tmp_path: Path) -> None:
    done = inside("gradcheck", "--all", "--json", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    document = json.loads(done.stdout)
    assert {(row["kind"], row["component"]) for row in document} == {
        (kind, name) for kind in CHECKED_KINDS for name in REGISTRY_BY_KIND[kind]
    }
    assert [row for row in document if not row["passed"]] == []


def test_all_with_a_wrong_component_ends_with_4(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    planted(monkeypatch, Wrong)
    monkeypatch.setattr("nnexp.gradient_check.components.CHECKED_KINDS", ("activations",))
    assert run_here(monkeypatch, "gradcheck", "--all") == 4
    shown = capsys.readouterr()
    assert rows(shown.out)["relu"][1] == "wrong"
    assert rows(shown.out)["tanh"][1] == "right"
    assert "relu (flat): the gradient of dense_1" in shown.err
    assert shown.err.startswith(f"checking {len(list(REGISTRY_BY_KIND['activations']))} components")

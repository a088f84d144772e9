"""nnexp inspect"""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.cli.inside import inside, on_a_terminal
from tests.cli.program import program

ROOT = Path(__file__).parents[2]
STUDY = "configs/initialization_study.yaml"
INITS = "zeros,normal: {std: 0.01},normal: {std: 1.0},xavier"

SPECS = {
    "mlp.yaml": "data: {source: digits}\narchitecture: {mlp: {hidden: [8, 8, 8]}}\nactivation: tanh\n",
    "images.yaml": "data: {source: {digits: {flat: false}}}\narchitecture: {vgg: 16}\n",
    "knn.yaml": "data: {source: digits}\nbaseline: knn\n",
    "npz.yaml": "data: {source: {npz: {path: gone.npz}}}\narchitecture: [output]\n",
    "list.yaml": "- 1\n",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in SPECS.items():
        (tmp_path / name).write_text(text)
    return tmp_path


def row(text: str, name: str) -> list[str]:
    """The cells of the first row of this name."""
    line = next(line for line in text.splitlines() if line.startswith(f"  {name} "))
    return re.split(r"\s{2,}", line.strip())


def test_one_initialiser_shows_every_layer() -> None:
    done = inside("inspect", STUDY, cwd=ROOT)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("initialization_study with xavier before training, 256 training examples\n")
    tanh, dense = row(done.stdout, "tanh_1"), row(done.stdout, "dense_10")
    assert (tanh[0], tanh[2], tanh[3]) == ("tanh_1", "0.627", "1 %")
    assert len(tanh) == 6  # name, mean, std, share, gradient of the outputs, histogram
    assert tanh[-1][0] == tanh[-1][-1] == "█"  # tanh of N(0, 1): most near both ends
    assert len(tanh[-1]) == 24
    assert dense[-1].strip("▁") == "▄██▄"
    assert "\n  activations keep their size: standard deviation 0.63 in tanh_1, 0.23 in tanh_10\n" in done.stdout
    assert "saturated: |tanh| > 0.99, sigmoid within 0.01 of 0 or 1" in done.stdout


def test_several_initialisers_stand_side_by_side() -> None:
    done = inside("inspect", STUDY, "--init", INITS, "--seeds", "2", cwd=ROOT)
    assert done.returncode == 0
    assert "256 training examples, mean of 2 seeds" in done.stdout
    spread, shares, slopes = re.split("dead or saturated|gradient of the weights", done.stdout)
    stds = re.findall(r"([0-9.e-]+) [▁-█]{12}", next(line for line in spread.splitlines() if "tanh_2" in line))
    assert stds[0] == "0"
    assert [float(std) for std in stds[1:]] == pytest.approx([0.2236**2, 0.982, 0.486], rel=0.06)
    assert row(shares, "tanh_5") == ["tanh_5", "0 %", "0 %", "90 %", "0 %"]
    assert row(slopes, "dense_1")[1] == "0"
    heads = [line for line in done.stdout.splitlines() if line in ("zeros", *INITS.split(",")[1:])]
    assert heads == INITS.split(",")
    assert done.stdout.count("activations vanish") == 1
    assert done.stdout.count("saturated: 90") == 1
    assert "no gradient reaches the weights of dense_1 to dense_10" in done.stdout
    assert done.stderr == "every layer in full: one initialiser at a time, or --json\n"


@pytest.mark.parametrize("width", [60, 80, 110, 200])
@pytest.mark.parametrize(
    "arguments",
    [
        (STUDY,),
        (STUDY, "--init", INITS),
        ("configs/lenet5_digits.yaml", "activation=relu"),
        ("configs/vgg_digits.yaml",),
    ],
    ids=["one", "several", "lenet5", "vgg"],
)
def test_nothing_is_wider_than_the_terminal_or_cut(arguments: tuple[str, ...], width: int) -> None:
    printed = on_a_terminal(ROOT, width, "inspect", *arguments)
    assert max(len(line.rstrip()) for line in printed.splitlines()) <= width
    assert "…" not in printed
    assert "█" in printed


def test_no_colour_where_none_is_wanted() -> None:
    coloured = program("inspect", STUDY, cwd=ROOT, FORCE_COLOR="1", TERM="xterm")
    assert "\x1b[32m" in coloured.stdout  # green: good news
    assert "\x1b[3" not in program("inspect", STUDY, cwd=ROOT, NO_COLOR="1", TERM="xterm").stdout


def test_a_terminal_without_bars_shows_question_marks(folder: Path) -> None:
    done = program("inspect", "mlp.yaml", cwd=folder, PYTHONUTF8="0", PYTHONIOENCODING="ascii:strict", LC_ALL="C")
    assert done.returncode == 0, done.stderr
    assert "????????????????????????" in done.stdout


def test_json_has_everything(folder: Path) -> None:
    done = inside("inspect", "mlp.yaml", "seed=3", "--init", "he, zeros", "--seeds", "2", "--json", cwd=folder)
    assert (done.returncode, done.stderr) == (0, "")
    he, zeros = json.loads(done.stdout)
    assert (he["init"], zeros["init"], he["seeds"], he["examples"], he["data"]) == ("he", "zeros", [3, 4], 256, "real")
    layers = {layer["name"]: layer for layer in he["layers"]}
    assert list(layers) == ["dense_1", "tanh_1", "dense_2", "tanh_2", "dense_3", "tanh_3", "output"]
    assert he["carriers"] == ["tanh_1", "tanh_2", "tanh_3"]
    assert (layers["tanh_1"]["low"], layers["tanh_1"]["high"], layers["tanh_1"]["shape"]) == (-1, 1, [8])
    assert sum(layers["tanh_1"]["histogram"]) == pytest.approx(1)
    assert layers["tanh_1"]["dead"] is None
    assert [finding["what"] for finding in zeros["findings"]] == ["symmetric", "no gradient", "constant"]


def test_random_inputs_and_fewer_of_them(folder: Path) -> None:
    done = inside("inspect", "images.yaml", "--data", "normal", "--examples", "7", cwd=folder)
    assert done.returncode == 0
    assert done.stdout.startswith("images with he before training, 7 random normal inputs\n")
    assert "dead: ReLU units (in images: channels)" in done.stdout


def test_the_same_command_prints_the_same() -> None:
    first, second = (inside("inspect", "configs/adam_bn.yaml", "--seeds", "2", cwd=ROOT).stdout for _ in range(2))
    assert first == second


WRONG: dict[str, tuple[tuple[str, ...], int, str]] = {
    "no such file": (("gone.yaml",), 2, "error: there is no file gone.yaml"),
    "no spec": (("list.yaml",), 2, "expected a mapping, found a list"),
    "no spec, with inits": (("list.yaml", "--init", "he"), 2, "expected a mapping, found a list"),
    "a baseline": (("knn.yaml",), 2, "error: knn is a baseline, which has no layers to inspect"),
    "a baseline, with inits": (("knn.yaml", "--init", "he"), 2, "a baseline has no init"),
    "data that are not there": (("npz.yaml",), 6, "data.source: there is no file gone.npz"),
    "no init": (("mlp.yaml", "--init", ""), 2, "error: --init takes initialisers with commas between them"),
    "an init twice": (("mlp.yaml", "--init", "he,xavier,he"), 2, "error: --init names he twice"),
    "an unknown init": (("mlp.yaml", "--init", "he,xaver"), 2, "did you mean 'xavier'?"),
    "two unknown inits": (("mlp.yaml", "--init", "hee,xaver"), 2, "2 problems found; nothing was done."),
    "a wrong parameter": (("mlp.yaml", "--init", "normal: {std: -1}"), 2, "expected a number ≥ 0, found -1"),
    "an unknown parameter": (("mlp.yaml", "--init", "normal: {sd: 1}"), 2, "--init, column 11: init.normal.sd"),
    "an open bracket": (("mlp.yaml", "--init", "normal: {std: 1"), 2, "--init, column"),
    "a comma too many": (("mlp.yaml", "--init", ",he"), 2, "--init, column 2"),
    "a number for an init": (("mlp.yaml", "--init", "3"), 2, "expected one initializer"),
    "a wrong override": (("mlp.yaml", "training.epoch=3", "--init", "he"), 2, "did you mean training.epochs=3?"),
    "no examples": (("mlp.yaml", "--examples", "0"), 2, "--examples"),
    "no seeds": (("mlp.yaml", "--seeds", "0"), 2, "--seeds"),
    "unknown data": (("mlp.yaml", "--data", "uniform"), 2, "--data"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_said(folder: Path, case: str) -> None:
    arguments, code, words = WRONG[case]
    done = inside("inspect", *arguments, cwd=folder)
    assert (done.returncode, done.stdout) == (code, "")
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_the_page_shows_what_is_printed() -> None:
    page = (ROOT / "docs/inspect.md").read_text()
    blocks = re.findall(r"```console\n\$ nnexp (.*?)\n(.*?)```", page, re.DOTALL)
    assert len(blocks) >= 2
    for command, shown in blocks:
        words = [word.strip("'") for word in re.findall(r"'[^']*'|\S+", command)]
        done = inside(*words, cwd=ROOT)
        # A hint for a person stands on standard error, which a terminal shows below.
        assert _comparable(shown) == _comparable(done.stdout + done.stderr)


def _comparable(text: str) -> list[str]:
    """The lines, without the digits of measured numbers and the bars, which differ between machines in their last."""
    lines = [re.sub(r"[▁-█]+|-?[0-9]+(\.[0-9]+)?(e[-+][0-9]+)?", "_", line) for line in text.splitlines()]
    return [re.sub(r"\s+|─+", " ", line).strip() for line in lines if line.strip()]

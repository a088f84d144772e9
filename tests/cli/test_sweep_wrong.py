"""nnexp sweep with something wrong: said with its place, nothing started, nothing written."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from nnexp.cli.app import main
from tests.cli.program import program
from tests.cli.test_sweep import BASE

LR = "optimizer.adam.lr"
FOLDED = BASE.replace("{train: 23, dev: 13, test: 11}", "{test: 11}")

MANY_VALUES = "\n".join(f"    - {'-1' if n == 212 else f'{0.001 * (n + 1):.3f}'}" for n in range(300))

WORDS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "no such key": (("optimizer.adam.rate=1,2",), ("argument 1, column", "unknown key 'rate'")),
    "a wrong value in a list": ((f"{LR}=1e-3,x,1e-2",), ("argument 1, column 24", "found 'x'")),
    "a value missing": ((f"{LR}=1e-3,,1e-2",), ("argument 1, column 24", "a value is missing between the commas")),
    "an empty range": (("seed=4..0",), ("argument 1, column 6", "the range 4..0 is empty", "0..4?")),
    "a negative seed": (("seed=-1,2",), ("expected a whole number ≥ 0, found -1",)),
    "an unclosed bracket": (("a=[1,2",), ("argument 1, column",)),
    "no value": (("activation",), ("expected key.sub=value",)),
    "random in words": (
        ("optimizer={adam: {lr: {uniform: [1, 2]}}},adam",),
        ("uniform draws numbers at random, and a grid has none",),
    ),
    "a million runs": ((f"{LR}=1e-3,1e-2,3e-2,1e-1", "seed=0..249999"), ("1,000,000 runs", "--yes")),
    "an address without dask": (("seed=0..1", "--address", "tcp://localhost:1"), ("--address is for --executor dask",)),
    "no workers": (("seed=0..1", "--jobs", "0"), ("--jobs",)),
    "no stack": (("seed=0..1", "--stack", "0"), ("--stack",)),
    "an unknown executor": (("seed=0..1", "--executor", "slurm"), ("--executor",)),
    "an unknown option": (("seed=0..1", "--fast"), ("--fast",)),
    "fixed and varied": (("activation=relu,tanh", "activation=elu"), ("it varies in this sweep",)),
    "a batch that does not fit": (
        ("architecture=[{dense: {units: 3}}, batch_norm, output]", "training.batch_size=12,11"),
        ("batch_norm would see a batch of one",),
    ),
}

FILES: dict[str, tuple[str, tuple[str, ...]]] = {
    "empty grid": ("grid: {}", ("study.yaml:2:7", "found an empty mapping")),
    "an axis without values": (
        f"grid: {{{LR}: []}}",
        ("study.yaml:2:", "expected a list of values, found an empty list"),
    ),
    "a key that does not exist": ("grid:\n  optimizer.adm.lr: [1, 2]", ("study.yaml:3:",)),
    "a wrong value in a list": (
        f"grid:\n  {LR}:\n    - 1e-3\n    - ten",
        ("study.yaml:5:7", "found 'ten'"),
    ),
    "a bad value in run 213": (f"grid:\n  {LR}:\n{MANY_VALUES}", ("study.yaml:216:7", "found -1")),
    "zip of different lengths": (
        f"zip: {{{LR}: [1e-3, 1e-2], activation: [relu]}}",
        ("study.yaml:2:6", "lists of different lengths", "optimizer.adam.lr has 2 values, activation has 1 value"),
    ),
    "two samplers": (
        "random: {trials: 2, space: {init: {choice: [he]}}}\ntpe: {trials: 2, space: {init: {choice: [he]}}}",
        ("study.yaml:3:1", "a sweep draws in one way"),
    ),
    "reversed bounds": (f"random: {{trials: 2, space: {{{LR}: {{uniform: [1, 0.1]}}}}}}", ("not below", "[0.1, 1]?")),
    "log of zero": (f"sobol: {{trials: 2, space: {{{LR}: {{log_uniform: [0, 1]}}}}}}", ("0 has no logarithm",)),
    "no choice": ("random: {trials: 2, space: {activation: {choice: []}}}", ("found an empty list",)),
    "a space whose bound is no value of its key": (
        f"tpe: {{trials: 2, space: {{{LR}: {{uniform: [-1, 1]}}}}}}",
        ("expected a number > 0",),
    ),
    "no trials": (f"random: {{trials: 0, space: {{{LR}: {{uniform: [0.1, 1]}}}}}}", ("expected a whole number ≥ 1",)),
    "an unknown key": ("gird: {activation: [relu]}", ("study.yaml:2:1", "unknown key 'gird'", "did you mean 'grid'?")),
    "a metric that no run has": (
        "objective: {maximize: dev_acuracy}",
        ("no run has the metric 'dev_acuracy'", "dev_accuracy"),
    ),
    "an objective in both ways": ("objective: {maximize: dev_loss, minimize: dev_loss}", ("expected just one of",)),
    "rungs that fall": (
        "seeds: 2\npruning: {successive_halving: {rungs: [3, 1]}}",
        ("study.yaml:3:", "expected epochs in rising order"),
    ),
    "rungs beyond the end": (
        "seeds: 2\npruning: {successive_halving: {rungs: [1, 9]}}",
        ("study.yaml:3:", "no run reaches epoch 9: they end after 4 epochs"),
    ),
    "everything excluded": (
        "grid: {activation: [relu, tanh]}\nexclude: [{activation: relu}, {activation: tanh}]",
        ("exclude",),
    ),
    "excluded what does not vary": (
        "grid: {activation: [relu, tanh]}\nexclude: [{activaton: relu}]",
        ("study.yaml:3:12", "'activaton' does not vary in this sweep", "activation"),
    ),
    "seeds that are none": ("seeds: [0, one]", ("study.yaml:2:12", "found 'one'")),
    "one fold": ("folds: 1", ("study.yaml:2:8",)),
    "seeds in a grid": ("grid: {seed: [0, 1]}", ("write `seeds: [...]`",)),
    "a key that varies in two ways": (
        f"grid: {{{LR}: [1e-3, 1e-2]}}\nzip: {{{LR}: [1e-3, 1e-2]}}",
        ("it varies in two ways",),
    ),
    "several mistakes": (
        "gird: 1\ngrid: {}\nseeds: []",
        ("study.yaml:2:", "study.yaml:3:", "study.yaml:4:", "3 problems"),
    ),
    "no yaml": ("grid: {", ("study.yaml:",)),
}

BASES: dict[str, tuple[str, tuple[str, ...]]] = {
    "no base": ("seeds: 2\nbase:\n", ("a sweep names the spec that it starts from",)),
    "a base that is not there": ("base: nowhere.yaml", ("study.yaml:1:7", "there is no file")),
    "a base that is a sweep": ("base: study.yaml", ("study.yaml:1:7", "is a sweep itself")),
    "a base that is wrong": ("base: wrong.yaml\nseeds: 2", ("wrong.yaml:5:", "unknown optimizer 'adm'")),
    "more folds than examples": ("base: folded.yaml\nfolds: 50", ("fold",)),
}


Refused = Callable[..., str]


@pytest.fixture
def refused(place: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Refused]:
    """Runs the command in this process; gives what it says. It writes nothing and leaves no process behind."""
    monkeypatch.chdir(place)
    monkeypatch.setenv("COLUMNS", "160")
    before = signal.getsignal(signal.SIGINT)

    def refuse(*arguments: str, code: int = 2) -> str:
        monkeypatch.setattr(sys, "argv", ["nnexp", "sweep", "--jobs", "1", *arguments])
        with pytest.raises(SystemExit) as end:
            main()
        out, err = capsys.readouterr()
        assert end.value.code == code, (out, err)
        assert out == ""
        assert not (place / "runs").exists()
        return err

    yield refuse
    signal.signal(signal.SIGINT, before)


def refused_by_the_program(place: Path, *arguments: str, code: int, **environment: str) -> str:
    """As `refused`, by the real program."""
    done = program("sweep", *arguments, cwd=place, COLUMNS="160", **environment)
    assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    assert not (place / "runs").exists()
    return done.stderr


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "tiny.yaml").write_text(BASE)
    (tmp_path / "folded.yaml").write_text(FOLDED)
    (tmp_path / "wrong.yaml").write_text(BASE.replace("adam", "adm"))
    return tmp_path


@pytest.mark.parametrize(("words", "said"), WORDS.values(), ids=WORDS.keys())
def test_wrong_words(words: tuple[str, ...], said: tuple[str, ...], refused: Refused) -> None:
    err = refused("tiny.yaml", *words)
    assert all(part in err for part in said), err


@pytest.mark.parametrize(("text", "said"), FILES.values(), ids=FILES.keys())
def test_wrong_files(text: str, said: tuple[str, ...], place: Path, refused: Refused) -> None:
    (place / "study.yaml").write_text(f"base: tiny.yaml\n{text}\n")
    err = refused("study.yaml")
    assert all(part in err for part in said), err


@pytest.mark.parametrize(("text", "said"), BASES.values(), ids=BASES.keys())
def test_wrong_bases(text: str, said: tuple[str, ...], place: Path, refused: Refused) -> None:
    (place / "study.yaml").write_text(text)
    err = refused("study.yaml")
    assert all(part in err for part in said), err


def test_what_is_wrong_is_said_of_a_plan_as_well(refused: Refused) -> None:
    assert "found 'x'" in refused("tiny.yaml", f"{LR}=1e-3,x", "--plan")
    assert "1,000,000 runs" in refused("tiny.yaml", "seed=0..999999", "--plan")


def test_a_file_that_is_not_there(refused: Refused) -> None:
    assert "there is no file none.yaml" in refused("none.yaml", "seed=0..1")


def test_data_that_is_missing_ends_with_its_own_code(place: Path) -> None:
    (place / "mnist.yaml").write_text("data: {source: mnist}\narchitecture: [output]\n")
    err = refused_by_the_program(place, "mnist.yaml", "seed=0..1", code=6, NNEXP_DATA=str(place / "none"))
    assert "nnexp data fetch mnist" in err


def test_runs_that_cannot_be_written(place: Path) -> None:
    (place / "taken").write_text("a file")
    err = refused_by_the_program(place, "tiny.yaml", "seed=0..1", "--runs", "taken", code=1)
    assert "taken" in err
    assert "cannot" in err
    assert (place / "taken").read_text() == "a file"


def test_tpe_without_its_library_names_the_extra(place: Path) -> None:
    blocked = place / "blocked" / "optuna"
    blocked.mkdir(parents=True)
    (blocked / "__init__.py").write_text("raise ModuleNotFoundError(\"No module named 'optuna'\", name='optuna')\n")
    (place / "study.yaml").write_text(f"base: tiny.yaml\ntpe: {{trials: 2, space: {{{LR}: {{uniform: [0.1, 1]}}}}}}\n")
    assert "nnexp[tune]" in refused_by_the_program(place, "study.yaml", code=2, PYTHONPATH=str(blocked.parent))

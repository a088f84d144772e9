"""nnexp train, as a program."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from nnexp.runs import manifest
from tests.cli.inside import told
from tests.faults.support import metrics, only_run, outcome, program

DIVERGING = ("optimizer={sgd: {lr: 1e30}}", "training={epochs: 3}", "architecture={mlp: {hidden: [7]}}")


def stamps(folder: Path) -> dict[Path, tuple[int, bytes]]:
    """When each file was written, and what it holds; but for the lock, which every command takes."""
    files = [path for path in folder.rglob("*") if path.is_file() and path.name != "lock"]
    return {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in files}


def test_piped_it_tells_one_plain_line_an_epoch_and_then_the_result(spec: Path, tmp_path: Path) -> None:
    done = program("train", spec, "--runs", tmp_path / "runs")
    lines = [line for line in done.stderr.splitlines() if not line.startswith(("! ", "    - "))]  # what was wrong
    assert [line.split("  ")[0] for line in lines] == ["epoch 1/3", "epoch 2/3", "epoch 3/3"]
    assert all("train_loss" in line and "dev_accuracy" in line for line in lines)
    assert "\x1b" not in done.stdout + done.stderr
    assert done.stdout.splitlines()[-1] == str(only_run(tmp_path / "runs"))
    record = manifest.read_manifest(only_run(tmp_path / "runs"))
    for part, count in record["data"]["examples"].items():
        accuracy = f"{100 * record['final'][part]['accuracy']:.2f} %"
        assert re.search(rf"{part} +{count} .*{re.escape(accuracy)}", done.stdout)


def test_json_is_one_document_and_nothing_else(spec: Path, tmp_path: Path) -> None:
    done = told("train", spec, "--runs", tmp_path / "runs", "--json")
    document = json.loads(done.stdout, parse_constant=pytest.fail)
    assert done.stderr == ""
    run = only_run(tmp_path / "runs")
    assert document.pop("diagnosis")["run"] == run.name
    assert document == {"run": str(run), **manifest.read_manifest(run)}


def test_quiet_gives_only_the_result(spec: Path, tmp_path: Path) -> None:
    done = told("train", spec, "--runs", tmp_path / "runs", "-q")
    assert done.stderr == ""
    assert str(only_run(tmp_path / "runs")) in done.stdout


def test_no_color_removes_colour_where_it_is_forced_and_nothing_else(spec: Path, tmp_path: Path) -> None:
    coloured = program("train", spec, "--runs", tmp_path / "a", FORCE_COLOR="1")
    plain = program("train", spec, "--runs", tmp_path / "a", FORCE_COLOR="1", NO_COLOR="1")
    assert "\x1b" in coloured.stdout
    assert not re.search(r"\x1b\[[0-9;]*3[0-9]m", plain.stdout + plain.stderr)


def test_a_finished_run_is_not_trained_again_and_no_file_is_touched(spec: Path, tmp_path: Path) -> None:
    told("train", spec, "--runs", tmp_path / "runs")
    before = stamps(tmp_path / "runs")
    again = told("train", spec, "--runs", tmp_path / "runs")
    assert stamps(tmp_path / "runs") == before
    assert "epoch 1" not in again.stderr
    assert str(only_run(tmp_path / "runs")) in again.stdout


def test_restart_trains_again_to_the_same_bits(spec: Path, tmp_path: Path) -> None:
    told("train", spec, "--runs", tmp_path / "runs")
    run = only_run(tmp_path / "runs")
    before = outcome(run)
    (run / "metrics.csv").write_text("spoilt")
    again = told("train", spec, "--runs", tmp_path / "runs", "--restart")
    assert "epoch 1/3" in again.stderr
    assert outcome(run) == before


def test_a_run_that_diverges_ends_with_1_and_says_what_to_try(spec: Path, tmp_path: Path) -> None:
    arguments = ("train", spec, *DIVERGING, "--runs", tmp_path / "runs")
    done = told(*arguments, code=1)
    run = only_run(tmp_path / "runs")
    where = manifest.read_manifest(run)["diverged"]
    assert f"the loss was not finite in epoch {where['epoch']}, step {where['step']}" in done.stderr
    assert "diverged in epoch 1" in done.stderr
    assert "nnexp diagnose" in done.stderr
    assert len(metrics(run)) == where["epoch"] - 1
    before = stamps(run)
    assert "nnexp diagnose" in told(*arguments, code=1).stderr  # it is not trained again
    assert stamps(run) == before
    assert json.loads(told(*arguments, "--json", code=1).stdout)["state"] == "diverged"
    assert "diverged" in told("runs", "--runs", tmp_path / "runs").stdout
    assert "diverged: this needs a finished run" in told("evaluate", run, code=1).stderr


def test_the_spec_is_kept_as_it_was_written_and_the_overrides_with_it(spec: Path, tmp_path: Path) -> None:
    spec.write_bytes("# Grüße\r\n".encode() + spec.read_bytes() + b"\n\n")
    told("train", spec, "seed=3", "training.epochs=1", "--runs", tmp_path / "runs")
    run = only_run(tmp_path / "runs")
    assert (run / "spec.yaml").read_bytes() == spec.read_bytes()
    assert manifest.read_manifest(run)["overrides"] == ["seed=3", "training.epochs=1"]
    told("train", run / "resolved.yaml", "--runs", tmp_path / "again", "-q")
    assert outcome(only_run(tmp_path / "again")) == outcome(run)


@pytest.mark.parametrize("place", ["file", "file/below", "/dev/null/x"])
def test_a_place_that_cannot_hold_runs_is_an_error_of_one_line(place: str, spec: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = told("train", spec, "--runs", tmp_path / place, code=1)
    assert re.fullmatch(r"error: cannot make the folder .*: Not a directory\n", done.stderr)
    assert done.stdout == ""


def test_a_changed_resolved_spec_ends_with_5(spec: Path, tmp_path: Path) -> None:
    told("train", spec, "--runs", tmp_path / "runs")
    run = only_run(tmp_path / "runs")
    (run / "resolved.yaml").write_text("name: other\n")
    assert "--restart" in told("train", spec, "--runs", tmp_path / "runs", code=5).stderr
    assert "was changed" in told("evaluate", run, code=5).stderr
    told("train", spec, "--runs", tmp_path / "runs", "--restart")


def test_a_damaged_record_ends_with_5(spec: Path, tmp_path: Path) -> None:
    told("train", spec, "--runs", tmp_path / "runs")
    (only_run(tmp_path / "runs") / "run.json").write_text("{")
    assert "--restart" in told("train", spec, "--runs", tmp_path / "runs", code=5).stderr
    assert "run.json is damaged" in told("runs", "--runs", tmp_path / "runs").stderr


def test_a_spec_that_is_not_there_is_wrong_usage(tmp_path: Path) -> None:
    assert "there is no file" in told("train", tmp_path / "no.yaml", code=2).stderr
    assert "is a directory" in told("train", tmp_path, code=2).stderr


def test_training_from_the_command_line_does_not_wait_for_pandas(spec: Path, tmp_path: Path) -> None:
    arguments = ["train", str(spec), "--runs", str(tmp_path / "runs")]
    code = (
        "import sys; from nnexp.cli.app import make_app\n"
        f"make_app({arguments})({arguments}, standalone_mode=False); print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    *_, modules = done.stdout.splitlines()
    assert "numpy" in modules.split()
    assert "pandas" not in modules.split()

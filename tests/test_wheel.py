"""The wheel stands on its own: built from the checkout, installed elsewhere, it trains on the digits it ships."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent


def run(*command: str | Path, cwd: Path) -> str:
    environment = {**os.environ, "PIP_CONSTRAINT": str(ROOT / "constraints.txt"), "PYTHONPATH": ""}
    done = subprocess.run([*map(str, command)], cwd=cwd, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_wheel_trains_on_digits_in_an_empty_environment(tmp_path: Path) -> None:
    run(sys.executable, "-m", "build", "--wheel", "--outdir", tmp_path, ROOT, cwd=tmp_path)
    run(sys.executable, "-m", "venv", tmp_path / "empty", cwd=tmp_path)
    program = tmp_path / "empty" / "bin"
    [wheel] = tmp_path.glob("*.whl")
    run(program / "python", "-m", "pip", "install", "--quiet", wheel, cwd=tmp_path)
    run(program / "nnexp", "new", "first", cwd=tmp_path)
    record = json.loads(run(program / "nnexp", "train", "first.yaml", "--json", "training.epochs=10", cwd=tmp_path))
    assert record["state"] == "done"
    assert record["final"]["test"]["accuracy"] > 0.8
    assert (tmp_path / record["run"] / "metrics.csv").read_text().count("\n") == 11

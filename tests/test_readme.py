"""What the README shows, and the page on reports, is what happens."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.cli.inside import inside

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()

REPORT = (ROOT / "docs" / "report.md").read_text()

BLOCKS = [
    block
    for page in (README, REPORT)
    for block in re.findall(r"```console\n(\$ nnexp .*?)```", page, re.DOTALL)
    if any(not line.startswith("$") for line in block.splitlines())
]
"""Commands with what they print."""


def run(command: str, runs: Path) -> subprocess.CompletedProcess[str]:
    words = shlex.split(command.removeprefix("$ "))
    environment = {**os.environ, "NNEXP_RUNS": str(runs)}
    program = [sys.executable, "-m", "nnexp", *words[1:]]
    return subprocess.run(program, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def comparable(text: str) -> str:
    """The text without what differs from machine to machine: times, and the digits of measured numbers."""
    lines = [line.split("  seconds")[0].rstrip() for line in text.splitlines() if line.strip()]
    return re.sub(r" +[0-9]\.[0-9]+e[-+][0-9]+| +[0-9]+\.[0-9]+", " _", "\n".join(lines))


def test_there_are_examples() -> None:
    assert len(BLOCKS) >= 3


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.splitlines()[0])
def test_the_command_prints_what_the_readme_shows(block: str, tmp_path: Path) -> None:
    for part in re.split(r"^(?=\$ )", block, flags=re.MULTILINE)[1:]:
        command, _, shown = part.partition("\n")
        done = run(command, tmp_path)
        assert done.returncode == (2 if "wrong" in command else 0), done.stderr
        printed = comparable(done.stderr + done.stdout).replace(str(tmp_path), "runs")
        for line in comparable(shown).splitlines():
            assert line == "..." or line in printed.splitlines()


def test_the_python_example_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    [example] = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    monkeypatch.chdir(ROOT)
    names = {"x": np.zeros((3, 64))}
    example = example.replace("nnexp.train(spec)", f"nnexp.train(spec, runs={str(tmp_path)!r})")
    exec(example.replace('"seed=0..2"])', f'"seed=0..2"], runs={str(tmp_path)!r})'), names)
    assert len(names["run"].metrics)  # type: ignore[attr-defined]


def test_every_command_of_the_table_exists(tmp_path: Path) -> None:
    for name in re.findall(r"\| `nnexp ([a-z]+)", README):
        assert inside(name, "--help", cwd=tmp_path).returncode == 0

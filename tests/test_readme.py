"""What the README shows, and the page on reports, is what happens."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import numpy as np
import pytest

from tests.cli.inside import inside
from tests.shown import missing

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


def test_there_are_examples() -> None:
    assert len(BLOCKS) >= 3


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder that has what the commands name; their runs are written into it and not into the checkout."""
    for name in ("configs", "docs"):
        (tmp_path / name).symlink_to(ROOT / name)
    return tmp_path


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.splitlines()[0])
def test_the_command_prints_what_the_page_shows(block: str, checkout: Path) -> None:
    for part in re.split(r"^(?=\$ )", block, flags=re.MULTILINE)[1:]:
        command, _, shown = part.partition("\n")
        done = inside(*shlex.split(command)[2:], cwd=checkout)
        assert done.returncode == (2 if "wrong" in command else 0), done.stderr
        assert missing(shown, done.stderr + done.stdout) == []


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

"""The tutorial's commands work, in its order, in an empty folder."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pandas as pd
import pytest

from tests.cli.inside import inside
from tests.shown import missing

TUTORIAL = (Path(__file__).parent.parent / "docs" / "tutorial.md").read_text()


def test_the_tutorial_works_from_beginning_to_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    steps = re.findall(
        r"^\$ nnexp ([^\n]*)\n((?:(?!\$|```)[^\n]*\n)*)|```python\n(.*?)```", TUTORIAL, re.MULTILINE | re.DOTALL
    )
    assert len(steps) >= 10
    for command, shown, code in steps:
        if code:
            exec(code, {})
            continue
        done = inside(*shlex.split(command), cwd=tmp_path)
        assert done.returncode == (1 if "name=broken" in command else 0), f"{command}: {done.stderr}"
        assert missing(shown, done.stdout) == [], command
    assert list(pd.read_csv("answers.csv").columns) == ["class", *(f"p_{digit}" for digit in range(10))]

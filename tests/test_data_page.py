"""The walk of docs/data.md works as it is written, in an empty folder."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import pandas as pd

from tests.cli.inside import inside
from tests.shown import missing

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "data.md").read_text(encoding="utf-8")


def test_the_walk_from_an_unknown_file_to_predictions_works(tmp_path: Path) -> None:
    shutil.copy(ROOT / "benchmarks" / "tables" / "breast_cancer_wisconsin.data", tmp_path / "biopsies.data")
    steps = re.findall(r"^\$ nnexp ([^\n]*)\n((?:(?!\$|```)[^\n]*\n)*)", PAGE, re.MULTILINE)
    assert [command.split()[0] for command, _ in steps] == ["data", "new", "train", "predict"]
    for command, shown in steps:
        done = inside(*shlex.split(command), cwd=tmp_path)
        assert done.returncode == 0, f"{command}: {done.stderr}"
        assert missing(shown, done.stdout) == [], command
    written = (tmp_path / "biopsies.yaml").read_text(encoding="utf-8").splitlines()
    [shown_spec] = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    plain = [" ".join(line.split()) for line in written]
    assert [line for line in shown_spec.splitlines() if " ".join(line.split()) not in plain] == []
    answers = pd.read_csv(tmp_path / "answers.csv")
    given = pd.read_csv(tmp_path / "biopsies.data", header=None)
    assert list(answers.columns) == ["c1", "class", "p_2", "p_4"]
    assert answers["c1"].tolist() == given[0].tolist()
    assert (answers["class"] == given[10]).mean() > 0.9

"""nnexp schema"""

from __future__ import annotations

import json
from pathlib import Path

from nnexp.spec.schema import build_schema
from tests.cli.inside import inside
from tests.cli.program import program


def test_it_prints_the_schema_and_nothing_else(tmp_path: Path) -> None:
    done = inside("schema", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == build_schema()


def test_colour_is_not_in_it_even_where_it_is_forced(tmp_path: Path) -> None:
    done = program("schema", cwd=tmp_path, FORCE_COLOR="1")
    assert json.loads(done.stdout) == build_schema()

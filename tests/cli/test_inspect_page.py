"""nnexp inspect --html"""

from __future__ import annotations

import html
import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.inside import inside

SPEC = """\
name: "<script>alert(1)</script>"
data: {source: digits}
architecture: {mlp: {hidden: [8, 8, 8]}}
activation: tanh
"""

INITS = "he, normal: {std: 0.01}, zeros"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "mlp.yaml").write_text(SPEC)
    return tmp_path


def test_the_page_is_written_beside_what_is_printed(folder: Path) -> None:
    plain = inside("inspect", "mlp.yaml", "--init", INITS, cwd=folder)
    done = inside("inspect", "mlp.yaml", "--init", INITS, "--html", "page.html", cwd=folder)
    assert (plain.returncode, done.returncode) == (0, 0)
    assert done.stdout == plain.stdout
    assert done.stderr == f"{plain.stderr}wrote page.html\n"
    text = (folder / "page.html").read_text(encoding="utf-8")
    assert "nnexp inspect mlp.yaml --init 'he, normal: {std: 0.01}, zeros' --html page.html" in html.unescape(text)
    assert "no gradient reaches the weights of dense_1 to dense_3" in text
    assert "<script>alert" not in text
    assert len(text.encode()) < 3_000_000
    assert sorted(path.name for path in folder.iterdir()) == ["mlp.yaml", "page.html"]


def test_json_is_printed_and_the_page_written(folder: Path) -> None:
    done = inside("inspect", "mlp.yaml", "--html", "page.html", "--json", cwd=folder)
    assert [found["init"] for found in json.loads(done.stdout)] == ["he"]
    assert done.stderr == "wrote page.html\n"
    assert (folder / "page.html").is_file()


@pytest.mark.parametrize("missing", ["altair", "vl_convert"])
def test_a_missing_extra_is_said_before_any_work(folder: Path, missing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, missing, None)
    done = inside("inspect", "gone.yaml", "--html", "page.html", cwd=folder)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"error: a page needs {missing}: pip install 'nnexp[report]'\n"
    assert not (folder / "page.html").exists()


def test_where_no_page_can_be_it_is_said_before_any_work(folder: Path) -> None:
    for place, words in (("gone/page.html", "there is no folder gone"), (".", "it is a folder")):
        done = inside("inspect", "gone.yaml", "--html", place, cwd=folder)
        assert (done.returncode, done.stdout) == (2, "")
        assert words in done.stderr


def test_a_wrong_spec_leaves_an_older_page_as_it_was(folder: Path) -> None:
    (folder / "page.html").write_text("older")
    assert inside("inspect", "mlp.yaml", "--init", "hee", "--html", "page.html", cwd=folder).returncode == 2
    assert (folder / "page.html").read_text() == "older"


def test_charts_are_not_loaded_where_no_page_is_asked_for(folder: Path) -> None:
    code = (
        "import sys; sys.argv = ['nnexp', 'inspect', 'mlp.yaml', '--json']\n"
        "from nnexp.cli.app import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "assert not {'altair', 'vl_convert'} & set(sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)

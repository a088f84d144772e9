"""nnexp report --html and --figures."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.inside import Done, inside
from tests.pages.once import once

MOONS = "data: {source: {moons: {examples: 60, noise: 0.2}}, split: {train: 30, dev: 15, test: 15}}\n"

NET = """\
architecture: [{dense: {units: 7}}, activation, output]
optimizer: {adam: {lr: 5e-2}}
training: {epochs: 3, batch_size: 13}
"""

SPECS = {
    "tiny": f"name: tiny\n{MOONS}{NET}",
    "knn": f"name: neighbours\n{MOONS}baseline: {{knn: {{k: 3}}}}\n",
    "no_dev": f"name: no_dev\n{MOONS.replace('train: 30, dev: 15', 'train: 45, dev: 0')}{NET}",
    "wave": f"name: wave\ndata: {{source: {{sine: {{examples: 40}}}}}}\n{NET}",
    "members": "base: tiny.yaml\nname: members\nseeds: 2\nensemble: {members: 2}\n",
    "folds": "base: tiny.yaml\nname: folds\nset: {data.split: {test: 0.2}}\ngrid: {regularization.l2: [0, 1e-2]}\n"
    "seeds: 1\nfolds: 3\n",
    "halving": "base: tiny.yaml\nname: halving\nseeds: 2\ngrid: {optimizer.adam.lr: [1e-4, 1e-2, 1e-1]}\n"
    "pruning: {successive_halving: {rungs: [1], keep: 0.34}}\nobjective: {minimize: dev_loss}\n",
}

WILD = ("tiny.yaml", "optimizer=sgd: {lr: 1e30},sgd: {lr: 0.1}", "activation=relu", "seed=0..1", "-j", "1")

CONFIGS = Path(__file__).parent.parent.parent / "configs"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Runs of all kinds, each in a folder of its own."""
    return once(tmp_path_factory, "runs_of_all_kinds", make_runs)


def make_runs(folder: Path) -> None:
    for name, text in SPECS.items():
        (folder / f"{name}.yaml").write_text(text)
    trained = {"knn": "knn.yaml", "no_dev": "no_dev.yaml", "wave": "wave.yaml", "one": "tiny.yaml"}
    several = {"several": "multi_task_digits.yaml", "binary": "several_binary.yaml"}
    for runs, spec in (trained | {name: str(CONFIGS / spec) for name, spec in several.items()}).items():
        short = [] if spec == "knn.yaml" else ["training.epochs=2"]
        made(folder, "train", spec, *short, "--runs", runs)
    for name in ("members", "folds", "halving"):
        made(folder, "sweep", f"{name}.yaml", "-j", "1", "--runs", name)
    made(folder, "sweep", *WILD, "--runs", "wild", code=3)
    made(folder, "train", "knn.yaml", "--runs", "members")


def made(folder: Path, *arguments: str, code: int = 0) -> None:
    done = inside(*arguments, "-q", cwd=folder)
    assert done.returncode == code, (arguments, done.stdout, done.stderr)


def report(place: Path, *arguments: str, code: int = 0) -> Done:
    done = inside("report", *arguments, "--format", "csv", cwd=place)
    assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
    assert "Traceback" not in done.stderr
    return done


def what(place: Path, name: str) -> str:
    """The sweep of a folder of runs, or the folder where it has others as well or none."""
    sweeps = list((place / name / "sweeps").glob("*"))
    return str(sweeps[0]) if sweeps and name != "members" else name


CURVES = {"curves-loss", "curves-accuracy", "learning-rate", "gradient-norm"}

KINDS = {
    "one": CURVES | {"confusion"},
    "knn": {"confusion"},
    "no_dev": CURVES | {"confusion"},
    "wave": {"curves-loss", "learning-rate", "gradient-norm", "predicted"},
    "several": CURVES - {"curves-accuracy"}
    | {"curves-digit-accuracy", "confusion", "confusion-2", "mistakes", "filters"},
    "binary": CURVES,
    "members": CURVES | {"means", "confusion"},
    "folds": CURVES | {"means", "parameter", "confusion"},
    "halving": CURVES | {"confusion"},
    "wild": CURVES | {"confusion"},
}
"""Which figures there are of what: what does not exist is left out."""


@pytest.mark.parametrize("name", KINDS)
def test_a_page_of_whatever_there_is_has_the_figures_that_this_has(place: Path, tmp_path: Path, name: str) -> None:
    page = tmp_path / "page.html"
    done = report(place, what(place, name), "--html", str(page))
    text = page.read_text()
    assert f"wrote {page}" in done.stderr
    assert "state" in done.stdout.splitlines()[0]
    found = set(re.findall(r'<figure id="([^"]+)"', text))
    assert found - {"parameter", "parameters"} == KINDS[name] - {"parameter", "parameters"}
    assert "How to repeat it" in text


def test_one_run_that_cannot_be_read_is_said_and_the_others_are_shown(place: Path, tmp_path: Path) -> None:
    shutil.copytree(place / "wild", tmp_path / "wild")
    [sweep] = (tmp_path / "wild" / "sweeps").iterdir()
    first = min(path.parent for path in (tmp_path / "wild").glob("*/run.json") if '"done"' in path.read_text())
    shutil.rmtree(first / "checkpoints")
    report(place, str(sweep), "--html", str(tmp_path / "page.html"))
    text = (tmp_path / "page.html").read_text()
    assert text.count(f"{first / 'checkpoints' / 'last.npz'} cannot be read") == 1
    assert '<figure id="confusion"' in text


def test_every_run_that_diverged_is_named_as_such(place: Path, tmp_path: Path) -> None:
    report(place, what(place, "wild"), "--html", str(tmp_path / "page.html"))
    text = (tmp_path / "page.html").read_text()
    lost = text[text.index('id="lost"') :]
    assert lost.count('<td class="left">diverged</td>') == 2


def test_the_commands_and_specs_stand_on_the_page(place: Path, tmp_path: Path) -> None:
    report(place, what(place, "wild"), "--html", str(tmp_path / "page.html"))
    text = (tmp_path / "page.html").read_text()
    assert (
        "nnexp sweep spec.yaml &#x27;optimizer=sgd: {lr: 1e30},sgd: {lr: 0.1}&#x27; activation=relu seed=0..1" in text
    )
    assert "spec.yaml, as it was written" in text
    assert "resolved.yaml, with every default" in text
    assert f"--html {tmp_path}/page.html --format csv</code>" in text


def test_figures_are_written_in_every_format_that_is_asked_for(place: Path, tmp_path: Path) -> None:
    folder = tmp_path / "figures"
    formats = [word for form in ("png", "svg", "pdf") for word in ("--figure-format", form)]
    done = report(place, "knn", "--figures", str(folder), *formats)
    assert {path.name for path in folder.iterdir()} == {f"confusion.{form}" for form in ("png", "svg", "pdf")}
    starts = {"png": b"\x89PNG", "svg": b"<svg", "pdf": b"%PDF"}
    assert all(path.read_bytes().startswith(starts[path.suffix[1:]]) for path in folder.iterdir())
    assert "wrote 3 files" in done.stderr


def test_every_figure_of_the_page_is_a_file_with_colours_and_titles_of_its_own(place: Path, tmp_path: Path) -> None:
    folder = tmp_path / "figures"
    report(place, what(place, "folds"), "--figures", str(folder), "--figure-format", "svg")
    assert {path.stem for path in folder.iterdir()} == {"means", "parameter", "confusion", *CURVES}
    svg = (folder / "means.svg").read_text()
    assert "Dev accuracy of the variants" in svg
    assert "dev accuracy" in svg
    assert "var(--" not in svg


def test_png_is_what_is_written_where_nothing_is_said(place: Path, tmp_path: Path) -> None:
    report(place, "knn", "--figures", str(tmp_path / "f"))
    assert [path.name for path in (tmp_path / "f").iterdir()] == ["confusion.png"]


def test_a_damaged_file_is_named_and_the_rest_is_shown(place: Path, tmp_path: Path) -> None:
    shutil.copytree(place / "folds", tmp_path / "folds")
    run, other = sorted((tmp_path / "folds").glob("tiny-*"))[:2]
    (run / "metrics.csv").write_text("epoch,dev_loss\n1,zero\n")
    (other / "run.json").write_text("{")
    report(place, str(tmp_path / "folds"), "--html", str(tmp_path / "page.html"))
    text = (tmp_path / "page.html").read_text()
    assert "line 2 is damaged" in text
    assert f"{other.name}/run.json is damaged" in text
    assert 'id="curves-loss"' in text


def test_weights_that_cannot_be_read_cost_the_look_at_the_best_variant_alone(place: Path, tmp_path: Path) -> None:
    shutil.copytree(place / "one", tmp_path / "one")
    for path in (tmp_path / "one").glob("*/checkpoints/*.npz"):
        path.write_bytes(b"nothing")
    report(place, str(tmp_path / "one"), "--html", str(tmp_path / "page.html"))
    text = (tmp_path / "page.html").read_text()
    assert 'id="confusion"' not in text
    assert 'id="curves-loss"' in text
    assert re.search(r'class="bad">[^<]*\.npz', text)


def test_a_run_that_is_not_over_has_a_page(place: Path, tmp_path: Path) -> None:
    shutil.copytree(place / "one", tmp_path / "one")
    [path] = (tmp_path / "one").glob("*/run.json")
    path.write_text(path.read_text().replace('"state": "done"', '"state": "running"'))
    report(place, str(tmp_path / "one"), "--html", str(tmp_path / "page.html"))
    text = (tmp_path / "page.html").read_text()
    assert "No run is done yet." in text
    assert 'id="curves-loss"' in text


@pytest.mark.parametrize("module", ["altair", "vl_convert"])
def test_without_the_extra_nothing_is_done_and_it_is_named(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: str
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    done = report(place, "one", "--html", str(tmp_path / "page.html"), code=2)
    assert "pip install 'nnexp[report]'" in done.stderr
    assert done.stdout == ""
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_written_is_said_before_anything_is_done(place: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("kept")
    for words, problem in {
        ("--html", f"{tmp_path}/no/page.html"): "there is no folder",
        ("--html", str(tmp_path)): "it is a folder",
        ("--figures", str(tmp_path / "file")): "is no folder",
        ("--html", str(tmp_path / "file")): "has to end in .html",
        ("--html", f"{tmp_path}/first.yaml"): "has to end in .html",
        ("--figure-format", "svg"): "--figure-format is for --figures",
        ("--figures", str(tmp_path / "f"), "--figure-format", "gif"): "gif",
    }.items():
        done = report(place, "one", *words, code=2)
        assert problem in done.stderr
        assert done.stdout == ""
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    assert (tmp_path / "file").read_text() == "kept"


def test_a_report_without_figures_imports_nothing_for_them(place: Path) -> None:
    code = (
        "import sys; sys.argv = ['nnexp', 'report', 'one']\n"
        "from nnexp.cli.app import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "print([name for name in sys.modules if name.startswith(('altair', 'vl_convert', 'nnexp.reports.html'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=place, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--html", ""], "it is a folder"),
        (["--html", "x" * 300 + ".html"], "File name too long"),
        (["--html", "-"], "has to end in .html"),
        (["--html", "a.html", "-o", "a.html"], "the same file"),
    ],
)
def test_targets_that_are_none_are_refused_before_anything_is_done(words: list[str], said: str, place: Path) -> None:
    before = sorted(place.iterdir())
    done = inside("report", "one", *words, cwd=place)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert sorted(place.iterdir()) == before


def test_files_of_figures_are_as_wide_as_a_column_of_a_paper(place: Path, tmp_path: Path) -> None:
    formats = [word for form in ("png", "svg", "pdf") for word in ("--figure-format", form)]
    report(place, what(place, "folds"), "--figures", str(tmp_path / "f"), *formats)
    wide = re.compile(r'<svg[^>]* width="([0-9.]+)mm"')
    for path in (tmp_path / "f").glob("*.svg"):
        found = wide.search(path.read_text())
        assert found
        assert found[1] in {"84.00", "174.00"}
    assert wide.findall((tmp_path / "f" / "confusion.svg").read_text()) == ["84.00"]
    png = (tmp_path / "f" / "confusion.png").read_bytes()
    assert int.from_bytes(png[16:20]) == 992  # 84 mm at 300 pixels an inch
    place_of = png.index(b"pHYs") + 4
    assert int.from_bytes(png[place_of : place_of + 4]) == 11811  # of a metre
    assert b"/MediaBox [0 0 238.11" in (tmp_path / "f" / "confusion.pdf").read_bytes()

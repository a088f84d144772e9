"""Nothing is chosen by the test part: sweeps, reports and training rank by dev or train, or say that they do not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import nnexp
from nnexp.errors import SpecError, UsageError
from nnexp.spec.problems import SpecText
from nnexp.spec.read import load_network_spec
from tests.cli.inside import Done, told
from tests.inline import Inline, carried_out, written

SPEC = """
name: moons
data: {source: {moons: {examples: 83, noise: 0.2}}, split: {train: 41, dev: 23, test: 19}}
architecture: [dense: {units: 5}, activation, output]
training: {epochs: 2, batch_size: 16}
"""

NO_DEV = SPEC.replace("dev: 23", "dev: 0")

GRID = "seeds: 2\ngrid: {optimizer.adam.lr: [1e-4, 1e-2]}\n"


def problem(folder: Path, base: str, text: str) -> tuple[str, str, str]:
    """The key, message and suggestion of the one problem of a sweep, of which nothing is trained."""
    executor = Inline()
    with pytest.raises(SpecError) as raised:
        carried_out(written(folder, base, text), executor=executor)
    assert not executor.done
    [found] = raised.value.problems
    return found.path, found.message, found.suggestion


def test_an_objective_of_the_test_part_is_an_error_with_the_fix(tmp_path: Path) -> None:
    for asked, mended in (
        ("maximize: test_accuracy", "maximize: dev_accuracy"),
        ("minimize: test_loss", "minimize: dev_loss"),
    ):
        path, message, suggestion = problem(tmp_path, SPEC, GRID + f"objective: {{{asked}}}\n")
        assert path == "objective"
        assert "would choose runs by the test part" in message
        assert suggestion.startswith(f"write {{{mended}}}")
        carried_out(written(tmp_path, SPEC, GRID + f"objective: {{{mended}}}\n"))


def test_an_objective_that_needs_a_dev_part_says_how_to_have_one(tmp_path: Path) -> None:
    for metric in ("dev_accuracy", "test_accuracy"):
        path, message, suggestion = problem(tmp_path, NO_DEV, GRID + f"objective: {{maximize: {metric}}}\n")
        assert path == "objective"
        assert "gives the dev part no examples, and the test part chooses nothing" in message
        assert "data.split.dev=0.1" in suggestion
        assert "folds: 5" in suggestion


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("pruning", GRID + "pruning: {successive_halving: {rungs: [1], keep: 0.5}}\n"),
        ("tpe", "tpe: {trials: 4, space: {optimizer.adam.lr: {log_uniform: [1e-4, 1e-1]}}}\n"),
    ],
)
def test_what_has_to_choose_and_cannot_is_an_error_of_the_plan(key: str, text: str, tmp_path: Path) -> None:
    path, message, suggestion = problem(tmp_path, NO_DEV, text)
    assert path == key
    assert message.startswith(f"{key} has to rank runs, and cannot")
    assert "data.split.dev=0.1" in suggestion


def test_pruning_by_a_metric_that_no_rung_has_is_an_error_of_the_plan(tmp_path: Path) -> None:
    pruning = "pruning: {successive_halving: {rungs: [1], keep: 0.5}}\n"
    for objective in ("{maximize: test_accuracy}", "{maximize: dev_r2}"):
        assert problem(tmp_path, SPEC, f"{GRID}{pruning}objective: {objective}\n")[0] == "objective"
    state = carried_out(written(tmp_path, SPEC, f"{GRID}{pruning}objective: {{minimize: train_loss}}\n"))
    assert state.progress.count_runs("pruned") == 2


def test_without_a_dev_part_a_sweep_ranks_nothing_and_says_so(tmp_path: Path) -> None:
    file = written(tmp_path, NO_DEV, GRID)
    state = carried_out(file)
    assert not state.progress.is_ranked
    assert state.progress.find_best_run() is None
    done = told("sweep", file, "--jobs", "1", "--runs", tmp_path / "runs")
    assert "not ranked: data.split gives the dev part no examples" in done.stdout
    assert "best run" not in done.stdout
    rates = [line.split()[0] for line in done.stdout.splitlines() if line.split()[1:2] == ["2/2"]]
    assert rates == ["0.0001", "0.01"]  # as planned
    document = json.loads(told("sweep", file, "--json", "--runs", tmp_path / "runs").stdout)
    assert document["objective"] is None


def test_a_training_metric_may_rank_where_it_is_asked_for(tmp_path: Path) -> None:
    state = carried_out(written(tmp_path, NO_DEV, GRID + "objective: {minimize: train_loss}\n"))
    best = state.progress.find_best_run()
    assert best
    assert best[0].values == {"optimizer.adam.lr": 0.01}


def test_a_cross_validation_ranks_without_a_dev_part_of_its_own(tmp_path: Path) -> None:
    base = SPEC.replace("train: 41, dev: 23, test: 19", "test: 19")
    state = carried_out(written(tmp_path, base, "grid: {optimizer.adam.lr: [1e-4, 1e-2]}\nfolds: 3\n"))
    assert state.progress.objective.metric == "dev_accuracy"
    assert state.progress.find_best_run()


def test_early_stopping_and_schedules_watch_no_test_metric() -> None:
    for key in ("training.early_stopping={patience: 1, metric: test_loss}", "schedule={plateau: {metric: test_loss}}"):
        with pytest.raises(SpecError) as raised:
            load_network_spec(SpecText("spec.yaml", SPEC), [key])
        [found] = raised.value.problems
        assert "by the test part" in found.message
        assert found.suggestion == "write dev_loss"


@pytest.fixture(scope="module")
def swept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sweep with a dev part, called study, and below `open` one without."""
    folder = tmp_path_factory.mktemp("swept")
    carried_out(written(folder, SPEC, GRID))
    (folder / "open").mkdir()
    carried_out(written(folder / "open", NO_DEV, GRID))
    return folder


def report(place: Path, *words: str, code: int = 0) -> Done:
    return told("report", "study", *words, "--runs", place / "runs", code=code)


@pytest.mark.parametrize(
    "words", [("--metric", "test_accuracy"), ("--sort", "test_accuracy"), ("--filter", "test_accuracy > 0")]
)
def test_a_report_neither_orders_nor_filters_by_the_test_part(words: tuple[str, str], swept: Path) -> None:
    done = report(swept, *words, code=2)
    assert f"{words[0]}: test_accuracy would choose by the test part" in done.stderr
    assert "write dev_accuracy; the test part is shown beside it" in done.stderr
    report(swept, words[0], words[1].replace("test", "dev"))
    assert "to rank runs, give them a dev part" in report(swept / "open", *words, code=2).stderr


def test_a_report_shows_the_test_part(swept: Path) -> None:
    assert "test_accuracy" in report(swept).stdout


def test_a_report_without_a_dev_part_ranks_nothing_and_says_so(swept: Path) -> None:
    done = report(swept / "open")
    assert "not ranked: the runs have no dev part" in done.stdout
    assert "est variant" not in done.stdout
    made = nnexp.report("study", runs=swept / "open" / "runs")
    assert made.best is None
    assert list(made.table["lr"]) == [1e-4, 1e-2]
    assert "lr=0.01" in report(swept / "open", "--baseline", "lr=0.0001").stdout
    by_train = nnexp.report("study", runs=swept / "open" / "runs", metric="train_loss")
    assert by_train.best is by_train.variants[0]


def test_one_variant_alone_is_shown_by_any_metric(swept: Path) -> None:
    for place in (swept, swept / "open"):
        run = next(path for path in sorted((place / "runs").iterdir()) if (path / "run.json").is_file())
        assert nnexp.report(run, metric="test_loss").best
        assert "not ranked" not in told("report", run).stdout


def test_python_refuses_alike(swept: Path) -> None:
    with pytest.raises(UsageError, match="would choose by the test part"):
        nnexp.report("study", runs=swept / "runs", metric="test_loss")


def test_a_comparison_of_what_was_named_before_may_judge_by_the_test_part(swept: Path) -> None:
    verdicts = nnexp.compare("study", runs=swept / "runs", metric="test_accuracy").verdicts
    assert len(verdicts) == 1


def test_a_page_without_a_dev_part_names_no_best_variant(swept: Path, tmp_path: Path) -> None:
    pytest.importorskip("altair")
    report(swept / "open", "--html", str(tmp_path / "page.html"))
    page = (tmp_path / "page.html").read_text()
    assert "not ranked: the runs have no dev part" in page
    assert "Best: " not in page
    assert "The best variant" not in page


def test_a_sweep_of_weights_that_saw_dev_or_test_examples_says_so_in_one_line(tmp_path: Path) -> None:
    first = nnexp.train(load_network_spec(SpecText("spec.yaml", SPEC)), runs=tmp_path / "runs")
    base = SPEC.replace("test: 19}", "test: 19, seed: 5}") + f"init: {{from_run: {first.path}}}\n"
    file = written(tmp_path, base, GRID)
    said = told("sweep", file, "--jobs", "1", "--runs", tmp_path / "runs").stderr
    assert said.count("were trained on") == 1
    assert "4 runs of the sweep, such as this: the weights of" in said
    assert "of 19 test examples of this run" in said

"""Finding runs, and what is damaged in them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from nnexp.errors import RunError, UsageError
from nnexp.reports.collect import collect_runs, locate_folders
from nnexp.reports.comparable import choose_metric, find_differences
from nnexp.reports.report import ReportOptions, build_report, group_by_variant
from nnexp.reports.tables import format_sentences
from nnexp.runs import metrics_csv
from tests.unit.reports.support import adam, collected, plain, row, split, write_many, write_run


def test_a_folder_of_runs_is_all_runs_in_it(tmp_path: Path) -> None:
    write_many(tmp_path, 2, 3, epochs=3)
    found = collect_runs([str(tmp_path)], tmp_path)
    assert len(found.rows) == 6
    assert [len(variant.rows) for variant in group_by_variant(found)] == [3, 3]
    one = found.rows[0]
    assert (one.epochs, one.best_epoch, one.seconds, one.state) == (3, 3, 0.03, "done")


def test_a_run_that_is_named_twice_is_there_once(tmp_path: Path) -> None:
    run = write_run(tmp_path, plain(), 0.9)
    assert len(collect_runs([run.name, str(run), str(tmp_path)], tmp_path).rows) == 1


def test_a_name_may_be_a_beginning(tmp_path: Path) -> None:
    run = write_run(tmp_path, plain(), 0.9)
    assert locate_folders(run.name[:-2], tmp_path) == [run]
    write_run(tmp_path, plain(seed=1), 0.9)
    with pytest.raises(UsageError, match=r"'fake' could be fake-\w+ or fake-\w+"):
        locate_folders("fake", tmp_path)


def test_a_sweep_goes_before_runs_and_one_of_just_this_name_before_others(tmp_path: Path) -> None:
    write_run(tmp_path, plain(), 0.9)
    folders = [tmp_path / "sweeps" / name for name in ("fake-0a1b2c", "fake_ablation-3d4e5f")]
    for folder in folders:
        folder.mkdir(parents=True)
        (folder / "plan.jsonl").touch()
    assert locate_folders("fake", tmp_path) == [folders[0]]
    assert locate_folders("fake_", tmp_path) == [folders[1]]
    with pytest.raises(UsageError, match="could be"):
        locate_folders("fak", tmp_path)


@pytest.mark.parametrize("name", ["nothing", "", "a/b/c", "x" * 300, "bad\0name"])
def test_a_name_of_nothing_is_refused(name: str, tmp_path: Path) -> None:
    write_run(tmp_path, plain(), 0.9)
    with pytest.raises(UsageError, match="there is no run or sweep"):
        locate_folders(name, tmp_path)


def test_a_folder_without_runs_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match="is no run, no sweep, and holds no runs"):
        locate_folders(str(tmp_path / "empty"), tmp_path)


def test_damage_is_said_with_file_and_line_and_the_others_are_reported(tmp_path: Path) -> None:
    write_many(tmp_path, 1, 4, epochs=3)
    first, second, third, _ = sorted(path for path in tmp_path.iterdir())
    (first / "run.json").write_text('{\n "name": "a",\n oops\n}')
    lines = (second / "metrics.csv").read_text().splitlines()
    (second / "metrics.csv").write_text("\n".join([*lines[:2], "2,46,0.001,not-a-number,1,1,1,1,1,1", lines[3]]))
    (third / "resolved.yaml").write_text("name: other\n")
    found = collect_runs([str(tmp_path)], tmp_path)
    said = "\n".join(found.problems)
    assert f"{first / 'run.json'} is damaged" in said
    assert "line 3" in said.split("\n")[0]
    assert f"{second / 'metrics.csv'}: line 3 is damaged" in said
    assert f"{third / 'resolved.yaml'} cannot be read" in said
    assert len(found.problems) == 3
    assert {row.path for row in found.rows} >= {second}
    assert len(found.rows) == 2


def test_where_everything_is_damaged_that_is_the_error(tmp_path: Path) -> None:
    run = write_run(tmp_path, plain(), 0.9)
    record = json.loads((run / "run.json").read_text())
    (run / "run.json").write_text(json.dumps({**record, "final": {"dev": {"loss": "much"}}}))
    with pytest.raises(RunError, match="final is not what it should be"):
        collect_runs([str(run)], tmp_path)


def test_null_metrics_are_not_numbers_and_are_dropped(tmp_path: Path) -> None:
    run = write_run(tmp_path, plain(), 0.9)
    record = json.loads((run / "run.json").read_text())
    record["final"]["dev"]["accuracy"] = None
    (run / "run.json").write_text(json.dumps(record))
    write_run(tmp_path, plain(seed=1), 0.8)
    [variant] = build_report([str(tmp_path)], tmp_path).variants
    assert (variant.compute_mean("dev_accuracy").n, variant.compute_mean("dev_accuracy").dropped) == (1, 1)


def test_a_run_that_diverged_is_there_with_the_time_it_took(tmp_path: Path) -> None:
    write_run(tmp_path, plain(), 0.9, state="diverged")
    [found] = collect_runs([str(tmp_path)], tmp_path).rows
    assert (found.state, found.epochs) == ("diverged", 5)
    assert found.seconds == pytest.approx(0.05)


def test_resolved_specs_are_read_in_sections_to_the_same(tmp_path: Path) -> None:
    spec = plain(name="a: b # c", activation="off", training={"epochs": 1, "batch_size": 2, "early_stopping": None})
    [found] = collect_runs([str(write_run(tmp_path, spec, 0.9))], tmp_path).rows
    expected = {key: value for key, value in spec.items() if key != "seed"}
    assert found.configuration.spec == expected


def test_the_metrics_files_of_many_runs_are_read_one_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_many(tmp_path, 3, 3, epochs=4)
    kept: list[int] = []
    whole = metrics_csv.read_metrics

    def counted(folder: Path) -> list[dict[str, float]]:
        kept.append(len(whole(folder)))
        return whole(folder)

    monkeypatch.setattr(metrics_csv, "read_metrics", counted)
    found = collect_runs([str(tmp_path)], tmp_path)
    assert kept == [4] * 9
    specs = {id(row.configuration.spec["data"]["source"]) for row in found.rows}
    assert len(specs) == 1  # what runs have in common is in memory once


def test_runs_with_other_data_are_compared_only_when_asked(tmp_path: Path) -> None:
    write_run(tmp_path, plain(), 0.9)
    write_run(tmp_path, plain(optimizer=adam(0.1)), 0.8, data="e" * 64)
    with pytest.raises(
        UsageError,
        match=r"differ in\n  the data: digits (d{12}|e{12}) \(fake-\w+\), digits (d{12}|e{12}) \(fake-\w+\)\n--mixed",
    ):
        build_report([str(tmp_path)], tmp_path)
    made = build_report([str(tmp_path)], tmp_path, ReportOptions(mixed=True))
    assert len(made.variants) == 2
    assert format_sentences(made)[0].startswith("mixed: the runs differ in the data: digits ")


def test_runs_without_the_metric_are_named() -> None:
    found = collected(row("a", dev_accuracy=0.9, dev_loss=0.1), row("b", plain(activation="tanh"), dev_r2=0.5))
    said = find_differences(found, choose_metric(found), asked=False)
    assert said == ["the metrics: b has no dev_accuracy"]


def test_losses_of_different_kinds_are_no_common_measure() -> None:
    other = plain(loss={"squared_error": {}})
    found = collected(row("a", dev_accuracy=0.9, dev_loss=0.1), row("b", other, dev_accuracy=0.8, dev_loss=0.2))
    assert find_differences(found, choose_metric(found), asked=False) == []
    [said] = find_differences(found, choose_metric(found, "dev_loss"), asked=True)
    assert "the losses" in said


@pytest.mark.parametrize(
    ("metrics", "expected"),
    [
        ({"train_accuracy": 1, "dev_loss": 1, "dev_accuracy": 1, "test_accuracy": 1}, ("dev_accuracy", True, True)),
        ({"dev_r2": 1, "dev_loss": 1}, ("dev_loss", False, False)),
        ({"test_loss": 1, "train_loss": 1}, ("test_loss", False, False)),
        ({"dev_r2": 1}, ("dev_r2", True, False)),
    ],
)
def test_the_usual_metric(metrics: dict[str, Any], expected: tuple[str, bool, bool]) -> None:
    found = choose_metric(collected(row("a", **metrics)))
    assert (found.metric, found.larger_is_better, found.is_share) == expected


def test_an_unknown_metric_is_refused_with_the_nearest() -> None:
    with pytest.raises(UsageError, match="no run has the metric 'dev_acuracy'; did you mean 'dev_accuracy'"):
        choose_metric(collected(row("a", dev_accuracy=1)), "dev_acuracy")


def test_a_copy_of_a_run_is_left_out_and_said(tmp_path: Path) -> None:
    run = write_run(tmp_path / "here", plain(), 0.9)
    copy = write_run(tmp_path / "there", plain(), 0.9)
    found = collect_runs([str(tmp_path / "here"), str(tmp_path / "there")], tmp_path)
    assert [row.path for row in found.rows] == [run]
    assert found.problems == [f"{copy} is the same run as {run}, and is left out"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"epoch,step\n1,\xff\n", "line 2 is damaged"),
        (b"epoch,step\n1,23\n", "has 1 rows, and not one for each of the 3 epochs"),
        (b"", "has 0 rows"),
        (b"epoch,step\n1,2\n2,x\n", "line 3 is damaged"),
        (b"epoch,step\n1,2\n3,4\n2,9\n", "not one for each"),
    ],
)
def test_metrics_that_are_not_those_of_the_run_are_said(content: bytes, said: str, tmp_path: Path) -> None:
    run = write_run(tmp_path, plain(), 0.9, epochs=3)
    (run / "metrics.csv").write_bytes(content)
    [problem] = collect_runs([str(run)], tmp_path).problems
    assert problem.startswith(str(run / "metrics.csv"))
    assert said in problem


def test_a_folder_in_place_of_metrics_is_said(tmp_path: Path) -> None:
    run = write_run(tmp_path, plain(), 0.9)
    (run / "metrics.csv").unlink()
    (run / "metrics.csv").mkdir()
    [problem] = collect_runs([str(run)], tmp_path).problems
    assert "metrics.csv cannot be read: Is a directory" in problem


def test_runs_with_other_splits_stand_beside_each_other_only_where_that_is_asked(tmp_path: Path) -> None:
    for seed in (0, 1):
        write_run(tmp_path, plain(seed=seed), 0.9)
        write_run(tmp_path, plain(seed=seed, data=split(train=0.5, dev=0.3, test=0.2)), 0.8)
    with pytest.raises(UsageError, match="the splits: "):
        build_report([str(tmp_path)], tmp_path)
    assert len(build_report([str(tmp_path)], tmp_path, ReportOptions(mixed=True)).variants) == 2

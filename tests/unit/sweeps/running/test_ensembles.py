"""Ensembles of a sweep: what they predict, what is recorded of them, and when they are made."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import nnexp
from nnexp.errors import RunError, SpecError
from nnexp.runs import manifest
from nnexp.spec.read import load_spec
from nnexp.storage import archive, atomic
from nnexp.sweeps.definition import sweep_file
from nnexp.sweeps.running.sweep import SweepState, plan_sweep
from nnexp.typing import AnyArray
from tests.inline import Inline, carried_out, written

MOONS = """
name: moons
data: {source: {moons: {examples: 83, noise: 0.3}}, split: {train: 47, dev: 19, test: 17}}
architecture: [{dense: {units: 7}}, activation, {dropout: {rate: 0.2}}, output]
training: {epochs: 3, batch_size: 13}
"""

SINE = """
name: sine
data: {source: {sine: {examples: 80, noise: 0.3}}, split: {train: 40, dev: 20, test: 20}}
architecture: {mlp: {hidden: [13]}}
activation: tanh
optimizer: {adam: {lr: 3e-2}}
training: {epochs: 30, dtype: float64}
"""

CYCLIC = MOONS.replace("training:", "schedule: {cosine: {cycles: 3}}\ntraining:").replace("epochs: 3", "epochs: 7")

KINDS = {"members": MOONS, "bagging": MOONS, "snapshots": CYCLIC}

every_kind = pytest.mark.parametrize("kind", KINDS)


def text(kind: str, size: int = 3) -> str:
    return f"ensemble: {{{kind}: {size}}}\n"


@pytest.fixture(scope="module")
def sweeps(tmp_path_factory: pytest.TempPathFactory) -> dict[str, SweepState]:
    """A sweep of each kind; they must not be changed."""
    return {kind: carried_out(written(tmp_path_factory.mktemp(kind), KINDS[kind], text(kind))) for kind in KINDS}


def ensemble_of(found: SweepState) -> nnexp.Run:
    [entry] = found.ensembles
    assert entry.state == "done"
    return nnexp.Run(found.root / entry.run)


def raw(run: nnexp.Run, part: str) -> tuple[AnyArray, AnyArray]:
    """Inputs of a part as the source gives them, and its targets."""
    data = run.spec.data
    given = data.source.load()
    rows = data.split.choose_indices(len(given.x), given.labels, given.description.own_test)[part]  # type: ignore[index]
    return given.x[rows], np.asarray(run.parts[part].d)  # type: ignore[index]


@every_kind
def test_the_prediction_is_the_mean_of_the_members_probabilities(kind: str, sweeps: dict[str, SweepState]) -> None:
    run = ensemble_of(sweeps[kind])
    x, _ = raw(run, "test")
    members = run.predictor.members  # type: ignore[attr-defined]
    assert len(members) == 3
    by_hand = (members[0].probabilities(x) + members[1].probabilities(x) + members[2].probabilities(x)) / 3
    np.testing.assert_allclose(run.predictor.probabilities(x), by_hand, rtol=1e-5)
    assert len({member.probabilities(x).tobytes() for member in members}) == 3
    assert np.array_equal(run.predictor.predict(x), by_hand.argmax(axis=-1))


@every_kind
def test_loss_and_accuracy_are_those_of_the_average(kind: str, sweeps: dict[str, SweepState]) -> None:
    run = ensemble_of(sweeps[kind])
    for part in ("train", "dev", "test"):
        x, d = raw(run, part)
        p = run.predictor.probabilities(x).astype(np.float64)
        assert run.final[part]["loss"] == pytest.approx(-np.log((p * d).sum(axis=-1)).mean(), rel=1e-5)
        assert run.final[part]["accuracy"] == (p.argmax(axis=-1) == d.argmax(axis=-1)).mean()
        assert run.evaluate(part).items() >= run.final[part].items()


@pytest.mark.parametrize("kind", ["members", "bagging"])
def test_a_member_is_recorded_with_its_own_metrics_on_the_same_parts(kind: str, sweeps: dict[str, SweepState]) -> None:
    run = ensemble_of(sweeps[kind])
    assert [member["run"] for member in run.record["members"]] == [r.run for r in sweeps[kind].progress.runs]
    parts = ("train", "dev", "test") if kind == "members" else ("dev", "test")  # resamples have a part of their own
    for member in run.record["members"]:
        alone = nnexp.Run(run.path.parent / member["run"])
        assert {part: member["final"][part] for part in parts} == {part: alone.final[part] for part in parts}
    for part, metrics in run.record["members_mean"].items():
        for name, value in metrics.items():
            assert value == pytest.approx(np.mean([m["final"][part][name] for m in run.record["members"]]))


def test_with_bagging_the_training_part_is_the_one_that_was_resampled(sweeps: dict[str, SweepState]) -> None:
    run = ensemble_of(sweeps["bagging"])
    assert "resamples" in run.record["train_part"]
    assert "train_part" not in ensemble_of(sweeps["members"]).record
    assert run.spec.data == load_spec(run.path.parent.parent / "base.yaml").data
    labels = run.spec.data.source.load().labels
    whole, drawn = run.spec.data.split.choose_indices(83, labels), []
    for member in run.record["members"]:
        spec = nnexp.Run(run.path.parent / member["run"]).spec
        drawn.append(spec.data.split.choose_indices(83, labels))
    for parts in drawn:
        assert np.array_equal(parts["dev"], whole["dev"])
        assert np.array_equal(parts["test"], whole["test"])
        assert len(parts["train"]) == len(whole["train"]) == 47
        assert set(parts["train"]) < set(whole["train"])  # fewer, as some are drawn again
    assert len({parts["train"].tobytes() for parts in drawn}) == 3


@every_kind
def test_members_are_the_runs_that_train_makes(kind: str, sweeps: dict[str, SweepState], tmp_path: Path) -> None:
    found = sweeps[kind]
    for run in found.progress.runs:
        alone = nnexp.train(load_spec(found.root.parent / "base.yaml", run.overrides), runs=tmp_path)
        assert alone.path.name == run.run
        with (
            np.load(alone.path / "checkpoints" / "last.npz") as expected,
            np.load(found.root / run.run / "checkpoints" / "last.npz") as trained,
        ):
            assert expected["theta"].tobytes() == trained["theta"].tobytes()
        final = nnexp.Run(found.root / run.run).final
        assert final == alone.final


@pytest.mark.parametrize("kind", ["members", "bagging"])
def test_squared_error_lies_between_a_kth_of_the_members_mean_and_no_decrease(kind: str, tmp_path: Path) -> None:
    """N1; and by how much it is smaller: half the variance of the members' outputs, which sum over one output here."""
    run = ensemble_of(carried_out(written(tmp_path, SINE, text(kind, 5))))
    for part in ("train", "dev", "test"):
        own, mean = run.final[part]["loss"], run.record["members_mean"][part]["loss"]
        assert mean / 5 <= own <= mean
        x, _ = raw(run, part)
        outputs = np.stack([member.outputs(x) for member in run.predictor.members])  # type: ignore[attr-defined]
        assert mean - own == pytest.approx(outputs.var(axis=0).mean() / 2, rel=1e-9)


@every_kind
def test_a_second_sweep_finds_the_ensemble_done(kind: str, sweeps: dict[str, SweepState]) -> None:
    found = sweeps[kind]
    record = found.root / found.ensembles[0].run / "run.json"
    before = record.stat().st_mtime_ns
    executor = Inline()
    again = carried_out(found.root.parent / "study.yaml", executor=executor)
    assert again.ensembles == found.ensembles
    assert not executor.done
    assert record.stat().st_mtime_ns == before


def copied(found: SweepState, folder: Path) -> Path:
    """The folder of a sweep, copied; gives the sweep file."""
    shutil.copytree(found.root.parent, folder, dirs_exist_ok=True)
    return folder / "study.yaml"


def test_a_member_that_is_gone_is_named_and_a_second_sweep_makes_it_again(
    sweeps: dict[str, SweepState], tmp_path: Path
) -> None:
    file = copied(sweeps["members"], tmp_path)
    run = ensemble_of(carried_out(file))
    gone = run.path.parent / run.record["members"][1]["run"]
    shutil.rmtree(gone)
    with pytest.raises(RunError, match=f"lacks its member {gone.name}"):
        run.predictor  # noqa: B018 - the access is the test
    made = ensemble_of(carried_out(file))
    assert made.final == run.final
    assert made.record["members"][1]["weights"] == run.record["members"][1]["weights"]
    assert made.predictor.predict(raw(made, "test")[0]).shape == (17,)


def test_a_member_with_other_weights_is_named_and_a_second_sweep_makes_the_ensemble_anew(
    sweeps: dict[str, SweepState], tmp_path: Path
) -> None:
    file = copied(sweeps["members"], tmp_path)
    run = ensemble_of(carried_out(file))
    first, second = (run.path.parent / member["run"] for member in run.record["members"][:2])
    _take_weights(first, second)
    with pytest.raises(RunError, match=rf"{first.name}, a member of .*{run.path.name}, has other weights than it had"):
        run.predictor  # noqa: B018 - the access is the test
    manifest.write_manifest(first, manifest.read_manifest(first) | {"ended": "later"})
    made = ensemble_of(carried_out(file))
    assert made.record["members"][0]["weights"] == made.record["members"][1]["weights"]
    assert made.final != run.final


def _take_weights(run: Path, other: Path) -> None:
    spec = manifest.read_manifest(other)["spec"]
    arrays, rest = archive.load_archive(other / "checkpoints" / "last.npz", spec)
    rest.pop("spec")
    rest.pop("format")
    atomic.write_file(
        run / "checkpoints" / "last.npz", archive.encode_archive(manifest.read_manifest(run)["spec"], arrays, rest)
    )


def test_a_member_of_another_spec_is_named(sweeps: dict[str, SweepState], tmp_path: Path) -> None:
    file = copied(sweeps["members"], tmp_path)
    run = ensemble_of(carried_out(file))
    first = run.path.parent / run.record["members"][0]["run"]
    manifest.write_manifest(first, manifest.read_manifest(first) | {"spec": "0" * 64})
    with pytest.raises(RunError, match=f"{first.name}, a member of .*, is the run of another spec now"):
        run.predictor  # noqa: B018 - the access is the test


@pytest.mark.parametrize("stage", ["resolved.yaml", "run.json"])
def test_killed_before_the_ensemble_is_whole_the_next_sweep_makes_it(stage: str, tmp_path: Path) -> None:
    file = written(tmp_path, MOONS, text("members", 2))

    def die(what: str, path: Path) -> None:
        if what == "rename" and path.name == stage and "ensemble" in path.parent.name:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        with_hook(die, lambda: carried_out(file))
    executor = Inline()
    found = carried_out(file, executor=executor)
    assert ensemble_of(found).record["state"] == "done"
    assert not executor.done
    assert [row["kind"] for row in table(found)] == ["run", "run", "ensemble"]


def with_hook(hook: Callable[[str, Path], None], act: Callable[[], object]) -> None:
    before, atomic.before_operation = atomic.before_operation, hook
    try:
        act()
    finally:
        atomic.before_operation = before


def table(found: SweepState) -> list[dict[str, str]]:
    with (found.path / "sweep.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_every_variant_seed_and_fold_has_an_ensemble_and_a_row_of_the_table(tmp_path: Path) -> None:
    base = MOONS.replace("{train: 47, dev: 19, test: 17}", "{test: 17}").replace("epochs: 3", "epochs: 1")
    more = "seeds: 2\nfolds: 3\ngrid: {activation: [relu, tanh]}\n" + text("members", 2)
    found = carried_out(written(tmp_path, base, more))
    assert len(found.progress.runs) == 24
    rows = [row for row in table(found) if row["kind"] == "ensemble"]
    assert len(rows) == len(found.ensembles) == 12
    places = {(row["activation"], row["seed"], row["fold"]) for row in rows}
    assert places == {(a, s, f) for a in ("relu", "tanh") for s in "01" for f in "012"}
    for row in rows:
        run = nnexp.Run(found.root / row["run"])
        assert run.spec.seed == int(row["seed"])
        assert run.spec.data.split.k_fold.fold == int(row["fold"])  # type: ignore[union-attr]
        assert float(row["dev_loss"]) == run.final["dev"]["loss"]


def test_without_ensembles_the_table_has_no_column_for_their_kind(tmp_path: Path) -> None:
    assert "kind" not in table(carried_out(written(tmp_path, MOONS, "seeds: 2\n")))[0]


def test_more_seeds_extend_the_sweep_by_their_ensembles(tmp_path: Path) -> None:
    file = written(tmp_path, MOONS, "seeds: 1\n" + text("members", 2))
    first = carried_out(file)
    more = carried_out(file, "seed=0,1")
    assert [entry.run for entry in more.ensembles][:1] == [entry.run for entry in first.ensembles]
    assert len(more.ensembles) == 2


def test_an_ensemble_with_a_member_that_diverged_is_not_made(tmp_path: Path) -> None:
    base = SINE.replace("{adam: {lr: 3e-2}}", "{sgd: {lr: 1e30}}")
    found = carried_out(written(tmp_path, base, text("members", 2)))
    [entry] = found.ensembles
    assert entry.state == "failed"
    assert "diverged" in entry.error
    assert not (found.root / entry.run).exists()
    assert [row["state"] for row in table(found)] == ["diverged", "diverged", "failed"]


def test_an_ensemble_whose_folder_cannot_be_written_fails_and_says_why(tmp_path: Path) -> None:
    file = written(tmp_path, MOONS, text("members", 2))

    def refuse(what: str, path: Path) -> None:
        if what == "create" and "ensemble" in path.parent.name:
            raise OSError(28, "No space left on device")

    found: list[SweepState] = []
    with_hook(refuse, lambda: found.append(carried_out(file)))
    [entry] = found[0].ensembles
    assert entry.state == "failed"
    assert "No space left on device" in entry.error
    assert ensemble_of(carried_out(file)).state == "done"


@pytest.mark.parametrize("name", ["resolved.yaml", "run.json", "owner"])
def test_an_ensemble_overwrites_no_file_of_somebody_else(
    name: str, sweeps: dict[str, SweepState], tmp_path: Path
) -> None:
    file = copied(sweeps["members"], tmp_path)
    folder = tmp_path / "runs" / sweeps["members"].ensembles[0].run
    shutil.rmtree(folder)
    folder.mkdir()
    (folder / name).write_text("mine")
    [entry] = carried_out(file).ensembles
    assert entry.state == "failed"
    assert f"has {name}, which nnexp did not write" in entry.error
    assert [(path.name, path.read_text()) for path in folder.iterdir()] == [(name, "mine")]


def test_an_ensemble_is_made_anew_beside_files_of_somebody_else(sweeps: dict[str, SweepState], tmp_path: Path) -> None:
    file = copied(sweeps["members"], tmp_path)
    folder = tmp_path / "runs" / sweeps["members"].ensembles[0].run
    (folder / "run.json").unlink()
    (folder / "notes.md").write_text("mine")
    assert ensemble_of(carried_out(file)).final == ensemble_of(sweeps["members"]).final
    assert (folder / "notes.md").read_text() == "mine"


TASKS = """
name: tasks
data:
  source: digits
  split: {train: 60, dev: 30, test: 20}
  targets: {tasks: {digit: given, pixels: inputs}}
architecture: [{dense: {units: 11}}, activation, {heads: {digit: [output], pixels: [output]}}]
loss: {tasks: {digit: {loss: cross_entropy}, pixels: {loss: squared_error, weight: 0.1}}}
training: {epochs: 2}
"""


def test_each_of_several_tasks_is_averaged_as_its_loss_says(tmp_path: Path) -> None:
    run = ensemble_of(carried_out(written(tmp_path, TASKS, text("members", 2))))
    x, _ = raw(run, "test")
    members = run.predictor.members  # type: ignore[attr-defined]
    both = zip(*[member.predictions(x) for member in members], strict=True)
    for found, (one, two) in zip(run.predictor.predictions(x), both, strict=True):
        assert found.are_probabilities == one.are_probabilities
        np.testing.assert_allclose(found.scores, (one.scores + two.scores) / 2, rtol=1e-4, atol=1e-6)
    assert run.final["test"]["digit_accuracy"] == run.evaluate("test")["digit_accuracy"]


def complaint(tmp_path: Path, base: str, more: str) -> str:
    with pytest.raises(SpecError) as found:
        plan_sweep(sweep_file.read_definition(written(tmp_path, base, more)), tmp_path / "runs")
    return "\n".join(problem.format_report() for problem in found.value.problems)


@pytest.mark.parametrize(
    ("base", "more", "said"),
    [
        (MOONS, text("snapshots"), "schedule={cosine: {cycles: 3}}"),
        (CYCLIC, text("snapshots", 4), "4 snapshots need a schedule of 4 cycles, and it has 3"),
        (CYCLIC, text("snapshots", 4), "schedule.cosine.cycles=4"),
        (CYCLIC.replace("epochs: 7", "epochs: 2"), text("snapshots"), "2 epochs are too few for 3 snapshots"),
        (
            CYCLIC.replace("cycles: 3", "cycles: 3, warmup_epochs: 5"),
            text("snapshots"),
            "7 epochs, 5 of them warm-up, are too few for 3 snapshots",
        ),
        (
            CYCLIC.replace("epochs: 7", "epochs: 7, early_stopping: {patience: 2}"),
            text("snapshots"),
            "early_stopping=null",
        ),
        (TASKS, text("bagging"), "each resample normalises in its own way"),
        (MOONS.replace("test: 17}", "test: 17, bootstrap: 3}"), text("bagging"), "leave data.split.bootstrap out"),
        (
            "name: k\ndata: {source: moons}\nbaseline: knn\n",
            text("members"),
            "an ensemble is made of networks, and the base fits a baseline",
        ),
    ],
)
def test_what_cannot_be_an_ensemble_is_said_at_its_line(base: str, more: str, said: str, tmp_path: Path) -> None:
    message = complaint(tmp_path, base, "seeds: 1\n" + more)
    assert said in message
    assert "study.yaml:3:" in message
    assert "ensemble: {" in message


def test_the_record_is_json_that_any_reader_takes(sweeps: dict[str, SweepState]) -> None:
    for found in sweeps.values():
        content = (ensemble_of(found).path / "run.json").read_text()
        assert json.loads(content, parse_constant=pytest.fail)["kind"] == "ensemble"

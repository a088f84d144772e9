"""A sweep's folder: the frozen plan, the ledger wherever it is cut, the table, and what changed since it began."""

from __future__ import annotations

import csv
import json
import math
import multiprocessing
from pathlib import Path

import pytest

from nnexp.errors import ResumeError, RunError
from nnexp.runs.outcome import RunOutcome
from nnexp.sweeps.planning.plan import resolve_base
from nnexp.sweeps.running.folder import SweepFolder
from tests.faults.support import at, hooked
from tests.unit.sweeps.support import BASE, done, from_text, from_words, paused, runs_of


def folder(tmp_path: Path, *words: str, base: str = BASE) -> SweepFolder:
    return SweepFolder(from_words(tmp_path, *words, base=base), tmp_path / "runs")


def frozen(tmp_path: Path, *words: str, base: str = BASE) -> SweepFolder:
    found = folder(tmp_path, *words, base=base)
    found.freeze_plan(runs_of(found.definition), resolve_base(found.definition))
    return found


RECEIPTS = (
    paused("base-1", 3, dev_loss=0.5, dev_accuracy=math.nan),
    RunOutcome("base-2", "failed", error="first line\nsecond line"),
    done("base-1", 9, dev_loss=0.25),
)


def same(one: RunOutcome, two: RunOutcome) -> bool:
    """Equality for which NaN equals NaN."""
    return repr(one) == repr(two)


def test_the_ledger_gives_back_what_was_recorded_in_order(tmp_path: Path) -> None:
    found = frozen(tmp_path)
    found.append_outcomes(RECEIPTS[:1])
    found.append_outcomes(RECEIPTS[1:])
    known = found.read_ledger()
    assert set(known) == {"base-1", "base-2"}
    assert all(map(same, known["base-1"], (RECEIPTS[0], RECEIPTS[2])))
    assert known["base-2"] == [RECEIPTS[1]]


def test_the_ledger_cut_at_every_byte_of_its_last_record(tmp_path: Path) -> None:
    found = frozen(tmp_path)
    found.append_outcomes(RECEIPTS[:2])
    path = found.path / "ledger.jsonl"
    before = len(path.read_bytes())
    found.append_outcomes(RECEIPTS[2:])
    whole = path.read_bytes()
    later = done("base-3", 1, dev_loss=1.0)
    for cut in range(before, len(whole) + 1):
        path.write_bytes(whole[:cut])
        known = found.read_ledger()
        assert known["base-2"] == [RECEIPTS[1]]
        entire = cut >= len(whole) - 1  # a record without its line end says all that it has to say
        assert len(known["base-1"]) == (2 if entire else 1), cut
        found.append_outcomes([later])
        known = found.read_ledger()
        assert known["base-3"] == [later], cut
        assert len(known["base-1"]) == (2 if entire else 1), cut


@pytest.mark.parametrize(
    "noise", [b"\xff\xfe\n", b"[]\n", b"3\n", b"{}\n", b'{"run": "x"}\n', b"\n", b"null\n", b"\0\0\n"]
)
def test_a_line_that_is_no_record_is_as_if_it_was_not_there(noise: bytes, tmp_path: Path) -> None:
    found = frozen(tmp_path)
    found.append_outcomes(RECEIPTS[:1])
    with (found.path / "ledger.jsonl").open("ab") as file:
        file.write(noise)
    found.append_outcomes(RECEIPTS[2:])
    assert list(found.read_ledger()) == ["base-1"]
    assert len(found.read_ledger()["base-1"]) == 2


def test_what_follows_a_failure_takes_its_place(tmp_path: Path) -> None:
    found = frozen(tmp_path)
    found.append_outcomes([RunOutcome("base-1", "failed", error="why"), done("base-1", 9)])
    assert found.read_ledger() == {"base-1": [done("base-1", 9)]}


def append(tmp_path: Path, name: str, count: int) -> None:
    found = folder(tmp_path)
    for number in range(count):
        found.append_outcomes([done(f"{name}-{number}", 1, dev_loss=number), paused(f"{name}-{number}", 2)])


def test_two_processes_append_without_loss(tmp_path: Path) -> None:
    found = frozen(tmp_path)
    context = multiprocessing.get_context("spawn")
    names, count = ("a", "b", "c"), 40
    processes = [context.Process(target=append, args=(tmp_path, name, count)) for name in names]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0, 0, 0]
    known = found.read_ledger()
    assert set(known) == {f"{name}-{number}" for name in names for number in range(count)}
    assert all(len(receipts) == 2 for receipts in known.values())


def test_a_ledger_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    def full() -> None:
        raise OSError(28, "No space left on device")

    found = frozen(tmp_path)
    (found.path / "ledger.jsonl").mkdir()
    with pytest.raises(RunError, match=r"cannot write .*ledger\.jsonl"):
        found.append_outcomes(RECEIPTS)
    with hooked(at(0, full, ever_after=True)), pytest.raises(RunError, match="No space left"):
        frozen(tmp_path, "seed=0..3")


def test_the_same_request_finds_its_plan(tmp_path: Path) -> None:
    words = ("activation=relu,tanh", "seed=0..2")
    assert folder(tmp_path, *words).find_frozen_runs() is None
    planned = runs_of(frozen(tmp_path, *words).definition)
    assert folder(tmp_path, *words).find_frozen_runs() == planned
    assert folder(tmp_path, *words, "init=he,xavier").find_frozen_runs() is None


@pytest.mark.parametrize(
    "words",
    [("activation=relu,tanh", "seed=0..4"), ("activation=relu,tanh,elu", "seed=0..2"), ("activation=gelu,elu",)],
)
def test_more_seeds_and_values_extend_a_sweep(words: tuple[str, ...], tmp_path: Path) -> None:
    first = frozen(tmp_path, "activation=relu,tanh", "seed=0..2")
    second = frozen(tmp_path, *words)
    assert second.path == first.path
    wanted = {run.run for request in (first, second) for run in runs_of(request.definition)}
    assert set(second.read_plan()) == wanted
    assert folder(tmp_path, "activation=relu,tanh", "seed=0..2").find_frozen_runs() == runs_of(first.definition)
    assert folder(tmp_path, *words).find_frozen_runs() == runs_of(second.definition)


@pytest.mark.parametrize("words", [("init=he,xavier",), ("activation=relu,tanh", "training.epochs=3"), ()])
def test_other_keys_or_overrides_are_another_sweep(words: tuple[str, ...], tmp_path: Path) -> None:
    assert folder(tmp_path, *words).path != folder(tmp_path, "activation=relu,tanh").path


def test_a_changed_base_is_another_request_that_says_what_differs(tmp_path: Path) -> None:
    words = ("activation=relu,tanh", "seed=0..2")
    frozen(tmp_path, *words)
    changed = BASE.replace("epochs: 9", "epochs: 7").replace("units: 7", "units: 5")
    assert folder(tmp_path, *words, base=changed).find_frozen_runs() is None
    with pytest.raises(ResumeError) as caught:
        frozen(tmp_path, *words, base=changed)
    said = str(caught.value)
    assert "the base spec changed since" in said
    assert "training.epochs: 9 then, 7 now" in said
    assert "units: 5" in said
    assert len(said.splitlines()) == 4


def test_a_base_that_is_written_differently_but_says_the_same_goes_on(tmp_path: Path) -> None:
    first = frozen(tmp_path, "seed=0..2")
    second = frozen(tmp_path, "seed=0..2", base="# a comment\n" + BASE.replace("5e-2", "0.05"))
    assert second.path == first.path
    assert list(second.read_plan()) == list(first.read_plan())


@pytest.mark.parametrize("content", ["{", "[]", "garbage", '{"requests": 3}'])
def test_a_damaged_record_is_as_if_it_was_not_there(content: str, tmp_path: Path) -> None:
    found = frozen(tmp_path)
    (found.path / "sweep.json").write_text(content)
    assert found.find_frozen_runs() is None


@pytest.mark.parametrize("content", ["garbage\n", "{}\n", "[1]\n"])
def test_a_damaged_line_of_the_plan_is_as_if_it_was_not_there(content: str, tmp_path: Path) -> None:
    found = frozen(tmp_path)
    whole = (found.path / "plan.jsonl").read_text()
    (found.path / "plan.jsonl").write_text(content + whole[: len(whole) - 20])
    assert list(found.read_plan()) == [json.loads(line)["run"] for line in whole.splitlines()[:-1]]
    assert found.find_frozen_runs() is None


def test_the_folder_keeps_what_was_asked_for(tmp_path: Path) -> None:
    words = frozen(tmp_path, "activation=relu,tanh", "seed=0..2")
    assert (words.path / "sweep.yaml").read_text().split() == ["activation=relu,tanh", "seed=0..2"]
    text = "seeds: 2\ngrid: {init: [he, xavier]}\n"
    definition = from_text(tmp_path, text, "training.epochs=3")
    found = SweepFolder(definition, tmp_path / "runs")
    found.freeze_plan(runs_of(definition), resolve_base(definition))
    assert (found.path / "sweep.yaml").read_text() == f"base: base.yaml\n{text}\ntraining.epochs=3"
    assert json.loads((found.path / "sweep.json").read_text())["base"] == resolve_base(definition)


@pytest.mark.parametrize("name", ["../../x", "a/b", "/etc", "..", "x y", "ß"])
def test_no_name_leads_out_of_the_folder_of_sweeps(name: str, tmp_path: Path) -> None:
    found = SweepFolder(from_text(tmp_path, f"name: {name}\nseeds: 2"), tmp_path / "runs")
    assert found.path.parent == tmp_path / "runs" / "sweeps"
    assert found.path.resolve().parent == (tmp_path / "runs" / "sweeps").resolve()


def test_the_table_has_a_row_for_every_run(tmp_path: Path) -> None:
    found = frozen(tmp_path, "optimizer=adam,{nadam: {lr: 0.3}}", "seed=0..1")
    names = list(found.read_plan())
    found.append_outcomes(
        [done(names[0], 9, dev_loss=0.25), RunOutcome(names[1], "failed", error="Traceback:\n  x\nwhy, oh why")]
    )
    states = {names[0]: "done", names[1]: "failed", names[2]: "pruned"}
    found.write_table(states, found.read_ledger())
    with (found.path / "sweep.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["run"] for row in rows] == names
    assert [row["state"] for row in rows] == ["done", "failed", "pruned", "planned"]
    assert [row["seed"] for row in rows] == ["0", "1", "0", "1"]
    assert [row["optimizer"] for row in rows] == ["adam", "adam", "nadam", "nadam"]
    assert [row["optimizer.nadam.lr"] for row in rows] == ["", "", "0.3", "0.3"]
    assert [row["dev_loss"] for row in rows] == ["0.25", "", "", ""]
    assert [row["error"] for row in rows] == ["", "why, oh why", "", ""]
    assert list(rows[0])[-1] == "error"


def test_the_table_tells_folds_and_members_apart(tmp_path: Path) -> None:
    base = BASE.replace("{train: 23, dev: 13, test: 11}", "{test: 11}")
    definition = from_text(tmp_path, "folds: 2\nensemble: {members: 2}", base=base)
    found = SweepFolder(definition, tmp_path / "runs")
    found.freeze_plan(runs_of(definition), resolve_base(definition))
    found.write_table({}, {})
    with (found.path / "sweep.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["fold"], row["member"]) for row in rows] == [("0", "0"), ("0", "1"), ("1", "0"), ("1", "1")]


def test_an_empty_sweep_knows_nothing(tmp_path: Path) -> None:
    found = folder(tmp_path)
    assert found.read_ledger() == {}
    assert found.find_frozen_runs() is None
    assert not found.path.exists()

"""What a user is told of a valid spec: which notices there are, where they point, and where there are none."""

from __future__ import annotations

from pathlib import Path

import pytest

from nnexp.spec import resolved
from nnexp.spec.checks.notices import notices
from nnexp.spec.problems import Problem, SpecText
from nnexp.spec.read import load_spec
from tests.config_files import make_files

CONFIGS = [
    path
    for path in sorted((Path(__file__).parents[4] / "configs").glob("*.yaml"))
    if "mnist" not in path.stem and not path.stem.endswith(("cifar10", "cifar100", "transfer_digits"))
]
"""Those that need no other run, and whose data are there or made by the Python in their comments."""


def notices_of(
    data: str = "{source: digits}",
    architecture: str = "[dense: 8, activation, output]",
    rest: str = "",
    overrides: tuple[str, ...] = (),
) -> list[Problem]:
    """What is told of a spec."""
    text = SpecText("s.yaml", f"data: {data}\narchitecture: {architecture}\n{rest}\n")
    return notices(load_spec(text, overrides, name="s"), "s.yaml")


def only_notice(
    data: str = "{source: digits}", architecture: str = "[dense: 8, activation, output]", rest: str = ""
) -> Problem:
    """The one thing that is told of a spec."""
    [notice] = notices_of(data, architecture, rest)
    return notice


@pytest.mark.parametrize(
    ("split", "fractions"),
    [
        ("{train: 80, dev: 10, test: 10}", "{train: 0.8, dev: 0.1, test: 0.1}"),
        ("{train: 70, dev: 15, test: 15}", "{train: 0.7, dev: 0.15, test: 0.15}"),
        ("{train: 80, dev: 20}", "{train: 0.8, dev: 0.2}"),
    ],
)
def test_counts_that_sum_to_100_are_shown_as_fractions_to_paste(split: str, fractions: str) -> None:
    notice = only_notice(data=f"{{source: digits, split: {split}}}")
    assert (notice.path, notice.place.line) == ("data.split", 1)
    assert "100 of 1,797 examples" in notice.message
    assert f"write split: {fractions}" in notice.suggestion


def test_the_ratio_8_1_1_is_shown_as_fractions_too() -> None:
    notice = only_notice(
        data="{source: digits, split: {train: 8, dev: 1, test: 1, stratify: false}}", rest="training: {batch_size: 4}"
    )
    assert "{train: 0.8, dev: 0.1, test: 0.1}" in notice.suggestion


@pytest.mark.parametrize(
    "split",
    [
        "{train: 0.8, dev: 0.1, test: 0.1}",
        "{train: 200, dev: 400, test: 400}",
        "{train: rest, dev: 50, test: 50}",
        "{k_fold: {folds: 5}}",
    ],
)
def test_other_splits_are_not_remarked_on(split: str) -> None:
    assert not notices_of(data=f"{{source: digits, split: {split}}}")


def test_counts_of_a_set_of_100_are_not_remarked_on() -> None:
    source = "{moons: {examples: 100}}"
    assert not notices_of(data=f"{{source: {source}, split: {{train: 80, dev: 10, test: 10}}}}")


def test_counts_that_sum_to_100_are_remarked_on_for_a_baseline() -> None:
    text = "data: {source: digits, split: {train: 80, dev: 10, test: 10}}\nbaseline: knn\n"
    [notice] = notices(load_spec(SpecText("s.yaml", text), name="s"), "s.yaml")
    assert notice.path == "data.split"


def test_an_activation_that_no_layer_takes_is_named() -> None:
    notice = only_notice(architecture="[dense: 8, relu, output]", rest="activation: tanh")
    assert (notice.path, notice.place.line) == ("activation", 3)
    assert "no layer uses tanh" in notice.message


def test_the_default_activation_may_be_written_out_without_a_place() -> None:
    assert not notices_of(architecture="[output]", rest="activation: relu")


@pytest.mark.parametrize("architecture", ["[residual_block: {layers: [dense: 64, activation]}, output]", "{mlp: [8]}"])
def test_an_activation_inside_a_block_or_preset_is_used(architecture: str) -> None:
    assert not notices_of(architecture=architecture, rest="activation: tanh")


def test_an_activation_on_logits_is_remarked_on() -> None:
    notice = only_notice(architecture="[output, relu]")
    assert notice.path == "architecture.1"
    assert "cross_entropy takes logits" in notice.message


def test_an_activation_on_predicted_values_is_not_remarked_on() -> None:
    assert not notices_of(data="{source: xor}", architecture="[output, sigmoid]", rest="loss: squared_error")


@pytest.mark.parametrize(("patience", "count"), [(18, 0), (19, 1), (20, 1), (100, 1)])
def test_a_patience_that_cannot_run_out_is_remarked_on(patience: int, count: int) -> None:
    stopping = f"early_stopping: {{patience: {patience}, restore_best: false}}"
    found = notices_of(rest=f"training: {{epochs: 20, {stopping}}}")
    assert [notice.path for notice in found] == ["training.early_stopping.patience"] * count
    assert all("never stops a training of 20 epochs" in notice.message for notice in found)


def test_a_long_patience_that_restores_the_best_weights_is_not_remarked_on() -> None:
    assert not notices_of(rest="training: {epochs: 20, early_stopping: {patience: 20}}")


@pytest.mark.parametrize(
    ("schedule", "paths"),
    [
        ("{piecewise: {boundaries: [10, 19], values: [1, 0.1, 0.01]}}", []),
        ("{piecewise: {boundaries: [10, 20], values: [1, 0.1, 0.01]}}", ["piecewise.boundaries.1"]),
        ("{piecewise: {boundaries: [19], values: [1, 0.1], warmup_epochs: 1}}", ["piecewise.boundaries.0"]),
        ("{step: {every: 19}}", []),
        ("{step: {every: 20}}", ["step.every"]),
        ("{cosine: {cycles: 20}}", []),
        ("{cosine: {cycles: 21}}", ["cosine.cycles"]),
        ("{plateau: {patience: 18}}", []),
        ("{plateau: {patience: 19}}", ["plateau.patience"]),
        ("{plateau: {patience: 18, warmup_epochs: 1}}", ["plateau.patience"]),
    ],
)
def test_what_of_a_schedule_lies_behind_the_end_is_remarked_on(schedule: str, paths: list[str]) -> None:
    found = notices_of(rest=f"schedule: {schedule}\ntraining: {{epochs: 20}}")
    assert [notice.path for notice in found] == [f"schedule.{path}" for path in paths]


def test_a_notice_of_an_override_points_into_it() -> None:
    [notice] = notices_of(overrides=("schedule.step.every=50",))
    assert str(notice.place).startswith("override 1")


@pytest.mark.parametrize("config", CONFIGS, ids=lambda path: path.stem)
def test_no_config_and_no_resolved_config_is_remarked_on(
    config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    make_files(config)
    spec = load_spec(SpecText(config.name, config.read_text(encoding="utf-8")), name=config.stem)
    again = load_spec(SpecText("resolved.yaml", resolved.format_spec(spec)), name=config.stem)
    assert not notices(spec, config.name)
    assert not notices(again, "resolved.yaml")


def test_files_of_an_image_folder_that_are_left_out_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for kind in ("cat", "dog"):
        Path("set", kind).mkdir(parents=True)
        for name in (*(f"{number}.png" for number in range(20)), "photo.heic"):
            Path("set", kind, name).write_bytes(b"")
    notice = only_notice(data="{source: {image_folder: {path: set}}}", architecture="[flatten, output]")
    assert notice.path == "data.source.image_folder.path"
    assert "2 .heic (such as set/cat/photo.heic)" in notice.message

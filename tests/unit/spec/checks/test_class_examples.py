"""Classes without examples in a part are named with their counts before anything is trained."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from nnexp.errors import SpecError
from nnexp.spec.checks.notices import notices
from nnexp.spec.problems import Problem
from nnexp.spec.read import load_spec

SPEC = """
name: s
data: {source: {SOURCE}, split: {SPLIT}, targets: TARGETS}
architecture: [flatten, output]
training: {epochs: 1, batch_size: full}
"""


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def write_arrays(y: list[int], y_test: list[int] | None = None) -> str:
    numbers = np.arange(len(y))
    arrays: dict[str, Any] = {"x": np.stack([numbers, -numbers], axis=-1), "y": np.array(y), "g": numbers // 4}
    if y_test is not None:
        arrays |= {"x_test": -np.ones((len(y_test), 2), np.int64), "y_test": np.array(y_test)}
    np.savez("s.npz", **arrays)
    return "npz: {path: s.npz}"


def write_table(y: list[int]) -> str:
    rows = [f"{number}.5,{number // 4},c{label}" for number, label in enumerate(y)]
    Path("s.csv").write_text("\n".join(["x,g,y", *rows, ""]))
    return "csv: {path: s.csv, target: y}"


def write_images(y: list[int]) -> str:
    for number, label in enumerate(y):
        Path(f"set/{label}").mkdir(parents=True, exist_ok=True)
        Image.new("L", (2, 2), number).save(f"set/{label}/{number:03}.png")
    return "image_folder: {path: set, size: 2}"


WRITERS = [write_arrays, write_table, write_images]


def write_spec(source: str, split: str, targets: str = "given") -> None:
    text = SPEC.replace("SOURCE", source).replace("SPLIT", split).replace("TARGETS", targets)
    Path("s.yaml").write_text(text)


def find_problems(source: str, split: str, targets: str = "given") -> list[Problem]:
    write_spec(source, split, targets)
    with pytest.raises(SpecError) as caught:
        load_spec("s.yaml")
    assert caught.value.exit_code == 6
    return list(caught.value.problems)


def list_notices(source: str, split: str, targets: str = "given") -> list[str]:
    write_spec(source, split, targets)
    return [notice.message for notice in notices(load_spec("s.yaml"), "s.yaml") if notice.path == "data.split"]


@pytest.mark.parametrize("write", WRITERS[:2])
def test_a_class_that_training_does_not_see_is_an_error_with_its_counts(write: object) -> None:
    assert callable(write)
    [problem] = find_problems(write([0, 1] * 20 + [2, 2, 2]), "order: file, dev: 4, test: 4")
    assert problem.path == "data.split"
    name = "'2'" if write is write_arrays else "'c2'"
    assert problem.message == f"no training example of the class {name} (dev 0, test 3)"
    assert problem.suggestion.startswith("they come late in the order of the split")


def test_test_labels_that_training_never_sees_are_an_error() -> None:
    [problem] = find_problems(write_arrays([0, 1, 2] * 10, [3, 4, 5, 5]), "dev: 6")
    expected = "no training example of the classes '3' (dev 0, test 1), '4' (dev 0, test 1), '5' (dev 0, test 2)"
    assert problem.message == expected
    assert problem.suggestion == "add training examples of them, or leave out those of dev and test"


@pytest.mark.parametrize("write", WRITERS)
def test_a_seed_that_gives_every_class_to_training_is_suggested_and_right(write: object) -> None:
    assert callable(write)
    source = write([0, 1] * 20 + [2])
    split = "dev: 0.2, test: 0.2, stratify: false"
    bad = next(seed for seed in range(99) if is_refused(source, f"{split}, seed: {seed}"))
    [problem] = find_problems(source, f"{split}, seed: {bad}")
    seed = int(problem.suggestion.removeprefix("another split has some: data.split.seed="))
    assert not is_refused(source, f"{split}, seed: {seed}")


@pytest.mark.parametrize("write", WRITERS)
def test_a_class_of_one_example_is_trained_on(write: object) -> None:
    assert callable(write)
    assert not any(is_refused(write([0, 1] * 20 + [2]), f"dev: 0.2, test: 0.2, seed: {seed}") for seed in range(5))


def is_refused(source: str, split: str) -> bool:
    write_spec(source, split)
    try:
        load_spec("s.yaml")
    except SpecError:
        return True
    return False


@pytest.mark.parametrize("write", WRITERS)
def test_a_class_without_dev_or_test_examples_is_a_notice_with_its_counts(write: object) -> None:
    assert callable(write)
    source = write([2] + [0, 1] * 20)
    name = "'c2'" if write is write_table else "'2'"
    assert list_notices(source, "dev: 0.2, test: 0.2") == [
        f"no dev example of the class {name} (train 1, test 0)",
        f"no test example of the class {name} (train 1, dev 0)",
    ]


def test_a_class_without_any_example_is_a_notice() -> None:
    source = write_arrays([0, 1] * 20)[:-1] + ", classes: [a, b, c]}"
    assert list_notices(source, "dev: 8, test: 8") == [
        "no part has an example of the class 'c': nothing of it can be learned"
    ]


def test_nothing_is_said_where_every_part_has_all_classes_and_where_there_is_no_dev_part() -> None:
    assert list_notices(write_arrays([0, 1] * 20), "dev: 8, test: 8") == []
    assert list_notices(write_arrays([0, 1] * 20), "dev: 0, test: 8") == []


def test_folds_and_groups_are_split_before_counting() -> None:
    y = [0, 1] * 20 + [2] * 4
    [problem] = find_problems(write_arrays(y), f"group: g, dev: 4, test: 4, seed: {find_group_seed(y)}")
    assert problem.message in (
        "no training example of the class '2' (dev 4, test 0)",
        "no training example of the class '2' (dev 0, test 4)",
    )
    source = write_arrays([0, 1] * 20 + [2])
    assert (
        sum(is_refused(source, f"test: 0, k_fold: {{folds: 5, fold: {fold}}}") for fold in range(5)) == 1
    )  # the fold with the only example


def find_group_seed(y: list[int]) -> int:
    """A seed that does not give the last group to the training part."""
    source = write_arrays(y)
    return next(seed for seed in range(99) if is_refused(source, f"group: g, dev: 4, test: 4, seed: {seed}"))


def test_classes_of_groups_are_counted_together() -> None:
    source = write_arrays([0, 1] * 20 + [2, 2, 2])
    split = "order: file, dev: 4, test: 4"
    assert find_problems(source, split)
    grouped = "{grouped: {groups: [[0, 2], [1]]}}"
    assert list_notices(source, split, grouped) == []


def test_a_bootstrap_that_misses_a_class_is_no_error() -> None:
    source = write_arrays([0, 1] * 20 + [2] * 3)
    for seed in range(20):
        write_spec(source, f"dev: 4, test: 4, bootstrap: {seed}")
        load_spec("s.yaml")

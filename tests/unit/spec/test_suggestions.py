"""A key or a component that a spec does not know: the suggestion says what to write, and what it says is right."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import numpy as np
import pytest

from nnexp.errors import SpecError, UsageError
from nnexp.spec.problems import Problem, SpecText
from nnexp.spec.read import load_spec

BASE = """\
name: base
data: {source: {moons: {examples: 60}}, split: {train: 40, dev: 10, test: 10}}
architecture:
  - dense: 8
  - batch_norm
  - activation
  - dropout: 0.1
  - output
optimizer: {adam: {lr: 1e-3}}
training: {epochs: 2, batch_size: 10}
"""

WITHOUT_OPTIMIZER = BASE.replace("optimizer: {adam: {lr: 1e-3}}\n", "")
BARE_OPTIMIZER = BASE.replace("{adam: {lr: 1e-3}}", "nadam")


def find_problems(text: str, *overrides: str) -> tuple[Problem, ...]:
    with pytest.raises(SpecError) as caught:
        load_spec(SpecText("base.yaml", text), overrides)
    return caught.value.problems


@pytest.mark.parametrize(
    ("override", "meant"),
    [
        ("lr=0.1", "optimizer.adam.lr=0.1"),
        ("learning_rate=0.1", "optimizer.adam.lr=0.1"),
        ("optimizer.lr=0.1", "optimizer.adam.lr=0.1"),
        ("optimizer.adam.learning_rate=0.1", "optimizer.adam.lr=0.1"),
        ("optimizer.adm.lr=0.1", "optimizer.adam.lr=0.1"),
        ("adam.lr=0.1", "optimizer.adam.lr=0.1"),
        ("training.lr=0.1", "optimizer.adam.lr=0.1"),
        ("epochs=3", "training.epochs=3"),
        ("max_epochs=3", "training.epochs=3"),
        ("trainer.max_epochs=3", "training.epochs=3"),
        ("epcohs=3", "training.epochs=3"),
        ("batch_size=5", "training.batch_size=5"),
        ("data.batch_size=5", "training.batch_size=5"),
        ("early_stopping.patience=3", "training.early_stopping.patience=3"),
        ("early_stopping={patience: 3}", "training.early_stopping={patience: 3}"),
        ("data.split.val=8", "data.split.dev=8"),
        ("validation_split=8", "data.split.dev=8"),
        ("model.0.dense.units=12", "architecture.0.dense=12"),
        ("units=12", "architecture.0.dense=12"),
        ("dropout=0.2", "architecture.3.dropout=0.2"),
        ("weight_decay=0.1", "regularization.l2=0.1"),
        ("optimizer.adam.weight_decay=0.1", "regularization.l2=0.1"),
        ("noise=0.3", "data.source.moons.noise=0.3"),
        ("training.seed=3", "seed=3"),
        ("random_state=3", "seed=3"),
        ("loss=nll", "loss=cross_entropy"),
        ("init=glorot", "init=xavier"),
        ("init=glorot_uniform", "init={xavier: {distribution: uniform}}"),
        ("init=Glorot-Uniform", "init={xavier: {distribution: uniform}}"),
        ("data.normalize=zscore", "data.normalize=standard"),
        ("schedule=reduce_lr_on_plateau", "schedule=plateau"),
        ("architecture.2=ReLU", "architecture.2=relu"),
        ("optimizer.adam.momentum=0.9", "optimizer={momentum: {lr: 0.001, beta: 0.9}}"),
        ("optimizer.sgd.lr=0.2", "optimizer={sgd: {lr: 0.2}}"),
    ],
)
def test_the_override_that_was_meant_is_ready_to_paste_and_valid(override: str, meant: str) -> None:
    [problem] = find_problems(BASE, override)
    assert meant in shlex.split(problem.suggestion.removesuffix("?"))
    load_spec(SpecText("base.yaml", BASE), [meant])


@pytest.mark.parametrize(
    ("text", "meant"),
    [(WITHOUT_OPTIMIZER, "optimizer.adam.lr=0.1"), (BARE_OPTIMIZER, "optimizer.nadam.lr=0.1")],
    ids=["by default", "by its name"],
)
@pytest.mark.parametrize("override", ["lr=0.1", "optimizer.lr=0.1", "training.lr=0.1"])
def test_the_optimizer_that_the_spec_has_is_named_however_it_is_written(text: str, meant: str, override: str) -> None:
    [problem] = find_problems(text, override)
    assert problem.suggestion == f"did you mean {meant}?"
    load_spec(SpecText("base.yaml", text), [meant])


@pytest.mark.parametrize(
    ("line", "suggestion"),
    [
        ("lr: 0.1", "write `optimizer: {adam: {lr: 0.1}}`, or optimizer.adam.lr=0.1 after the spec"),
        ("epochs: 3", "write `training: {epochs: 3}`, or training.epochs=3 after the spec"),
        ("model: mlp", "did you mean 'architecture'?"),
        ("random_state: 3", "did you mean 'seed'?"),
        ("units: 12", "did you mean architecture.0.dense=12, after the spec?"),
    ],
)
def test_a_key_of_the_file_is_told_its_place_in_the_file(line: str, suggestion: str) -> None:
    [problem] = find_problems(f"{BASE}{line}\n")
    assert problem.suggestion == suggestion


@pytest.mark.parametrize("override", ["quux=1", "training.quux=1", "optimizer.adam.quux=1"])
def test_a_word_that_is_like_nothing_gets_the_list_of_keys(override: str) -> None:
    [problem] = find_problems(BASE, override)
    assert problem.suggestion.startswith("known: ")


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        (["optimizer.adam.lr=1e-2,1e-3"], "optimizer.adam.lr=1e-2,1e-3"),
        (["lr=1e-2,1e-3"], "optimizer.adam.lr=1e-2,1e-3"),
        (["seed=0..4"], "seed=0..4"),
        (["activation=relu,tanh", "training.epochs=3"], "activation=relu,tanh training.epochs=3"),
        (["optimizer=sgd,{adam: {lr: 0.1}}"], "'optimizer=sgd,{adam: {lr: 0.1}}'"),
    ],
)
def test_several_values_of_a_key_name_the_sweep_that_tries_them(overrides: list[str], words: str) -> None:
    [problem] = find_problems(BASE, *overrides)
    assert problem.suggestion == f"several values are for a sweep: nnexp sweep base.yaml {words}"


@pytest.mark.parametrize("override", ["name=a,b", "data.split={train: 40,dev: 10,test: 10}"])
def test_a_comma_that_means_no_several_values_is_part_of_the_value(override: str) -> None:
    assert load_spec(SpecText("base.yaml", BASE), [override])


FLAT = "data: {source: digits, split: {train: 40, dev: 10, test: 10}}\ntraining: {epochs: 1, batch_size: 10}\n"


@pytest.mark.parametrize(
    "network",
    [
        "[{conv2d: {filters: 2, kernel: 3}}, flatten, output]",
        "[max_pool, flatten, output]",
        "{zfnet: {width: 0.1}}",
        "{vgg: {depth: 11}}",
    ],
)
@pytest.mark.parametrize("source", ["digits", "{digits: {flat: true}}"])
def test_a_layer_that_needs_images_names_how_the_source_gives_them(network: str, source: str) -> None:
    text = f"{FLAT.replace('digits', source)}architecture: {network}\n"
    [problem] = find_problems(text)
    assert (
        problem.suggestion == "write `source: {digits: {flat: false}}`, or data.source.digits.flat=false after the spec"
    )
    load_spec(SpecText("base.yaml", text), ["data.source.digits.flat=false"])
    load_spec(SpecText("base.yaml", text.replace(f"source: {source}", "source: {digits: {flat: false}}")))


def test_where_a_layer_made_images_flat_the_source_is_not_blamed() -> None:
    text = FLAT.replace("digits", "{digits: {flat: false}}")
    [problem] = find_problems(f"{text}architecture: [flatten, max_pool, output]\n")
    assert problem.suggestion == ""


def test_a_source_alone_is_no_section_and_the_section_is_shown() -> None:
    [problem] = find_problems("data: digits\narchitecture: [output]\n")
    assert problem.suggestion == "write `data: {source: digits}`"


@pytest.mark.parametrize(
    ("metric", "meant"), [("val_loss", "dev_loss"), ("val_acc", "dev_accuracy"), ("accuracy", "dev_accuracy")]
)
def test_the_usual_name_of_a_watched_metric_is_told_ours(metric: str, meant: str) -> None:
    stopping = f"training.early_stopping={{patience: 2, metric: {metric}}}"
    [problem] = find_problems(BASE, stopping)
    assert problem.suggestion == f"did you mean {meant!r}?"
    load_spec(SpecText("base.yaml", BASE), [stopping.replace(metric, meant)])


def test_a_sweep_in_place_of_a_spec_names_the_command_that_takes_it(tmp_path: Path) -> None:
    path = tmp_path / "rates.yaml"
    path.write_text("base: base.yaml\ngrid: {optimizer.adam.lr: [0.1, 0.2]}\n")
    with pytest.raises(UsageError, match=re.escape(f"{path} is a sweep: nnexp sweep {path} seed=3")):
        load_spec(path, ["seed=3"])


def test_arrays_of_pixels_are_given_a_shape(tmp_path: Path) -> None:
    np.savez(tmp_path / "grey.npz", x=np.zeros((60, 8, 8), np.uint8), y=np.arange(60) % 3)
    text = f"data: {{source: {{npz: {{path: {tmp_path}/grey.npz}}}}}}\narchitecture: [max_pool, flatten, output]\n"
    [problem] = find_problems(text)
    expected = "if they are pixels, say how they lie: 'data.source.npz.reshape=[HEIGHT, WIDTH, CHANNELS]'"
    assert problem.suggestion == expected
    load_spec(SpecText("base.yaml", text), ["data.source.npz.reshape=[8, 8, 1]"])

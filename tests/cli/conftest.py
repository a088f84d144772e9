"""Runs that several tests of the commands look at; they must not be changed."""

from __future__ import annotations

from pathlib import Path

import pytest

import nnexp
from nnexp.spec.problems import SpecText
from nnexp.spec.read import load_network_spec

DIGITS = """
name: short_digits
data: {source: digits, split: {train: 200, dev: 60, test: 50}}
architecture: [{dense: {units: 32}}, batch_norm, activation, {dropout: {rate: 0.1}}, output]
training: {epochs: 3, early_stopping: {patience: 2}}
"""

SINE = """
name: short_sine
data: {source: {sine: {examples: 80}}, split: {train: 60, dev: 10, test: 10}}
architecture: {mlp: {hidden: [13]}}
activation: tanh
training: {epochs: 3}
"""


def trained(text: str, runs: Path) -> nnexp.Run:
    return nnexp.train(load_network_spec(SpecText("spec.yaml", text), name="spec"), runs=runs)


@pytest.fixture(scope="session")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a run that classifies digits and one that fits a sine."""
    folder = tmp_path_factory.mktemp("runs")
    trained(DIGITS, folder)
    trained(SINE, folder)
    return folder


@pytest.fixture(scope="session")
def digits(runs: Path) -> nnexp.Run:
    return trained(DIGITS, runs)


@pytest.fixture(scope="session")
def sine(runs: Path) -> nnexp.Run:
    return trained(SINE, runs)


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    """The spec of digits as a file."""
    path = tmp_path / "spec.yaml"
    path.write_text(DIGITS)
    return path

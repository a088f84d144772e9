"""Whatever is trained, its diagnosis comes to an end, and what it suggests is a valid spec."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

import nnexp
from nnexp.diagnosis.diagnosis import diagnose_run
from nnexp.spec.read import load_network_spec
from nnexp.spec.yaml import format_yaml
from tests.strategies import Plain, specs


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("any")


@pytest.mark.slow
@settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow])
@given(plain=specs())
def test_every_spec_is_diagnosed_and_its_remedies_fit(plain: Plain, folder: Path) -> None:
    file = folder / "spec.yaml"
    file.write_text(format_yaml(plain))
    spec = load_network_spec(file)
    said = diagnose_run(nnexp.train(spec, runs=folder / "runs", restart=True).path)
    json.dumps(said.as_dict())
    for finding in said.findings:
        for remedy in finding.remedies:
            assert not remedy.override or load_network_spec(file, [remedy.override]) != spec

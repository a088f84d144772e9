"""The table of a report where there is little room."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from nnexp.cli.tables.report import render_variants
from nnexp.reports.report import build_report
from tests.unit.reports.support import adam, plain, write_run


@pytest.mark.parametrize("width", [60, 80, 120, 200])
def test_no_number_is_cut(width: int, tmp_path: Path) -> None:
    layers = [[{"dense": {"units": 64, "bias": True}}] * count + [{"output": {"bias": True}}] for count in (1, 4)]
    changes: list[dict[str, Any]] = [
        {"activation": "tanh"},
        {"optimizer": adam(0.1234)},
        {"architecture": layers[0]},
        {"architecture": layers[1]},
        {"init": {"orthogonal": {"gain": 1.0}}},
        {"loss": {"cross_entropy": {"label_smoothing": 0.1}}},
        {"training": {"epochs": 999, "batch_size": 64, "early_stopping": None}},
    ]
    for number, change in enumerate(changes):
        for seed in (0, 1):
            write_run(tmp_path, plain(seed=seed, **change), 0.9 + number / 100 + seed / 1000)
    console = Console(width=width, color_system=None)
    with console.capture() as capture:
        console.print(render_variants(build_report([str(tmp_path)], tmp_path), width))
    lines = capture.get().splitlines()
    assert max(map(len, lines)) <= width
    rows = [line for line in lines if "±" in line]
    assert len(rows) == len(changes)
    metrics = 1 if width < 100 else 2  # what tells the variants apart goes before the test part
    assert all("% " in row and row.count("±") == metrics and row.rstrip().endswith("done") for row in rows)

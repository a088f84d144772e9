"""A report in its forms."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from nnexp.errors import UsageError
from nnexp.reports import tables
from nnexp.reports.report import Report, ReportOptions, build_report
from nnexp.reports.text_tables import escape_latex
from tests.unit.reports.support import adam, plain, write_run

ACCURACIES = {0.001: (0.90, 0.91, 0.93), 0.1: (0.95, 0.97, 0.96)}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for lr, values in ACCURACIES.items():
        for seed, value in enumerate(values):
            write_run(tmp_path, plain(seed=seed, optimizer=adam(lr)), value)
    write_run(tmp_path, plain(seed=3, optimizer=adam(0.1)), 0.0, state="diverged")
    return tmp_path


@pytest.fixture
def made(folder: Path) -> Report:
    return build_report([str(folder)], folder)


def test_the_cells_of_the_table(made: Report) -> None:
    # 0.95 0.97 0.96: mean 0.96, s = 0.01, ± 4.3027 · 0.01 / √3 = 0.0248
    found = tables.format_cells(made)
    assert found == {
        "lr": ["0.1", "0.001"],
        "n": ["3", "3"],
        "dev_accuracy": ["96.00 ± 2.48 %", "91.33 ± 3.79 %"],
        "test_accuracy": ["96.00 ± 2.48 %", "91.33 ± 3.79 %"],
        "best epoch": ["5", "5"],
        "time": ["0.05 s", "0.05 s"],
        "state": ["3 done, 1 diverged", "done"],
    }


def test_the_verdict_pairs_by_seed(made: Report) -> None:
    # differences 0.05 0.06 0.03: mean 0.0467, s = 0.01528, t = 5.29, p = 0.034
    assert tables.format_sentences(made) == [
        "Best variant against each other one by dev_accuracy (paired by seed):",
        "lr=0.1 is better than lr=0.001 by 4.7 ± 3.8 points (3 seeds, p = 0.034)",
    ]


def test_csv_has_numbers(made: Report) -> None:
    first, second = csv.DictReader(io.StringIO(tables.format_csv(made)))
    assert float(first["dev_accuracy"]) == pytest.approx(0.96)
    assert float(first["dev_accuracy_low"]) == pytest.approx(0.96 - 0.0248414, abs=1e-6)
    assert (first["lr"], first["dev_accuracy_n"], first["state"]) == ("0.1", "3", "3 done, 1 diverged")
    assert second["lr"] == "0.001"


def test_json_has_everything(made: Report) -> None:
    found = json.loads(tables.format_json(made))
    assert [variant["values"] for variant in found["variants"]] == [{"lr": 0.1}, {"lr": 0.001}]
    assert found["variants"][0]["states"] == {"done": 3, "diverged": 1}
    assert len(found["variants"][0]["runs"]) == 4
    assert found["comparisons"][0]["n"] == 3
    assert found["comparisons"][0]["finding"] == "better"


def test_markdown_is_a_table_and_a_list(made: Report) -> None:
    head, rule, first, *_ = lines = tables.format_markdown(made).splitlines()
    assert head.startswith("| lr    |   n | dev\\_accuracy |") or "dev\\_accuracy" in head
    assert set(rule) <= set("|-: ")
    assert len({line.count("|") for line in lines[:4]}) == 1
    assert "96.00 ± 2.48 %" in first
    assert lines[-1].startswith("- lr=0.1 is better than")


def test_latex_is_a_tabular(made: Report) -> None:
    text = tables.format_latex(made)
    assert text.startswith("\\begin{tabular}{lrrrrrl}\n\\toprule\nlr & n & dev\\_accuracy &")
    assert r"0.1 & 3 & 96.00 $\pm$ 2.48 \% &" in text
    assert "\n% lr=0.1 is better than" in text


def test_what_other_languages_would_take_for_something_else_is_escaped(tmp_path: Path) -> None:
    for name in ("<b>|_50%", "other"):
        write_run(tmp_path, plain(activation=name), 0.9)
    made = build_report([str(tmp_path)], tmp_path)
    assert "\\<b\\>\\|\\_50%" in tables.format_markdown(made)
    assert r"<b>|\_50\% &" in tables.format_latex(made)
    wild = r"a & 50% \x {~^} $#"
    assert escape_latex(wild) == r"a \& 50\% \textbackslash{}x \{\textasciitilde{}\textasciicircum{}\} \$\#"


def test_one_seed_has_no_interval(tmp_path: Path) -> None:
    for lr in (0.1, 0.01, 0.001):
        write_run(tmp_path, plain(optimizer=adam(lr)), lr)
    made = build_report([str(tmp_path)], tmp_path)
    assert tables.format_cells(made)["dev_accuracy"] == ["10.00 %", "1.00 %", "0.10 %"]
    assert tables.format_sentences(made) == ["one seed of each: no difference can be told from chance"]


def test_a_filter_chooses_variants(folder: Path) -> None:
    made = build_report([str(folder)], folder, ReportOptions(filter="lr > 0.01 and dev_accuracy > 0.9 and n == 3"))
    assert [variant.parameters["optimizer.adam.lr"] for variant in made.variants] == [0.1]
    with pytest.raises(UsageError, match="no variant meets the condition"):
        build_report([str(folder)], folder, ReportOptions(filter="lr > 7"))


@pytest.mark.parametrize(
    ("column", "order"),
    [("lr", [0.001, 0.1]), ("dev_accuracy", [0.1, 0.001]), ("dev_loss", [0.1, 0.001]), ("state", [0.001, 0.1])],
)
def test_rows_can_be_sorted_by_a_column(folder: Path, column: str, order: list[float]) -> None:
    made = build_report([str(folder)], folder, ReportOptions(sort=column))
    assert [variant.cells["lr"] for variant in made.variants] == order


def test_the_order_of_the_rows_changes_no_verdict(folder: Path) -> None:
    plain_, sorted_ = (build_report([str(folder)], folder, ReportOptions(sort=sort)) for sort in (None, "lr"))
    assert tables.format_sentences(plain_) == tables.format_sentences(sorted_)


@pytest.mark.parametrize("name", ["lr=0.001", None])
def test_a_baseline_is_compared_with_the_others(folder: Path, made: Report, name: str | None) -> None:
    found = build_report([str(folder)], folder, ReportOptions(baseline=name or made.variants[1].rows[0].run))
    assert found.baseline is not None
    assert [verdict.a for verdict in found.verdicts] == ["lr=0.001"]


def test_many_verdicts_are_counted_and_not_all_said(tmp_path: Path) -> None:
    for number in range(13):
        for seed in (0, 1):
            write_run(
                tmp_path, plain(seed=seed, optimizer=adam(0.01 * (number + 1))), 0.5 + 0.01 * number + 0.001 * seed
            )
    lines = tables.format_sentences(build_report([str(tmp_path)], tmp_path))
    assert len(lines) == 12
    assert lines[0].endswith("p-values Holm-corrected for all 78 pairs):")
    assert lines[-1] == "and 2 more: --format json has all of them"

"""What an unknown table is taken for, case by case: its lines, its names, its columns, its target, its split."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from nnexp.data.formats.csv.dialect import NumberFormat
from nnexp.data.inference.table import TableGuess, guess_table
from nnexp.data.sources.table import Csv
from nnexp.inspection.table_preview import preview_table
from nnexp.spec.problems import SpecText
from nnexp.spec.read import load_spec
from tests.unit.data.inference.columns import COLUMNS

ROWS = 40


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def write(head: str, *columns: Callable[[random.Random, int], object], end: str = "\n", separator: str = ",") -> None:
    """t.csv: its head as it stands, and rows of columns and a class p or q."""
    draw = random.Random(1)
    lines = []
    for row in range(ROWS):
        entries = [*(str(column(draw, row)) for column in columns), "pq"[row % 2]]
        lines.append(separator.join(entries))
    Path("t.csv").write_text(head + end.join(lines) + end, "utf-8", newline="")


def number(draw: random.Random, row: int) -> str:
    return f"{draw.gauss(0, 5):.2f}"


def nothing(draw: random.Random, row: int) -> str:
    return ""


def load_written() -> Csv:
    """The source of the spec that is written for t.csv, which loads."""
    spec = load_spec(SpecText("s.yaml", preview_table("t.csv").spec), name="s")
    source = spec.data.source
    assert isinstance(source, Csv)
    source.load_for(spec.data.split)
    return source


def list_kinds(guess: TableGuess) -> dict[str, str]:
    return {column.name: column.kind for column in guess.columns}


HEADS: dict[str, tuple[str, list[str], list[str]]] = {
    "names": ("a,b,y\n", ["a", "b", "y"], []),
    "no names": ("", ["c1", "c2", "c3"], ["header"]),
    "an empty line above": ("\na,b,y\n", ["a", "b", "y"], ["skip_lines"]),
    "a title and an empty line": ("Measured in May, by hand\n\na,b,y\n", ["a", "b", "y"], ["skip_lines"]),
    "comments": ("# made by hand\n# in May, 2024\na,b,y\n", ["a", "b", "y"], ["skip_lines"]),
    "the same name twice": ("a,a,y\n", ["a", "a_2", "y"], ["header", "names", "skip_lines"]),
    "a name that the second one would get": ("a,a,a_2\n", ["a", "a_3", "a_2"], ["header", "names", "skip_lines"]),
    "a line break in a name": ('"a\nb",b,y\n', ["a b", "b", "y"], ["header", "names", "skip_lines"]),
    "spaces around names": (" a , b , y \n", ["a", "b", "y"], []),
    "years": ("2019,2020,2021\n", ["2019", "2020", "2021"], ["header", "names", "skip_lines"]),
    "years and a name": ("2019,2020,y\n", ["2019", "2020", "y"], []),
    "numbers of columns": ("0,1,2\n", ["0", "1", "2"], []),
    "a column of numbers without a name": ("a,,y\n", ["a", "column_2", "y"], ["header", "names", "skip_lines"]),
    "a separator at the end": ("a,b,y,\n", ["a", "b", "y"], ["header", "names", "skip_lines"]),
}


@pytest.mark.parametrize("case", HEADS)
def test_names_are_found_below_what_stands_above_them_and_made_usable(case: str) -> None:
    head, names, parameters = HEADS[case]
    write(head, number, number)
    guess = guess_table("t.csv")
    assert [column.name for column in guess.columns] == names
    assert guess.rows == ROWS
    spec = preview_table("t.csv").spec
    for parameter in ("header", "names", "skip_lines"):
        assert (f"\n      {parameter}: " in spec) == (parameter in parameters), parameter
    assert load_written().load().x.shape == (ROWS, 2)


@pytest.mark.parametrize("head", ["a,b,y,\n", "a,b,y\n"])
def test_a_separator_at_the_end_of_each_row_makes_no_feature(head: str) -> None:
    write(head, number, number)
    text = Path("t.csv").read_text()
    Path("t.csv").write_text(head + text.removeprefix(head).replace("\n", ",\n"))
    assert list_kinds(guess_table("t.csv")) == {"a": "number", "b": "number", "y": "category", "": "constant"}
    assert load_written().load().description.inputs == ("a", "b")


def test_row_names_that_the_names_leave_out_get_one() -> None:
    write("row,y\n", lambda draw, row: f"r{row}", number)
    assert list_kinds(guess_table("t.csv")) == {"row_": "identifier", "row": "number", "y": "category"}
    assert load_written().id == ("row_",)


def test_an_index_without_a_name_is_no_feature_and_an_index_of_dates_orders_the_rows() -> None:
    write(",a,y\n", lambda draw, row: row, number)
    assert load_written().load().description.inputs == ("a",)
    write(",a,y\n", lambda draw, row: f"2024-{1 + row // 20:02d}-{1 + row % 20:02d}", number)
    assert guess_table("t.csv").time == "column_1"
    assert load_written().drop == ()


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_quoted_line_breaks_are_part_of_an_entry(end: str) -> None:
    write(f"a,t,y{end}", number, lambda draw, row: f'"two{end}{end}""lines"" {row % 3}"', end=end)
    guess = guess_table("t.csv")
    assert guess.rows == ROWS
    assert list_kinds(guess) == {"a": "number", "t": "category", "y": "category"}
    assert load_written().load().x.shape == (ROWS, 4)


def test_commas_in_numbers_are_told_from_commas_between_them() -> None:
    write("a b y\n", COLUMNS["comma"], COLUMNS["comma"], separator=" ")
    guess = guess_table("t.csv")
    assert guess.dialect.dialect.separator == "whitespace"
    assert guess.dialect.dialect.numbers == NumberFormat(decimal=",")
    write("a, b, y\n", number, number, separator=", ")
    assert guess_table("t.csv").dialect.dialect.separator == ","


KINDS: dict[str, tuple[str, str]] = {
    "number": ("number", ""),
    "whole number": ("number", ""),
    "code": ("number", "category"),
    "constant": ("constant", ""),
    "empty": ("constant", ""),
    "row number": ("identifier", "number"),
    "category": ("category", ""),
    "yes or no": ("yes/no", ""),
    "sign": ("category", ""),
    "bit": ("yes/no", ""),
    "gaps": ("number", ""),
    "none": ("number", ""),
    "date": ("date", ""),
    "day": ("date", ""),
    "comma": ("number", ""),
    "thousands": ("number", ""),
    "percent": ("number", ""),
    "text": ("text", ""),
    "code with zeros": ("number", "category"),
}


@pytest.mark.parametrize("name", KINDS)
def test_a_column_is_what_a_person_takes_it_for_and_doubts_are_told(name: str) -> None:
    kind, unsure = KINDS[name]
    write("a;c;y\n", number, COLUMNS[name], separator=";")
    [_, column, _] = guess_table("t.csv").columns
    assert (column.kind, column.unsure) == (kind, unsure)


def test_columns_in_another_notation_than_most_are_left_out_with_the_reason() -> None:
    write("a;b;c;y\n", COLUMNS["comma"], COLUMNS["comma"], lambda draw, row: f"{row}.25", separator=";")
    spec = preview_table("t.csv").spec
    assert (
        "drop: [c]\n      # left out: 'c' (number: numbers as '0.25', and the file's others are written other" in spec
    )
    assert load_written().load().description.inputs == ("a", "b")


def test_the_target_decides_on_the_notation_where_columns_have_several() -> None:
    write("a;b;c;y\n", COLUMNS["comma"], COLUMNS["comma"], lambda draw, row: f"{row}.25", separator=";")
    found = preview_table("t.csv", target="c")
    assert found.guess.dialect.dialect.numbers == NumberFormat()
    assert (found.guess.target.kind, found.guess.target.unsure) == ("values", "")
    assert load_spec(SpecText("s.yaml", found.spec), name="s")


def test_three_digits_behind_a_point_are_decimals_unless_other_columns_have_a_decimal_comma() -> None:
    def read_second(start: int, other: Callable[[random.Random, int], object]) -> float:
        write("a;b;c;y\n", other, lambda draw, row: f"{(row + start) * 7 % 41}.125", other, separator=";")
        return float(load_written().load().x[0, 1])

    assert read_second(1, number) == 7.125
    assert read_second(1, COLUMNS["comma"]) == 7125
    assert guess_table("t.csv").columns[1].unsure == "decimals"
    assert 0 <= read_second(0, COLUMNS["comma"]) < 1  # that of c: 0.125 has no group in front of its point
    assert not guess_table("t.csv").columns[1].is_usable


def test_plus_and_minus_are_classes() -> None:
    write("a,s,y\n", number, COLUMNS["sign"])
    found = preview_table("t.csv", target="s")
    assert found.guess.target.kind == "classes"
    data = load_spec(SpecText("s.yaml", found.spec), name="s").data.source.load()
    assert (data.description.classes, len(data.y)) == (("+", "-"), ROWS)


def test_a_class_that_stands_for_a_missing_value_elsewhere_stays_a_class() -> None:
    write("a,b,y\n", COLUMNS["none"], number)
    text = Path("t.csv").read_text()
    Path("t.csv").write_text(text.replace(",p\n", ",none\n"))
    data = load_written().load()
    assert (data.description.classes, len(data.y)) == (("none", "q"), ROWS)


def test_a_sentinel_is_missing_unless_it_is_an_ordinary_number_elsewhere() -> None:
    write("a,b,y\n", COLUMNS["sentinel"], number)
    assert load_written().missing == (-999,)
    write("a,b,y\n", COLUMNS["sentinel"], lambda draw, row: row * 37 - 999)
    found = preview_table("t.csv")
    assert found.guess.missing_signs == ()
    assert any("-999 stands in" in remark.what for remark in found.remarks)


def test_a_sentinel_beside_other_signs_is_found_too() -> None:
    write("a,b,y\n", lambda draw, row: "?" if row % 9 == 0 else COLUMNS["sentinel"](draw, row), number)
    assert load_written().missing == ("?", -999)


def test_a_column_of_a_few_numbers_among_gaps_is_left_out() -> None:
    write("a,b,y\n", number, COLUMNS["nearly empty"])
    assert "# left out: 'b' (number: all but 2 of 40 entries are missing)" in preview_table("t.csv").spec


TARGETS: dict[str, tuple[str, str, str]] = {
    "number": ("values", "", "squared_error"),
    "whole number": ("values", "classes", "squared_error"),
    "code": ("classes", "values", "cross_entropy"),
    "bit": ("classes", "values", "cross_entropy"),
    "category": ("classes", "", "cross_entropy"),
    "yes or no": ("classes", "", "cross_entropy"),
    "gaps": ("values", "classes", "squared_error"),
    "percent": ("values", "", "squared_error"),
}


@pytest.mark.parametrize("name", TARGETS)
def test_a_target_has_a_kind_a_loss_and_what_it_may_be_besides(name: str) -> None:
    kind, unsure, loss = TARGETS[name]
    write("a;c;y\n", number, COLUMNS[name], separator=";")
    found = preview_table("t.csv", target="c")
    assert (found.guess.target.kind, found.guess.target.unsure) == (kind, unsure)
    assert f"\nloss: {loss}" in found.spec
    assert load_spec(SpecText("s.yaml", found.spec), name="s")
    assert ("without_target: drop" in found.spec) == bool(found.guess.target.column.missing)


def test_the_target_is_asked_for_or_has_a_usual_name_or_is_the_last_column() -> None:
    write("a,b,kind\n", number, number)
    assert guess_table("t.csv").target_reason == "a guess: the last column; --target names another"
    write("a,Class,kind\n", number, COLUMNS["code"])
    assert guess_table("t.csv").target.column.name == "Class"
    assert guess_table("t.csv", "a").target.column.name == "a"


def test_a_group_is_one_of_many_whose_rows_belong_together_and_never_the_target() -> None:
    write("patient,a,y\n", COLUMNS["patient"], number)
    assert guess_table("t.csv").group is None  # ten groups may be levels
    write("patient,a,y\n", lambda draw, row: f"P{row // 3}", number)
    assert guess_table("t.csv").group == "patient"
    assert guess_table("t.csv", "patient").group is None
    write("group,a,y\n", lambda draw, row: ["control", "dose", "placebo"][row % 3], number)
    assert guess_table("t.csv").group is None
    assert guess_table("t.csv", "group").target.kind == "classes"


@pytest.mark.parametrize("name", ["patient", "patient_id", "PatientID", "subject", "user id"])
def test_groups_are_known_by_name_or_as_identifiers_that_come_again(name: str) -> None:
    write(f"{name},a,y\n", lambda draw, row: 4000 + row // 3, number)
    assert guess_table("t.csv").group == name
    assert load_written().load().x.shape[0] == ROWS


@pytest.mark.parametrize(
    "date",
    [
        lambda draw, row: f"2024-{1 + row // 20:02d}-{1 + row % 20:02d}",
        lambda draw, row: f"{1 + row % 20}.{1 + row // 20}.2024",
        lambda draw, row: f"{1 + row // 20}/{1 + row % 20}/2024",
        lambda draw, row: f"{2024 - row}-05-01",
        lambda draw, row: f"2024-{1 + row // 20:02d}-{1 + (row % 20) // 4 * 4 + 3 - row % 4:02d}",
        lambda draw, row: f"{1990 + row // 4}Q{1 + row % 4}",
        lambda draw, row: f"2024-05-0{1 + row // 20} {row % 20:02d}:30:00",
    ],
)
def test_rows_in_the_order_of_dates_are_a_series(date: Callable[[random.Random, int], str]) -> None:
    write("a,when,y\n", number, date)
    assert guess_table("t.csv").time == "when"
    assert load_written().load_for is not None


@pytest.mark.parametrize(
    "date",
    [
        lambda draw, row: f"2024-{draw.randint(1, 12):02d}-{1 + row % 20:02d}",
        lambda draw, row: f"2024-05-{1 + row // 10:02d}",
        lambda draw, row: f"{row // 2:02d}:30",
    ],
)
def test_dates_in_any_order_few_dates_and_times_of_day_are_no_series(date: Callable[[random.Random, int], str]) -> None:
    write("a,when,y\n", number, date)
    assert guess_table("t.csv").time is None
    load_written()


def test_every_class_has_training_examples_where_a_few_groups_have_them_all() -> None:
    write("a,patient,y\n", number, lambda draw, row: f"P{row // 3}")
    lines = Path("t.csv").read_text().splitlines()
    for row, name in enumerate("rstuv"):
        lines[6 * row + 5] = lines[6 * row + 5][:-1] + name
    Path("t.csv").write_text("\n".join(lines) + "\n")
    spec = preview_table("t.csv").spec
    assert ", group: patient, seed: " in spec
    assert "# all rows of one 'patient' are in the same part; with this seed every class has training examples" in spec
    load_written()


DOUBTS: dict[str, tuple[Callable[[random.Random, int], object], str]] = {
    "codes": (COLUMNS["code"], "# c may hold codes of categories: then categorical: {c: [1, 2, 3, 4]}"),
    "codes with zeros": (COLUMNS["code with zeros"], "# c may hold codes of categories: then categorical: {c: auto}"),
    "large numbers": (
        lambda draw, row: 700_000 + row * 7919,
        "# c may just tell the rows apart: then id: [c]",
    ),
    "numbers of rows": (COLUMNS["row number"], "# c may be a number to learn from: then leave it out of id"),
    "groups or decimals": (
        lambda draw, row: f"{draw.randint(1, 99)},{draw.randint(100, 999)}",
        '# c may have decimals: then decimal: ",", and no thousands',
    ),
    "many words": (
        lambda draw, row: f"w{draw.randint(1, 60)}",
        "# c may be a category: then categorical: {c: {top: 24}}, not drop",
    ),
}


@pytest.mark.parametrize("case", DOUBTS)
def test_a_doubt_about_a_column_is_a_comment_with_the_other_line(case: str) -> None:
    column, line = DOUBTS[case]
    write("a;c;y\n", lambda draw, row: draw.randint(0, 99), column, separator=";")
    assert f"\n      {line}\n" in preview_table("t.csv").spec


def test_groups_of_thousands_are_sure_where_another_column_has_decimals() -> None:
    write("a;c;y\n", number, DOUBTS["groups or decimals"][0], separator=";")
    assert "may have decimals" not in preview_table("t.csv").spec

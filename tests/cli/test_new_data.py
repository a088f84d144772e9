"""nnexp new NAME --data FILE: from an unknown file to predictions with identifiers, and what is said on the way."""

from __future__ import annotations

import csv
import io
import json
import random
import shlex
from pathlib import Path

import pytest

from tests.cli.inside import inside, told

ROWS = 90


def write_shops(path: str = "shops.csv", *, with_target: bool = True, city: str = "") -> list[str]:
    """A table as people have them, in a German notation; the numbers of its rows."""
    draw = random.Random(3)
    lines = ["Shop-Nr;Fläche;Miete;Stadt;eröffnet;offen;Lage" if with_target else "Shop-Nr;Fläche;Miete;Stadt;offen"]
    numbers = []
    for row in range(ROWS):
        number = f"S{1000 + 7 * row}"
        size, rent = draw.uniform(20, 900), draw.uniform(900, 9000)
        where = "gut" if size + draw.gauss(0, 80) > 450 else "schlecht"
        written = f"{rent:,.2f} €".translate(str.maketrans(",.", ".,"))
        size_text = "k.A." if row % 11 == 0 else f"{size:.1f}".replace(".", ",")
        town = city or draw.choice(["Köln", "Bonn", "Ulm"])
        is_open = draw.choice(["ja", "nein"])
        entries = [number, size_text, written, town, is_open]
        if with_target:
            entries = [*entries[:4], f"{row % 28 + 1:02d}.{draw.randint(1, 12):02d}.2019", is_open, where]
        lines.append(";".join(entries))
        numbers.append(number)
    Path(path).write_text("\r\n".join(lines), "cp1252")
    return numbers


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_from_an_unknown_file_to_predictions_with_identifiers_when_the_file_is_gone() -> None:
    numbers = write_shops()
    done = told("new", "shops", "--data", "shops.csv")
    assert done.stdout.startswith(
        "shops.yaml, and nnexp.schema.json beside it for editors. Next:\n  nnexp train shops."
    )
    assert "target: Lage, classes (2 classes); a guess: the last column; --target names another" in done.stderr
    assert told("validate", "shops.yaml").stdout.startswith("shops.yaml: valid, ")
    told("train", "shops.yaml", "training.epochs=30")
    accepting = "data.source.csv.categorical.Stadt={levels: [Bonn, Köln, Ulm], unseen: other}"
    told("train", "shops.yaml", "training.epochs=30", accepting, "name=open")
    Path("shops.csv").unlink()
    write_shops("same.csv", with_target=False)
    write_shops("new.csv", with_target=False, city="Kiel")
    answered = told("predict", "shops", "same.csv")
    rows = list(csv.DictReader(io.StringIO(answered.stdout)))
    assert [row["Shop-Nr"] for row in rows] == numbers
    assert {row["class"] for row in rows} == {"gut", "schlecht"}
    refused = told("predict", "shops", "new.csv", code=6).stderr
    assert "line 2, column 'Stadt': 'Kiel' is none of the levels; they are 'Bonn', 'Köln', 'Ulm'; " in refused
    answered = told("predict", "open", "new.csv")
    assert len(answered.stdout.splitlines()) == ROWS + 1
    assert "90 rows with a level that training never saw, such as 'Kiel'" in answered.stderr


def test_every_decision_is_written_out_with_its_reason() -> None:
    write_shops()
    told("new", "shops", "--data", "shops.csv")
    spec = Path("shops.yaml").read_text("utf-8")
    lines = [line.strip() for line in spec.splitlines()]
    decisions = {
        "target: Lage": "a guess: the last column; --target names another",
        "kind: classes": "2 classes",
        'separator: ";"': "",
        "encoding: cp1252": "the file is not in UTF-8",
        'decimal: ","': "numbers are written as '",
        'thousands: "."': "numbers are written as '5.308,26 €'",
        'symbols: ["€"]': "numbers are written as",
        "missing: [k.A.]": "'k.A.' 9 times",
        "fill: median": "for 9 missing values in 1 column; or: mean, zero",
        'drop: ["eröffnet"]': "",
        "id: [Shop-Nr]": "different in each row: not a feature, but returned with predictions",
        "split: {train: 0.7, dev: 0.15, test: 0.15}": "at random, with the same share of every class in each part",
    }
    for decision, reason in decisions.items():
        [line] = [line for line in lines if line.startswith(decision)]
        assert reason in line, line
    assert "# left out: 'eröffnet' (date: dates as 31.05.2024)" in lines
    assert "# 2 columns of numbers: Fläche, Miete" in lines


def test_the_table_that_is_shown_says_what_the_spec_says() -> None:
    write_shops()
    shown = json.loads(told("data", "show", "shops.csv", "--json").stdout)
    kinds = {column["name"]: column["kind"] for column in shown["columns"]}
    assert kinds == {
        "Shop-Nr": "identifier", "Fläche": "number", "Miete": "number", "Stadt": "category", "eröffnet": "date",
        "offen": "yes/no", "Lage": "category",
    }  # fmt: skip
    assert (shown["separator"], shown["decimal"], shown["thousands"], shown["encoding"]) == (";", ",", ".", "cp1252")
    assert shown["target"]["name"] == "Lage"
    printed = told("data", "show", "shops.csv")
    assert "shops.csv: 90 rows, separator ';', cp1252, a line of names" in printed.stdout
    assert "nnexp new NAME --data shops.csv writes a spec with all of this" in printed.stderr


def test_another_target_is_named_and_what_it_may_be_besides_is_said() -> None:
    Path("t.csv").write_text(
        "a,grade,y\n" + "".join(f"{row * row % 97},{row % 5 + 1},{'pq'[row % 2]}\n" for row in range(60))
    )
    done = told("new", "grades", "--data", "t.csv", "--target", "grade")
    assert "target: grade, classes (5 different numbers); as asked for" in done.stderr
    assert "it may be values: the spec has the other line" in done.stderr
    spec = Path("grades.yaml").read_text()
    assert "# kind: values   # instead, if the numbers are values; then loss: squared_error" in spec
    told("validate", "grades.yaml")
    told("validate", "grades.yaml", "data.source.csv.kind=values", "loss=squared_error")


def test_patients_stay_in_one_part_and_a_series_keeps_its_order() -> None:
    rows = [f"P{row // 3},{row * 37 % 101},{'pq'[row % 2]}" for row in range(90)]
    Path("patients.csv").write_text("patient,dose,y\n" + "\n".join(rows) + "\n")
    told("new", "patients", "--data", "patients.csv")
    spec = Path("patients.yaml").read_text()
    assert "group: patient} # all rows of one 'patient' are in the same part" in spec
    rows = [f"2024-{1 + row // 28:02d}-{1 + row % 28:02d},{row * 37 % 101},{row * 0.5 + 1}" for row in range(90)]
    Path("series.csv").write_text("day,load,y\n" + "\n".join(rows) + "\n")
    told("new", "series", "--data", "series.csv")
    assert "time: day} # the rows are a series in 'day': its end is the test part" in Path("series.yaml").read_text()
    for name in ("patients", "series"):
        told("train", f"{name}.yaml", "training.epochs=1")


REFUSED: dict[str, tuple[bytes, str]] = {
    "an empty file": (b"", "t.csv is empty"),
    "blank lines": (b"\n\n\n", "t.csv is empty"),
    "names alone": (b"a,b,y\n", "t.csv has no rows below the names of its columns"),
    "one row": (b"a,b,y\n1,2,p\n", "t.csv: the target would be 'y' (constant: every entry is 'p'), which is nothing"),
    "two rows": (b"a,b,y\n1,2,p\n3,4,q\n", "t.csv has 2 rows with a target; at least 3 are needed: one for each part"),
    "one column": (b"y\n1\n2\n3\n4\n", "t.csv: beside the target 'y' no column can be learned from"),
    "constants": (
        b"a,b,y\n1,x,p\n1,x,q\n1,x,p\n",
        "t.csv: beside the target 'y' no column can be learned from: 'a' (constant: every entry is 1), 'b' (constant",
    ),
    "one class": (
        b"a,y\n1,p\n2,p\n3,p\n",
        "t.csv: beside the target 'a' no column can be learned from: 'y' (constant: every",
    ),
    "names for a target": (
        b"a,y\n" + b"".join(b"%d,n%d\n" % (row % 7, row % 28) for row in range(40)),
        "t.csv: the target 'y' would have 28 classes for 40 rows; name another: --target COLUMN",
    ),
    "a short row": (b"a,b,y\n1,2,p\n3,4\n5,6,q\n", "t.csv: line 3: 2 entries under 3 names"),
    "a blank line in the middle": (b"a,y\n1,p\n\n2,q\n", "t.csv: line 3: the line is empty"),
    "no text": (b"\xff\xfe\x00\xd8,\x00", "t.csv is no text in UTF-16"),
    "an image": (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\1\0\0\0\1", "t.csv"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_table_to_learn_from_is_refused_in_words_and_nothing_is_written(case: str) -> None:
    content, message = REFUSED[case]
    Path("t.csv").write_bytes(content)
    for words in (("new", "mine", "--data", "t.csv"), ("data", "show", "t.csv")):
        done = inside(*words, cwd=Path.cwd())
        assert done.returncode == 6, done.stdout
        assert done.stderr.startswith(f"error: {message}")
        assert "data.source" not in done.stderr
    assert [path.name for path in Path.cwd().iterdir()] == ["t.csv"]


def test_a_column_that_is_not_there_is_refused_with_the_nearest() -> None:
    Path("t.csv").write_text("width,kind\n1,p\n2,q\n3,p\n4,q\n")
    done = told("new", "mine", "--data", "t.csv", "--target", "knid", code=6)
    assert "t.csv has no column 'knid'; did you mean 'kind'?" in done.stderr
    assert not Path("mine.yaml").exists()


def test_a_spec_that_is_there_stays() -> None:
    Path("t.csv").write_text("width,kind\n" + "".join(f"{row},{'pq'[row % 2]}\n" for row in range(9)))
    Path("mine.yaml").write_text("mine")
    done = told("new", "mine", "--data", "t.csv", code=2)
    assert done.stderr.splitlines()[-1] == "error: mine.yaml exists already; choose another name"
    assert Path("mine.yaml").read_text() == "mine"


def test_training_refuses_a_troubled_table_with_one_line_that_makes_it_train() -> None:
    rows = [
        f'{row * row},"{row},5",{"?" if row % 4 == 0 else row},{"uv"[row % 2]},{"pq"[row % 3 == 0]}'
        for row in range(60)
    ]
    Path("t.csv").write_text("a,b,c,d,y\n" + "\n".join(rows) + "\n")
    Path("s.yaml").write_text(
        "data: {source: {csv: {path: t.csv, target: y}}}\narchitecture: [output]\ntraining: {epochs: 1}\n"
    )
    refused = told("validate", "s.yaml", code=6).stderr
    assert "3 columns cannot be used as they are: 'b' (numbers as '0,5'), 'c' ('?' 15 times), 'd' (" in refused
    [line] = [line for line in refused.splitlines() if "what mends them: " in line]
    pasted = shlex.split(line.split("what mends them: ")[1])
    told("validate", "s.yaml", *pasted)
    told("train", "s.yaml", *pasted)

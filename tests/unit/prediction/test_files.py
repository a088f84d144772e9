"""Reading examples to predict for: what is right is read exactly, what is wrong is refused with its place."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import nnexp
from nnexp.errors import DataError
from nnexp.prediction.files import make_prediction_table, read_input_file
from nnexp.spec.problems import SpecText
from nnexp.spec.read import load_network_spec

INPUTS = 64


def rows(*lines: str) -> bytes:
    header = ",".join(f"pixel{k}" for k in range(INPUTS))
    return "\n".join([header, *lines]).encode()


GOOD = ",".join(["1"] * INPUTS)


def with_entry(text: str) -> str:
    return ",".join(["1"] * 5 + [text] + ["1"] * (INPUTS - 6))


WRONG_CSV: dict[str, tuple[bytes, str]] = {
    "text": (rows(GOOD, with_entry("banana")), "line 3, column 'pixel5': 'banana' is not a finite number"),
    "text after an entry of two lines": (
        rows(GOOD, with_entry('"1\n"'), with_entry("x")),
        "line 5, column 'pixel5': 'x' is not a finite number",
    ),
    "missing": (rows(with_entry("")), "line 2, column 'pixel5': '' is not a finite number"),
    "nan": (rows(with_entry("nan")), "'nan' is not a finite number"),
    "too large": (rows(with_entry("1e999")), "'1e999' is not a finite number"),
    "longer line": (rows(GOOD + ",1"), "line 2 has 65 entries under 64 names"),
    "shorter line": (rows(GOOD, "1,2"), "line 3 has 2 entries under 64 names"),
    "empty line": (rows(GOOD, "", GOOD), "line 3 is empty"),
    "columns": (b"a,b\n1,2\n", "has 2 columns, and the network takes 64 numbers an example"),
    "no header": (GOOD.encode() + b"\n" + GOOD.encode(), "line 1 holds numbers, and should hold the names"),
    "empty": (b"", "has 0 columns"),
    "binary": (b"\xff\xfe\x00\x80" * 50, "cannot be read as CSV"),
    "one endless entry": (b'"' + b"x" * 200_000, "cannot be read as CSV"),
}


@pytest.mark.parametrize("case", WRONG_CSV)
def test_a_wrong_csv_is_refused_with_its_place(case: str, tmp_path: Path) -> None:
    content, message = WRONG_CSV[case]
    (tmp_path / "x.csv").write_bytes(content)
    with pytest.raises(DataError, match=re.escape(message)):
        read_input_file(tmp_path / "x.csv", (INPUTS,))


def pickled(path: Path) -> None:
    np.savez(path, x=np.array([object()], dtype=object))


def npy(path: Path) -> None:
    with path.open("wb") as file:
        np.save(file, np.zeros((2, INPUTS)))


def zipped_text(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x", "text")


def cut_short(path: Path) -> None:
    np.savez(path, x=np.zeros((2, INPUTS)))
    path.write_bytes(path.read_bytes()[:-99])


WRONG_NPZ: dict[str, Callable[[Path], object]] = {
    "pickled": pickled,
    "a .npy": npy,
    "no array": zipped_text,
    "cut short": cut_short,
    "text": lambda path: path.write_text("banana"),
    "empty": lambda path: path.write_bytes(b""),
    "another shape": lambda path: np.savez(path, x=np.zeros((3, 5))),
    "a number": lambda path: np.savez(path, x=np.zeros(())),
    "words": lambda path: np.savez(path, x=np.full((2, INPUTS), "a")),
    "infinite": lambda path: np.savez(path, x=np.full((2, INPUTS), np.inf)),
    "complex": lambda path: np.savez(path, x=np.full((2, INPUTS), 1j)),
    "no x among several": lambda path: np.savez(path, a=np.zeros(1), b=np.zeros(1)),
}


@pytest.mark.parametrize("case", WRONG_NPZ)
def test_a_wrong_npz_is_refused(case: str, tmp_path: Path) -> None:
    WRONG_NPZ[case](tmp_path / "x.npz")
    with pytest.raises(DataError, match=r"^\S*x\.npz"):
        read_input_file(tmp_path / "x.npz", (INPUTS,))


@pytest.mark.parametrize("name", ["no.csv", "x.txt", "folder.csv", "x"])
def test_a_file_that_is_not_there_or_of_another_kind_is_refused(name: str, tmp_path: Path) -> None:
    (tmp_path / "x.txt").write_text("")
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(DataError, match=re.escape(name)):
        read_input_file(tmp_path / name, (INPUTS,))


def test_a_csv_is_read_exactly_and_in_the_shape_of_the_examples(tmp_path: Path) -> None:
    (tmp_path / "x.CSV").write_bytes('\ufeffa,b\r\n0.1,-2e-3\r\n 7 ,"8"\r\n\r\n'.encode())
    x = read_input_file(tmp_path / "x.CSV", (2, 1))
    assert x.tolist() == [[[0.1], [-2e-3]], [[7.0], [8.0]]]


@pytest.mark.parametrize("header", ["0,1", "1,2", "a,b"])
def test_columns_may_be_numbered(header: str, tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text(f"{header}\n3,4\n")
    assert read_input_file(tmp_path / "x.csv", (2,)).tolist() == [[3.0, 4.0]]


def test_a_csv_of_a_header_alone_has_no_examples(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("a,b\n")
    assert read_input_file(tmp_path / "x.csv", (2,)).shape == (0, 2)


@pytest.mark.parametrize(("loss", "prefix"), [("cross_entropy", "p_"), ("squared_hinge", "score_")])
def test_the_columns_say_whether_they_hold_probabilities_or_scores(loss: str, prefix: str, tmp_path: Path) -> None:
    text = (
        f"data: {{source: {{moons: {{examples: 60}}}}}}\narchitecture: [output]\nloss: {loss}\ntraining: {{epochs: 1}}"
    )
    run = nnexp.train(load_network_spec(SpecText("spec.yaml", text), name="spec"), runs=tmp_path)
    predicted = make_prediction_table(run.predictor, np.zeros((3, 2)))
    assert list(predicted.columns) == ["class", f"{prefix}0", f"{prefix}1"]

"""What is wrong with a csv file is said by the program: which file, where in it, what was expected, and exit code 6."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import pytest

from nnexp.cli.app import main

GOOD = "a,b,c,y\n1,2,u,p\n3,4,v,q\n5,6,u,p\n"

LEVELS = "categorical={c: [u, v]}"

ALL_TRAIN = "data.split={train: 1.0, dev: 0, test: 0}"
"""Three rows give no training example of each class where they are shared out."""


def changed(old: str, new: str) -> bytes:
    assert GOOD.count(old) == 1
    return GOOD.replace(old, new).encode()


def many_names() -> bytes:
    return ("a,c,y\n" + "".join(f"{k},name {k},{'pq'[k % 2]}\n" for k in range(30))).encode()


BAD: dict[str, tuple[bytes, list[str], str]] = {
    "empty": (b"", [], "t.csv is empty; its first line should hold the names"),
    "an empty first line": (b"\n" + GOOD.encode(), [], "line 1: the line should hold the names of the columns"),
    "a header alone": (b"a,b,c,y\n", [], "t.csv has no rows below the names"),
    "no header": (GOOD.partition("\n")[2].encode(), [], "its first line should hold the names, and holds '1', '2'"),
    "numbers for a header": (b"1.5,2,7\n1,2,3\n", ["target='7'"], "line 1: the line holds numbers"),
    "a short row": (GOOD.encode() + b"7,8\n", [], "line 5: 2 entries under 4 names"),
    "a long row": (changed("4,v", "4,v,9"), [], "line 3: 5 entries under 4 names"),
    "all rows too long": (b"a,c,y\n1,u,p,9\n2,v,q,9\n", [], "line 2: 4 entries under 3 names"),
    "an empty line": (changed("3,4", "\n3,4"), [], "line 3: the line is empty"),
    "a name twice": (changed("a,b", "a,a"), [], "line 1: columns 1 and 2 have the same name, 'a'"),
    "a column without a name": (changed("a,b", ",b"), [], "line 1: column 1 has no name; to leave it out: 'data.sou"),
    "Latin-1": (GOOD.replace("v", "ü").encode("latin-1"), [], "line 3: the byte 0xFC is no text in UTF-8"),
    "UTF-16": (
        GOOD.encode("utf-16"),
        [],
        "line 1: the byte 0xFF is no text in UTF-8; if the file is in UTF-16: data.source.csv.encoding=utf-16",
    ),
    "cut inside a character": (GOOD.encode() + b"7,8,u,\xc3", [], "line 5: a byte is no text in UTF-8"),
    "a NUL byte": (changed("4", "4\0"), [], "line 3: the byte 0x00 is no text"),
    "a quote that never closes": (changed("v,q", '"v,q'), [], "line 3: a quote is opened here and never closed"),
    "an endless entry": (changed("v,q", '"v,q' + "x" * 200_000), [], "line 3: an entry of more than 131,072 char"),
    "another separator": (
        GOOD.replace(",", ";").encode(),
        [],
        "its only one is 'a;b;c;y': are its entries separated by",
    ),
    "a text for a number": (changed("3,4", "3x,4"), [], "line 3, column 'a': '3x' is not a number"),
    "a decimal comma": (
        changed("3,4", '"3,5",4'),
        [],
        "'3,5' is not a number as the spec writes them; numbers as '3,5'; what mends it: 'data.source.csv.dec",
    ),
    "true for a number": (
        GOOD.replace("3,", "True,").replace("1,", "False,").encode(),
        [],
        "line 2, column 'a': 'False' is not a number",
    ),
    "a column of texts": (
        GOOD.encode(),
        ["categorical={}"],
        "'u' is a text, and inputs are numbers; what mends it: 'data.source.csv.categorical={c: [u, v]}'",
    ),
    "a column of names": (many_names(), ["categorical={}"], "what mends it: 'data.source.csv.drop=[c]'"),
    "a missing value": (
        changed("3,4", "NA,4").replace(b"5,6", b",6"),
        [],
        "line 3, column 'a': the value is missing, 'NA', as in 1 more row; what mends it: data.source.csv.fill=median",
    ),
    "a missing category": (changed("4,v", "4,"), [], "line 3, column 'c': the value is missing, ''"),
    "no value to take the mean of": (
        b"a,b,c,y\n1,,u,p\n2,,v,q\n3,,v,q\n4,,u,p\n",
        ["fill=mean"],
        "the training part has no value of 'b', so that there is no mean",
    ),
    "an infinite value": (changed("3,4", "3,-inf"), ["fill=mean"], "line 3, column 'b': '-inf' is not a finite"),
    "a value too large": (changed("3,4", "3,1e999"), [], "line 3, column 'b': '1e999' is not a finite number"),
    "an unknown level": (changed("4,v", "4,w"), [], "line 3, column 'c': 'w' is none of the levels; they are 'u', 'v'"),
    "levels of no feature": (GOOD.encode(), ["drop=[c]"], "has levels for its column 'c', which is not among the fea"),
    "a level twice": (
        GOOD.encode(),
        ["categorical={c: [u, v, u]}"],
        "2 levels of the column 'c' of the same name, 'u'",
    ),
    "a column dropped twice": (GOOD.encode(), ["drop=[c, c]"], "column 'c' named twice in drop"),
    "no levels": (GOOD.encode(), ["categorical={c: []}"], "needs levels of the column 'c', and there are none"),
    "no such target": (GOOD.encode(), ["target=why"], "t.csv has no column 'why'; it has 'a', 'b', 'c', 'y'"),
    "a target in capitals": (GOOD.encode(), ["target=Y"], "t.csv has no column 'Y'; did you mean 'y'?"),
    "no such feature": (GOOD.encode(), ["features=[a, bb]"], "t.csv has no column 'bb'; did you mean 'b'?"),
    "the target as a feature": (
        GOOD.encode(),
        ["features=[a, y]"],
        "column 'y' named in target, and again in features",
    ),
    "nothing left": (b"c,y\nu,p\nv,q\n", ["drop=[c]", "categorical={}"], "t.csv has no column left that is a feature"),
    "no target": (GOOD.encode(), ["target=[]"], "t.csv needs a target, and the spec names none"),
    "a missing target": (changed("v,q", "v,"), [], "line 3, column 'y': the target is missing, ''"),
    "a missing number to predict": (
        changed("4,v", ",v"),
        ["target=b", "drop=[y]"],
        "line 3, column 'b': the target is missing, ''",
    ),
    "an infinite number to predict": (
        changed("4,v", "inf,v"),
        ["target=b", "drop=[y]"],
        "column 'b': 'inf' is not a finite",
    ),
    "one class": (GOOD.replace("q", "p").encode(), [], "column 'y': expected at least 2 classes, found p"),
    "a number among classes": (changed("v,q", "v,7"), [], "line 3, column 'y': '7' is a number, and others are texts"),
    "a text among values": (
        changed("4,v", "x,v"),
        ["target=b", "drop=[y]"],
        "line 2, column 'b': '2' is a number, and others are texts; where all name classes",
    ),
    "two classes of one number": (
        changed("4,v", "2.0,v"),
        ["target=b", "drop=[y]", "kind=classes"],
        "line 3, column 'b': '2.0' and '2' are the same number",
    ),
    "a class that is not listed": (GOOD.encode(), ["classes=[p, Q]"], "'q' is none of the classes; did you mean 'Q'?"),
    "classes of values": (
        GOOD.encode(),
        ["target=b", "drop=[y]", "kind=values", "classes=[p]"],
        "so that no classes can be listed",
    ),
    "two columns of classes": (
        GOOD.encode(),
        ["target=[b, y]"],
        "has 2 targets, and 'y' has texts; only one column can",
    ),
    "neither yes nor no": (
        GOOD.encode(),
        ["target=b", "drop=[y]", "kind=binary"],
        "line 2, column 'b': '2' is neither yes nor no",
    ),
}


def nnexp(*words: str | Path, monkeypatch: pytest.MonkeyPatch) -> int:
    """The exit code of the program."""
    monkeypatch.setattr(sys, "argv", ["nnexp", *map(str, words)])
    with pytest.raises(SystemExit) as ended:
        main()
    return int(ended.value.code or 0)


SPEC = """\
data: {source: {csv: {path: t.csv, target: y}}, split: {train: 0.5, dev: 0.25, test: 0.25, stratify: false}}
architecture: [output]
training: {batch_size: full}
"""


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("s.yaml").write_text(SPEC)


@pytest.mark.parametrize("case", BAD)
def test_a_wrong_table_is_refused_with_its_place(
    case: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    content, parameters, message = BAD[case]
    Path("t.csv").write_bytes(content)
    written = dict(words.split("=", 1) for words in (LEVELS, *parameters))  # a case may have levels of its own
    overrides = [f"data.source.csv.{name}={value}" for name, value in written.items()]
    assert nnexp("train", "s.yaml", *overrides, monkeypatch=monkeypatch) == 6
    printed = capsys.readouterr()
    assert "t.csv" in printed.err or "training part" in printed.err
    assert message in printed.err
    assert "Traceback" not in printed.err
    assert printed.out == ""


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("no.csv", "there is no file no.csv"),
        ("folder", "folder is a folder, and a csv file is expected"),
        ("/dev/null", "/dev/null is no ordinary file"),
        ("t.csv/more", "there is no file t.csv/more"),
        ("x" * 300, "File name too long"),
    ],
)
def test_what_is_no_file_is_refused(
    path: str, message: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("t.csv").write_text(GOOD)
    Path("folder").mkdir()
    assert nnexp("train", "s.yaml", f"data.source.csv.path={path}", monkeypatch=monkeypatch) == 6
    assert message in capsys.readouterr().err


def test_the_good_table_is_taken_and_so_is_the_override_that_is_advised(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("t.csv").write_text(GOOD)
    assert nnexp("validate", "s.yaml", monkeypatch=monkeypatch) == 6
    advised = capsys.readouterr().err.split("what mends it: '")[1].split("'")[0]
    assert advised == f"data.source.csv.{LEVELS}"
    assert nnexp("validate", "s.yaml", advised, ALL_TRAIN, monkeypatch=monkeypatch) == 0


def test_the_advice_keeps_what_the_spec_has_and_quotes_what_a_shell_or_a_spec_would_take_apart(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("t.csv").write_text("a,b c,d,y\nu,it's,x,p\nv,true,x,q\nu,a 1,x,p\n")
    words = ["data.source.csv.categorical={a: [u, v]}", "data.source.csv.drop=[d]"]
    assert nnexp("validate", "s.yaml", *words, monkeypatch=monkeypatch) == 6
    [line] = [line for line in capsys.readouterr().err.splitlines() if "what mends it" in line]
    advised = shlex.split(line.split("what mends it: ", 1)[1])
    assert advised == ["""data.source.csv.categorical={a: [u, v], "b c": ["a 1", "it's", "true"]}"""]
    assert nnexp("validate", "s.yaml", words[1], *advised, ALL_TRAIN, monkeypatch=monkeypatch) == 0

"""nnexp describe"""

from __future__ import annotations

import contextlib
import json
import os
import pty
import re
import subprocess
import sys
import termios
from pathlib import Path

import pytest

from nnexp.spec.outline import outline_network
from nnexp.spec.sizes import AssumedSizes
from tests.cli.inside import inside

IMAGENET = ("--input", "224x224x3", "--outputs", "1000")

SPECS = {
    "vgg.yaml": "data: {source: {digits: {flat: false}}}\narchitecture: {vgg: 16}\n",
    "lenet5.yaml": "data: {source: {digits: {flat: false}}}\narchitecture: lenet5\n",
    "small.yaml": "data: {source: digits}\narchitecture: {mlp: {hidden: [4]}}\nactivation: tanh\n",
    "blocks.yaml": "data: {source: moons}\narchitecture: [{residual_block: [dense: 2, relu]}, output]\n",
    "conv.yaml": "data: {source: digits}\narchitecture:\n  - conv2d: {filters: 2, kernel: 3}\n  - output\n",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in SPECS.items():
        (tmp_path / name).write_text(text)
    return tmp_path


def rows(text: str) -> dict[str, list[str]]:
    """The table's rows by their first word."""
    split = [re.split(r"\s{2,}", line.strip()) for line in text.splitlines() if re.match(r"\s+\S", line)]
    return {cells[0]: cells[1:] for cells in split}


def test_vgg16_at_imagenets_size_has_its_known_totals(folder: Path) -> None:
    done = inside("describe", "vgg.yaml", *IMAGENET, cwd=folder)
    assert (done.returncode, done.stderr) == (0, "")
    table = rows(done.stdout)
    assert table["total"][:5] == ["1000", "138,344,128", "13,416", "15,483,821,032", "15,470,264,320"]
    assert table["conv2d_13"][:2] == ["14 x 14 x 512", "2,359,296"]
    assert table["max_pool_5"] == ["7 x 7 x 512", "212 x 212", "6.12 MiB"]
    assert "vgg: 138,357,544 parameters, inputs of 224 x 224 x 3" in done.stdout


def test_a_3_4_2_network(folder: Path) -> None:
    done = inside("describe", "small.yaml", "--input", "3", "--outputs", "2", "training.batch_size=10", cwd=folder)
    table = rows(done.stdout)
    assert table["dense_1"] == ["4", "12", "4", "16", "12", "448 B", "320 B"]  # 16 x 7 x 4 and 4 x 2 x 10 x 4 bytes
    assert table["tanh_1"] == ["4", "320 B"]
    assert table["total"] == ["2", "20", "6", "26", "20", "728 B", "800 B"]
    assert "training with adam in float32, batches of 10, takes" in done.stdout


def test_lenet5s_first_layer(folder: Path) -> None:
    table = rows(inside("describe", "lenet5.yaml", "--input", "32x32x1", cwd=folder).stdout)
    assert table["conv2d_1"][:6] == ["28 x 28 x 6", "150", "6", "122,304", "117,600", "5 x 5"]


def test_without_sizes_those_of_the_data_hold(folder: Path) -> None:
    done = inside("describe", "small.yaml", cwd=folder)
    assert rows(done.stdout)["dense_1"][:3] == ["4", "256", "4"]
    assert "inputs of 64\n" in done.stdout


def test_layers_in_a_layer_are_indented_below_it(folder: Path) -> None:
    lines = inside("describe", "blocks.yaml", cwd=folder).stdout.splitlines()
    indents = {line.split()[0]: len(line) - len(line.lstrip()) for line in lines if line.strip()}
    assert indents["residual_block_1"] == indents["output"] == 2
    assert (indents["branch_2"], indents["dense_1"], indents["relu_1"]) == (4, 6, 6)


def test_json_has_everything(folder: Path) -> None:
    done = inside("describe", "vgg.yaml", *IMAGENET, "--json", cwd=folder)
    document = json.loads(done.stdout)
    assert document["parameters"] == 138_357_544
    assert (document["input"], document["outputs"], document["batch_size"]) == ([224, 224, 3], 1000, 32)
    layers = {layer["name"]: layer for layer in document["layers"]}
    assert layers["conv2d_2"]["receptive_field"] == [5, 5]
    for key in ("parameters", "connections", "multiply_adds", "parameter_bytes", "activation_bytes"):
        assert document[key] == sum(layer[key] for layer in document["layers"])
    assert document["parameter_bytes"] == 138_357_544 * 7 * 4


def on_a_real_terminal(folder: Path, width: int, *arguments: str) -> str:
    """What the program prints, in a process of its own, on a terminal of this width."""
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (50, width))
    environment = {key: value for key, value in os.environ.items() if key not in ("COLUMNS", "FORCE_COLOR")}
    command = [sys.executable, "-m", "nnexp", *arguments]
    environment |= {"NO_COLOR": "1", "TERM": "xterm", "PYTHONUTF8": "1"}
    process = subprocess.Popen(command, cwd=folder, env=environment, stdout=theirs, stderr=subprocess.PIPE, text=True)
    os.close(theirs)
    written = bytearray()
    with contextlib.suppress(OSError):  # what Linux says at the end of a terminal
        while block := os.read(ours, 1 << 16):
            written += block
    os.close(ours)
    _, errors = process.communicate()
    assert process.returncode == 0, errors
    return re.sub("\x1b\\[[0-9;]*m", "", written.decode())


@pytest.mark.parametrize(("width", "shown"), [(60, "biases"), (80, "multiply-adds"), (110, "field"), (200, "memory")])
def test_a_narrow_terminal_gets_fewer_columns_and_no_number_cut(folder: Path, width: int, shown: str) -> None:
    printed = on_a_real_terminal(folder, width, "describe", "vgg.yaml", *IMAGENET)
    assert max(len(line.rstrip()) for line in printed.splitlines()) <= width
    assert shown in printed
    assert "138,344,128" in printed
    assert "…" not in printed


def test_a_layer_that_does_not_fit_the_input_is_named_on_its_line(folder: Path) -> None:
    done = inside("describe", "conv.yaml", "--input", "2x5x1", cwd=folder)
    assert (done.returncode, done.stdout) == (2, "")
    place, _, message = done.stderr.splitlines()[0].partition(": ")
    assert place == "conv.yaml:3:5"
    assert message == "architecture.0: conv2d: a window of 3 x 3 is larger than an image of 2 x 5"


def test_a_layer_of_a_preset_that_does_not_fit_is_named(folder: Path) -> None:
    done = inside("describe", "lenet5.yaml", "--input", "12x12x1", cwd=folder)
    assert done.returncode == 2
    assert "lenet5.yaml:2:15: architecture.3: conv2d_2: a window of 5 x 5 is larger than an" in done.stderr


@pytest.mark.parametrize("text", ["", "2x2", "0", "8x8x0", "8X8X1", "8 x 8 x 1", "-3", "x", "8x8x1x1", "9999999", "٣"])
def test_sizes_that_are_none_end_with_2(folder: Path, text: str) -> None:
    done = inside("describe", "small.yaml", f"--input={text}", cwd=folder)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: --input: expected height, width and channels, or features: 224x224x3 or 64;")


@pytest.mark.parametrize("number", ["0", "-1", "two", "1.5"])
def test_outputs_are_a_whole_number_from_1(folder: Path, number: str) -> None:
    done = inside("describe", "small.yaml", f"--outputs={number}", cwd=folder)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_a_wrong_spec_is_reported_as_ever(folder: Path) -> None:
    done = inside("describe", "small.yaml", "architecture.mlp.hiden=3", cwd=folder)
    assert done.returncode == 2
    assert "did you mean architecture.mlp.hidden=3?" in done.stderr
    assert inside("describe", "nowhere.yaml", cwd=folder).returncode == 2


def test_a_batch_that_is_full_holds_the_training_part(folder: Path) -> None:
    found = outline_network(folder / "small.yaml", ["training.batch_size=full"])
    assert found.batch_size == 1437
    assert found.estimate_memory(found.network)[1] == 1437 * 2 * 4 * (4 + 4 + 10)


def test_the_outline_is_a_plain_function(folder: Path) -> None:
    found = outline_network(folder / "small.yaml", sizes=AssumedSizes((3,), 2))
    assert (found.input_shape, found.network.weights, found.network.biases) == ((3,), 20, 6)

"""nnexp data list"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from nnexp.data.download.known import KNOWN_SETS
from nnexp.registry import sources
from tests.cli.inside import inside


def test_known_sets_have_their_size_and_state_and_other_sources_a_line(tmp_path: Path) -> None:
    (tmp_path / "cifar-10-python.tar.gz").touch()
    with (tmp_path / "cifar-100-python.tar.gz").open("wb") as file:
        file.truncate(169_001_437)
    (tmp_path / "mnist").mkdir()
    (tmp_path / "mnist" / "t10k-labels-idx1-ubyte.gz").write_bytes(bytes(4542))
    done = inside("data", "list", cwd=tmp_path, NNEXP_DATA=str(tmp_path))
    assert (done.returncode, done.stderr) == (0, "")
    rows = [" ".join(line.split()) for line in done.stdout.splitlines()]
    assert {
        "cifar10 163 MiB, not fetched",
        "cifar100 161 MiB, in the cache",
        "mnist 11.1 MiB, 1 of 4 files in the cache",
        "fashion_mnist 29.4 MiB, not fetched",
        f"the cache: {tmp_path}",
        "moons Two interleaved half circles of radius 1, one class each.",
    } <= set(rows)
    first_words = {row.partition(" ")[0] for row in rows}
    assert set(sources) <= first_words


def test_lines_fit_where_there_is_no_terminal(tmp_path: Path) -> None:
    done = inside("data", "list", cwd=tmp_path, NNEXP_DATA="cache")
    assert max(map(len, done.stdout.splitlines())) <= 100
    assert "\x1b" not in done.stdout


def test_json_has_the_files_with_addresses_paths_and_checksums(tmp_path: Path) -> None:
    done = inside("data", "list", "--json", cwd=tmp_path, NNEXP_DATA=str(tmp_path))
    document = json.loads(done.stdout)
    assert document["cache"] == str(tmp_path)
    assert [entry["name"] for entry in document["known"]] == list(KNOWN_SETS)
    [mnist] = [entry for entry in document["known"] if entry["name"] == "mnist"]
    assert (mnist["bytes"], mnist["there"]) == (11_594_722, False)
    assert "CC BY-SA 3.0" in mnist["credit"]
    assert mnist["files"][0] == {
        "name": "train-images-idx3-ubyte.gz",
        "address": "https://ossci-datasets.s3.amazonaws.com/mnist/train-images-idx3-ubyte.gz",
        "path": str(tmp_path / "mnist" / "train-images-idx3-ubyte.gz"),
        "bytes": 9_912_422,
        "checksum": "md5:f68b3c2dcbeaaa9fbdd348bbdeb94873",
    }
    listed = {entry["name"] for entry in document["sources"]}
    assert listed | set(KNOWN_SETS) == set(sources) | set(KNOWN_SETS)
    assert not listed & set(KNOWN_SETS)


@pytest.mark.parametrize("name", KNOWN_SETS)
def test_every_known_set_is_read_by_a_source_of_its_name(name: str) -> None:
    assert name in sources


def test_the_group_without_a_command_says_what_there_is(tmp_path: Path) -> None:
    done = inside("data", "--help", cwd=tmp_path)
    assert done.returncode == 0
    assert all(command in done.stdout for command in ("fetch", "list", "show"))

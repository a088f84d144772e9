"""nnexp data fetch"""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from nnexp.data.download.known import KNOWN_SETS, KnownFile, KnownSet
from tests.cli.inside import inside
from tests.server import Answer, Site, broken, good, serving, status, stuck

CONTENT = bytes(range(256)) * 1031

FILE = KnownFile("one.gz", len(CONTENT), f"md5:{hashlib.md5(CONTENT).hexdigest()}")
SMALL = KnownSet("small", "http://nowhere.invalid/", "few", (FILE,), "me")

WITH_A_SMALL_SET = """
from nnexp.cli.app import main
from nnexp.data.download.known import KNOWN_SETS
from tests.cli.test_data_fetch import SMALL

KNOWN_SETS["small"] = SMALL
main()
"""
"""The program, to which a small set is known besides the others."""


def begin(cache: Path, address: str, name: str = "small") -> subprocess.Popen[str]:
    """A fetch under way."""
    environment = {**os.environ, "NNEXP_DATA": str(cache), "NO_PROXY": "127.0.0.1", "PYTHONUTF8": "1"}
    command = [sys.executable, "-c", WITH_A_SMALL_SET, "data", "fetch", name, "--from", address]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def fetch(cache: Path, address: str, name: str = "small") -> tuple[int, str, str]:
    """The exit code of a fetch, and what it printed."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(KNOWN_SETS, "small", SMALL)
        words = ("data", "fetch", name, "--from", address)
        done = inside(*words, cwd=cache, NNEXP_DATA=str(cache), NO_PROXY="127.0.0.1")
    return done.returncode, done.stdout, done.stderr


@contextmanager
def small(*answers: Answer, content: bytes = CONTENT) -> Iterator[Site]:
    with serving({"/one.gz": content}, *answers) as site:
        yield site


def test_a_set_is_fetched_and_the_second_time_it_is_there(tmp_path: Path) -> None:
    with small() as site:
        code, out, err = fetch(tmp_path, site.address)
        assert (code, out) == (0, f"small: fetched into {tmp_path}/few\nme\n")
        assert err == "fetching one.gz, 258 KiB\n"
        assert fetch(tmp_path, site.address) == (
            0,
            f"small: already in {tmp_path}/few, and its checksums are right\n",
            "",
        )
        assert len(site.asked) == 1
    assert (tmp_path / "few" / "one.gz").read_bytes() == CONTENT


def test_a_broken_connection_goes_on_with_a_notice(tmp_path: Path) -> None:
    with small(broken(100_000)) as site:
        code, _, err = fetch(tmp_path, site.address)
        assert code == 0
        assert "the connection broke off after 96 KiB of 258 KiB; trying again in 1 s" in err
        assert site.headers("Range") == [None, "bytes=98304-"]
    assert (tmp_path / "few" / "one.gz").read_bytes() == CONTENT


def test_a_wrong_checksum_ends_with_6(tmp_path: Path) -> None:
    with small(content=CONTENT[::-1]) as site:
        code, out, err = fetch(tmp_path, site.address)
    assert (code, out) == (6, "")
    assert f"expected md5:{hashlib.md5(CONTENT).hexdigest()}, found md5:" in err
    assert not list((tmp_path / "few").glob("one*"))


def test_a_missing_file_ends_with_6(tmp_path: Path) -> None:
    with small(status(404)) as site:
        code, _, err = fetch(tmp_path, site.address)
    assert code == 6
    assert err.endswith(f"error: cannot fetch {site.address}one.gz: the server answered 404 Not Found\n")


def test_the_known_checksums_hold_for_other_addresses_too(tmp_path: Path) -> None:
    with serving({"/train-images-idx3-ubyte.gz": b"short"}) as site:
        code, _, err = fetch(tmp_path, site.address, "mnist")
    assert code == 6
    assert "the server announces 5 bytes: expected 9912422" in err


def test_ctrl_c_ends_with_130_and_the_same_command_goes_on(tmp_path: Path) -> None:
    part = tmp_path / "few" / "one.gz.part"
    with small(stuck(131_072), good) as site:
        process = begin(tmp_path, site.address)
        while not (part.exists() and part.stat().st_size == 131_072):
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        out, err = process.communicate()
        assert (process.returncode, out) == (130, "")
        assert err.endswith("stopped: 128 KiB of 258 KiB of one.gz are there, and the same command goes on\n")
        assert sorted(path.name for path in part.parent.glob("one*")) == ["one.gz.part"]
        assert fetch(tmp_path, site.address)[0] == 0
        assert site.headers("Range") == [None, "bytes=131072-"]
    assert (tmp_path / "few" / "one.gz").read_bytes() == CONTENT


def test_two_processes_at_once_fetch_it_once(tmp_path: Path) -> None:
    with small(stuck(131_072)) as site:
        first = begin(tmp_path, site.address)
        while not site.asked:
            assert first.poll() is None
        second = begin(tmp_path, site.address)
        assert second.stderr is not None
        assert second.stderr.readline() == "another process is fetching one.gz: waiting for it\n"
        site.release.set()
        assert first.wait() == second.wait() == 0
        assert second.stdout is not None
        assert second.stdout.read() == f"small: already in {tmp_path}/few, and its checksums are right\n"
        assert site.headers("Range") == [None, "bytes=131072-"]
        for process in (first, second):
            process.communicate()


@pytest.mark.parametrize(
    ("name", "hint"),
    [("cifr10", "did you mean 'cifar10'?"), ("zzz", "known: cifar10, cifar100, fashion_mnist, mnist")],
)
def test_an_unknown_set_ends_with_2(tmp_path: Path, name: str, hint: str) -> None:
    done = inside("data", "fetch", name, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"error: no known set is named {name!r}; {hint}\n"


def test_a_source_that_needs_no_fetching_ends_with_2(tmp_path: Path) -> None:
    done = inside("data", "fetch", "moons", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: moons is a source that needs no fetching; known sets: cifar10, ")


def test_an_address_that_is_none_ends_with_2(tmp_path: Path) -> None:
    done = inside("data", "fetch", "mnist", "--from", "here", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "error: an address begins with http:// or https://, found 'here'\n"


def test_a_cache_that_cannot_be_ends_with_6(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = inside("data", "fetch", "mnist", "--from", "http://127.0.0.1:9", cwd=tmp_path, NNEXP_DATA="file/cache")
    assert (done.returncode, done.stdout) == (6, "")
    assert done.stderr == "error: cannot write file/cache/mnist: Not a directory\n"

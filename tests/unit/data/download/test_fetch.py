"""Fetching: whatever happens, a file stands under its name only when it is whole and the published one."""

from __future__ import annotations

import errno
import hashlib
import os
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from nnexp.data.download import http
from nnexp.data.download.fetch import fetch_known_set
from nnexp.data.download.http import DownloadListener, RetryPolicy
from nnexp.data.download.known import KNOWN_SETS, KnownFile, KnownSet
from nnexp.errors import DataError, Interrupted, UsageError
from tests.server import Answer, Handler, Site, broken, good, redirect, serving, silent, status, stuck, whole

CONTENT = bytes(range(256)) * 1031
OTHER = bytes(reversed(CONTENT))
PATH = "/set.bin"

SET = KnownSet("set", "http://nowhere.invalid/", "", (KnownFile("set.bin", len(CONTENT), ""),), "nobody's")

CHUNK = http.CHUNK_BYTES

QUICK = RetryPolicy(timeout_seconds=5, delay_seconds=(0, 0))

Serve = Callable[..., Site]


class Heard(DownloadListener):
    """Remembers what it heard."""

    def __init__(self) -> None:
        self.notices: list[str] = []
        self.had: list[int] = []

    def on_bytes(self, have: int) -> None:
        self.had.append(have)

    def on_notice(self, text: str) -> None:
        self.notices.append(text)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NNEXP_DATA", str(tmp_path / "cache"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    return tmp_path / "cache"


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Serves the file, with answers to the first requests."""
    opened = []

    def begin(*answers: Any, content: bytes = CONTENT) -> Site:
        opened.append(serving({PATH: content, "/moved/there.bin": content}, *answers))
        return opened[-1].__enter__()

    yield begin
    for one in opened:
        one.__exit__(None, None, None)


def published(algorithm: str = "md5", content: bytes = CONTENT) -> KnownSet:
    """The set whose only file is the content."""
    checksum = f"{algorithm}:{hashlib.new(algorithm, content).hexdigest()}"
    return KnownSet("set", SET.address, "", (KnownFile("set.bin", len(content), checksum),), "nobody's")


def left(cache: Path) -> set[str]:
    """The names of what is in the cache, locks aside."""
    return {path.name for path in cache.iterdir() if not path.name.endswith(".lock")}


def refused(site: Site, wanted: KnownSet | None = None) -> str:
    """What is said of a fetch that fails."""
    with pytest.raises(DataError) as caught:
        fetch_known_set(wanted or published(), site.address, patience=QUICK)
    return str(caught.value)


@pytest.mark.parametrize("algorithm", ["md5", "sha256"])
def test_a_file_is_fetched_and_nothing_else_is_left(serve: Serve, cache: Path, algorithm: str) -> None:
    site, heard = serve(), Heard()
    assert fetch_known_set(published(algorithm), site.address, watch=heard) == (cache / "set.bin",)
    assert (cache / "set.bin").read_bytes() == CONTENT
    assert left(cache) == {"set.bin"}
    assert heard.had[0] == 0
    assert heard.had == sorted(heard.had)
    assert heard.had[-1] == len(CONTENT)


def test_a_file_that_is_there_and_right_is_not_asked_for(serve: Serve, cache: Path) -> None:
    site = serve()
    fetch_known_set(published(), site.address)
    assert fetch_known_set(published(), site.address) == ()
    assert len(site.asked) == 1


def test_a_file_that_is_there_and_wrong_is_replaced_with_a_notice(serve: Serve, cache: Path) -> None:
    cache.mkdir()
    (cache / "set.bin").write_bytes(OTHER)
    heard = Heard()
    fetch_known_set(published(), serve().address, watch=heard)
    assert (cache / "set.bin").read_bytes() == CONTENT
    assert heard.notices == [f"{cache / 'set.bin'} is not the published file: fetching that"]


def test_a_file_that_is_there_and_wrong_stays_until_the_right_one_is_whole(serve: Serve, cache: Path) -> None:
    cache.mkdir()
    (cache / "set.bin").write_bytes(OTHER)
    refused(serve(status(404)))
    assert (cache / "set.bin").read_bytes() == OTHER


def test_a_redirect_is_followed_when_a_download_goes_on(serve: Serve, cache: Path) -> None:
    site = serve(broken(6 * CHUNK + 7), redirect("/moved/there.bin"))
    fetch_known_set(published(), site.address, patience=QUICK)
    assert site.headers("Range") == [None, f"bytes={6 * CHUNK}-", f"bytes={6 * CHUNK}-"]
    assert (cache / "set.bin").read_bytes() == CONTENT


def test_redirects_in_a_circle_end(serve: Serve, cache: Path) -> None:
    assert "30 redirects" in refused(serve(*[redirect(PATH)] * 40))
    assert left(cache) == set()


def test_a_broken_connection_goes_on_where_it_was(serve: Serve, cache: Path) -> None:
    site, heard = serve(broken(6 * CHUNK + 7)), Heard()
    fetch_known_set(published(), site.address, watch=heard, patience=QUICK)
    assert site.headers("Range") == [None, f"bytes={6 * CHUNK}-"]
    assert heard.notices == ["the connection broke off after 96 KiB of 258 KiB; trying again in 0 s"]
    assert (cache / "set.bin").read_bytes() == CONTENT
    assert left(cache) == {"set.bin"}


def test_a_later_command_goes_on_where_an_earlier_one_gave_up(serve: Serve, cache: Path) -> None:
    first = serve(broken(4 * CHUNK + 7), status(500), status(503))
    assert refused(first).endswith("the server answered 503 Service Unavailable")
    assert left(cache) == {"set.bin.part"}
    second = serve()
    fetch_known_set(published(), second.address)
    assert second.headers("Range") == [f"bytes={4 * CHUNK}-"]
    assert (cache / "set.bin").read_bytes() == CONTENT


def test_a_server_that_ignores_range_sends_all_of_it_again(serve: Serve, cache: Path) -> None:
    site, heard = serve(broken(6 * CHUNK + 7), whole), Heard()
    fetch_known_set(published(), site.address, watch=heard, patience=QUICK)
    assert heard.notices[-1] == "the server cannot go on where it was: it sends the whole file again"
    assert (cache / "set.bin").read_bytes() == CONTENT


def test_halves_of_two_versions_are_not_taken_for_the_file(serve: Serve, cache: Path) -> None:
    def other_version(handler: Handler, content: bytes) -> None:
        broken(6 * CHUNK + 7)(handler, OTHER)

    assert "is not the published file" in refused(serve(other_version))
    assert left(cache) == set()


def elsewhere(handler: Handler, content: bytes) -> None:
    """Another piece than was asked for."""
    said = f"bytes 5-{len(content) - 1}/{len(content)}"
    handler.say(206, content[5:], Content_Length=len(content) - 5, Content_Range=said)


@pytest.mark.parametrize("answer", [elsewhere, status(416)], ids=["another piece", "no such piece"])
def test_a_piece_that_the_server_does_not_have_begins_anew(serve: Serve, cache: Path, answer: Answer) -> None:
    site = serve(broken(6 * CHUNK + 7), answer)
    fetch_known_set(published(), site.address, patience=QUICK)
    assert site.headers("Range") == [None, f"bytes={6 * CHUNK}-", None]
    assert (cache / "set.bin").read_bytes() == CONTENT


def test_more_than_the_file_has_is_no_beginning_of_it(serve: Serve, cache: Path) -> None:
    cache.mkdir()
    (cache / "set.bin.part").write_bytes(CONTENT + b"!")
    site = serve()
    fetch_known_set(published(), site.address)
    assert site.headers("Range") == [None]
    assert left(cache) == {"set.bin"}


def test_what_is_whole_already_is_checked_and_not_asked_for(serve: Serve, cache: Path) -> None:
    cache.mkdir()
    (cache / "set.bin.part").write_bytes(CONTENT)
    site = serve()
    fetch_known_set(published(), site.address)
    assert site.asked == []
    assert left(cache) == {"set.bin"}


def test_a_wrong_checksum_is_refused_and_what_came_removed(serve: Serve, cache: Path) -> None:
    site = serve(content=OTHER)
    expected, found = hashlib.md5(CONTENT).hexdigest(), hashlib.md5(OTHER).hexdigest()
    assert refused(site) == (
        f"{site.address}set.bin is not the published file: expected md5:{expected}, found md5:{found}; it was removed"
    )
    assert left(cache) == set()


@pytest.mark.parametrize("content", [CONTENT[:-1], CONTENT + b"!", b""])
def test_a_file_of_another_length_is_refused_before_it_is_fetched(serve: Serve, cache: Path, content: bytes) -> None:
    words = f"the server announces {len(content)} bytes: expected {len(CONTENT)}"
    assert refused(serve(content=content)).endswith(words)
    assert left(cache) == set()


def test_a_longer_file_whose_length_is_not_announced_is_refused(serve: Serve, cache: Path) -> None:
    def unannounced(handler: Handler, content: bytes) -> None:
        handler.close_connection = True
        handler.say(200, content + b"!", Connection="close")

    assert "more than the 263,936 bytes came that the file should have" in refused(serve(unannounced))
    assert "set.bin" not in left(cache)


def test_a_connection_that_ends_early_without_a_length_goes_on(serve: Serve, cache: Path) -> None:
    def unannounced(handler: Handler, content: bytes) -> None:
        handler.close_connection = True
        handler.say(200, content[: 5 * CHUNK + 7], Connection="close")

    site = serve(unannounced)
    fetch_known_set(published(), site.address, patience=QUICK)
    assert site.headers("Range") == [None, f"bytes={5 * CHUNK + 7}-"]
    assert (cache / "set.bin").read_bytes() == CONTENT


@pytest.mark.parametrize("number", [403, 404, 410])
def test_a_refusal_is_final(serve: Serve, cache: Path, number: int) -> None:
    site = serve(status(number))
    assert f"the server answered {number} " in refused(site)
    assert len(site.asked) == 1
    assert left(cache) == set()


@pytest.mark.parametrize("number", [429, 500, 502, 503, 504])
def test_a_server_in_trouble_is_asked_again(serve: Serve, cache: Path, number: int) -> None:
    site = serve(status(number))
    fetch_known_set(published(), site.address, patience=QUICK)
    assert len(site.asked) == 2
    assert (cache / "set.bin").read_bytes() == CONTENT


def test_attempts_in_vain_are_counted_anew_after_one_that_brought_something(
    serve: Serve, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "MIN_PROGRESS_BYTES", 3 * CHUNK)

    def in_pieces(handler: Handler, content: bytes) -> None:
        start = int(handler.headers.get("Range", "bytes=0-")[6:-1])
        said = f"bytes {start}-{len(content) - 1}/{len(content)}"
        piece = content[start : start + 4 * CHUNK]
        handler.say(206, piece, Content_Length=len(content) - start, Content_Range=said)
        handler.close_connection = True

    site = serve(*[in_pieces] * 4)
    fetch_known_set(published(), site.address, patience=QUICK)
    assert site.headers("Range") == [None, *(f"bytes={4 * CHUNK * done}-" for done in (1, 2, 3, 4))]
    assert (cache / "set.bin").read_bytes() == CONTENT


def test_a_server_that_never_answers_is_given_up(serve: Serve, cache: Path) -> None:
    site = serve(silent, silent)
    with pytest.raises(DataError, match=r"no answer in 0\.2 s"):
        fetch_known_set(published(), site.address, patience=RetryPolicy(timeout_seconds=0.2, delay_seconds=(0,)))
    assert len(site.asked) == 2
    assert left(cache) == set()


def test_a_server_that_stops_on_the_way_is_asked_for_the_rest(serve: Serve, cache: Path) -> None:
    site, heard = serve(stuck(131_072)), Heard()
    fetch_known_set(
        published(), site.address, watch=heard, patience=RetryPolicy(timeout_seconds=0.3, delay_seconds=(0,))
    )
    assert heard.notices[0].startswith("nothing came for 0.3 s after 128 KiB of 258 KiB")
    assert (cache / "set.bin").read_bytes() == CONTENT


def test_no_server_is_one_clear_line(cache: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{taken.getsockname()[1]}/"
        with pytest.raises(DataError) as caught:
            fetch_known_set(published(), address, patience=RetryPolicy(delay_seconds=()))
    where = address.removeprefix("http://").rstrip("/")
    assert str(caught.value) == f"cannot fetch {address}set.bin: cannot connect to {where}: Connection refused"


@pytest.mark.parametrize("address", ["ftp://127.0.0.1/", "127.0.0.1", "file:///etc/"])
def test_an_address_is_one_of_the_web(address: str) -> None:
    with pytest.raises(UsageError, match="begins with http:// or https://"):
        fetch_known_set(published(), address)


def test_an_address_may_end_without_a_slash(serve: Serve, cache: Path) -> None:
    fetch_known_set(published(), serve().address.removesuffix("/"))
    assert (cache / "set.bin").read_bytes() == CONTENT


def test_an_archive_that_is_called_a_compressed_page_stays_an_archive(serve: Serve, cache: Path) -> None:
    def mislabelled(handler: Handler, content: bytes) -> None:
        handler.say(200, content, Content_Length=len(content), Content_Encoding="x-gzip")

    site = serve(mislabelled)
    fetch_known_set(published(), site.address)
    assert site.headers("Accept-Encoding") == ["identity"]
    assert (cache / "set.bin").read_bytes() == CONTENT


def test_an_answer_whose_length_is_no_number_is_refused(serve: Serve, cache: Path) -> None:
    def odd(handler: Handler, content: bytes) -> None:
        handler.close_connection = True
        handler.say(200, content, Content_Length="many")

    assert "many bytes" in refused(serve(odd))
    assert left(cache) == set()


def test_a_disk_without_room_is_refused_before_anything_is_asked_for(
    serve: Serve, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda path: type("Usage", (), {"free": 1024})())
    site = serve()
    assert refused(site) == f"no room in {cache}: 258 KiB more are needed, and 1 KiB are free"
    assert site.asked == []
    assert left(cache) == set()


def test_a_disk_that_fills_up_keeps_what_came(serve: Serve, cache: Path) -> None:
    class Full(DownloadListener):
        def on_bytes(self, have: int) -> None:
            if have > 100_000:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(DataError, match=rf"cannot write {cache / 'set.bin'}: No space left on device"):
        fetch_known_set(published(), serve().address, watch=Full())
    assert (cache / "set.bin.part").read_bytes() == CONTENT[: 7 * CHUNK]
    site = serve()
    fetch_known_set(published(), site.address)
    assert site.headers("Range") == [f"bytes={7 * CHUNK}-"]
    assert (cache / "set.bin").read_bytes() == CONTENT


def test_two_at_once_fetch_it_once(serve: Serve, cache: Path) -> None:
    asked, go_on = threading.Event(), threading.Event()

    def slow(handler: Handler, content: bytes) -> None:
        asked.set()
        go_on.wait(30)
        good(handler, content)

    class Second(Heard):
        def on_notice(self, text: str) -> None:
            super().on_notice(text)
            go_on.set()

    site = serve(slow)
    came: dict[str, tuple[Path, ...]] = {}
    first = threading.Thread(target=lambda: came.update(first=fetch_known_set(published(), site.address)))
    first.start()
    assert asked.wait(30)
    second = Second()
    came["second"] = fetch_known_set(published(), site.address, watch=second)
    first.join()
    assert second.notices == ["another process is fetching set.bin: waiting for it"]
    assert came == {"first": (cache / "set.bin",), "second": ()}
    assert len(site.asked) == 1


def test_ctrl_c_keeps_what_came_and_says_that_the_same_command_goes_on(serve: Serve, cache: Path) -> None:
    class Impatient(DownloadListener):
        def on_bytes(self, have: int) -> None:
            if have > 100_000:
                raise KeyboardInterrupt

    with pytest.raises(Interrupted, match=r"112 KiB of 258 KiB of set\.bin are there, and the same") as caught:
        fetch_known_set(published(), serve().address, watch=Impatient())
    assert caught.value.exit_code == 130
    assert (cache / "set.bin.part").read_bytes() == CONTENT[: 7 * CHUNK]
    site = serve()
    fetch_known_set(published(), site.address)
    assert site.headers("Range") == [f"bytes={7 * CHUNK}-"]
    assert (cache / "set.bin").read_bytes() == CONTENT


def test_a_folder_in_the_place_of_the_file_is_refused(serve: Serve, cache: Path) -> None:
    (cache / "set.bin").mkdir(parents=True)
    site = serve()
    assert refused(site) == f"{cache / 'set.bin'} is a folder, and a file belongs there"
    assert site.asked == []


def test_a_cache_that_cannot_be_is_refused(serve: Serve, cache: Path) -> None:
    cache.write_text("a file")
    site = serve()
    assert refused(site).startswith(f"cannot write {cache}")
    assert site.asked == []
    assert cache.read_text() == "a file"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_cache_that_is_read_only_is_refused(serve: Serve, cache: Path) -> None:
    cache.mkdir(mode=0o555)
    assert "Permission denied" in refused(serve())


def test_the_files_of_a_set_lie_where_its_source_looks(serve: Serve, cache: Path) -> None:
    assert [
        str(KNOWN_SETS[name].path_of(file).relative_to(cache)) for name in KNOWN_SETS for file in KNOWN_SETS[name].files
    ] == [
        "cifar-10-python.tar.gz",
        "cifar-100-python.tar.gz",
        *(
            f"{folder}/{part}-{what}-ubyte.gz"
            for folder in ("mnist", "fashion_mnist")
            for part in ("train", "t10k")
            for what in ("images-idx3", "labels-idx1")
        ),
    ]


def test_what_is_there_of_a_set_is_known_by_size(cache: Path) -> None:
    mnist = KNOWN_SETS["mnist"]
    assert mnist.count_present_files() == 0
    (cache / "mnist").mkdir(parents=True)
    mnist.path_of(mnist.files[3]).write_bytes(bytes(4542))
    mnist.path_of(mnist.files[1]).write_bytes(bytes(28_880))
    assert mnist.count_present_files() == 1
    assert mnist.total_bytes == 9_912_422 + 28_881 + 1_648_877 + 4_542

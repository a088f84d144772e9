"""A small web server on this machine, whose answers the tests choose."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = Callable[["Handler", bytes], None]
"""What is done about one request for a file with this content."""


@dataclass
class Site:
    """What is served: contents by path, and what is done about the first requests; those after them are answered well.

    asked: the requests that came, each with its path and headers.
    """

    files: dict[str, bytes]
    answers: list[Answer] = field(default_factory=list)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    address: str = ""
    release: threading.Event = field(default_factory=threading.Event)
    """Set at the end, so that answers that keep a request waiting let it go."""

    def headers(self, name: str) -> list[str | None]:
        """A header of every request that came."""
        return [headers.get(name) for _, headers in self.asked]


class Handler(BaseHTTPRequestHandler):
    """Answers as its site says."""

    site: Site
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.site.asked.append((self.path, dict(self.headers.items())))
        answer = self.site.answers.pop(0) if self.site.answers else good
        answer(self, self.site.files.get(self.path, b""))

    def say(self, status: int, content: bytes, **headers: Any) -> None:
        """A whole answer: underscores in the names of headers stand for hyphens."""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), str(value))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *arguments: Any) -> None:
        pass


def good(handler: Handler, content: bytes) -> None:
    """As web servers do: the piece that is asked for, else the whole, or 404."""
    if handler.path not in handler.site.files:
        handler.say(404, b"no such file", Content_Length=12)
        return
    asked = re.fullmatch(r"bytes=([0-9]+)-", handler.headers.get("Range", ""))
    if asked:
        start = int(asked[1])
        said = f"bytes {start}-{len(content) - 1}/{len(content)}"
        handler.say(206, content[start:], Content_Length=len(content) - start, Content_Range=said)
    else:
        whole(handler, content)


def whole(handler: Handler, content: bytes) -> None:
    """All of it, whatever piece was asked for."""
    handler.say(200, content, Content_Length=len(content))


def broken(after: int) -> Answer:
    """A connection that breaks off."""

    def answer(handler: Handler, content: bytes) -> None:
        handler.say(200, content[:after], Content_Length=len(content))
        handler.close_connection = True

    return answer


def status(number: int) -> Answer:
    """An answer without a file."""
    return lambda handler, content: handler.say(number, b"sorry", Content_Length=5)


def redirect(path: str) -> Answer:
    """An answer that names another place."""
    return lambda handler, content: handler.say(302, b"", Location=path, Content_Length=0)


def silent(handler: Handler, content: bytes) -> None:
    """No answer at all."""
    handler.site.release.wait(30)
    handler.close_connection = True


def stuck(after: int) -> Answer:
    """An answer that stops on its way, with the connection open."""

    def answer(handler: Handler, content: bytes) -> None:
        handler.say(200, content[:after], Content_Length=len(content))
        handler.wfile.flush()
        handler.site.release.wait(30)
        handler.close_connection = True

    return answer


@contextmanager
def serving(files: dict[str, bytes], *answers: Answer) -> Iterator[Site]:
    """A site while it is served on a free port of this machine."""
    site = Site(files, list(answers))
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (Handler,), {"site": site}))
    server.daemon_threads = True
    site.address = f"http://127.0.0.1:{server.server_address[1]}/"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield site
    finally:
        site.release.set()
        server.shutdown()
        server.server_close()
        thread.join()

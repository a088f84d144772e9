"""nnexp data fetch, nnexp data list, nnexp data show"""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from nnexp.cli.commands import data_show
from nnexp.cli.console import out, print_json
from nnexp.cli.help import HelpCommand, format_example
from nnexp.cli.options import Json
from nnexp.cli.progress.download import make_download_listener
from nnexp.data.download.fetch import fetch_known_set, find_known_set
from nnexp.data.download.known import KNOWN_SETS
from nnexp.data.file_source import find_cache_folder
from nnexp.registry import parse_docstring, sources
from nnexp.wording import format_bytes

if TYPE_CHECKING:
    from nnexp.data.download.known import KnownSet

MAX_LINE_CHARACTERS = 100
"""How wide a list is where there is no terminal."""

MIN_TEXT_CHARACTERS = 20
"""A text is broken into lines no shorter than this, however narrow the terminal."""

LABEL_CHARACTERS = 15
"""The column of names; a longer name reaches into the next."""

app = typer.Typer(help="Fetch known data sets, list sources, and look at data.", no_args_is_help=True)
app.command("show", cls=HelpCommand, epilog=format_example("nnexp data show moons --png moons.png"))(
    data_show.show_data
)


@app.command("fetch", cls=HelpCommand, epilog=format_example("nnexp data fetch cifar10"))
def fetch_set(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A known data set, such as cifar10.", show_default=False)],
    address: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="URL",
            help="Address to fetch the same files from, each by its name.",
            show_default="where they are published",
        ),
    ] = None,
) -> None:
    """Fetch a known data set into the cache; an interrupted download continues."""
    wanted = find_known_set(name)
    with make_download_listener() as watch:
        is_new = fetch_known_set(wanted, address, watch=watch)
    where = wanted.path_of(wanted.files[0]).parent
    if is_new:
        out.print(f"{name}: fetched into {where}", markup=False)
        out.print(wanted.credit, markup=False)
    else:
        out.print(f"{name}: already in {where}, and its checksums are right", markup=False)


@app.command("list", cls=HelpCommand, epilog=format_example("nnexp data list"))
def list_sources(json: Json = False) -> None:
    """List the known data sets, with their size and whether they are in the cache, and the other sources."""
    others = {}
    for name in sources:
        if name not in KNOWN_SETS:
            others[name] = parse_docstring(sources[name]).summary
    if json:
        known = [_as_dict(one) for one in KNOWN_SETS.values()]
        summaries = [{"name": name, "summary": summary} for name, summary in others.items()]
        print_json({"cache": str(find_cache_folder()), "known": known, "sources": summaries})
        return
    out.print("known sets, for `nnexp data fetch NAME`", style="bold underline")
    for one in KNOWN_SETS.values():
        _print_entry(one.name, f"{format_bytes(one.total_bytes)}, {_describe_cache_state(one)}", one.credit)
    out.print(f"the cache: {find_cache_folder()}\n", markup=False)
    out.print("other sources, for `nnexp data show NAME`", style="bold underline")
    for name, summary in others.items():
        _print_entry(name, summary)


def _as_dict(one: KnownSet) -> dict[str, Any]:
    files = [
        {
            "name": file.name,
            "address": one.address + file.name,
            "path": str(one.path_of(file)),
            "bytes": file.size,
            "checksum": file.checksum,
        }
        for file in one.files
    ]
    return {
        "name": one.name,
        "bytes": one.total_bytes,
        "there": one.count_present_files() == len(one.files),
        "credit": one.credit,
        "files": files,
    }


def _describe_cache_state(one: KnownSet) -> str:
    """Whether a set is in the cache."""
    there = one.count_present_files()
    if there == len(one.files):
        return "in the cache"
    if not there:
        return "not fetched"
    return f"{there} of {len(one.files)} files in the cache"


def _print_entry(name: str, *texts: str) -> None:
    """A name, and beside it its texts, in lines that fit."""
    width = max(MIN_TEXT_CHARACTERS, min(out.width, MAX_LINE_CHARACTERS) - LABEL_CHARACTERS - 3)
    label = name
    for text in texts:
        for line in textwrap.wrap(text, width):
            out.print(Text.assemble((f"  {label:<{LABEL_CHARACTERS}} ", "bold cyan"), line))
            label = ""  # further lines stand beside nothing

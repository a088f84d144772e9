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
        came = fetch_known_set(wanted, address, watch=watch)
    where = wanted.path_of(wanted.files[0]).parent
    out.print(f"{name}: {'fetched into' if came else 'there already, and right, in'} {where}", markup=False)
    if came:
        out.print(wanted.credit, markup=False)


@app.command("list", cls=HelpCommand, epilog=format_example("nnexp data list"))
def list_sources(json: Json = False) -> None:
    """List the known data sets, with their size and whether they are in the cache, and the other sources."""
    others = {name: parse_docstring(sources[name]).summary for name in sources if name not in KNOWN_SETS}
    if json:
        known = [_as_dict(one) for one in KNOWN_SETS.values()]
        listed = [{"name": name, "summary": summary} for name, summary in others.items()]
        print_json({"cache": str(find_cache_folder()), "known": known, "sources": listed})
        return
    out.print("known sets, for `nnexp data fetch NAME`", style="bold underline")
    for one in KNOWN_SETS.values():
        _print_entry(one.name, f"{_format_size(one)}, {_describe_cache_state(one)}", one.credit)
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


def _format_size(one: KnownSet) -> str:
    return format_bytes(one.total_bytes)


def _describe_cache_state(one: KnownSet) -> str:
    """Whether a set is in the cache."""
    there, of = one.count_present_files(), len(one.files)
    if there == of:
        return "in the cache"
    return f"{there} of {of} files in the cache" if there else "not fetched"


def _print_entry(name: str, *texts: str) -> None:
    """A name, and beside it its texts, in lines that fit."""
    width = min(out.width, MAX_LINE_CHARACTERS) - 18
    label = name
    for text in texts:
        for line in textwrap.wrap(text, max(20, width)):
            out.print(Text.assemble((f"  {label:<15} ", "bold cyan"), line))
            label = ""

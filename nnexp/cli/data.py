"""nnexp data fetch, nnexp data list, nnexp data show"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from nnexp.cli import data_show
from nnexp.cli.options import Json

if TYPE_CHECKING:
    from nnexp.data.known import Known

WIDEST = 100
"""How wide a list is where there is no terminal."""

app = typer.Typer(help="Fetch known data sets, list sources, and look at data.", no_args_is_help=True)
app.command("show")(data_show.show)


@app.command("fetch")
def fetch(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A known set, such as cifar10.", show_default=False)],
    address: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="URL",
            help="Fetch the same files from here, each by its name.",
            show_default="where they are published",
        ),
    ] = None,
) -> None:
    """Fetch a known set into the cache folder, from where it is published; a broken fetch goes on where it was."""
    from nnexp.cli.fetching import progress
    from nnexp.cli.render import out
    from nnexp.fetching import fetch, known

    wanted = known(name)
    with progress() as watch:
        came = fetch(wanted, address, watch=watch)
    where = wanted.path(wanted.files[0]).parent
    out.print(f"{name}: {'fetched into' if came else 'there already, and right, in'} {where}", markup=False)
    if came:
        out.print(wanted.credit, markup=False)


@app.command("list")
def list_(json: Json = False) -> None:
    """List the known sets, with their size and whether they are in the cache, and the other sources."""
    from nnexp.cli.render import out, print_json
    from nnexp.data.known import KNOWN
    from nnexp.data.reading import cache_folder
    from nnexp.registry import documentation, sources

    others = {name: documentation(sources[name]).summary for name in sources if name not in KNOWN}
    if json:
        known = [_as_dict(one) for one in KNOWN.values()]
        listed = [{"name": name, "summary": summary} for name, summary in others.items()]
        print_json({"cache": str(cache_folder()), "known": known, "sources": listed})
        return
    out.print("known sets, for `nnexp data fetch NAME`", style="bold underline")
    for one in KNOWN.values():
        _row(one.name, f"{_size(one)}, {_state(one)}", one.credit)
    out.print(f"the cache: {cache_folder()}\n", markup=False)
    out.print("other sources, for `nnexp data show NAME`", style="bold underline")
    for name, summary in others.items():
        _row(name, summary)


def _as_dict(one: Known) -> dict[str, Any]:
    files = [
        {
            "name": file.name,
            "address": one.address + file.name,
            "path": str(one.path(file)),
            "bytes": file.size,
            "checksum": file.checksum,
        }
        for file in one.files
    ]
    return {
        "name": one.name,
        "bytes": one.size,
        "there": one.there() == len(one.files),
        "credit": one.credit,
        "files": files,
    }


def _size(one: Known) -> str:
    from nnexp.downloading import in_words

    return in_words(one.size)


def _state(one: Known) -> str:
    """Whether a set is in the cache."""
    there, of = one.there(), len(one.files)
    return "in the cache" if there == of else f"{there} of {of} files in the cache" if there else "not fetched"


def _row(name: str, *texts: str) -> None:
    """A name, and beside it what is said of it, in lines that fit."""
    import textwrap

    from rich.text import Text

    from nnexp.cli.render import out

    width = min(out.width, WIDEST) - 18
    lines = [line for text in texts for line in textwrap.wrap(text, max(20, width))]
    for number, line in enumerate(lines):
        out.print(Text.assemble((f"  {name if not number else '':<15} ", "bold cyan"), line))

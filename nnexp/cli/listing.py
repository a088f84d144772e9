"""nnexp list"""

from __future__ import annotations

from typing import Annotated

import typer

from nnexp.cli.options import Json


def list_(
    kind: Annotated[
        str | None, typer.Argument(metavar="[KIND]", help="One kind, such as optimizers.", show_default=False)
    ] = None,
    json: Json = False,
) -> None:
    """List the components that a spec can name, with their parameters, defaults, meaning and formula."""
    from rich.padding import Padding
    from rich.text import Text

    from nnexp.cli.render import out, print_json
    from nnexp.errors import UsageError
    from nnexp.registry import KINDS
    from nnexp.spec.catalogue import entries
    from nnexp.spec.problems import nearest

    if kind is not None and kind not in KINDS:
        raise UsageError(f"unknown kind {kind!r}; {nearest(kind, KINDS)}")
    kinds = [kind] if kind else list(KINDS)
    if json:
        print_json({name: [entry.as_dict() for entry in entries(name)] for name in kinds})
        return
    for name in kinds:
        out.print(Text(name, style="bold underline"))
        for entry in entries(name):
            out.print(Text.assemble("  ", (entry.name, "bold cyan"), f"  {entry.summary}"))
            if entry.parameters:
                out.print(Padding(Text(", ".join(entry.parameters), style="green"), (0, 0, 0, 6)))
            out.print(Padding(Text(entry.formula, style="dim"), (0, 0, 0, 6)))
        out.print()

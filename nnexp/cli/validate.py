"""nnexp validate"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from nnexp.cli.options import Json


def validate(
    specs: Annotated[
        list[str],
        typer.Argument(metavar="SPEC... [KEY=VALUE]...", help="Specs, and overrides for all.", show_default=False),
    ],
    json: Json = False,
) -> None:
    """Check specs without training: everything that is wrong is shown, each on its line."""
    from nnexp.cli.render import out, print_json, show_error
    from nnexp.errors import NnexpError
    from nnexp.spec.load import load
    from nnexp.spec.meaning import declaration_of

    overrides = [word for word in specs if "=" in word and not Path(word).exists()]
    results = []
    worst = 0
    for path in (word for word in specs if word not in overrides):
        try:
            spec = load(path, overrides)
        except NnexpError as error:
            worst = max(worst, error.exit_code)
            results.append({"spec": path, "valid": False, "problems": str(error).split("\n\n")})
            if not json:
                show_error(error)
            continue
        parameters = declaration_of(spec).size
        results.append({"spec": path, "valid": True, "name": spec.name, "parameters": parameters})
        if not json:
            out.print(f"{path}: valid, {parameters:,} parameters", markup=False)
    if json:
        print_json(results)
    raise typer.Exit(worst)

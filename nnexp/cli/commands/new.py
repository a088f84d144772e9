"""nnexp new"""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from nnexp.cli.console import out
from nnexp.spec.starter import write_starter


def new(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The name; NAME.yaml is written.", show_default=False)],
) -> None:
    """Write a commented spec to start from, and the schema for editors.

    With the schema an editor completes and checks specs.
    """
    path = Path(name if name.endswith((".yaml", ".yml")) else f"{name}.yaml")
    schema = write_starter(path)
    command = shlex.join(["nnexp", "train", str(path)])
    out.print(f"{path}, and {schema.name} beside it for editors. Next:\n  {command}", markup=False)

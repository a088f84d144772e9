"""nnexp validate"""

from __future__ import annotations

import os.path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nnexp.cli.console import out, print_error, print_json, show_notices
from nnexp.cli.options import Json
from nnexp.errors import NnexpError, SpecError, UsageError
from nnexp.registry import baselines
from nnexp.spec.baseline import BaselineSpec
from nnexp.spec.checks.baseline import count_parameters
from nnexp.spec.checks.check import declare_network
from nnexp.spec.checks.notices import notices
from nnexp.spec.read import load_spec

if TYPE_CHECKING:
    from nnexp.spec.baseline import AnySpec


def validate(
    specs: Annotated[
        list[str],
        typer.Argument(metavar="SPEC|KEY=VALUE", help="Specs, and overrides for all.", show_default=False),
    ],
    json: Json = False,
) -> None:
    """Check specs without training; every mistake on its line."""
    overrides = [word for word in specs if "=" in word and not os.path.exists(word)]  # noqa: PTH110 - never raises
    paths = [word for word in specs if word not in overrides]
    if not paths:
        raise UsageError("no spec to validate: name its file before the overrides")
    results, exit_code = [], 0
    for path in paths:
        try:
            spec = load_spec(path, overrides)
            size, found = _measure_size(spec), notices(spec, path)
        except NnexpError as error:
            exit_code = max(exit_code, error.exit_code)
            results.append({"spec": path, "valid": False, "problems": _list_problems(error)})
            if not json:
                print_error(error)
            continue
        results.append({"spec": path, "valid": True, **size, "notices": [notice.as_dict() for notice in found]})
        if not json:
            out.print(f"{path}: valid, {_format_size(size)}", markup=False)
            show_notices(found)
    if json:
        print_json(results)
    raise typer.Exit(exit_code)


def _measure_size(spec: AnySpec) -> dict[str, Any]:
    """The name of a valid spec, and the size of what will be trained or fitted."""
    if isinstance(spec, BaselineSpec):
        return {"name": spec.name, "baseline": baselines.name_of(spec.baseline), "parameters": count_parameters(spec)}
    return {"name": spec.name, "parameters": declare_network(spec).weight_count}


def _format_size(valid: dict[str, Any]) -> str:
    """The size of what will be trained or fitted."""
    if "baseline" in valid:
        return f"the baseline {valid['baseline']} of {valid['parameters']:,} numbers"
    return f"{valid['parameters']:,} parameters"


def _list_problems(error: NnexpError) -> list[dict[str, str | int]]:
    """What is wrong, for a program."""
    if isinstance(error, SpecError):
        return [problem.as_dict() for problem in error.problems]
    return [{"message": str(error)}]

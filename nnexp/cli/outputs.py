"""Yes-or-no outputs and values as tables, a row an output."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nnexp.cli.render import fitted, number, percent, shortened
from nnexp.details import BinaryDetails, ValueDetails

if TYPE_CHECKING:
    from rich.table import Table

MANY, WORST = 20, 10
"""With more outputs than `MANY`, the `WORST` are shown."""


def outputs(found: BinaryDetails | ValueDetails, width: int) -> tuple[str, Table]:
    """What is measured of each output, below a line that says which outputs these are."""
    if isinstance(found, BinaryDetails):
        worst, badness = "smallest accuracy", -found.by_output
        cells = {"accuracy": list(map(percent, found.by_output))}
    else:
        worst, badness = "largest RMSE", found.rmse
        errors = {"RMSE": found.rmse, "MAE": found.absolute, "R²": found.r2}
        cells = {name: [number(value) for value in values.tolist()] for name, values in errors.items()}
    shown, legend = list(range(len(found.outputs))), "each output by itself"
    if len(shown) > MANY:
        shown = sorted(shown, key=lambda o: -badness[o])[:WORST]
        legend = f"the {WORST} outputs of {worst}, of {len(found.outputs)}; --json has all"
    columns = {"output": [shortened(name, max(8, width - 36)) for name in found.outputs], **cells}
    return legend, fitted({name: [column[o] for o in shown] for name, column in columns.items()}, (), width)

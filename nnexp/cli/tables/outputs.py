"""Yes-or-no outputs and values as tables, a row an output."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nnexp.cli.console import fit_table, format_number, shorten_escaped
from nnexp.metrics.breakdown import BinaryBreakdown, ValueBreakdown
from nnexp.wording import format_percent

if TYPE_CHECKING:
    from rich.table import Table

MAX_FULL_OUTPUTS, MAX_WORST_OUTPUTS = 20, 10
"""With more outputs than `MAX_FULL_OUTPUTS`, the `MAX_WORST_OUTPUTS` are shown."""


def render_outputs(found: BinaryBreakdown | ValueBreakdown, width: int) -> tuple[str, Table]:
    """What is measured of each output, below a line that says which outputs these are."""
    if isinstance(found, BinaryBreakdown):
        worst, badness = "smallest accuracy", -found.accuracy_by_output
        cells = {"accuracy": list(map(format_percent, found.accuracy_by_output))}
    else:
        worst, badness = "largest RMSE", found.rmse
        errors = {"RMSE": found.rmse, "MAE": found.absolute_error, "R²": found.r2}
        cells = {name: [format_number(value) for value in values.tolist()] for name, values in errors.items()}
    shown, legend = list(range(len(found.outputs))), "each output by itself"
    if len(shown) > MAX_FULL_OUTPUTS:
        shown = sorted(shown, key=lambda o: -badness[o])[:MAX_WORST_OUTPUTS]
        legend = f"the {MAX_WORST_OUTPUTS} outputs of {worst}, of {len(found.outputs)}; --json has all"
    columns = {"output": [shorten_escaped(name, max(8, width - 36)) for name in found.outputs], **cells}
    return legend, fit_table({name: [column[o] for o in shown] for name, column in columns.items()}, (), width)

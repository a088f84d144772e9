"""The columns of a table of variants: what differs between them, in as few columns as say it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from nnexp.sweeps.planning.plan import shorten_names

ABSENT_CELL = ""
"""The cell of a parameter that a variant does not have."""


def build_columns(variants: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """Cells by short header, one for each variant; what is the same in all is left out.

    Parameters of the same name that no variant has two of, as the rates of different optimizers, share a column.

    >>> build_columns([{"optimizer": "sgd", "optimizer.sgd.lr": 1}, {"optimizer": "adam", "optimizer.adam.lr": 0.1}])
    {'optimizer': ['sgd', 'adam'], 'lr': [1, 0.1]}
    """
    names = list(dict.fromkeys(name for variant in variants for name in variant))
    differing = [name for name in names if len(variants) == 1 or len({repr(v.get(name)) for v in variants}) > 1]
    groups: dict[str, list[str]] = {}
    for name in differing:
        word = name.rpartition(".")[2]
        together = [*groups.get(word, []), name]
        exclusive = all(sum(part in variant for part in together) <= 1 for variant in variants)
        groups.setdefault(word if exclusive else name, []).append(name)
    headers = shorten_names([members[0] if len(members) == 1 else word for word, members in groups.items()])
    return {
        headers[members[0] if len(members) == 1 else word]: [
            next((variant[name] for name in members if name in variant), ABSENT_CELL) for variant in variants
        ]
        for word, members in groups.items()
    }

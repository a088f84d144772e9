"""nnexp schema"""

from __future__ import annotations

from nnexp.cli.console import print_json
from nnexp.spec.schema import build_schema as json_schema


def schema() -> None:
    """Print the JSON Schema of specs.

    Editors complete and check specs with it.
    """
    print_json(json_schema())

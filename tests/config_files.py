"""The files that some configs read, made as their comments say."""

from __future__ import annotations

import textwrap
from pathlib import Path

INDENT = "#     "
"""What the lines of a comment begin with that are Python."""


def make_files(config: Path) -> None:
    """Run the Python in a config's comment, which makes its files in the working directory; most have none.

    The files that come with the configs are found there too, as in the root of the repository.
    """
    if not Path("configs").exists():
        Path("configs").symlink_to(config.parent)
    lines = config.read_text(encoding="utf-8").splitlines()
    exec(textwrap.dedent("\n".join(line[1:] for line in lines if line.startswith(INDENT))), {})

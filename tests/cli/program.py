"""The real program, in a folder and without a terminal."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def program(*arguments: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run `nnexp` and wait for it."""
    inherited = {key: value for key, value in os.environ.items() if key not in ("NO_COLOR", "FORCE_COLOR", "COLUMNS")}
    return subprocess.run(
        [sys.executable, "-m", "nnexp", *arguments],
        cwd=cwd,
        env={**inherited, "PYTHONUTF8": "1", **environment},
        capture_output=True,
        text=True,
        check=False,
    )

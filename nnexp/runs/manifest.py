"""run.json: what a run is and how it stands, so that its numbers can be traced.

Written when a run begins, and when it ends.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal, TypeAlias

from threadpoolctl import threadpool_info

from nnexp.errors import RunError
from nnexp.runs import files

RunState: TypeAlias = Literal["running", "done", "diverged", "interrupted", "failed"]
Manifest: TypeAlias = dict[str, Any]


def read(folder: Path) -> Manifest:
    """The manifest of a run folder. Raises RunError where there is none that can be read."""
    path = folder / "run.json"
    try:
        manifest: Manifest = json.loads(path.read_text())
    except FileNotFoundError:
        raise RunError(f"{folder} is no run folder: it has no run.json") from None
    except (OSError, ValueError) as error:
        raise RunError(f"{path} is damaged: {error}") from None
    return manifest


def write(folder: Path, manifest: Manifest) -> None:
    """Replace the manifest."""
    files.write_text(folder / "run.json", json.dumps(manifest, indent=2) + "\n")


def now() -> str:
    """The time in UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def environment() -> Manifest:
    """What a run's last bits may depend on besides its spec, and the versions that it was made with."""
    return {
        "versions": {
            "nnexp": version("nnexp"),
            "python": platform.python_version(),
            "numpy": version("numpy"),
            "scipy": version("scipy"),
        },
        "git": _git(),
        "machine": {"system": platform.platform(), "cpu": _cpu(), "cores": os.cpu_count(), "blas": _blas()},
        "command": sys.argv,
    }


def _git() -> dict[str, Any] | None:
    """The commit that the working folder stands at, and whether files differ from it; None outside a checkout."""
    commit = _output("git", "rev-parse", "HEAD")
    return {"commit": commit, "dirty": bool(_output("git", "status", "--porcelain"))} if commit else None


def _output(*command: str) -> str | None:
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=5).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return None


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


def _blas() -> list[dict[str, Any]]:
    kept = ("internal_api", "version", "architecture")
    return [{k: pool.get(k) for k in kept} for pool in threadpool_info() if pool["user_api"] == "blas"]

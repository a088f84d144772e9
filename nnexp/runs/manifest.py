"""run.json, the manifest of a run: its spec, data and environment, its state, and its results.

Written when a run begins, and again when its state changes. With it a number can be traced to what it was made from.
"""

from __future__ import annotations

import hashlib
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

from nnexp.errors import ResumeError, RunError
from nnexp.spec.baseline import AnySpec
from nnexp.spec.read import load_spec
from nnexp.storage import atomic

RunState: TypeAlias = Literal["running", "done", "diverged", "interrupted", "failed"]
Manifest: TypeAlias = dict[str, Any]

REQUIRED_FIELDS: dict[str, type] = {
    "name": str,
    "state": str,
    "seed": int,
    "spec": str,
    "resolved": str,
    "data": dict,
    "began": str,
}
"""The fields that the manifest of every run has, with their types."""

ENDED_FIELDS: dict[str, dict[str, type]] = {
    "done": {"ending": str, "epochs": int, "steps": int, "weights": dict, "parameters": int, "final": dict},
    "diverged": {"diverged": dict},
}
"""Further fields in each state of a run that has ended."""

BLAS_FIELDS = ("internal_api", "version", "architecture")
"""What run.json keeps of threadpoolctl's description of a library; the rest are paths and numbers of threads."""

RESTART_HINT = "`nnexp train ... --restart` trains the run again from the beginning"


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a run folder. Raises RunError where there is none that can be read."""
    path = folder / "run.json"
    try:
        manifest: Manifest = json.loads(path.read_bytes())
    except FileNotFoundError:
        raise RunError(f"{folder} is no run folder: it has no run.json") from None
    except (OSError, ValueError, RecursionError) as error:
        raise RunError(f"{path} is damaged: {error}") from None
    if problem := _find_problem(manifest):
        raise RunError(f"{path} is damaged: {problem}")
    return manifest


def _find_problem(manifest: Any) -> str | None:
    """The first fault that would trip a reader, who relies on the fields being there with their types."""
    if not isinstance(manifest, dict):
        return "it holds no JSON object"
    expected = REQUIRED_FIELDS | ENDED_FIELDS.get(str(manifest.get("state")), {})
    for name, kind in expected.items():
        if not isinstance(manifest.get(name), kind):
            return f"{name} is missing or not what it should be"
    if not {"fingerprint", "examples"} <= manifest["data"].keys():
        return "data is missing or not what it should be"
    return None


def is_ensemble(manifest: Manifest) -> bool:
    """Whether it is the manifest of an ensemble, whose members' folders are beside its own."""
    return manifest.get("kind") == "ensemble"


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Replace the manifest."""
    atomic.write_json(folder / "run.json", manifest)


def hash_file(path: Path) -> str:
    """SHA-256 of a file's content, in hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def check_resolved(folder: Path, manifest: Manifest) -> None:
    """Raises ResumeError where resolved.yaml is not what the run began with."""
    path = folder / "resolved.yaml"
    if not path.is_file() or hash_file(path) != manifest["resolved"]:
        raise ResumeError(f"{path} was changed since the run began; {RESTART_HINT}")


def utc_now() -> str:
    """The time in UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def describe_environment() -> Manifest:
    """The versions, the code and the machine, on which a run's last bits may depend besides its spec."""
    return {
        "versions": {
            "nnexp": version("nnexp"),
            "python": platform.python_version(),
            "numpy": version("numpy"),
            "scipy": version("scipy"),
        },
        "git": _read_git_state(),
        "machine": {
            "system": platform.platform(),
            "cpu": _read_cpu_name(),
            "cores": os.cpu_count(),
            "blas": _list_blas_libraries(),
        },
        "command": sys.argv,
    }


def _read_git_state() -> dict[str, Any] | None:
    """The commit of the working folder, and whether files differ from it; None outside of a repository."""
    commit = _run_command("git", "rev-parse", "HEAD")
    if not commit:
        return None
    return {"commit": commit, "dirty": bool(_run_command("git", "status", "--porcelain"))}


def _run_command(*command: str) -> str | None:
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=5).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return None


def _read_cpu_name() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:  # only Linux has this file
        return platform.processor()
    for line in lines:
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()  # ARM processors have no such line


def _list_blas_libraries() -> list[dict[str, Any]]:
    """The loaded BLAS libraries; `architecture` is the kernel that each chose for this CPU, which decides last bits."""
    libraries = [pool for pool in threadpool_info() if pool["user_api"] == "blas"]
    return [{key: library.get(key) for key in BLAS_FIELDS} for library in libraries]


def load_run_spec(folder: Path, record: Manifest) -> AnySpec:
    """The resolved spec. Raises ResumeError where it was changed since the run began."""
    check_resolved(folder, record)
    return load_spec(folder / "resolved.yaml", checked=True)

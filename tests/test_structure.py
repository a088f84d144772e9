"""The structure of the package: imports go one way, the public API is what it says, files stay small."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import nnexp

ROOT = Path(nnexp.__file__).parent

STOREYS = (
    "errors",
    "typing",
    "wording",
    "optional",
    "registry",
    "storage",
    "nn",
    "data",
    "metrics",
    "optim",
    "baselines",
    "spec",
    "training",
    "runs",
    "diagnosis",
    "prediction",
    "gradcheck",
    "execution",
    "statistics",
    "inspection",
    "sweeps",
    "reports",
    "api",
    "export",
    "cli",
)
"""From the ground up: a module may import from its own folder and from those below."""

STOREY = {name: level for level, name in enumerate(STOREYS)}

MODULES = sorted(
    path for path in ROOT.rglob("*.py") if path.parent != ROOT or path.stem not in ("__init__", "__main__")
)


def storey_of(module: str) -> int:
    return STOREY[module.split(".")[1]]


def imports(tree: ast.Module) -> set[str]:
    """The modules of the package that a module imports at run time, at its top or inside its functions."""
    found = set()
    for node in ast.walk(without_type_checking(tree)):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("nnexp."):
            found.add(node.module)
        elif isinstance(node, ast.ImportFrom) and node.module == "nnexp":
            found |= {f"nnexp.{alias.name}" for alias in node.names}
    return found


def without_type_checking(tree: ast.Module) -> ast.Module:
    body = [node for node in tree.body if not (isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING")]
    return ast.Module(body, [])


def test_imports_go_down_only() -> None:
    above = {}
    for path in MODULES:
        own = "nnexp." + ".".join(path.relative_to(ROOT).with_suffix("").parts)
        if found := [name for name in imports(ast.parse(path.read_text())) if storey_of(name) > storey_of(own)]:
            above[own] = found
    assert above == {}


def test_no_module_is_longer_than_300_lines() -> None:
    assert [str(path) for path in MODULES if len(path.read_text().splitlines()) > 300] == []


@pytest.mark.parametrize("package", ["layers", "activations"])
def test_no_layer_speaks_of_axis_0(package: str) -> None:
    paths = list((ROOT / "nn" / package).glob("*.py"))
    assert paths
    for path in paths:
        assert "axis=0" not in path.read_text(), path


def test_importing_the_package_imports_nothing_heavy() -> None:
    code = "import nnexp, sys; print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"numpy", "pandas", "pydantic", "rich", "scipy", "typer", "yaml"} & set(loaded)


def test_every_public_name_can_be_imported() -> None:
    assert all(getattr(nnexp, name) is not None for name in nnexp.__all__)
    assert dir(nnexp) == nnexp.__all__
    with pytest.raises(AttributeError, match="no attribute 'sweeep'"):
        nnexp.sweeep  # noqa: B018 - the access is the test

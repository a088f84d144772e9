"""The structure of the package: imports go one way, the public API is what it says, files stay small."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import nnexp

ROOT = Path(nnexp.__file__).parent

ARCHITECTURE = (ROOT.parent / "docs" / "architecture.md").read_text(encoding="utf-8")


def listed_folders(heading: str) -> list[str]:
    """The names in the first column of the first table below a heading of docs/architecture.md."""
    below = ARCHITECTURE.partition(f"{heading}\n")[2]
    table = below[below.index("\n|") + 1 :].partition("\n\n")[0]
    first_cells = [row.split(" | ")[0] for row in table.splitlines()[2:]]
    return re.findall(r"`([^`]+)`", " ".join(first_cells))


STOREYS = [name.removesuffix("/").removesuffix(".py") for name in listed_folders("## The folders")]
"""From the ground up: a module may import from its own folder and from those before it in docs/architecture.md."""

STOREY = {name: level for level, name in enumerate(STOREYS)}

MODULES = sorted(
    path for path in ROOT.rglob("*.py") if path.parent != ROOT or path.stem not in ("__init__", "__main__")
)


def module_name(path: Path) -> str:
    return "nnexp." + ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def storey_of(module: str) -> int:
    return STOREY[module.split(".")[1]]


def imports(tree: ast.Module) -> set[str]:
    """The modules of the package that a module imports at run time, at its top or inside its functions."""
    known = {module_name(path) for path in MODULES}
    found = set()
    for node in ast.walk(without_type_checking(tree)):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.partition(".")[0] == "nnexp":
            full = [f"{node.module}.{alias.name}" for alias in node.names]
            found |= {name if name in known else node.module for name in full}
    return found


def without_type_checking(tree: ast.Module) -> ast.Module:
    body = [node for node in tree.body if not (isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING")]
    return ast.Module(body, [])


def test_imports_go_down_only() -> None:
    above = {}
    for path in MODULES:
        own = module_name(path)
        if found := [name for name in imports(ast.parse(path.read_text())) if storey_of(name) > storey_of(own)]:
            above[own] = found
    assert above == {}


def test_the_map_lists_every_folder_and_module_of_the_package() -> None:
    own = {path.name for path in ROOT.iterdir() if path.name not in ("__pycache__", "py.typed")}
    assert {name.removesuffix("/") for name in listed_folders("## The folders")} == {
        name for name in own if not name.startswith("__")
    }
    inner = {str(path.parent.relative_to(ROOT)) for path in ROOT.glob("*/*/**/__init__.py")}
    parts = (
        "figures",
        "inspection",
        "sections",
        "dask",
        "cifar",
        "csv",
        "npz",
    )  # named in the row of the folder they are in
    named = {name.removesuffix("/") for name in listed_folders("Inside the larger ones:")}
    assert named == {folder for folder in inner if folder.rpartition("/")[2] not in parts}


def test_every_file_that_the_map_names_is_there() -> None:
    named = set(re.findall(r"`([a-z_0-9/]+\.py)`", ARCHITECTURE))
    assert len(named) > 50
    known = {str(path.relative_to(ROOT)) for path in MODULES}
    short = {name for name in named if name.removeprefix("nnexp/") not in known}
    assert {name for name in short if not any(path.endswith(f"/{name}") for path in known)} == set()


def test_the_map_answers_at_least_fifteen_questions() -> None:
    questions = re.findall(r"^\| ([A-Z][^|]*\?) \|", ARCHITECTURE, re.MULTILINE)
    assert len(questions) >= 15


def test_no_file_is_in_a_circle_of_imports() -> None:
    graph = {module_name(path): imports(ast.parse(path.read_text())) for path in MODULES}
    sorter = TopologicalSorter({name: found & graph.keys() for name, found in graph.items()})
    sorter.prepare()  # raises CycleError with the circle


def test_no_module_is_longer_than_320_lines() -> None:
    assert [str(path) for path in MODULES if len(path.read_text().splitlines()) > 320] == []


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

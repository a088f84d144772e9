"""The data of a spec by themselves, or one source of data: built and checked, whatever else stands in the file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from nnexp.data.dataset import Description, Source
from nnexp.data.file_source import FileSource
from nnexp.errors import DataError, SpecError, UsageError
from nnexp.registry import component_parameters, sources
from nnexp.spec.build import Builder
from nnexp.spec.checks.memory import describe_data
from nnexp.spec.checks.training import check_part_sizes
from nnexp.spec.file_paths import resolve_file_paths
from nnexp.spec.overrides import apply_overrides
from nnexp.spec.problems import Place, Problem, SpecText, sort_problems
from nnexp.spec.read import describe_or_explain, read_spec_text
from nnexp.spec.spec import Data
from nnexp.spec.yaml import Node, parse_yaml_with_problems


def load_data_section(spec: str | Path | SpecText, overrides: Sequence[str] = ()) -> tuple[Data, Description]:
    """The data section of a spec file, or of its text, and what it has a network predict; other sections may be wrong.

    Raises SpecError with everything that is wrong with the data, UsageError where there is no such file.
    """
    text = spec if isinstance(spec, SpecText) else read_spec_text(spec)
    root, problems = parse_yaml_with_problems(text)
    section = None
    if isinstance(root.value, dict):
        problems += apply_overrides(root, overrides)
        resolve_file_paths(root)
        section = root.value.get("data")
    if section is None:
        raise SpecError(sort_problems([*problems, Problem(root.place, "", "the spec has no section `data:`")]))
    builder = Builder(root=root)
    data: Data | None = builder.build_section(Data, section, "data")
    problems = list(filter(_concerns_data, [*problems, *builder.problems]))
    if problems or data is None:
        raise SpecError(sort_problems(problems))
    return data, _check_data_section(data, root)


def _concerns_data(problem: Problem) -> bool:
    """Whether a problem is one of the data, or may be: what has no path, such as bad YAML, may be anywhere."""
    return problem.path.partition(".")[0] in ("", "data")


def _check_data_section(data: Data, root: Node) -> Description:
    """What is predicted. Raises SpecError where the section does not fit the data that it names."""
    description = describe_or_explain(data, root)
    if isinstance(description, Problem):
        raise SpecError([description])
    if problems := list(check_part_sizes(data, description, root)):
        raise SpecError(problems)
    return description


def build_source(name: str, overrides: Sequence[str] = ()) -> Source:
    """A source by its registered name, with parameters such as "examples=100".

    Raises SpecError where a parameter is wrong, UsageError where one is missing or asks for too much memory, DataError
    where the files of the source cannot be read.
    """
    cls = sources[name]
    root = Node({}, Place(SpecText(name, "")))
    problems = apply_overrides(root, overrides)
    assert isinstance(root.value, dict)
    missing = [p.name for p in component_parameters(cls) if p.is_required and p.name not in root.value]
    if missing and not problems:
        example = " ".join(f"{parameter}=..." for parameter in missing)
        raise UsageError(f"{name} needs {' and '.join(missing)}: nnexp data show {name} {example}")
    builder = Builder()
    source: Source | None = None
    if not missing:
        source = builder.build_instance(cls, root, root.value, name)
    problems = [*problems, *builder.problems]
    if problems or source is None:
        raise SpecError(sort_problems(problems))
    _check_source(name, source)
    return source


def _check_source(name: str, source: Source) -> None:
    """Raises DataError where the files of a source are at fault, UsageError where its parameters are."""
    try:
        describe_data(Data(source))
    except DataError as error:
        if isinstance(source, FileSource):
            raise
        raise UsageError(f"{name}: {error}") from None

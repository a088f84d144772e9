"""Where the numbers of an inspection's page come from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from nnexp.inspection.inspection import Inspection
from nnexp.reports.html.markup import Html, render_code_block, render_fold, render_table, tag
from nnexp.reports.html.sections.origin import format_machine, format_versions
from nnexp.runs.manifest import describe_environment
from nnexp.spec.resolved import format_spec
from nnexp.spec.spec import Origin, Spec


def render_origin(
    found: Sequence[Inspection], specs: Sequence[tuple[str, Spec]], command: str
) -> Iterator[Html | None]:
    """The command, the spec, and what it was made with."""
    _, spec = specs[0]
    inits = f", here with {found[0].init}" if len(found) > 1 else ""
    origin = spec.origin or Origin("")
    made = describe_environment()
    facts = [
        ("versions", format_versions(made["versions"])),
        ("machine", format_machine(made["machine"])),
    ]
    if origin.overrides:
        facts.append(("overrides", ", ".join(origin.overrides)))
    yield tag("p", "This page is made by")
    yield render_code_block(command)
    if origin.text:  # a spec that a program made has none
        yield render_fold("The spec, as it was written", render_code_block(origin.text))
    yield render_fold(f"The spec with every default{inits}", render_code_block(format_spec(spec)))
    yield render_table(("", ""), facts, left=2)

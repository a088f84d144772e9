"""docs/catalogue.md: every component with its formula, its parameters and its notes, as one page.

python -m nnexp.spec.catalogue_page docs/catalogue.md
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from pathlib import Path

from nnexp.registry import REGISTRY_BY_KIND
from nnexp.spec.catalogue import CatalogueEntry, ParameterDescription, list_entries
from nnexp.storage import atomic

PAGE_INTRODUCTION = """\
# The catalogue

Everything that a spec can name, kind by kind, written by `make catalogue` from the components themselves; `nnexp list`
shows the same on the command line, and `nnexp list --json` as data.

A component is written as its name, or as `name: {parameter: value}`; the first parameter alone may stand without its
name, as in `dropout: 0.2`. Anything but what a parameter takes is an error, and a parameter without a default must be
given. Where the last column says yes, runs that differ in this number alone can be trained together, in one set of
arrays. [Conventions](conventions.md) says how to convert from the notations of other texts and libraries."""

KIND_USES = {
    "activations": "Named under `activation`, or among the layers.",
    "architectures": "Named under `architecture`, in place of a list of layers; the resolved spec shows the list.",
    "augmentations": "Listed under `data.augment`; they act in their order, at training only.",
    "baselines": "Named under `baseline`, in place of a network.",
    "initializers": "Named under `init`.",
    "layers": "Listed under `architecture`, where an activation by its name is a layer too.",
    "losses": "Named under `loss`; without one, the kind of the targets chooses.",
    "metrics": "Listed under `metrics`, for every task that they fit, or watched as `dev_NAME`; what every run measures"
    " needs no entry.",
    "normalizations": "Named under `data.normalize` and `data.scale_targets`; fitted on the training part alone.",
    "optimizers": "Named under `optimizer`.",
    "penalties": "Keys of `regularization`, each with its parameter.",
    "schedules": "Named under `schedule`.",
    "sources": "Named under `data.source`.",
    "targets": "Named under `data.targets`.",
}
"""Where the components of a kind stand in a spec."""


def render_catalogue() -> str:
    """The whole page as Markdown."""
    seen: Counter[str] = Counter()
    contents, sections = [], []
    for kind in REGISTRY_BY_KIND:
        entries = list(list_entries(kind))
        # Anchors are counted in the order of the headings on the page: the kind's, then its components'.
        anchor = _make_anchor(kind, seen)
        links = ", ".join(f"[{entry.name}](#{_make_anchor(entry.name, seen)})" for entry in entries)
        contents.append(f"- [{kind}](#{anchor}): {links}")
        sections.append("\n\n".join([f"## {kind}", KIND_USES[kind], *map(_render_component, entries)]))
    return "\n\n".join([PAGE_INTRODUCTION, "\n".join(contents), *sections]) + "\n"


def _make_anchor(title: str, seen: Counter[str]) -> str:
    """The anchor that Markdown gives a heading after those that were `seen`: the second tasks is tasks-1."""
    seen[title] += 1
    return f"{title}-{seen[title] - 1}" if seen[title] > 1 else title


def _render_component(entry: CatalogueEntry) -> str:
    blocks = [f"### {entry.name}", _escape_prose(entry.summary)]
    if entry.formula:
        blocks.append(f"```text\n{entry.formula}\n```")
    if entry.parameters:
        blocks.append(_render_table(entry.parameters))
    blocks += [_render_paragraph(text) for text in entry.notes.split("\n\n") if text]
    return "\n\n".join(blocks)


def _render_table(parameters: tuple[ParameterDescription, ...]) -> str:
    rows = [("parameter", "takes", "default", "together"), ("---",) * 4]
    for parameter in parameters:
        default = "" if parameter.required else f"`{parameter.default_text}`"
        together = "yes" if parameter.per_replica else ""
        rows.append((f"`{parameter.name}`", parameter.takes, default, together))
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _render_paragraph(text: str) -> str:
    """A paragraph of a docstring; an indented one is a formula."""
    if text.startswith("    "):
        return f"```text\n{re.sub('(?m)^    ', '', text)}\n```"
    return _escape_prose(text)


def _escape_prose(text: str) -> str:
    """Text whose letters mean nothing in Markdown, but for its `code`."""
    pieces = []
    for piece in re.split("(`[^`]*`)", text):
        # An underscore inside a word means nothing in Markdown, so that label_smoothing stays readable in the source.
        is_code = piece.startswith("`")
        pieces.append(piece if is_code else re.sub(r"([\\*<]|(?<!\w)_|_(?!\w))", r"\\\1", piece))
    return "".join(pieces)


if __name__ == "__main__":
    atomic.write_text(Path(sys.argv[1]), render_catalogue())

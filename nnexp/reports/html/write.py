"""Writing the page and the figures of a report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from nnexp.errors import UsageError
from nnexp.reports.html.chart_files import ChartFormat, draw_chart
from nnexp.reports.html.page import check_dependencies
from nnexp.storage import atomic

if TYPE_CHECKING:
    from nnexp.reports.report import Report


PAGE_SUFFIXES = (".html", ".htm")
"""Of a page's name, so that a word in the wrong place costs no other file."""


@dataclass(frozen=True, slots=True)
class ReportOutput:
    """What shall be written: a page, figures, or both. command: that asks for it, to stand on the page."""

    page: Path | None = None
    figures: Path | None = None
    formats: tuple[ChartFormat, ...] = ("png",)
    command: str = ""

    def check_paths(self) -> None:
        """Raises UsageError where it cannot be done, as far as that can be said beforehand."""
        check_dependencies()
        for path, option in ((self.page, "--html"), (self.figures, "--figures")):
            if path is not None:
                _check_name(path, option)
        if self.page is not None:
            _check_parent(self.page, "--html")
            if self.page.is_dir():
                raise UsageError(f"--html: cannot write {self.page}: it is a folder")
            if self.page.suffix.lower() not in PAGE_SUFFIXES and (self.page.is_file() or not self.page.exists()):
                raise UsageError(f"--html: {self.page} has to end in .html, so that a page takes no other file's place")
        if self.figures is not None:
            _check_parent(self.figures, "--figures")
            if self.figures.exists() and not self.figures.is_dir():
                raise UsageError(f"--figures: {self.figures} is no folder")


def _check_name(path: Path, option: str) -> None:
    """Raises UsageError for what no file and no folder can be called."""
    try:
        path.exists()
    except OSError as error:
        raise UsageError(f"{option}: cannot write {path}: {error.strerror}") from None


def _check_parent(path: Path, option: str) -> None:
    if not path.parent.is_dir():
        raise UsageError(f"{option}: cannot write {path}: there is no folder {path.parent}")


def write_output(report: Report, order: ReportOutput) -> list[Path]:
    """Write what is ordered, each file whole or not at all; gives their paths."""
    from nnexp.reports.html.report_page import build_content, render_report  # needs Altair, of an extra

    found = build_content(report)
    written: list[Path] = []
    if order.page is not None:
        atomic.write_text(order.page, render_report(found, order.command))
        written.append(order.page)
    if order.figures is not None:
        pictures = [(figure.name, figure.make_paper_chart()) for figure in found.figures]
        written += write_charts(pictures, order.figures, order.formats)
    return written


def write_charts(
    charts: Sequence[tuple[str, dict[str, object]]], folder: Path, formats: Sequence[ChartFormat]
) -> list[Path]:
    """Write each chart in each format, named by the figure alone."""
    atomic.make_folder(folder)
    paths = []
    for name, chart in charts:
        for form in dict.fromkeys(formats):  # a format that is asked for twice is drawn once
            path = folder / f"{name}.{form}"
            atomic.write_file(path, draw_chart(chart, form), "file")
            paths.append(path)
    return paths

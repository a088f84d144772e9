"""The page of networks before their training in a real browser."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.cli.inside import inside
from tests.pages.conftest import EVIL
from tests.pages.test_page import opened

SPEC = f"""\
name: "{EVIL}"
data: {{source: digits}}
architecture: {{mlp: {{hidden: [11, 11, 11]}}}}
activation: tanh
"""

RELU = "activation=relu"

FIGURES = ["histograms", "spread", "shares", "gradients", "weight-gradients"]

COMMANDS = {
    "several": ("spec.yaml", "--init", "zeros, normal: {std: 0.01}, xavier"),
    "lost": ("spec.yaml", RELU, "--init", "normal: {std: 1e120}, he"),
    "one": ("spec.yaml",),
    "layer": ("spec.yaml", "architecture=[output]"),
}

DRAWN = {"several": FIGURES, "lost": FIGURES, "one": FIGURES, "layer": FIGURES[:2]}


@pytest.fixture(scope="module")
def looks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("looks")
    (folder / "spec.yaml").write_text(SPEC)
    for name, words in COMMANDS.items():
        done = inside("inspect", *words, "--html", f"{name}.html", cwd=folder)
        assert done.returncode == 0, done.stderr
    return folder


@pytest.mark.parametrize("name", COMMANDS)
def test_every_figure_is_drawn_without_an_error_or_a_request(chromium: Browser, looks: Path, name: str) -> None:
    path = looks / f"{name}.html"
    with opened(chromium, path) as seen:
        figures = seen.page.evaluate("[...document.querySelectorAll('figure[data-chart]')].map(one => one.id)")
        assert figures == DRAWN[name]
        assert {figure: 0 for figure in DRAWN[name] if not seen.marks(figure)} == {}
        assert seen.errors == seen.dialogs == []
        assert [url for url in seen.requests if url != path.as_uri() and not url.startswith("data:")] == []
        assert seen.page.locator("h1").inner_text() == f"{EVIL} before training"


@pytest.mark.parametrize("width", [700, 1200])
def test_the_page_and_its_figures_fit_the_window(chromium: Browser, looks: Path, width: int) -> None:
    with opened(chromium, looks / "several.html", width) as seen:
        assert seen.page.evaluate("document.documentElement.scrollWidth") <= width
        wider = "[...document.querySelectorAll('.chart')].filter(one => one.scrollWidth > one.clientWidth).length"
        assert seen.page.evaluate(wider) == 0


def test_the_legend_picks_in_histograms_and_lines(chromium: Browser, looks: Path) -> None:
    with opened(chromium, looks / "several.html") as seen:
        pale = "document.querySelectorAll('#{} [opacity=\"0.12\"]').length"
        assert seen.page.evaluate(pale.format("histograms")) == 0
        seen.page.locator(".legend button", has_text="xavier").click()
        seen.page.wait_for_function(f"{pale.format('weight-gradients')} > 0")
        assert seen.page.evaluate(pale.format("histograms")) > 0


def test_what_is_not_finite_is_written(chromium: Browser, looks: Path) -> None:
    with opened(chromium, looks / "lost.html") as seen:
        assert "not finite" in (seen.page.locator("#histograms svg").text_content() or "")
        assert "Not finite: normal: {std: 1e+120} in" in seen.page.locator("#spread figcaption").inner_text()
        assert "NaN" not in seen.page.locator("main").inner_text()


def test_pointing_at_a_histogram_shows_its_numbers(chromium: Browser, looks: Path) -> None:
    with opened(chromium, looks / "several.html") as seen:
        seen.page.locator("#histograms .mark-rect path").last.hover(force=True)
        tip = seen.page.locator("#vg-tooltip-element")
        tip.wait_for(state="visible")
        assert all(word in tip.inner_text() for word in ("xavier", "output", "mean", "std"))

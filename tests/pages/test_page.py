"""The page of a report in a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Dialog, Page

from tests.pages.conftest import EVIL

MARKS = "svg :is(.mark-symbol, .mark-line, .mark-rect, .mark-image, .mark-rule, .mark-area) :is(path, image, line)"

FIGURES = {
    "grid": {
        "means",
        "parameters",
        "importance",
        "curves-loss",
        "curves-accuracy",
        "learning-rate",
        "gradient-norm",
        "confusion",
        "mistakes",
        "filters",
    },
    "evil": {"means", "curves-loss", "curves-accuracy", "learning-rate", "gradient-norm", "confusion"},
    "one": {"curves-loss", "curves-accuracy", "learning-rate", "gradient-norm", "confusion"},
}


@dataclass
class Watched:
    """A page, and what happened as it was looked at."""

    page: Page
    requests: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)

    def dismiss(self, dialog: Dialog) -> None:
        self.dialogs.append(dialog.message)
        dialog.dismiss()

    def marks(self, figure: str) -> int:
        return self.page.locator(f"#{figure} :is({MARKS})").count()


@contextmanager
def opened(chromium: Browser, path: Path, width: int = 1200, scheme: str = "light") -> Iterator[Watched]:
    """A page, when all its figures are drawn."""
    context = chromium.new_context(
        viewport={"width": width, "height": 900}, color_scheme="dark" if scheme == "dark" else "light"
    )
    seen = Watched(context.new_page())
    seen.page.on("request", lambda request: seen.requests.append(request.url))
    seen.page.on("pageerror", lambda error: seen.errors.append(str(error)))
    seen.page.on("console", lambda message: seen.errors.append(message.text) if message.type == "error" else None)
    seen.page.on("dialog", seen.dismiss)
    seen.page.goto(path.as_uri())
    seen.page.wait_for_selector("html[data-drawn]", state="attached", timeout=60_000)
    yield seen
    context.close()


@pytest.mark.parametrize("name", FIGURES)
def test_every_figure_is_drawn_without_an_error_or_a_request(chromium: Browser, pages: Path, name: str) -> None:
    path = pages / f"{name}.html"
    with opened(chromium, path) as seen:
        figures = seen.page.locator("figure[data-chart]")
        assert {figures.nth(at).get_attribute("id") for at in range(figures.count())} == FIGURES[name]
        assert seen.page.evaluate("document.documentElement.dataset.drawn") == str(len(FIGURES[name]))
        assert {figure: 0 for figure in FIGURES[name] if not seen.marks(figure)} == {}
        assert seen.errors == []
        assert [url for url in seen.requests if url != path.as_uri() and not url.startswith("data:")] == []


def test_hovering_shows_the_numbers(chromium: Browser, pages: Path) -> None:
    with opened(chromium, pages / "grid.html") as seen:
        seen.page.locator("#curves-accuracy .mark-symbol path").last.hover(force=True)
        tip = seen.page.locator("#vg-tooltip-element")
        tip.wait_for(state="visible")
        words = tip.inner_text()
        assert all(word in words for word in ("variant", "epoch", "accuracy", "%", "95 % from"))


def test_the_legend_picks_in_all_curves(chromium: Browser, pages: Path) -> None:
    with opened(chromium, pages / "grid.html") as seen:
        buttons = seen.page.locator(".legend button")
        assert buttons.count() == 4

        def opacities(figure: str) -> list[float]:
            lines = seen.page.locator(f"#{figure} .mark-line path")
            return sorted(float(lines.nth(at).get_attribute("opacity") or 1) for at in range(lines.count()))

        assert set(opacities("curves-loss")) == {1.0}
        buttons.first.click()
        seen.page.wait_for_function(
            "document.querySelectorAll('#gradient-norm .mark-line path[opacity=\"0.08\"]').length > 0"
        )
        assert opacities("curves-loss") == [0.08] * 6 + [1.0] * 2  # dev and train of four variants
        assert buttons.first.get_attribute("aria-pressed") == "true"
        buttons.first.click()
        seen.page.wait_for_function(
            "document.querySelectorAll('#curves-loss .mark-line path[opacity=\"0.08\"]').length == 0"
        )


def test_a_name_that_is_code_is_text_everywhere(chromium: Browser, pages: Path) -> None:
    with opened(chromium, pages / "evil.html") as seen:
        assert EVIL in seen.page.locator("#answer").inner_text()
        assert EVIL in seen.page.locator("#means svg").inner_html().replace("&lt;", "<").replace("&gt;", ">")
        at = seen.page.locator("#means .mark-symbol path").count()
        for place in range(at - 3, at):
            seen.page.locator("#means .mark-symbol path").nth(place).hover(force=True)
            seen.page.locator("#vg-tooltip-element.visible").wait_for()
            assert seen.page.locator("#vg-tooltip-element :is(script, img)").count() == 0
        assert seen.page.locator("main script:not([type='application/json']), main img").count() == 0
        assert seen.dialogs == []
        assert seen.errors == []


def test_the_browser_itself_keeps_the_page_from_loading_and_running_anything_else(
    chromium: Browser, pages: Path
) -> None:
    with opened(chromium, pages / "one.html") as seen:
        tried = """async () => {
            const script = document.createElement("script");
            script.textContent = "window.intruded = true";
            document.body.append(script);
            try { await fetch("https://example.com/"); return "fetched"; } catch { return String(window.intruded); }
        }"""
        assert seen.page.evaluate(tried) == "undefined"
        assert not [url for url in seen.requests if url.startswith("http")]


def test_the_page_fits_a_narrow_window_and_can_be_dark(chromium: Browser, pages: Path) -> None:
    with opened(chromium, pages / "grid.html", 700, "dark") as seen:
        assert seen.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        shade = seen.page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert max(int(part) for part in shade.strip("rgb()").split(",")) < 60
        text = seen.page.evaluate("getComputedStyle(document.querySelector('#means .mark-text text')).fill")
        assert min(int(part) for part in text.strip("rgb()").split(",")) > 120


def test_what_is_not_picked_does_not_answer_to_the_pointer(chromium: Browser, pages: Path) -> None:
    with opened(chromium, pages / "grid.html") as seen:
        points = "document.querySelectorAll('#curves-loss .mark-symbol path').length"
        every = seen.page.evaluate(points)
        seen.page.locator(".legend button").first.click()
        seen.page.wait_for_function(f"{points} < {every}")
        assert seen.page.evaluate(points) == every // 4


def test_a_page_of_single_runs_warns_of_nothing(chromium: Browser, pages: Path) -> None:
    warned: list[str] = []
    page = chromium.new_page()
    page.on("console", lambda message: warned.append(message.text))
    page.goto((pages / "single.html").as_uri())
    page.wait_for_selector("html[data-drawn]", state="attached", timeout=60_000)
    assert page.locator("#means").count() == 1
    assert warned == []
    page.close()


def test_the_colours_of_the_legend_are_printed(chromium: Browser, pages: Path) -> None:
    with opened(chromium, pages / "grid.html") as seen:
        adjust = "getComputedStyle(document.querySelector('.legend button'), '::before').printColorAdjust"
        assert seen.page.evaluate(adjust) == "exact"

"""Pages hold text as text."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest

from nnexp.reports.html import page
from nnexp.reports.html.chart_texts import resolve_colours
from nnexp.reports.html.figures.base import convert_value, make_data
from nnexp.reports.html.markup import Html, render_code, render_fold, render_list, render_table, tag
from nnexp.reports.html.theme import DARK_COLOURS, LIGHT_COLOURS, VARIANT_COLOURS

EVIL = "</script><script>alert(1)</script>"

CHART = {"data": {"values": [{"name": EVIL}]}, "mark": "point", "encoding": {"y": {"field": "name", "type": "nominal"}}}


def test_every_text_is_escaped_and_html_is_not() -> None:
    assert tag("p", EVIL, tag("b", "<")) == ("<p>&lt;/script&gt;&lt;script&gt;alert(1)&lt;/script&gt;<b>&lt;</b></p>")
    assert tag("a", title='"><x', hidden=True, lang=None) == '<a title="&quot;&gt;&lt;x" hidden></a>'
    for piece in (render_code(EVIL), render_fold(EVIL, EVIL), render_list([EVIL]), render_table([EVIL], [[EVIL]])):
        assert piece is not None
        assert "<script" not in piece


def test_control_characters_are_made_visible() -> None:
    assert tag("p", "a\x1b[31m\u202eb") == "<p>a\\x1b[31m\\u202eb</p>"
    assert convert_value("a\x00") == "a\\x00"


def test_data_cannot_end_the_script_that_it_stands_in_and_is_read_back_as_it_was() -> None:
    text = page.encode_json({"name": EVIL, "more": "<!-- & \u2028"})
    assert "<" not in text
    assert "&" not in text
    assert json.loads(text) == {"name": EVIL, "more": "<!-- & \u2028"}
    with pytest.raises(ValueError, match="not JSON compliant"):
        page.encode_json([float("nan")])


def test_numbers_that_json_does_not_have_are_null_in_a_chart() -> None:
    assert make_data([{"a": float("inf"), "b": 1.23456789, "c": None}]).to_dict()["values"] == [
        {"a": None, "b": 1.2346, "c": None}
    ]


def test_a_page_lets_only_its_own_scripts_run_and_names_nothing_to_load() -> None:
    text = page.render_page(EVIL, [page.render_section("One", page.render_chart("one", EVIL, CHART, EVIL))])
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', text)
    assert policy
    assert policy[1].startswith("default-src &#x27;none&#x27;; script-src &#x27;sha256-")
    assert "unsafe-eval" not in text.partition("<style>")[0]
    outside = re.sub(r"<script>.*?</script>", "", text, flags=re.DOTALL)
    assert text.count("<script>") == 2
    assert not re.search(r"<(script|img|link|iframe)[^>]*\b(src|href)=|url\(|@import", outside)
    assert "<title>&lt;/script&gt;" in text


def test_a_page_without_figures_has_no_script() -> None:
    text = page.render_page("Words", [tag("p", "no figure; data-chart=")])
    assert "<script" not in text
    assert len(text) < 10_000


def test_what_is_empty_is_left_out() -> None:
    assert page.render_section("Title", None, "") is None
    assert page.render_grid(None) is None
    assert render_list([]) is None
    assert isinstance(page.render_section("Title", "x"), Html)


def luminance(colour: str) -> float:
    """Relative luminance after WCAG 2."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("colours", [LIGHT_COLOURS, DARK_COLOURS], ids=["light", "dark"])
def test_texts_can_be_read_on_the_page(colours: dict[str, str]) -> None:
    paper = luminance(colours["--paper"])
    for name in ("--ink", "--muted"):
        found = sorted([luminance(colours[name]), paper])
        assert (found[1] + 0.05) / (found[0] + 0.05) >= 4.5


def test_paper_has_colours_where_the_page_has_names() -> None:
    assert resolve_colours({"a": [VARIANT_COLOURS[0], "words"], "b": "var(--ink)"}) == {
        "a": ["#0072b2", "words"],
        "b": "#1b1f24",
    }


def test_what_names_a_missing_extra_can_be_imported_without_it() -> None:
    code = (
        "import sys; sys.modules['altair'] = sys.modules['vl_convert'] = None\n"
        "from nnexp.errors import UsageError\n"
        "from nnexp.reports.html.write import ReportOutput\n"
        "try: ReportOutput().check_paths()\n"
        "except UsageError as error: print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "a page needs altair: pip install 'nnexp[report]'\n"

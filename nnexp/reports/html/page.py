"""A page: one file that needs nothing else and asks for nothing else, which it makes the browser enforce.

    render_page("Title", [render_section("Answer", tag("p", text), render_chart("curves", "Loss", chart))])

A chart is a Vega-Lite specification as a dictionary. It may have the colours of `nnexp.reports.html.theme` by name,
and a parameter `picked`, a list of keys that the buttons of a `render_legend` of the same group set.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache, partial
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from nnexp.optional import import_optional
from nnexp.reports.html.chart_texts import escape_names
from nnexp.reports.html.markup import Html, Piece, join_pieces, tag
from nnexp.reports.html.theme import DARK_COLOURS, LIGHT_COLOURS, SCREEN_FONT, make_config

if TYPE_CHECKING:  # Altair is of an extra, and `check_dependencies` is to say so
    from nnexp.reports.html.figures.base import Figure

SOFT_COLOURS = {"light": {"--soft": "#f3f5f7", "--link": "#0b5a9c"}, "dark": {"--soft": "#1f242a", "--link": "#7ab8ee"}}
"""Colours that figures do not use."""

REQUIRING_FEATURE = "a page"


def check_dependencies() -> None:
    """Raises UsageError where what makes charts is not installed."""
    import_optional("altair", "report", REQUIRING_FEATURE)
    import_optional("vl_convert", "report", REQUIRING_FEATURE)


def render_page(title: str, body: Sequence[Piece], note: str = "") -> str:
    """The whole page; `note` stands at its end."""
    footer = tag("footer", tag("p", note)) if note else None
    content = tag("main", tag("header", tag("h1", title)), *body, footer)
    scripts: list[Html] = []
    if 'data-chart="' in content:  # texts have their quotes escaped, so that only an attribute matches
        theme = tag("script", encode_json(make_config()), type="application/json", id="theme")
        scripts = [Html(_build_bundle()), Html(_read_asset("page.js"))]
        content = join_pieces([content, theme])
    head = [
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=_format_policy(scripts)),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("title", title),
        tag("style", Html(_format_style())),
    ]
    # Scripts stand at the end: they begin when all that they draw in is there.
    parts = [*head, content, *map(partial(tag, "script"), scripts)]
    return f'<!doctype html>\n<html lang="en">\n{join_pieces(parts)}\n</html>\n'


def render_section(title: str, *body: Piece, id: str | None = None) -> Html | None:  # noqa: A002 - HTML's word
    """A part of the page with a heading; nothing where it holds nothing."""
    kept = list(filter(None, body))
    if not kept:
        return None
    return tag("section", tag("h2", title), *kept, id=id)


def render_grid(*figures: Piece) -> Html | None:
    """Figures side by side where there is room, below each other where there is not."""
    kept = list(filter(None, figures))
    if not kept:
        return None
    return tag("div", *kept, class_="grid")


def render_figure(figure: Figure) -> Html:
    """A figure as the page has it."""
    chart = figure.make_page_chart()
    return render_chart(figure.name, figure.title, chart, figure.caption, group=figure.group, narrow=figure.narrow)


def render_chart(
    name: str,
    title: str,
    chart: Mapping[str, Any],
    caption: Piece = None,
    *,
    group: str | None = None,
    narrow: bool = False,
) -> Html:
    """A chart with a heading above it and a caption below.

    name: an id, unique on the page.  group: of the legend that picks in it.
    """
    return tag(
        "figure",
        tag("h3", title),
        tag("div", class_="chart"),
        tag("script", encode_json(chart), type="application/json"),
        tag("figcaption", caption) if caption else None,
        id=name,
        data_chart=name,
        data_group=group,
        class_="narrow" if narrow else None,
    )


def render_legend(
    group: str, entries: Iterable[tuple[str, str]], *keys: Html, names: Mapping[str, str] | None = None
) -> Html:
    """Buttons that pick among the (key, colour) of all figures of a group; `keys` explain what else is drawn.

    names: what stands on the buttons, where it is not the keys themselves.
    """
    buttons = [_render_button(key, colour, (names or {}).get(key)) for key, colour in entries]
    return tag("div", *buttons, *keys, class_="legend", data_group=group, role="group", aria_label="pick what is shown")


def _render_button(key: str, colour: str, name: str | None) -> Html:
    """A button that picks the marks of a key; under another name it tells the key to the pointer."""
    swatch = f"--swatch: {colour}"
    # A name that is whole needs no words at the pointer.
    title = None if name is None else key
    # The key is compared with what figures have, whose texts are escaped in this way.
    data_key = escape_names(key)
    return tag("button", name or key, type="button", data_key=data_key, title=title, aria_pressed="false", style=swatch)


def encode_json(value: Any) -> Html:
    """JSON that may stand in a script element, whatever texts it holds."""
    text = json.dumps(value, separators=(",", ":"), allow_nan=False, ensure_ascii=False)
    # Neither may end the element, as </script> does, nor be a line's end to JavaScript and none to JSON.
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Html(text)


def _format_policy(scripts: Sequence[str]) -> str:
    """What the browser may do for the page: run just these scripts, and load nothing."""
    hashes = " ".join(map(_hash_script, scripts)) or "'none'"
    rules = ("default-src 'none'", f"script-src {hashes}", "style-src 'unsafe-inline'", "img-src data:")
    return "; ".join((*rules, "base-uri 'none'", "form-action 'none'"))


def _hash_script(script: str) -> str:
    """A script as a policy names it."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"


def _format_style() -> str:
    light = _format_declarations(LIGHT_COLOURS | SOFT_COLOURS["light"])
    dark = _format_declarations(DARK_COLOURS | SOFT_COLOURS["dark"])
    # On paper the light colours stay, whatever the screen has.
    modes = f":root{{{light}}}\n@media screen and (prefers-color-scheme: dark){{:root{{{dark}}}}}\n"
    return modes + _read_asset("page.css").replace("FONT", SCREEN_FONT)


def _format_declarations(colours: Mapping[str, str]) -> str:
    return ";".join(map(":".join, colours.items()))


def _read_asset(name: str) -> str:
    return (files("nnexp.reports.html") / name).read_text(encoding="utf-8")


@lru_cache(maxsize=1)
def _build_bundle() -> str:
    """Vega, Vega-Lite and vega-embed as one script: nearly a megabyte, the same for every page of a process."""
    converter = import_optional("vl_convert", "report", REQUIRING_FEATURE)
    bundle: str = converter.javascript_bundle("window.vegaEmbed=vegaEmbed;")
    # Only `encode_json` escapes; a script's text ends at the first </script, wherever it stands.
    assert "</script" not in bundle.lower(), "the bundle can stand in a script element"
    return f"(function(){{{bundle}}})();"

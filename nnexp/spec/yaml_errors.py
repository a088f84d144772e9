"""What PyYAML says of a text that is not YAML, in words for people who write specs."""

from __future__ import annotations

import re
from dataclasses import dataclass

import yaml

from nnexp.spec.problems import Place, Problem, SpecText


@dataclass(frozen=True, slots=True)
class Explanation:
    """What to say instead of a message of PyYAML's, whose groups it may repeat.

    opening: whether the mistake is where the thing begins that could not be read to its end.
    """

    message: str
    suggestion: str = ""
    opening: bool = False


EXPLANATIONS_BY_MESSAGE: dict[str, Explanation] = {
    r"nested more than .*": Explanation(r"\g<0>"),
    r"found unexpected end of stream": Explanation("this quotation mark is never closed", opening=True),
    r"expected ',' or ('[]}]'), but got .*": Explanation(r"this bracket is not closed by \1", opening=True),
    r"expected <block end>, but found '(-|<block sequence start>)'": Explanation(
        "a list cannot begin here", "indent the lines of one mapping or list alike"
    ),
    r"expected <block end>, but found .*": Explanation(
        "this line does not continue those above it", "indent the lines of one mapping or list alike"
    ),
    r"mapping values are not allowed here": Explanation(
        "a `:` cannot stand here", "indent the keys of one mapping alike; put a text that contains `: ` in quotes"
    ),
    r"could not find expected ':'": Explanation("this key is not followed by a `:`", opening=True),
    r"found character (.*) that cannot start any token": Explanation(
        r"a text cannot begin with \1", "put it in quotes"
    ),
    r"found undefined alias (.*)": Explanation(r"the alias \1 has no anchor"),
    r"but found another document": Explanation("a second document begins here, and a spec is one", "remove this line"),
    r"second occurrence": Explanation("this anchor is defined twice"),
    r"found unknown escape character (.*)": Explanation(
        r"\\ followed by \1 means nothing in double quotes", "use single quotes, in which a backslash is itself"
    ),
}
"""By PyYAML's words for the problem, as a regular expression."""


def explain_error(text: SpecText, error: yaml.MarkedYAMLError) -> Problem:
    """The problem that PyYAML found, where it is and how to mend it."""
    place = _make_place(text, error.problem_mark or error.context_mark)
    line = text.find_line(place.line)
    indentation = line[: len(line) - len(line.lstrip())]
    if "'\\t'" in str(error.problem) or "\t" in indentation:
        column = line.index("\t") + 1 if "\t" in indentation else place.column
        message = "found a tab; YAML takes only spaces here"
        return Problem(Place(text, place.line, column), "", message, "use spaces instead")
    # In their order: a general pattern stands below the special ones that it includes.
    for words, explanation in EXPLANATIONS_BY_MESSAGE.items():
        if match := re.fullmatch(words, str(error.problem), re.DOTALL):
            if explanation.opening and error.context_mark:
                place = _make_place(text, error.context_mark)
            return Problem(place, "", match.expand(explanation.message), explanation.suggestion)
    context = f" ({error.context})" if error.context else ""
    return Problem(place, "", f"not valid YAML: {error.problem}{context}")


def _make_place(text: SpecText, mark: yaml.Mark | None) -> Place:
    return Place(text, mark.line + 1, mark.column + 1) if mark else Place(text)

"""How people call the parts of a set: train and training, val and dev, test and testing."""

from __future__ import annotations

import re

from nnexp.data.splits import PartName

PART_SPELLINGS: dict[PartName, tuple[str, ...]] = {
    "train": ("train", "training"),
    "dev": ("dev", "devel", "val", "valid", "validation"),
    "test": ("test", "testing", "eval", "evaluation"),
}
"""The usual words, the project's own first."""

_PART_BY_WORD: dict[str, PartName] = {}
for _part, _spellings in PART_SPELLINGS.items():
    _PART_BY_WORD |= dict.fromkeys(_spellings, _part)

# the longer word first, so that x_training is not x_ and train followed by ing
_WORDS = "|".join(sorted(_PART_BY_WORD, key=len, reverse=True))
_ENDING_PATTERN = re.compile(rf"(?P<stem>.+?)[_\-. ]?(?P<part>{_WORDS})", re.IGNORECASE)
_BEGINNING_PATTERN = re.compile(rf"(?P<part>{_WORDS})[_\-. ]?(?P<stem>.+)", re.IGNORECASE)


def find_part(word: str) -> PartName | None:
    """The part that a word names.

    >>> find_part("Validation"), find_part("cats")
    ('dev', None)
    """
    return _PART_BY_WORD.get(word.casefold())


def split_part_name(name: str) -> tuple[str, PartName | None]:
    """What a name is without its part, and the part.

    >>> split_part_name("x_train"), split_part_name("test_images"), split_part_name("labels")
    (('x', 'train'), ('images', 'test'), ('labels', None))
    """
    for pattern in (_ENDING_PATTERN, _BEGINNING_PATTERN):
        found = pattern.fullmatch(name)
        if found:
            return found["stem"], _PART_BY_WORD[found["part"].casefold()]
    return name, None

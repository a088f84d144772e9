"""A commented spec for a table that nobody has described yet: every decision is written out, with its reason."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from nnexp.data.formats.csv.csv_file import quote_entry
from nnexp.data.formats.csv.dialect import PLAIN_DIALECT
from nnexp.data.formats.csv.overrides import format_flow
from nnexp.data.inference.columns import MAX_LEVELS, ColumnGuess
from nnexp.data.inference.file_notation import list_first_entries
from nnexp.data.inference.table import TableGuess
from nnexp.data.inference.targets import list_notation
from nnexp.spec.yaml import format_yaml
from nnexp.wording import format_count

COMMENT_COLUMN = 42
"""Where comments begin, if the line is not longer."""

MAX_LISTED_COLUMNS = 8
"""How many columns of numbers a comment lists."""


MIN_FRACTION_ROWS = 10
"""Fewer rows are shared out by number: a fraction of them may be none."""


MIN_BATCH_ROWS = 60
"""Fewer rows are one batch: a training part of some of them may be smaller than a batch."""


@dataclass(frozen=True, slots=True)
class NetworkChoice:
    """A network and its training that fit a number of rows."""

    hidden: tuple[int, ...]
    batch_size: int | Literal["full"]
    epochs: int
    patience: int
    l2: str
    fractions: str


def choose_network(rows: int) -> NetworkChoice:
    """A network for a table of so many rows: small ones are held back more, trained for longer, and judged
    by more of their rows.
    """
    if rows < MIN_FRACTION_ROWS:
        return NetworkChoice((64, 32), "full", 400, 60, "3e-2", "{train: rest, dev: 1, test: 1}")
    if rows < MIN_BATCH_ROWS:
        return NetworkChoice((64, 32), "full", 400, 60, "3e-2", "{train: 0.7, dev: 0.15, test: 0.15}")
    if rows < 1_000:
        return NetworkChoice((64, 32), 16, 400, 60, "3e-2", "{train: 0.7, dev: 0.15, test: 0.15}")
    if rows < 10_000:
        return NetworkChoice((64, 32), 32, 100, 20, "1e-2", "{train: 0.8, dev: 0.1, test: 0.1}")
    return NetworkChoice((128, 64), 128, 50, 8, "1e-3", "{train: 0.8, dev: 0.1, test: 0.1}")


def format_table_spec(guess: TableGuess, name: str, schema: str, *, split_seed: int = 0) -> str:
    """The spec as text; its split is that of a seed."""
    network = choose_network(guess.rows - guess.target.column.missing)
    columns = format_count(len(guess.columns), "column")
    lines = [
        f"# yaml-language-server: $schema={schema}",
        f"# Written from {guess.shown}: {guess.rows:,} rows, {columns}. Every line is a decision that you may change;",
        "# where another one is likely too, it stands beside as a comment. `nnexp data show` shows the columns.",
        "",
        format_yaml({"name": name}).strip(),
        "seed: 0",
        "",
        "data:",
        "  source:",
        "    csv:",
        *(f"      {line}" for line in _list_source_lines(guess)),
        *(f"  {line}" for line in _list_split_lines(guess, network, split_seed)),
        format_comment("  normalize: standard", "zero mean and unit std of every input, fitted on the training part"),
        *_list_scaling_lines(guess),
        "",
        f"architecture: {{mlp: {{hidden: {list(network.hidden)}}}}}",
        "activation: relu",
        *_list_loss_lines(guess),
        format_comment(f"regularization: {{l2: {network.l2}}}", "of the weights, not of the biases"),
        "optimizer: {adam: {lr: 2e-3}}",
        "",
        "training:",
        f"  epochs: {network.epochs}",
        f"  batch_size: {network.batch_size}",
        format_comment(
            f"  early_stopping: {{patience: {network.patience}}}", "watches dev_loss and restores the best weights"
        ),
    ]
    return "".join(f"{_blank_unprintable(line)}\n" for line in lines)


def _blank_unprintable(line: str) -> str:
    """A line that YAML takes: values are written with escapes, and what a comment repeats may have anything."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in line)


def format_comment(line: str, comment: str) -> str:
    """A line with a comment behind it."""
    return f"{line:<{COMMENT_COLUMN}} # {comment}" if comment else line


def _list_source_lines(guess: TableGuess) -> Iterator[str]:
    """The parameters of the source."""
    dialect, reasons = guess.dialect.dialect, guess.dialect.reasons
    yield f"path: {format_flow(guess.shown)}"
    yield from _list_target_lines(guess)
    yield from _list_column_lines(guess)
    written = {
        "separator": dialect.separator,
        "quote": dialect.quote,
        "encoding": dialect.encoding,
        "header": dialect.header,
        "names": list(dialect.names),
        "skip_lines": dialect.skip_lines,
    }
    for key, value in written.items():
        usual = getattr(PLAIN_DIALECT, key)
        if value != (list(usual) if isinstance(usual, tuple) else usual):
            yield format_comment(f"{key}: {format_flow(value)}", reasons.get(key, ""))
            if key in guess.dialect.unsure:
                yield f"# {key}: {format_flow(usual)}   # instead, if that is wrong"
    for key, notation in list_notation(dialect.numbers).items():
        wanted = notation if isinstance(notation, list) else [notation]
        example = _find_example(guess, tuple(map(str, wanted)))
        yield format_comment(f"{key}: {format_flow(notation)}", f"numbers are written as {quote_entry(example)}")


def _find_example(guess: TableGuess, signs: tuple[str, ...]) -> str:
    """A number as the file writes it, with one of some signs."""
    numbers = {column.name for column in guess.columns if column.kind == "number" and column.is_usable}
    for name, entries in list_first_entries(guess.table.file).items():
        if name in numbers:
            for entry in entries:
                is_number = guess.dialect.dialect.numbers.parse(entry) is not None
                if is_number and any(sign in entry for sign in signs):
                    return entry
    return signs[0]


def _list_target_lines(guess: TableGuess) -> Iterator[str]:
    """The target, its kind, and what else both may be."""
    target = guess.target
    yield format_comment(f"target: {format_flow(target.column.name)}", guess.target_reason)
    yield format_comment(f"kind: {target.kind}", target.reason)
    signs = set(guess.missing_signs)
    if target.kind == "classes" and signs.intersection(target.column.levels):
        reason = "listed, as one of them stands for a missing value in other columns"
        yield format_comment(f"classes: {format_flow(sorted(target.column.levels))}", reason)
    if target.unsure in ("classes", "values"):
        other_loss = "cross_entropy" if target.unsure == "classes" else "squared_error"
        yield f"# kind: {target.unsure}   # instead, if the numbers are {target.unsure}; then loss: {other_loss}"
    elif target.unsure:
        yield f"# it may be {target.unsure}"
    if target.column.missing:
        rows = format_count(target.column.missing, "row")
        yield format_comment("without_target: drop", f"{rows} without a target; refuse: such rows are an error")


def _list_column_lines(guess: TableGuess) -> Iterator[str]:
    """Which columns are what: numbers, categories, and what is left out."""
    features = guess.features
    numbers = [column for column in features if not column.levels or column.kind == "number"]
    if numbers:
        yield f"# {format_count(len(numbers), 'column')} of numbers: {_list_names(numbers)}"
    categories = [column for column in features if column not in numbers]
    if categories:
        yield "categorical:"
        for column in categories:
            levels = format_flow(sorted(column.levels))
            if len(column.levels) > MAX_LEVELS:
                levels = f"{{top: {MAX_LEVELS}}}"
            yield format_comment(f"  {format_flow(column.name)}: {levels}", _explain(column))
    identifiers = [column for column in guess.columns if column.kind == "identifier" and column is not _target(guess)]
    if identifiers:
        reason = f"{identifiers[0].reason}: not a feature, but returned with predictions"
        yield format_comment(f"id: {format_flow([column.name for column in identifiers])}", reason)
    dropped = [
        column
        for column in guess.columns
        if not column.is_feature and column.kind != "identifier" and column is not _target(guess)
    ]
    dropped = [column for column in dropped if column.name not in (guess.time, guess.group)]
    if dropped:
        yield f"drop: {format_flow([column.name for column in dropped])}"
        for column in dropped:
            yield f"# left out: {quote_entry(column.name)} ({column.kind}: {column.reason})"
    yield from _list_missing_lines(guess)
    yield from _list_doubt_lines(guess)


def _list_doubt_lines(guess: TableGuess) -> Iterator[str]:
    """What columns may be besides, each kind of doubt with the line to write then."""
    decided = (guess.time, guess.group, _target(guess).name)
    doubtful = [column for column in guess.columns if column.unsure and column.name not in decided]
    by_doubt: dict[tuple[str, str], list[ColumnGuess]] = {}
    for column in doubtful:
        by_doubt.setdefault((column.kind, column.unsure), []).append(column)
    for (kind, unsure), columns in by_doubt.items():
        names = _list_names(columns)
        first = columns[0].name
        if (kind, unsure) == ("number", "category"):
            levels = [int(level) for level in columns[0].levels] or "auto"
            yield f"# {names} may hold codes of categories: then categorical: {format_flow({first: levels})}"
        elif (kind, unsure) == ("number", "identifier"):
            yield f"# {names} may just tell the rows apart: then id: {format_flow([first])}"
        elif (kind, unsure) == ("number", "decimals"):
            comma = format_flow(guess.dialect.dialect.numbers.thousands)
            yield f"# {names} may have decimals: then decimal: {comma}, and no thousands"
        elif (kind, unsure) == ("identifier", "number"):
            yield f"# {names} may be a number to learn from: then leave it out of id"
        elif (kind, unsure) == ("text", "category"):
            commonest = format_flow({first: {"top": MAX_LEVELS}})
            yield f"# {names} may be a category: then categorical: {commonest}, not drop"


def _target(guess: TableGuess) -> ColumnGuess:
    return guess.target.column


def _list_names(columns: list[ColumnGuess]) -> str:
    names = ", ".join(column.name for column in columns[:MAX_LISTED_COLUMNS])
    left = len(columns) - MAX_LISTED_COLUMNS
    return f"{names} and {left} more" if left > 0 else names


def _explain(column: ColumnGuess) -> str:
    """The reason of a category, and what else it may be."""
    return f"{column.reason}; it may be {column.unsure}" if column.unsure else column.reason


def _list_missing_lines(guess: TableGuess) -> Iterator[str]:
    """What stands for a missing value, and what is filled in."""
    if guess.missing_signs:
        counts: dict[str, int] = {}
        for column in guess.columns:
            for word, count in column.signs:
                counts[word] = counts.get(word, 0) + count
        told = ", ".join(f"{quote_entry(word)} {format_count(count, 'time')}" for word, count in counts.items())
        yield format_comment(f"missing: {format_flow(list(guess.missing_signs))}", told)
        for sentinel in guess.sentinels:
            yield f"# {sentinel}"
    gaps = [column for column in guess.features if column.missing]
    if gaps:
        count = sum(column.missing for column in gaps)
        where = f"{format_count(count, 'missing value')} in {format_count(len(gaps), 'column')}"
        yield format_comment("fill: median", f"for {where}; or: mean, zero")


def _list_split_lines(guess: TableGuess, network: NetworkChoice, seed: int) -> Iterator[str]:
    """The parts of the data."""
    fractions = network.fractions[:-1]
    if guess.time is not None:
        reason = f"the rows are a series in {quote_entry(guess.time)}: its end is the test part"
        yield format_comment(f"split: {fractions}, time: {format_flow(guess.time)}}}", reason)
        yield f"# split: {fractions}}}   # instead, to split at random; then drop: {format_flow([guess.time])}"
        return
    options = ""
    reason = "at random"
    if guess.target.kind == "classes":
        reason = "at random, with the same share of every class in each part"
    if guess.group is not None:
        options = f", group: {format_flow(guess.group)}"
        reason = f"all rows of one {quote_entry(guess.group)} are in the same part"
    if seed:
        options += f", seed: {seed}"
        reason += "; with this seed every class has training examples"
    yield format_comment(f"split: {fractions}{options}}}", reason)


def _list_scaling_lines(guess: TableGuess) -> Iterator[str]:
    """How values are scaled for training."""
    if guess.target.kind == "values":
        yield format_comment(
            "  scale_targets: standard", "for training alone: predictions, rmse and mae are in its own unit"
        )


def _list_loss_lines(guess: TableGuess) -> Iterator[str]:
    if guess.target.kind == "classes":
        yield "loss: cross_entropy"
    else:
        yield format_comment("loss: squared_error", "of the scaled target")

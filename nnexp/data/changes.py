"""Whether the data of a source are still those that a run was trained on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nnexp.data.dataset import Source
from nnexp.data.file_source import FileSource
from nnexp.data.fingerprint import compute_fingerprint
from nnexp.data.source_files import are_files_unchanged, stamp_source
from nnexp.data.splits import Split
from nnexp.errors import DataError


@dataclass(frozen=True, slots=True)
class DataComparison:
    """The data as they are beside a record of them.

    change: how they differ, "" where they do not. unchecked: why they cannot be compared, "" where they can.
    """

    change: str = ""
    unchecked: str = ""


def compare_with_record(source: Source, split: Split, record: Mapping[str, Any]) -> DataComparison:
    """A source beside what the record of a run with this split says of its data; only files can change behind a spec.

    The data are read only where their files have other bytes than before: a column that nobody uses may have changed.
    """
    if not isinstance(source, FileSource):
        return DataComparison()
    try:
        stamps = stamp_source(source)
        if "files" in record and are_files_unchanged(record["files"], stamps):
            return DataComparison()
    except DataError as error:
        return DataComparison(unchecked=str(error))
    if "content" not in record:
        return DataComparison(unchecked="an earlier version of nnexp recorded them in another way")
    try:
        now = compute_fingerprint(source.load_for(split))
    except DataError as error:
        return DataComparison(change=f"they cannot be read any more: {error}")
    return DataComparison(change=now.find_difference(record) or "")

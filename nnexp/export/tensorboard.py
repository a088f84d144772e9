"""How a run went, as events that TensorBoard reads: the columns of metrics.csv, the final metrics, and the spec."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from nnexp.optional import import_optional
from nnexp.reports import read
from nnexp.runs import manifest, metrics_csv
from nnexp.runs.manifest import Manifest
from nnexp.storage.atomic import restore_nonfinite
from nnexp.sweeps.planning.labels import flatten_value
from nnexp.typing import MetricsRow

EVENTS_FILE = "events.out.tfevents.nnexp"
"""TensorBoard takes every file with `tfevents` in its name."""

EVENTS_VERSION = "brain.Event:2"
"""What a file of events begins with."""


def import_tensorboardx(name: str) -> Any:
    """A module of the library tensorboardX. Raises UsageError where it is not installed."""
    return import_optional(f"tensorboardX.{name}", "tensorboard", "exporting to TensorBoard")


def encode_events(folder: Path) -> bytes:
    """The file of the run in this folder, whatever its state. Raises RunError where its record is damaged."""
    records, event = import_tensorboardx("record_writer"), import_tensorboardx("proto.event_pb2").Event
    record = manifest.read_manifest(folder)
    rows = metrics_csv.read_metrics(folder)
    plain = read.read_resolved_spec(folder, record)
    text = (folder / "resolved.yaml").read_text(encoding="utf-8")
    # The library writes to paths alone.
    with TemporaryDirectory() as scratch:
        path = Path(scratch) / EVENTS_FILE
        writer = records.RecordWriter(str(path))
        first = event(wall_time=_parse_start_time(record), file_version=EVENTS_VERSION)
        for entry in (first, *_make_events(record, rows, plain, text)):
            writer.write(entry.SerializeToString(deterministic=True))
        writer.close()
        return path.read_bytes()


def _make_events(record: Manifest, rows: list[MetricsRow], plain: dict[str, Any], text: str) -> Iterator[Any]:
    """One event an epoch, at its last step and at the time it ended; then what is known at the end."""
    event, summary = import_tensorboardx("proto.event_pb2").Event, import_tensorboardx("summary")
    began = _parse_start_time(record)
    final = _list_final_metrics(record)
    chosen, start, end = summary.hparams(_list_hyperparameters(plain), final)
    words = summary.text("spec", f"```yaml\n{text}```")
    for found in (words, chosen, start):
        yield event(wall_time=began, summary=found)
    time, step, seconds = began, 0, 0.0
    for row in rows:
        seconds += row.get("seconds", 0.0)
        time, step = began + seconds, int(row["step"])
        numbers = {_make_tag(column): value for column, value in row.items() if column != "step"}
        yield event(wall_time=time, step=step, summary=_make_scalars(numbers))
    if record["state"] == "done":
        for found in (_make_scalars(final), end):
            yield event(wall_time=time, step=step, summary=found)


def _make_scalars(numbers: MetricsRow) -> Any:
    summary = import_tensorboardx("proto.summary_pb2").Summary
    return summary(value=[summary.Value(tag=tag, simple_value=number) for tag, number in numbers.items()])


def _make_tag(column: str) -> str:
    """A column as TensorBoard groups them.

    >>> [_make_tag(column) for column in ("train_loss", "dev_digit_accuracy", "lr")]
    ['train/loss', 'dev/digit_accuracy', 'lr']
    """
    part, _, metric = column.partition("_")
    if part in ("train", "dev"):
        return f"{part}/{metric}"
    return column


def _list_final_metrics(record: Manifest) -> MetricsRow:
    """The metrics of the run's final weights, on every part."""
    row: MetricsRow = {}
    for part, metrics in record.get("final", {}).items():
        for name, value in restore_nonfinite(metrics).items():
            row[f"final/{part}_{name}"] = value
    return row


def _list_hyperparameters(plain: dict[str, Any]) -> dict[str, Any]:
    """The resolved spec, flat, without its name: keys such as optimizer.adam.lr."""
    flat = flatten_value("", plain)
    del flat["name"]
    return {key: value for key, value in flat.items() if value is not None}


def _parse_start_time(record: Manifest) -> float:
    return datetime.fromisoformat(record["began"]).timestamp()

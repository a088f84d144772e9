"""What the name of a metric tells: whether it is to be large, and how it is written."""

from __future__ import annotations

from nnexp import registry
from nnexp.metrics.choose import find_metric_kind
from nnexp.wording import format_decimal, format_percent


def larger_is_better(metric: str) -> bool:
    """Whether a metric, named with its part and its task if there are several, is to be large.

    >>> [larger_is_better(f"dev_{name}") for name in ("accuracy", "parity_recall_yes", "loss", "log_loss")]
    [True, True, False, False]
    """
    kind = find_metric_kind(metric)
    return kind is not None and bool(registry.metrics[kind].higher_is_better)


def is_share(metric: str) -> bool:
    """Whether a metric is written in percent, and differences of it in percentage points."""
    kind = find_metric_kind(metric)
    return kind is not None and bool(registry.metrics[kind].is_share)


def describe_metric(metric: str) -> str:
    """The name of a metric in words.

    >>> [describe_metric(name) for name in ("balanced_accuracy", "macro_f1", "parity_roc_auc")]
    ['balanced accuracy', 'macro F1', 'parity ROC AUC']
    """
    return metric.replace("_", " ").replace("macro f1", "macro F1").replace("roc auc", "ROC AUC")


def format_metric(metric: str, value: float) -> str:
    """Shares as percentages, everything else as a number.

    >>> format_metric("dev_accuracy", 0.9111), format_metric("loss", 0.9111), format_metric("roc_auc", 0.9111)
    ('91.11 %', '0.9111', '0.9111')
    """
    return format_percent(value) if is_share(metric) else format_decimal(value)

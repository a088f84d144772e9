"""The comparison of documents with what is printed has room for other machines, and for nothing else."""

from __future__ import annotations

import pytest

from tests.shown import missing, shows

SENTENCE = "undecided: A is 1.6 ± 1.6 points ahead of B (5 seeds, p = 0.704)"


@pytest.mark.parametrize(
    ("shown", "printed"),
    [
        ("epoch 39/40  train_loss 0.0860  seconds 0.009", "epoch 39/40  train_loss 0.0861  seconds 12.310"),
        (
            "  0.01  relu  5  99.00 ± 1.13 %  16.4  1.00 s  done",
            " 0.01   relu   5   99.11 ± 1.05 %   19.4   17.21 s  done",
        ),
        ("0.01  relu  5/5  99.00 %  0.91 %  97.78 %  100.00 %", "0.01  relu  5/5  99.11 %  0.84 %  97.78 %  100.00 %"),
        (
            "done in 0.4 s, 17,610 parameters, weights of epoch 39",
            "done in 9.4 s, 17,610 parameters, weights of epoch 38",
        ),
        (" ────────", " ─────────────"),
        ("best run: adam_bn-d57625", "best run: adam_bn-0f1e2d"),
        ("(20 seeds, p < 0.001)", "(20 seeds, p = 0.002)"),
        ("about 10 more seeds would settle it", "about 23 more seeds would settle it"),
        (SENTENCE, SENTENCE.replace("0.704", "0.688").replace("1.6 points", "1.8 points")),
    ],
)
def test_another_machine_may_measure_otherwise(shown: str, printed: str) -> None:
    assert shows(shown, printed)


@pytest.mark.parametrize(
    ("shown", "printed"),
    [
        ("epoch 39/40  train_loss 0.0860", "epoch 39/40  train_loss 0.1860"),
        ("epoch 39/40  train_loss 0.0860", "epoch 38/40  train_loss 0.0860"),
        ("epoch 39/40  train_loss 0.0860", "epoch 39/40  train_loss 0.086"),
        ("0.01  relu  5  99.00 ± 1.13 %", "0.01  relu  5  96.00 ± 1.13 %"),
        ("0.01  relu  5  99.00 ± 1.13 %", "0.01  relu  4  99.00 ± 1.13 %"),
        ("0.01  relu  5  99.00 ± 1.13 %", "0.001  relu  5  99.00 ± 1.13 %"),
        ("17,610 parameters", "17,611 parameters"),
        ("lr=0.01 is better", "lr=0.02 is better"),
        ("runs/adam_bn-7614cf", "runs/adam_bn-7614ce"),
        ("(5 seeds, p = 0.016)", "(5 seeds, p = 0.216)"),
        ("x1  -1.2572", "x1  1.2572"),
        ("wrong.yaml:2:31: the fractions sum to 1.1, not to 1", "wrong.yaml:2:13: the fractions sum to 1.1, not to 1"),
        (SENTENCE, SENTENCE.replace("undecided", "decided")),
        (SENTENCE, SENTENCE.replace("1.6 points", "4.6 points")),
        (SENTENCE, SENTENCE.replace(" points", "")),
    ],
)
def test_a_program_that_says_otherwise_is_seen(shown: str, printed: str) -> None:
    assert not shows(shown, printed)


def test_dots_stand_for_any_lines_and_what_is_missing_is_named() -> None:
    printed = "a 1\n\nb 2\nc 3\n"
    assert missing("a 1\n...\nc 3\n", printed) == []
    assert missing("a 1\nd 4\n", printed) == ["d 4"]

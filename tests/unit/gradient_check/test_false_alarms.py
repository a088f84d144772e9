"""Random specs give no false alarm, at the start of training and later."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

import nnexp
from tests.strategies import Plain, loaded, specs


def check_no_alarm(written: Plain, after: int) -> None:
    """No gradient is called wrong. What plays no part in one is left at its default."""
    rest = {key: value for key, value in written.items() if key not in ("optimizer", "schedule")}
    found = nnexp.gradcheck(loaded({**rest, "optimizer": {"sgd": {"lr": 0.01}}}), after=after, examples=13)
    assert found.verdict != "wrong", found


@given(specs())
@settings(max_examples=10)
def test_no_false_alarm_over_random_specs(written: Plain) -> None:
    check_no_alarm(written, after=0)


@pytest.mark.slow
@given(specs())
@settings(max_examples=300)
def test_no_false_alarm_over_hundreds_of_random_specs(written: Plain) -> None:
    check_no_alarm(written, after=0)


@pytest.mark.slow
@given(specs())
@settings(max_examples=100)
def test_no_false_alarm_after_some_steps_of_training(written: Plain) -> None:
    try:
        check_no_alarm({**written, "training": {"batch_size": "full", "epochs": 9}}, after=3)
    except nnexp.Diverged:
        return

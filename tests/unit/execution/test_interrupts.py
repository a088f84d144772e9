"""Signals are caught while training, and only then."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from nnexp.errors import Interrupted
from nnexp.execution.interrupts import STOP_SIGNALS, InterruptListener


@pytest.fixture(autouse=True)
def usual_handlers() -> Iterator[None]:
    """Python's own handlers, which a process that was started in the background does not have."""
    usual: dict[signal.Signals, Any] = {signal.SIGINT: signal.default_int_handler, signal.SIGTERM: signal.SIG_DFL}
    before = {number: signal.signal(number, handler) for number, handler in usual.items()}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def handlers() -> list[object]:
    return [signal.getsignal(number) for number in STOP_SIGNALS]


def test_the_handlers_of_before_are_there_again_afterwards() -> None:
    before = handlers()
    with InterruptListener():
        assert handlers() != before
    assert handlers() == before


def test_the_handlers_are_restored_after_an_error() -> None:
    before = handlers()
    with pytest.raises(ZeroDivisionError), InterruptListener():
        1 / 0  # noqa: B018 - an error like any other
    assert handlers() == before


@pytest.mark.parametrize("number", STOP_SIGNALS)
def test_the_first_signal_is_noted_and_the_second_raises(number: signal.Signals) -> None:
    with InterruptListener() as interrupts:
        signal.raise_signal(number)
        assert interrupts.received == number
        with pytest.raises(Interrupted) as stopped:
            signal.raise_signal(signal.SIGTERM)
    assert stopped.value.exit_code == 143


def test_an_ignored_signal_stays_ignored() -> None:
    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        with InterruptListener() as interrupts:
            signal.raise_signal(signal.SIGTERM)
            assert interrupts.received is None
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGTERM, before)


def test_in_another_thread_nothing_is_touched() -> None:
    before, seen = handlers(), []

    def work() -> None:
        with InterruptListener() as interrupts:
            seen.append((handlers(), interrupts.received))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [(before, None)]

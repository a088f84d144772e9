"""Ctrl-C and SIGTERM: the first asks to stop after this batch, the second stops at once."""

from __future__ import annotations

import signal
import threading
from types import FrameType, TracebackType
from typing import Any, Self

from nnexp.errors import Interrupted

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class InterruptListener:
    """While it is entered, `received` is the first signal, or None; a second one raises Interrupted."""

    def __init__(self) -> None:
        self.received: int | None = None
        self._previous_handlers: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        # Python delivers signals to the main thread alone, and refuses handlers elsewhere.
        if threading.current_thread() is not threading.main_thread():
            return self
        for number in STOP_SIGNALS:
            handler = signal.getsignal(number)
            # A process in the background of a script is started to ignore Ctrl-C, and goes on to ignore it.
            if handler not in (signal.SIG_IGN, None):
                self._previous_handlers[number] = handler
                signal.signal(number, self._receive_signal)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._previous_handlers.items():
            signal.signal(number, handler)

    def _receive_signal(self, number: int, frame: FrameType | None) -> None:
        if self.received is not None:
            raise Interrupted("stopped at once; the last checkpoint is whole", number)
        self.received = number

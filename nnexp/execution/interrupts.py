"""Ctrl-C and SIGTERM: the first asks to stop after the batch, the second stops now."""

from __future__ import annotations

import signal
import threading
from types import FrameType, TracebackType
from typing import Any, Self

from nnexp.errors import Interrupted

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class InterruptListener:
    """While entered, `received` is the first signal, or None; a second one raises Interrupted on the spot.

    A signal that the process was started to ignore, as in the background of a script, is ignored still. Outside the
    main thread, where Python delivers no signals, it does nothing.
    """

    def __init__(self) -> None:
        self.received: int | None = None
        self._previous_handlers: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            handlers = {number: signal.getsignal(number) for number in STOP_SIGNALS}
            self._previous_handlers = {
                number: now for number, now in handlers.items() if now not in (signal.SIG_IGN, None)
            }
            for number in self._previous_handlers:
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

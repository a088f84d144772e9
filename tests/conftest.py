"""Settings for all tests."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("repeatable", derandomize=True, deadline=None)  # the same examples every time, none timed
settings.load_profile("repeatable")

"""Calls put off to the next turn of the loop, all of them by one: each room that a commit of the log brings
something for would else cost a turn of its own.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

_log = logging.getLogger(__name__)


class Together:
    """What is to be called soon, in the order of asking."""

    def __init__(self) -> None:
        self._calls: list[Callable[[], None]] = []

    def soon(self, call: Callable[[], None]) -> None:
        """Call it after all that is being done now."""
        if not self._calls:
            asyncio.get_running_loop().call_soon(self._call)
        self._calls.append(call)

    def _call(self) -> None:
        calls, self._calls = self._calls, []
        for call in calls:
            try:
                call()
            except Exception:  # the others are to be called all the same
                _log.exception("what one room was to do failed")

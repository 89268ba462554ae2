"""Which engine this Python has: y-py before 3.13, its successor from there on."""

from __future__ import annotations

import sys

from .engine import Engine


def new_engine() -> Engine:
    """An empty document."""
    if sys.version_info < (3, 13):
        from .ypy import YpyEngine

        return YpyEngine()
    from .pycrdt import PycrdtEngine

    return PycrdtEngine()

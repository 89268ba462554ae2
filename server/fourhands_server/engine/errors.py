"""What can go wrong with live documents.

EngineError
├── DocumentFailed     this room's updates or this question end the engine each time: given up
├── EngineOverloaded   too many questions wait
└── EngineUnavailable  closed, or the worker process cannot be started
"""

from __future__ import annotations


class EngineError(Exception):
    """Any failure of the document engine."""


class DocumentFailed(EngineError):
    """The engine ended, or threw its document away, several times in a row over this room."""

    def __init__(self, room: str, reason: str) -> None:
        super().__init__(f"document of room {room}: {reason}")
        self.room = room
        self.reason = reason


class EngineOverloaded(EngineError):
    """Too many questions wait for an answer; ask again later."""


class EngineUnavailable(EngineError):
    """The worker process is closed or does not start."""

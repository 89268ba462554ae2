"""What can go wrong with a room log.

LogError
├── NotRecorded        an append did not become durable: the disk is full, an I/O error, overload, closed
├── Fenced             an append came from an owner of the room that has been replaced
├── PseqReused         a producer's number was used before, for something else or for nothing
├── Unreadable         a question to the log could not be answered
└── NotOpened          the store cannot be used at all
    ├── StoreInUse     another server holds it
    └── StoreNewer     a later version of this program wrote it
"""

from __future__ import annotations

from pathlib import Path


class LogError(Exception):
    """Any failure of the room log."""


class NotRecorded(LogError):
    """The append is not in the log; its room takes no more until it is reopened."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"not recorded: {reason}")
        self.reason = reason


class Fenced(LogError):
    """The intent's fence is lower than the highest that the room has seen."""

    def __init__(self, room: str, *, fence: int, highest: int) -> None:
        super().__init__(f"room {room}: fence {fence} is behind {highest}")
        self.room = room
        self.fence = fence
        self.highest = highest


class PseqReused(LogError):
    """A producer used a number again that stands for no earlier append of this stream and kind."""

    def __init__(self, room: str, producer: str, pseq: int, *, highest: int) -> None:
        super().__init__(f"room {room}: {producer} reused {pseq} (its highest is {highest})")
        self.room = room
        self.producer = producer
        self.pseq = pseq
        self.highest = highest


class Unreadable(LogError):
    """The log could not answer: too many questions wait, the disk fails, or it is closed."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"log unreadable: {reason}")
        self.reason = reason


class NotOpened(LogError):
    """The store cannot be opened; says why in words for the operator."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason


class StoreInUse(NotOpened):
    """Another server works on this store."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, "another server is using this data folder")


class StoreNewer(NotOpened):
    """A later version of this program wrote this store."""

    def __init__(self, path: Path, *, found: int, known: int) -> None:
        super().__init__(
            path, f"written by a newer version (schema {found}, this program knows up to {known})"
        )
        self.found = found
        self.known = known

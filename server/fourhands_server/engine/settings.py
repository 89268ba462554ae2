"""The bounds of the document engine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

DEATHS: Final = 3
"""So many failures in a row over the same document or question, and it is given up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What may be set otherwise, for tests above all."""

    patience: float = 10.0
    """Seconds for one answer; a worker that takes longer is killed."""
    most_memory: int = 384 * 2**20
    """Bytes; a worker that holds more is replaced. y-py never frees a document whose text was read."""
    least_answers: int = 1_000
    """Answers before that may happen, so that documents which do need more do not keep on
    making it happen."""
    batch_edits: int = 256
    batch_bytes: int = 2**20
    batch_seconds: float = 2.0
    """How many edits wait, and how long, before they are sent to the worker though nobody asks."""
    open_questions: int = 1_000
    scratch_documents: int = 4
    """Historical texts that are built at once."""


DEFAULTS: Final = Settings()

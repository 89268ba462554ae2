"""Names and titles as people type them, made fit to be shown on one line."""

from __future__ import annotations


def one_line(text: str) -> str:
    """The text without what cannot be seen, and with single spaces."""
    return " ".join("".join(c for c in text if c.isprintable() or c.isspace()).split())

"""The engine over pycrdt, for Python 3.13 and later."""

from __future__ import annotations

from typing import Any

import pycrdt

from .change import change
from .engine import READER, Refused


class PycrdtEngine:
    """A pycrdt document. pycrdt counts in UTF-8 bytes."""

    def __init__(self, client: int = READER) -> None:
        self._doc: pycrdt.Doc[Any] = pycrdt.Doc(client_id=client)

    def apply(self, update: bytes) -> None:
        """See `Engine.apply`."""
        try:
            self._doc.apply_update(update)
        except ValueError as error:
            raise Refused(str(error)) from error

    def text(self, root: str) -> str:
        """See `Engine.text`."""
        return str(self._text(root))

    def diff(self, vector: bytes | None) -> bytes:
        """See `Engine.diff`."""
        try:
            return self._doc.get_update(vector)
        except ValueError as error:
            raise Refused(str(error)) from error

    def vector(self) -> bytes:
        """See `Engine.vector`."""
        return self._doc.get_state()

    def replace(self, root: str, text: str, client: int) -> bytes | None:
        """See `Engine.replace`."""
        wanted = change(self.text(root), text)
        if wanted is None:
            return None
        scratch = PycrdtEngine(client)
        scratch.apply(self.diff(None))
        target = scratch._text(root)
        start = len(wanted.before.encode())
        with scratch._doc.transaction():
            if wanted.deleted:
                del target[start : start + len(wanted.deleted.encode())]
            if wanted.inserted:
                target.insert(start, wanted.inserted)
        return scratch.diff(self.vector())

    def _text(self, root: str) -> pycrdt.Text:
        text: pycrdt.Text = self._doc.get(root, type=pycrdt.Text)
        return text

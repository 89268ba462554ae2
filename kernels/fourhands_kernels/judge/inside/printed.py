"""Catches what the candidate's code prints, as much of it as a test may want."""

import io
import sys
from typing import Any, Final

MOST: Final = 64 * 1024  # bytes of one call


class _Kept(io.RawIOBase):
    """Keeps the beginning and lets the rest go."""

    def __init__(self) -> None:
        self.data = bytearray()

    def writable(self) -> bool:
        """It can be written to."""
        return True

    def write(self, data: Any, /) -> int:
        """Keep what fits."""
        self.data += bytes(data[: max(0, MOST - len(self.data))])
        return len(data)


class Printed:
    """The standard streams of the candidate's program."""

    def __init__(self) -> None:
        self._kept = _Kept()
        stream = io.TextIOWrapper(
            io.BufferedWriter(self._kept), encoding="utf-8", errors="backslashreplace", write_through=True
        )
        self._stream = sys.stdout = sys.stderr = stream

    def end(self) -> str:
        """What was printed since it was last asked."""
        try:
            self._stream.flush()
        except (OSError, ValueError):  # the candidate's code closed it
            return ""
        text = self._kept.data.decode("utf-8", "replace")
        self._kept.data.clear()
        return text

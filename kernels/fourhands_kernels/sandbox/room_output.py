"""What a room's kernel says, on its way to the host: bounded, in order, with as few wake-ups as may be.

Like `boot` it runs inside the sandbox, on the environment's Python.
"""

# ipykernel is annotated in part only.
# mypy: disable-error-code="no-untyped-call,misc"

import json
import threading
from collections.abc import Callable, Sequence
from typing import Any

from ipykernel.iostream import IOPubThread
from room_streams import Piped  # type: ignore[import-not-found, unused-ignore]

CHUNK = 64 * 1024  # characters of a stream in one message; the host joins what belongs together
PENDING = 1024 * 1024  # bytes on their way to the host before whoever prints has to wait
LARGEST = 3 * 1024 * 1024  # bytes of one message: the host takes 4 MiB and breaks the link beyond that
FLUSH = 3600  # seconds; an interrupt ends the wait, and giving up would mean to hold more
KEPT = 2000  # characters of an error's text that stay where all of it is too much


class Gate:
    """Bounds the bytes on their way to the host: whoever sends too much waits, except the threads that answer
    interrupts.
    """

    def __init__(self, exempt: Sequence[threading.Thread]) -> None:
        self._exempt = frozenset(exempt)
        self._pending = 0
        self._changed = threading.Condition()

    def enter(self, size: int) -> None:
        """Take `size` bytes in; an interrupt gets through while this waits."""
        with self._changed:
            if threading.current_thread() not in self._exempt:
                while self._pending > PENDING:
                    self._changed.wait()
            self._pending += size

    def leave(self, size: int) -> None:
        """The bytes are with libzmq."""
        with self._changed:
            self._pending -= size
            self._changed.notify_all()


def shorten(session: Any, frames: Sequence[bytes]) -> list[bytes]:
    """Replace the content of a message that is too large by a note of its size, and sign it anew."""
    at = frames.index(b"<IDS|MSG>")
    header, parent, metadata, content = frames[at + 2 : at + 6]
    note: dict[str, Any] = {"fourhands_dropped": sum(map(len, frames))}
    if json.loads(header)["msg_type"] == "error":
        error = json.loads(content)
        note |= {"ename": error["ename"][:KEPT], "evalue": error["evalue"][:KEPT] + "…", "traceback": []}
    parts = [header, parent, metadata, json.dumps(note).encode()]
    return [*frames[: at + 1], session.sign(parts), *parts]


class Publisher(IOPubThread):
    """The output thread, behind the gate once it is `bound`, and woken once for all that waits: each wake-up
    makes two threads want one interpreter.

    A forked child has no such thread and sends by itself.
    """

    gate: Gate | None = None
    _woken = False

    def schedule(self, f: Callable[[], Any]) -> None:
        """Have `f` called in the thread."""
        if not self.thread.is_alive():
            f()
            return
        self._events.append(f)
        if not self._woken:
            self._woken = True
            self._event_pipe.send(b"")

    @property
    def is_here(self) -> bool:
        """Whether it is this thread that asks."""
        return threading.get_ident() == self.thread.ident

    def _handle_event(self, msg: Any) -> None:
        self._woken = False  # before looking: whoever adds something from now on wakes us again
        super()._handle_event(msg)

    def send_multipart(self, frames: Sequence[bytes], *args: Any, **kwargs: Any) -> None:
        """Send a message when it is its turn; wait where too much waits already."""
        gate = self.gate
        if gate is None:
            super().send_multipart(frames, *args, **kwargs)
            return
        size = sum(map(len, frames))
        if size > LARGEST:
            frames = shorten(self.session, [bytes(frame) for frame in frames])
            size = sum(map(len, frames))
        if (self.is_here and not self._events) or not self.thread.is_alive():
            self._really_send(frames, *args, **kwargs)
            return

        def send() -> None:
            try:
                self._really_send(frames, *args, **kwargs)
            finally:
                gate.leave(size)

        gate.enter(size)
        self.schedule(send)


class Stream(Piped):
    """A stdout or stderr that holds little: ipykernel's own grows without bound between its flushes."""

    _flush_pending: bool
    _parent_key: tuple[object, object] = (None, None)
    _held = 0
    _sending = False
    _timed = False

    def write(self, string: str) -> int:
        """Write in pieces, each of which gets through before the next is taken."""
        if len(string) <= CHUNK:
            self._write(string)
        else:
            for start in range(0, len(string), CHUNK):
                self._write(string[start : start + CHUNK])
        return len(string)

    def _write(self, piece: str) -> None:
        """What ipykernel's does, without making a key of the same parent for each piece."""
        if not self._is_master_process() or self.echo is not None or self.closed:
            super().write(piece)
            return
        parent, known = self.parent_header, self._parent_key
        if known[0] is not parent:
            known = self._parent_key = (parent, frozenset(parent.items()))
        with self._buffer_lock:
            self._buffers[known[1]].write(piece)
        self._schedule_flush()
        self._held += len(piece)
        if self._held >= CHUNK:
            self.flush()

    def _schedule_flush(self) -> None:
        """Have what is held sent soon: by a timer that runs already, if there is one."""
        if not self._flush_pending:
            self._flush_pending = True
            if not self._timed:
                self._timed = True
                self.pub_thread.schedule(lambda: self._io_loop.call_later(self.flush_interval, self._on_time))

    def _on_time(self) -> None:
        self._timed = False  # before looking, as in `Publisher`
        if self._flush_pending:
            self._flush()

    def flush(self) -> None:
        """Send what is held, and wait until it is on its way; nothing is waited for where nothing is held."""
        holds = (
            self._held or self._flush_pending or self._sending
        )  # in this order: `_flush` goes the other way
        if not holds:
            return
        if self.closed or not self._is_master_process() or self.pub_thread.is_here:
            super().flush()
            return
        done = threading.Event()

        def send() -> None:
            try:
                self._flush()
            finally:
                done.set()

        self.pub_thread.schedule(send)
        done.wait(FLUSH)

    def _flush(self) -> None:
        self._sending = True
        try:
            self._held = 0
            super()._flush()
        finally:
            self._sending = False

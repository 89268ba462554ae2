"""A few threads that take connections one after the other, each with a time limit; nobody who is slow, or
sends nothing, holds one for longer.

A thread that is stuck in the app cannot be ended: its connection is, and another takes its place; with too
many of them the program ends.
"""

import contextlib
import errno
import os
import socket
import sys
import threading
import time
import traceback
from collections.abc import Callable
from types import TracebackType

from wsgi import (  # type: ignore[import-not-found, unused-ignore]
    App,
    Refused,
    Request,
    call,
    drain,
    plain,
    receive,
)

THREADS = 16
STUCK = 16  # threads that may be stuck
READ_SECONDS = 5.0  # for a whole request to come
ANSWER_SECONDS = 10.0  # for the app
SEND_SECONDS = 10.0  # for the answer to be taken
LOOK_SECONDS = 0.2
_STACK = 2 * 1024 * 1024  # bytes of a thread's stack: they count against the limit of memory
_SLOW = f"503 {ANSWER_SECONDS:g} seconds were not enough"
_FAILED = "The service failed; its interviewer is told why."

Tell = Callable[[str, str], None]


class Seat:
    """One thread and what it is at."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.link: socket.socket | None = None
        self.request: Request | None = None
        self.until = 0.0
        self.answering = False
        self.lost = False
        self.thread: threading.Thread | None = None

    def begin(self, link: socket.socket | None, seconds: float = 0.0, *, answering: bool = False) -> bool:
        """Begin what may take so long; False where the connection was given up meanwhile."""
        with self.lock:
            self.link, self.until, self.answering = link, time.monotonic() + seconds, answering
            return not self.lost


class Server:
    """Serves a listening socket until the process ends; `tell` is told of faults: a kind and a text."""

    def __init__(self, listener: socket.socket, app: App, tell: Tell) -> None:
        self._listener = listener
        self._port: int = listener.getsockname()[1]
        self._app = app
        self._tell = tell
        self._seats: list[Seat] = []
        self._stuck = 0

    def run(self) -> None:
        """Never returns."""
        threading.stack_size(_STACK)
        for _ in range(THREADS):
            self._add()
        while True:
            time.sleep(LOOK_SECONDS)
            now = time.monotonic()
            for seat in tuple(self._seats):
                self._look(seat, now)

    def _add(self) -> None:
        seat = Seat()
        seat.thread = threading.Thread(target=self._work, args=(seat,), daemon=True)
        self._seats.append(seat)
        seat.thread.start()

    def _look(self, seat: Seat, now: float) -> None:
        with seat.lock:
            link, request, late = seat.link, seat.request, now > seat.until
            if link is None or not late:
                return
            seat.lost = seat.answering
            with contextlib.suppress(OSError):
                if seat.lost:
                    link.setblocking(False)
                    link.send(plain(_SLOW))
                link.shutdown(socket.SHUT_RDWR)  # whoever waits for it is woken
        if seat.lost:
            self._replace(seat, request)

    def _replace(self, seat: Seat, request: Request | None) -> None:
        self._seats.remove(seat)
        self._stuck += 1
        assert seat.thread is not None
        frame = sys._current_frames().get(seat.thread.ident or 0)
        where = "".join(traceback.format_stack(frame)) if frame is not None else ""
        self._tell("fault", f"{_what(request)}\nno answer within {ANSWER_SECONDS:g} s; it is at\n{where}")
        if self._stuck > STUCK:
            self._tell("broken", f"{self._stuck} requests did not end")
            os._exit(1)
        self._add()

    def _work(self, seat: Seat) -> None:
        while not seat.lost:
            try:
                link, _ = self._listener.accept()
            except OSError as error:
                if error.errno == errno.EINVAL:  # the host has shut the port, and is about to end us
                    os._exit(0)
                time.sleep(LOOK_SECONDS)
                continue
            with link, contextlib.suppress(OSError):
                try:
                    self._serve(seat, link)
                finally:
                    seat.begin(None)
                    seat.request = None
        self._stuck -= 1  # it was lost, and has come back: another has its place

    def _serve(self, seat: Seat, link: socket.socket) -> None:
        seat.begin(link, READ_SECONDS)
        try:
            request = receive(link)
        except Refused as refused:
            seat.begin(link, READ_SECONDS)
            link.sendall(plain(refused.status))
            drain(link)
            return
        if request is None:
            return
        seat.request = request
        seat.begin(link, ANSWER_SECONDS, answering=True)
        try:
            answer = call(self._app, request, port=self._port)
        except BaseException as error:
            self._tell("fault", f"{_what(request)}\n{told(error)}")
            answer = plain("500 Internal Server Error", _FAILED)
        if seat.begin(link, SEND_SECONDS):
            link.sendall(answer)


def told(error: BaseException) -> str:
    """A traceback without our own lines."""
    return "".join(traceback.format_exception(type(error), error, _theirs(error.__traceback__)))


def _theirs(found: TracebackType | None) -> TracebackType | None:
    """The part of a traceback that lies in the service."""
    at = found
    while at is not None and at.tb_frame.f_code.co_filename != "service.py":
        at = at.tb_next
    return at or found


def _what(request: Request | None) -> str:
    return "a request" if request is None else f"{request.method} {request.path[:200]}"

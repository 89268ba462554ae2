"""A Hocuspocus provider as no polite one would behave: one document on a raw socket, any bytes."""

from __future__ import annotations

from tests.support.raw_socket import RawSocket
from tests.support.server import LiveServer, Seat

from fourhands_protocol import hocuspocus
from fourhands_protocol.varint import write_text


class RawProvider(RawSocket):
    """Connected, and let in by its token."""

    def __init__(self, server: LiveServer, seat: Seat) -> None:
        super().__init__(server, seat, path="/hp")
        self._prefix = hocuspocus.addressed(seat.room, b"")
        self.says(bytes((hocuspocus.AUTH, 0)) + write_text(seat.token)).flush()
        answer = self.hears()
        assert answer in (hocuspocus.authenticated(writes=True), hocuspocus.authenticated(writes=False))

    def says(self, message: bytes) -> RawProvider:
        """Add one message about the document to what is sent next."""
        self.put(self._prefix + message)
        return self

    def hears(self) -> bytes:
        """The next message about the document; raises Closed."""
        return self.receive().removeprefix(self._prefix)

    def told(self) -> list[bytes]:
        """Wait until the server has dealt with all that was sent; what it said till then. Raises Closed."""
        self.put(hocuspocus.PING_FRAME).flush()
        messages = [self.hears()]
        while messages[-1] != hocuspocus.PONG_FRAME:
            messages.append(self.hears())
        return messages[:-1]

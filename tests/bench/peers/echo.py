"""The floor: a uvloop protocol that writes what one sends to all others of its path, and nothing else."""

import asyncio
import base64
import hashlib
import sys

import uvloop

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
WELCOME = b"\x82\x04\x00\x00\x01\x00" + b"\x82\x05\x00\x01\x02\x00\x00"  # step 1 and an empty step 2
rooms: dict[bytes, set["Echo"]] = {}


class Echo(asyncio.Protocol):
    """One connection; of WebSocket it understands what the load sends: short messages, masked with zeros."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.room: set[Echo] = set()
        self.joined = False

    def connection_lost(self, exc: Exception | None) -> None:
        self.room.discard(self)

    def data_received(self, data: bytes) -> None:
        if not self.joined:
            data = self._join(data)
        at = 0
        while len(data) - at >= 6:
            size, head = data[at + 1] & 0x7F, 6
            if size == 126:
                size, head = int.from_bytes(data[at + 2 : at + 4], "big"), 8
            end = at + head + size
            if data[at + head] in (0, 1) and data[at + head : at + head + 2] not in (b"\0\0", b"\0\1"):
                length = data[at + 1 : at + head - 4]
                message = bytes((data[at], length[0] & 0x7F)) + length[1:] + data[at + head : end]
                for other in self.room:
                    if other is not self:
                        other.transport.write(message)
            at = end

    def _join(self, data: bytes) -> bytes:
        head, _, rest = data.partition(b"\r\n\r\n")
        key = next(line[19:] for line in head.split(b"\r\n") if line.startswith(b"Sec-WebSocket-Key: "))
        accept = base64.b64encode(hashlib.sha1(key + GUID).digest())
        self.transport.write(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n" + WELCOME
        )
        self.room = rooms.setdefault(head.split(b" ", 2)[1], set())
        self.room.add(self)
        self.joined = True
        return rest


async def main(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(Echo, "127.0.0.1", port, backlog=4096)
    await server.serve_forever()


uvloop.run(main(int(sys.argv[1])))

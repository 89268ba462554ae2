"""A page's side of the editor's help on a real socket: texts opened and changed, questions asked, findings
heard.
"""

from __future__ import annotations

import asyncio
import itertools
import json
from typing import Any

from tests.support.server import LiveServer, Seat
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

DEADLINE_S = 30.0


async def dial(server: LiveServer, seat: Seat) -> ClientConnection:
    """A bare connection; nothing is sent on it yet."""
    return await connect(
        f"ws://127.0.0.1:{server.port}/api/rooms/{seat.room}/language",
        subprotocols=[Subprotocol("fourhands.lsp"), Subprotocol(f"bearer.{seat.token}")],
        compression=None,
        open_timeout=DEADLINE_S,
    )


class EditorPage:
    """One page with one file open."""

    def __init__(self, server: LiveServer, seat: Seat, text: str) -> None:
        self.server, self.seat, self.text = server, seat, text
        self.notices: list[Any] = []
        self._numbers = itertools.count(1)
        self._version = 0
        self._link: ClientConnection | None = None

    async def __aenter__(self) -> EditorPage:
        self._link = await dial(self.server, self.seat)
        self.offered = (await self.ask("initialize", {}))["capabilities"]
        document = {**self._document(), "languageId": "python", "text": self.text}
        await self._send({"method": "textDocument/didOpen", "params": {"textDocument": document}})
        return self

    async def __aexit__(self, *reason: object) -> None:
        if self._link is not None:
            await self._link.close()

    async def change(self, text: str) -> None:
        self.text = text
        self._version += 1
        params = {"textDocument": self._document(), "contentChanges": [{"text": text}]}
        await self._send({"method": "textDocument/didChange", "params": params})

    async def at_end(self, what: str) -> Any:
        """Ask about the end of the text."""
        lines = self.text.split("\n")
        return await self.at(what, len(lines) - 1, len(lines[-1]))

    async def at(self, what: str, line: int, character: int) -> Any:
        place = {"line": line, "character": character}
        return await self.ask(f"textDocument/{what}", {"textDocument": self._document(), "position": place})

    async def completions(self) -> list[str]:
        """The labels of what may stand at the end of the text, in order."""
        found = await self.at_end("completion")
        return [item["label"] for item in sorted(found["items"], key=lambda item: item["sortText"])]

    async def tidy(self, method: str) -> Any:
        return await self.ask(method, {"textDocument": self._document(), "options": {}})

    async def ask(self, method: str, params: Any) -> Any:
        """A request; returns its result, or the whole answer where that is an error."""
        number = next(self._numbers)
        await self._send({"id": number, "method": method, "params": params})
        while (message := await self._hear()).get("id") != number:
            self.notices.append(message)
        return message.get("result", message)

    async def findings(self) -> list[str]:
        """What is wrong with the text as it is now."""
        while True:
            for notice in self.notices:
                if notice["params"]["version"] == self._version:
                    return [one["message"] for one in notice["params"]["diagnostics"]]
            self.notices.append(await self._hear())

    def _document(self) -> dict[str, Any]:
        return {"uri": "file:///main.py", "version": self._version}

    async def _send(self, message: Any) -> None:
        assert self._link is not None
        await self._link.send(json.dumps({"jsonrpc": "2.0", **message}))

    async def _hear(self) -> Any:
        assert self._link is not None
        async with asyncio.timeout(DEADLINE_S):
            return json.loads(await self._link.recv())

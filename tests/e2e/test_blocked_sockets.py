"""A network that lets no WebSocket through: the page goes by plain HTTP, and nobody has to know."""

from __future__ import annotations

import re

from playwright.sync_api import expect
from tests.e2e.conftest import Visit
from tests.support.server import LiveServer


def test_a_room_works_where_websockets_are_blocked(server: LiveServer, visit: Visit) -> None:
    room = server.create("Behind a proxy")
    carl, ivy = visit(), visit()
    asked: list[str] = []
    carl.page.on("request", lambda request: asked.append(request.url))
    carl.page.route_web_socket(re.compile("/yjs/"), lambda socket: socket.close(code=1011))
    carl.join(f"{server.url}/r/{room['id']}#{room['candidate']}", "Carl")
    ivy.join(f"{server.url}/r/{room['id']}#{room['interviewer']}", "Ivy")
    carl.type("print(6 * 7)\n")
    ivy.sees("print(6 * 7)\n")
    ivy.type("# seen\n")
    carl.sees("print(6 * 7)\n# seen\n")
    carl.run_file()
    for visitor in (carl, ivy):
        expect(visitor.output).to_contain_text("42")
        visitor.is_saved()
    assert any(re.search(r"/frames/[\w-]+/\d+$", url) for url in asked), "it goes by HTTP"
    assert not any(carl_token in url for url in asked for carl_token in ("bearer", "token=")), (
        "not in the URL"
    )

"""A page that comes late: outputs of earlier runs are shown when asked for; the replay shows all."""

from __future__ import annotations

from playwright.sync_api import expect
from tests.e2e.conftest import Visit
from tests.support.heavy import print_into
from tests.support.server import LiveServer


def test_the_output_of_an_earlier_run_is_shown_when_asked_for(server: LiveServer, visit: Visit) -> None:
    room = server.create("Many plots")
    ada = server.join(room["candidate"], "Ada")
    server.stop()
    print_into(server.data, room["id"], ada.participant, runs=3, items=20, size=100_000)
    server.start()

    eve = visit().join(f"{server.url}/r/{room['id']}#{room['observer']}", "Eve")
    cards = eve.page.locator("article.run")
    expect(cards).to_have_count(3)
    expect(cards.nth(1)).to_contain_text("old-1 line 19")
    expect(cards.nth(2)).to_contain_text("old-2 line 19")
    expect(cards.nth(0)).to_contain_text("Output of an earlier run, 2.0 MB")
    expect(cards.nth(0)).not_to_contain_text("line 19")
    cards.nth(0).get_by_role("button", name="Show").click()
    expect(cards.nth(0)).to_contain_text("old-0 line 19")
    expect(cards.nth(0)).not_to_contain_text("earlier run")

    with server.http() as http:
        http.post(f"/api/rooms/{room['id']}/end").raise_for_status()
    rita = visit()
    rita.page.goto(f"{server.url}/replay/{room['id']}#{room['interviewer']}")
    expect(rita.page.get_by_role("region", name="Player")).to_be_visible()
    rita.page.keyboard.press("End")
    for number in range(3):
        expect(rita.page.locator("article.run").nth(number)).to_contain_text(f"old-{number} line 19")
    expect(rita.page.get_by_text("Output of an earlier run")).to_have_count(0)

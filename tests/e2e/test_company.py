"""People in one room: who is alone, whose caret is whose, who was shown out, and what a program asks them."""

from __future__ import annotations

from playwright.sync_api import expect
from tests.e2e.conftest import Visit
from tests.support.server import LiveServer

# Where the name of another's caret stands, against the text of its own line and the lines around it.
NAME_AND_TEXT = """() => {
  const box = (one) => one.getBoundingClientRect();
  const flag = box(document.querySelector('.peer-flag'));
  const line = document.querySelector('.peer-name').closest('.cm-line');
  const text = document.createRange();
  text.setStart(line, 0);
  text.setEndBefore(line.querySelector('.peer-name'));
  return {line: line.textContent.replaceAll('\u2060', ''), after: flag.left - box(text).right,
          inside: flag.top >= box(line).top && flag.bottom <= box(line).bottom};
}"""


def test_whoever_is_alone_is_told_what_to_do_until_somebody_comes(server: LiveServer, visit: Visit) -> None:
    room = server.create("Early")
    carl = visit().join(f"{server.url}/r/{room['id']}#{room['candidate']}", "Carl")
    expect(carl.page.get_by_text("Waiting for the interviewer")).to_be_visible()
    expect(carl.page.get_by_text("Copy candidate link")).to_have_count(0)
    carl.page.close()
    ivy = visit(permissions=["clipboard-read", "clipboard-write"])
    ivy.join(f"{server.url}/r/{room['id']}#{room['interviewer']}", "Ivy")
    card = ivy.page.get_by_role("region", name="Nobody else is here yet")
    expect(card.get_by_role("img", name="QR code of the candidate link")).to_be_visible()
    card.get_by_role("button", name="Copy candidate link").click()
    expect(card.get_by_role("button", name="Copied")).to_be_visible()
    link = ivy.page.evaluate("navigator.clipboard.readText()")
    assert link == f"{server.url}/r/{room['id']}#{room['candidate']}"
    visit(width=360).join(link, "Carl")
    expect(card).to_have_count(0)


def test_a_name_stands_after_its_line_and_code_passes_under_the_numbers(
    server: LiveServer, visit: Visit
) -> None:
    room = server.create("Names")
    ivy = visit(color_scheme="dark").join(f"{server.url}/r/{room['id']}#{room['interviewer']}", "Ivy")
    carl = visit().join(f"{server.url}/r/{room['id']}#{room['candidate']}", "Carl")
    carl.paste("above = 'a line that is longer'\nsecond = 2\nbelow = 'as long as the first'\n")
    carl.page.keyboard.press("Control+Home")
    carl.page.keyboard.press("ArrowDown")
    ivy.page.wait_for_function(
        "() => document.querySelector('.peer-name')?.closest('.cm-line')?.textContent.includes('second')"
    )
    found = ivy.page.evaluate(NAME_AND_TEXT)
    assert found["line"] == "second = 2"
    assert found["inside"]
    assert found["after"] >= 0
    colour = ivy.page.locator(".cm-gutters").evaluate("(one) => getComputedStyle(one).backgroundColor")
    assert colour.startswith("rgb("), "an alpha channel would let the code shine through"


def test_whoever_is_removed_is_told_so_and_does_not_come_back_unasked(
    server: LiveServer, visit: Visit
) -> None:
    room = server.create("Out")
    ivy = server.join(room["interviewer"], "Ivy")
    carl = visit().join(f"{server.url}/r/{room['id']}#{room['candidate']}", "Carl")
    person = next(p["id"] for p in server.state(ivy)["participants"] if p["name"] == "Carl")
    with server.http(ivy) as http:
        http.post(f"/api/rooms/{room['id']}/remove", json={"participant": person}).raise_for_status()
    expect(carl.page.get_by_text("You were removed from this room.")).to_be_visible()
    carl.page.get_by_role("button", name="Join again").click()
    expect(carl.page.get_by_label("Your name")).to_be_visible()
    joined = [e for e in server.timeline(ivy) if e["kind"] == "person.joined"]
    assert len(joined) == 2, "nobody came back by themselves"


def test_questions_of_a_program_are_answered_by_keys_and_stay_to_be_read(
    server: LiveServer, visit: Visit
) -> None:
    room = server.create("Questions")
    carl = visit().join(f"{server.url}/r/{room['id']}#{room['candidate']}", "Carl")
    olga = visit().join(f"{server.url}/r/{room['id']}#{room['observer']}", "Olga")
    carl.paste("a = input('first? ')\nb = input('second? ')\nprint(a + b)\n")
    carl.run_file()
    expect(carl.output.get_by_label("first?")).to_be_visible()
    carl.page.keyboard.press("Alt+3")
    carl.page.keyboard.type("one")
    carl.page.keyboard.press("Enter")
    expect(carl.output.get_by_label("second?")).to_be_focused()
    carl.page.keyboard.type("two")
    carl.page.keyboard.press("Enter")
    for person in (carl, olga):
        expect(person.output).to_contain_text("first? one")
        expect(person.output).to_contain_text("second? two")
        expect(person.output).to_contain_text("onetwo")

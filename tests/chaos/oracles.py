"""What must hold when all is well again; each oracle answers with words, or with nothing where it holds."""

from __future__ import annotations

import asyncio
import base64
import time
from collections import Counter
from collections.abc import Callable, Container, Coroutine, Iterable
from typing import Any

from tests.chaos.page import Page
from tests.chaos.play import Play
from tests.chaos.tab import Tab
from tests.support.documents import Document

HEALED_S = 60.0
# A cursor may outlive its page for 20 s; a machine that is busy gets a little more.
GHOST_S = 25.0
RUNS_S = 40.0
POLL_S = 0.2
FILE = "main.py"
Entry = dict[str, Any]
Look = dict[str, Any]
Looks = list[tuple[Tab | Page, Look]]
Oracle = Callable[[Play], Coroutine[Any, Any, list[str]]]


async def judge(play: Play) -> list[str]:
    """Everything that does not hold; empty where all does."""
    broken = [f"{tab.name} broke: {one['words']}" for tab in play.every for one in tab.told("broken")]
    broken += [
        f"{tab.name} was warned: {one['text']}"
        for tab in play.every
        for one in tab.told("notice")
        if one["tone"] == "warning" and one["code"] != "uncertain"
    ]
    for oracle, seconds in ((healed, HEALED_S), (runs_over, RUNS_S), (nobody_astray, GHOST_S)):
        wrong = await until_right(oracle, play, seconds)
        broken += wrong
        if wrong and oracle is healed:
            break
    broken += await until_right(replay_equal, play, POLL_S * 10)
    entries = await timeline(play)
    return [*broken, *words(play, entries), *claims(play, entries), *lines_and_runs(play, entries)]


async def until_right(oracle: Oracle, play: Play, seconds: float) -> list[str]:
    """What is still wrong after so long."""
    deadline = time.monotonic() + seconds
    while (wrong := await oracle(play)) and time.monotonic() < deadline:  # noqa: ASYNC110
        await asyncio.sleep(POLL_S)
    return wrong


async def timeline(play: Play) -> list[Entry]:
    return await asyncio.to_thread(play.server.timeline, play.host)


# Oracles that take their time


async def healed(play: Play) -> list[str]:
    """Everybody is live, everything is saved, and all see the same text."""
    looks = {tab.name: await tab.look() for tab in play.open_tabs}
    wrong = [
        f"{name} is {look['phase']}, {look['status']} with {look['pending']} pending"
        for name, look in looks.items()
        if (look["phase"], look["status"], look["pending"]) != ("live", "saved", 0)
    ]
    text = await asyncio.to_thread(play.server.text, play.host)
    return wrong + [
        f"{name} sees another text than the server's: {differing(look['text'], text)}"
        for name, look in looks.items()
        if look["text"] != text
    ]


async def runs_over(play: Play) -> list[str]:
    entries = await timeline(play)
    asked = {one["body"]["run"] for one in entries if one["kind"] == "run.queued"}
    over = {one["body"]["run"] for one in entries if one["kind"] == "run.finished"}
    return [f"run {run} does not end" for run in asked - over]


async def nobody_astray(play: Play) -> list[str]:
    """One socket and one seat for each tab, and exactly the cursors of those who are there."""
    tabs = play.open_tabs
    looks = [(tab, await tab.look()) for tab in tabs]
    return [
        *sockets(play, looks),
        *seats(tabs, await timeline(play)),
        *(ghost for tab, look in looks for ghost in ghosts(tab, look, looks)),
    ]


async def replay_equal(play: Play) -> list[str]:
    """What the record says, folded anew, is what each page shows."""
    found = [(tab.name, await tab.ask("differences")) for tab in play.open_tabs]
    return [f"{name} shows otherwise: {one}" for name, wrong in found for one in wrong or []]


# What they look at


def sockets(play: Play, looks: Looks) -> Iterable[str]:
    """WebSockets, as the link sees them; a tab on the backup transport has none, a page does not tell."""
    for who, link in play.links.items():
        ways = [look["way"] for tab, look in looks if tab.person == play.seats[who].participant]
        if None not in ways and (served := link.served("/yjs/")) != ways.count("websocket"):
            yield f"{who} has {served} WebSockets, and tabs that go by {ways}"


def seats(tabs: list[Tab | Page], entries: list[Entry]) -> Iterable[str]:
    """By the log: whose seats are open and not lost."""
    held: dict[str, str] = {}
    for entry in entries:
        if entry["kind"] in ("seat.opened", "seat.back"):
            held[entry["body"]["seat"]] = entry["actor"]
        elif entry["kind"] in ("seat.closed", "seat.lost"):
            held.pop(entry["body"]["seat"], None)
    wanted = Counter(tab.person for tab in tabs)
    if Counter(held.values()) != wanted:
        yield f"seats by person are {dict(Counter(held.values()))}, tabs {dict(wanted)}"


def ghosts(
    tab: Tab | Page, look: dict[str, Any], looks: list[tuple[Tab | Page, dict[str, Any]]]
) -> Iterable[str]:
    """A page tells neither its client id nor what it sees: the others count its person's cursors."""
    if look["id"] is None:
        return
    pages = {one.person for one, other in looks if other["id"] is None}
    seen = {one["id"]: (one["person"], one["at"]) for one in look["others"] if one["person"] not in pages}
    there = {other["id"]: (one.person, other["at"]) for one, other in looks if one is not tab and other["id"]}
    if seen != there:
        yield f"{tab.name} sees the cursors {seen}, there are {there}"
    if (strangers := len(look["others"]) - len(seen)) != len(pages):
        yield f"{tab.name} sees {strangers} cursors of {len(pages)} pages"


def words(play: Play, entries: list[Entry]) -> Iterable[str]:
    """What was typed is there once, what was taken back is not; of a tab that is gone, what it claimed."""
    typed, erased, unsure, halves = set(), set(), set(), list[str]()
    for tab in play.every:
        taken = [one["word"] for one in tab.told("erased")]
        sure_typed, sure_erased = (len(tab.words), len(taken)) if tab.open_now else last_claim(tab)
        typed |= set(tab.words)
        erased |= set(taken)
        begun = [one["word"] for one in tab.told("begins")]
        # A tab that is killed may have done what it could not tell any more.
        halves += [*tab.words[sure_typed:], *begun[len(tab.words) + len(taken) :]]
        unsure |= {*taken[sure_erased:], *halves}
    there = Counter(without_halves(line, halves) for line in text_of(entries).split("\n")[:-1])
    for word in sorted(typed - erased - unsure):
        if there[word] != 1:
            yield f"{word} is there {there[word]} times"
    for word in sorted(erased - unsure):
        if there[word]:
            yield f"{word} was taken back and is there"
    for word in sorted(there):
        if word not in typed | unsure or there[word] > 1:
            yield f"nobody typed {word!r} {there[word]} times"


def without_halves(line: str, halves: list[str]) -> str:
    """A word, also where half of another stands before it whose tab was killed before the rest was safe."""
    for half in halves:
        for length in range(len(half), 0, -1):
            if line.startswith(half[:length] + "#"):
                return line[length:]
    return line


def last_claim(tab: Tab | Page) -> tuple[int, int]:
    """How much was said to be saved, or, where another tab came after it, to be kept on the device."""
    made = tab.told("saved") + (tab.told("kept") if tab.followed else [])
    return max((one["typed"] for one in made), default=0), max((one["erased"] for one in made), default=0)


def claims(play: Play, entries: list[Entry]) -> Iterable[str]:
    """Whoever was told that all is saved had everything in the log by then."""
    since = recorded_at(entries)
    for tab in play.every:
        for claim in tab.told("saved"):
            for word in tab.words[: claim["typed"]]:
                late = since.get(word, 0) / 1000 - (claim["t"] + 1)
                if late > 0:
                    yield f"{tab.name} was told at {claim['t']} that {word} is saved, {late:.0f} ms too early"


def recorded_at(entries: list[Entry]) -> dict[str, int]:
    """When each word was whole in the text for the first time, in µs."""
    document, since = Document(1), dict[str, int]()
    for entry in entries:
        if entry["kind"] == "edit":
            document.apply(base64.b64decode(entry["body"]["update"]))
            for line in document.text(FILE).split("\n"):
                # Somebody's half of a word may stand before a whole one.
                since.setdefault("#" + line.rpartition("#")[2], entry["at"])
    return since


def lines_and_runs(play: Play, entries: list[Entry]) -> Iterable[str]:
    """Each chat line once; each run once where it was taken, never twice, and with its own output once."""
    lines = Counter(one["body"]["text"] for one in entries if one["kind"] == "chat")
    codes = Counter(
        one["body"]["code"] for one in entries if one["kind"] == "run.queued" and "code" in one["body"]
    )
    asked = {one["line"] for tab in play.every for one in tab.told("chatted") if one["ok"]}
    ran = {one["code"] for tab in play.every for one in tab.told("ran") if one["ok"]}
    wanted = {one["line"] for tab in play.every if tab.open_now for one in tab.told("said")}
    for line in sorted({*wanted, *asked}):
        if lines[line] != 1:
            yield f"the line {line!r} is there {lines[line]} times"
    yield from (f"the line {line!r} is there {n} times" for line, n in lines.items() if n > 1)
    for code in sorted(ran):
        if codes[code] != 1:
            yield f"the run {code!r} is there {codes[code]} times"
    yield from (f"the run {code!r} is there {count} times" for code, count in codes.items() if count > 1)
    ended = any(act.what == "restart" for act in play.schedule.acts)
    yield from outputs(entries, ends={"ok", "kernel_died"} if ended else {"ok"})


def outputs(entries: list[Entry], *, ends: Container[str]) -> Iterable[str]:
    """A run of code prints one line; one of the file, which is comments, nothing.

    A server that is told to end takes its kernels along.
    """
    code = {one["body"]["run"]: one["body"].get("code") for one in entries if one["kind"] == "run.queued"}
    printed: Counter[str] = Counter()
    for one in entries:
        if one["kind"] == "run.outputs":
            for item in one["body"]["items"]:
                printed[one["body"]["run"]] += str(item.get("text", "")).count("\n")
    for one in entries:
        if one["kind"] == "run.finished":
            run, status = one["body"]["run"], one["body"]["status"]
            lines = int(code[run] is not None)
            if status not in ends or printed[run] > lines or (status == "ok" and printed[run] < lines):
                yield f"the run {code[run]!r} ended as {status} and printed {printed[run]} lines"


def text_of(entries: list[Entry]) -> str:
    document = Document(1)
    for entry in entries:
        if entry["kind"] == "edit":
            document.apply(base64.b64decode(entry["body"]["update"]))
    return document.text(FILE)


def differing(seen: str, there: str) -> str:
    """Words that the two texts do not share; where they share all, their order differs."""
    missing, more = Counter(there.split("\n")), Counter(seen.split("\n"))
    return f"lacks {list(missing - more)[:20]}, has {list(more - missing)[:20]} besides"

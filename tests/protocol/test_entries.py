"""Entries: the bodies that the server writes, the ops that clients send (K rules)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fourhands_protocol import cbor, entries, limits
from fourhands_protocol.errors import MalformedFrame, TooLarge

BODIES = {
    "room.created": {"title": "Interview", "lineage": "l-1", "settings": {}, "version": 1},
    "room.ended": {},
    "person.joined": {"name": "Ada", "role": "candidate", "colour": 2, "invite": "candidate/1"},
    "person.removed": {"person": "p-1"},
    "invite.revoked": {"invite": "candidate/1"},
    "seat.opened": {"seat": "s-2", "dialect": "fourhands", "again": "s-1", "away": 31_000_000, "pending": 4},
    "seat.lost": {"seat": "s-1", "code": 1006, "silent": 12_000_000},
    "seat.back": {"seat": "s-1", "away": 14_000_000, "pending": 31},
    "seat.merged": {"seat": "s-1", "edits": 30},
    "seat.closed": {"seat": "s-1", "code": 4304},
    "client": {"client": 2**32 - 1},
    "edit": {"update": b"\x00\x00"},
    "cursor": {"client": 1, "file": "main.py", "anchor": 0, "head": 3},
    "chat": {"text": "hello"},
    "file.created": {"file": "main.py~2", "path": "main.py"},
    "file.renamed": {"file": "main.py~2", "path": "app.py"},
    "file.deleted": {"file": "main.py~2"},
    "run.queued": {"run": "r-1", "code": "1 + 1", "first_line": 7},
    "run.started": {"run": "r-1", "code": "1 + 1", "limit": 120},
    "run.input_asked": {"run": "r-1", "prompt": "name? ", "password": False},
    "run.input": {"run": "r-1"},
    "run.outputs": {
        "run": "r-1",
        "n": 0,
        "items": [{"output_type": "stream", "name": "stdout", "text": "2"}],
    },
    "run.finished": {"run": "r-1", "status": "ok", "duration": 1200, "count": 1, "stop": "signal"},
    "kernel": {"state": "idle"},
    "kernel.interrupted": {},
    "kernel.restarted": {},
    "kernel.files": {"files": [{"path": "out.csv", "size": 3}], "more": 0},
    "data.added": {"path": "data.csv", "size": 3, "sha256": "0" * 64},
    "data.removed": {"path": "data.csv"},
    "question.offered": {"question": "two-sum", "title": "Two sum", "tests": {"visibility": "names"}},
    "question.kept": {"question": "two-sum", "whole": {"id": "two-sum", "title": "Two sum"}, "after": 7},
    "tests.queued": {"judgement": "j-1", "question": "two-sum"},
    "tests.started": {"judgement": "j-1", "visibility": "names", "unisolated": False},
    "tests.result": {
        "judgement": "j-1",
        "n": 1,
        "total": 3,
        "name": "test_small",
        "outcome": "failed",
        "duration": 900,
        "message": "2 is not 3",
    },
    "tests.cancelled": {"judgement": "j-1"},
    "tests.finished": {
        "judgement": "j-1",
        "status": "ok",
        "passed": 2,
        "failed": 1,
        "errors": 0,
        "skipped": 0,
        "total": 3,
        "duration": 81000,
    },
    "tests.record": {
        "judgement": "j-1",
        "n": 1,
        "name": "test_small",
        "outcome": "failed",
        "duration": 900,
        "message": "2 is not 3",
        "printed": "",
        "after": 9,
    },
    "tests.detail": {"judgement": "j-1", "text": "a file of tests does not work", "after": 9},
    "service": {"port": 8080, "state": "failed", "detail": "it ended"},
    "service.detail": {"port": 8080, "text": "NameError", "after": 9},
}
OPS = {
    "edit": {"update": b"\x00\x00", "time": 1763886000000},
    "relay": {"update": b"\x00\x00"},
    "chat": {"text": "hello"},
    "file.create": {"path": "a.py"},
    "file.rename": {"file": "main.py", "path": "../a.py"},  # a path's own rules are checked with words, later
    "file.delete": {"file": "main.py"},
    "run": {"run": "r-1", "file": "main.py"},
    "run.cancel": {"run": "r-1"},
    "interrupt": {},
    "restart": {},
    "input": {"run": "r-1", "text": "Ada"},
    "end": {},
    "remove": {"person": "p-1"},
    "revoke": {"invite": "candidate/1"},
}


def test_K2_every_kind_has_a_body_here():
    assert set(BODIES) == set(entries.KINDS)
    assert set(OPS) == set(entries.OPS)


@pytest.mark.parametrize("kind", BODIES)
def test_K2_bodies_are_written(kind):
    assert cbor.decode(entries.body(kind, BODIES[kind])) == BODIES[kind]


@pytest.mark.parametrize("kind", BODIES)
def test_K2_a_body_with_one_field_too_many_is_our_own_mistake(kind):
    with pytest.raises(ValueError, match="not the body"):
        entries.body(kind, {**BODIES[kind], "extra": 1})


def test_K2_there_is_no_body_of_an_unknown_kind():
    with pytest.raises(ValueError, match="not the body"):
        entries.body("nonsense", {})


@pytest.mark.parametrize("kind", OPS)
def test_K4_ops_are_read(kind):
    assert entries.op(kind, cbor.encode(OPS[kind])) == OPS[kind]


@pytest.mark.parametrize("kind", OPS)
@pytest.mark.parametrize("wrong", [None, True, 1.5, -1, [], "\x00" * 600_000])
def test_K4_a_field_of_another_type_or_size_is_refused(kind, wrong):
    for field in OPS[kind]:
        with pytest.raises((MalformedFrame, TooLarge)):
            entries.op(kind, cbor.encode({**OPS[kind], field: wrong}))


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("nonsense", {}),
        ("end", {"now": True}),
        ("end", []),
        ("chat", {}),
        ("chat", {"text": ""}),
        ("run", {"run": "r-1"}),
        ("run", {"run": "", "code": "1"}),
        ("run", {"run": "r-1", "code": "1", "first_line": 0}),
    ],
)
def test_K4_ops_without_their_shape_are_refused(kind, body):
    with pytest.raises(MalformedFrame):
        entries.op(kind, cbor.encode(body))


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("chat", {"text": "x" * (limits.CHAT + 1)}),
        ("edit", {"update": b"x" * (limits.UPDATE + 1)}),
        ("run", {"run": "r-1", "code": "é" * (limits.CODE // 2 + 1)}),
    ],
)
def test_K5_ops_have_a_largest_size(kind, body):
    with pytest.raises(TooLarge):
        entries.op(kind, cbor.encode(body))


@given(st.binary(min_size=2, max_size=70_000), st.none() | st.integers(0, 2**53 - 1), st.booleans())
def test_K3_edit_bodies_come_back_on_the_short_way_too(update, time, relayed):
    body = entries.edit_body(update, time, relayed=relayed)
    fields = (
        {"update": update} | ({} if time is None else {"time": time}) | ({"relayed": True} if relayed else {})
    )
    assert body == cbor.encode(fields)
    assert entries.edit(body) == entries.Edit(update, time, relayed)
    assert entries.edit_update(body) == update


@given(st.binary(max_size=30))
def test_K3_the_short_way_reads_nothing_that_the_long_way_would_not(tail):
    body = b"\xa1\x66update" + tail
    try:
        update = entries.edit_update(body)
    except MalformedFrame:
        return
    assert cbor.decode(body) == {"update": update}


@pytest.mark.parametrize("also", [{"file": "main.py"}, {"first_line": 2}])
def test_K4_what_is_typed_at_the_console_stands_in_no_file(also):
    run = {"run": "r-1", "code": "1 + 1", "console": True}
    assert entries.op("run", cbor.encode(run)) == run
    with pytest.raises(MalformedFrame):
        entries.op("run", cbor.encode(run | also))

"""What a kernel says, read: signed, of the right shape, in any version of the protocol, or not at all."""

import json
from typing import Any

import pytest
from jupyter_client.session import Session

from fourhands_kernels.messages import read


def signed(session: Session, *parts: object, identities: tuple[bytes, ...] = ()) -> list[bytes]:
    """The frames of a message with these four parts: objects, or bytes as they are."""
    written = [part if isinstance(part, bytes) else json.dumps(part).encode() for part in parts]
    return [*identities, b"<IDS|MSG>", session.sign(written), *written]


@pytest.fixture
def session() -> Session:
    return Session(key=b"secret")


HEADER = {"msg_type": "stream", "msg_id": "1", "version": "5.3", "date": "2026-01-01T00:00:00Z"}
CONTENT = {"name": "stdout", "text": "2026-01-01T00:00:00Z"}


def test_kind_parent_and_content(session: Session) -> None:
    frames = signed(session, HEADER, {"msg_id": "0"}, {}, CONTENT, identities=(b"kernel.stream",))
    assert read(session, [*frames, b"a buffer"]) == ("stream", "0", CONTENT)


def test_the_same_as_jupyter_writes_it(session: Session) -> None:
    parent = session.msg("execute_request")
    written = session.serialize(session.msg("execute_reply", {"status": "ok"}, parent=parent), b"who")
    assert read(session, written) == ("execute_reply", parent["msg_id"], {"status": "ok"})


def test_broken_text_is_mended(session: Session) -> None:
    content = b'{"text": "\xff"}'
    assert read(session, signed(session, HEADER, {}, {}, content)) == (
        "stream",
        "",
        {"text": "\N{REPLACEMENT CHARACTER}"},
    )


def test_an_older_protocol_is_translated(session: Session) -> None:
    header = {"msg_type": "pyout", "msg_id": "1", "username": "", "session": ""}
    content = {"data": {"text/plain": "2"}, "metadata": {}, "execution_count": 1}
    frames = signed(session, {**header, "version": "4.1"}, {}, {}, content)
    assert read(session, frames)[0] == "execute_result"


@pytest.mark.parametrize(
    "parts",
    [
        ([], {}, {}, {}),
        (HEADER, [], {}, {}),
        (HEADER, {}, {}, []),
        ({**HEADER, "msg_type": 1}, {}, {}, {}),
        (HEADER, {}, {}),
        (b"{", {}, {}, {}),
        (HEADER, {}, {}, b"[" * 100_000),
    ],
)
def test_what_is_no_message_is_refused(session: Session, parts: tuple[Any, ...]) -> None:
    with pytest.raises(Exception):  # noqa: B017, PT011 (whatever it brings a parser to raise)
        read(session, signed(session, *parts))


def test_another_key_is_refused(session: Session) -> None:
    frames = signed(Session(key=b"another"), HEADER, {}, {}, CONTENT)
    with pytest.raises(ValueError, match="signature"):
        read(session, frames)

"""The frames of Hocuspocus' dialect (rules D-1, D-2 and D-8)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fourhands_protocol import hocuspocus, limits, sync
from fourhands_protocol.errors import MalformedFrame
from tests.support.vectors import load

VECTORS = load("hocuspocus")


def expected(case) -> hocuspocus.Message:
    match case["type"]:
        case "content":
            return hocuspocus.Content(case["address"], bytes.fromhex(case["frame"]))
        case "token":
            return hocuspocus.Token(case["address"], case["token"], case["version"])
        case "stateless":
            return hocuspocus.Stateless(case["address"], case["payload"])
        case "close":
            return hocuspocus.Close(case["address"])
    return hocuspocus.Pong()


def written(case) -> bytes:
    match case["type"]:
        case "authenticated":
            return hocuspocus.authenticated(writes=case["writes"])
        case "permission_denied":
            return hocuspocus.permission_denied(case["reason"])
        case "saved":
            return hocuspocus.SAVED
        case "not_saved":
            return hocuspocus.NOT_SAVED
        case "close":
            return hocuspocus.close(case["reason"])
    return sync.step1(b"\x00")


@pytest.mark.parametrize("case", VECTORS["clients"], ids=lambda case: case["name"])
def test_D2_frames_as_providers_write_them(case):
    assert hocuspocus.decode(bytes.fromhex(case["hex"])) == expected(case)


@pytest.mark.parametrize("case", VECTORS["servers"], ids=lambda case: case["name"])
def test_D2_frames_as_hocuspocus_own_server_writes_them(case):
    assert hocuspocus.addressed(case["address"], written(case)).hex() == case["hex"]


@pytest.mark.parametrize("case", VECTORS["refused"], ids=lambda case: case["why"])
def test_D2_other_frames_are_refused(case):
    with pytest.raises(MalformedFrame):
        hocuspocus.decode(bytes.fromhex(case["hex"]))


@pytest.mark.parametrize("address", ["room", "room\0session", "room\0"])
def test_D1_a_session_is_no_part_of_the_room(address):
    assert hocuspocus.room_of(address) == "room"


def test_D1_how_long_an_address_may_be():
    frame = hocuspocus.addressed("r" * limits.ADDRESS, bytes([hocuspocus.CLOSE]))
    assert hocuspocus.decode(frame) == hocuspocus.Close("r" * limits.ADDRESS)


def test_D9_ping_and_pong_are_about_the_socket():
    assert hocuspocus.decode(hocuspocus.PING_FRAME) == hocuspocus.Ping()
    assert hocuspocus.decode(hocuspocus.PONG_FRAME) == hocuspocus.Pong()


@given(st.binary(max_size=30))
def test_D2_whatever_comes_is_read_whole_or_refused(data):
    try:
        message = hocuspocus.decode(data)
    except MalformedFrame:
        return
    if isinstance(message, hocuspocus.Content):
        assert hocuspocus.addressed(message.address, message.frame) == data


@given(st.text(min_size=1, max_size=limits.ADDRESS), st.binary(max_size=20))
def test_D1_what_is_addressed_is_read_again(address, inside):
    frame = sync.update(inside)
    assert hocuspocus.decode(hocuspocus.addressed(address, frame)) == hocuspocus.Content(address, frame)

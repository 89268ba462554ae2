"""A page renews its token over its own connection; one that does not is shown out after a minute (E-19)."""

from __future__ import annotations

import pytest
from tests.support.parts import House, turns

from fourhands_protocol import envelope

SECOND = 1_000_000


@pytest.mark.parametrize("renews", [True, False])
async def test_E19_a_page_lives_as_long_as_its_tokens(renews: bool) -> None:
    house = House()
    host = await house.room()
    seat, wire = house.connect(host, "ada", dialect="fourhands")
    host.room.seats[seat].expires_at = house.now + 3 * SECOND
    host.receive(seat, envelope.encode(envelope.Hello(version=1, instance="a" * 16, last={})))
    if renews:
        host.receive(seat, envelope.encode(envelope.TokenRequest()))
    await turns()
    for _ in range(63):
        house.now += SECOND
        host.receive(seat, envelope.encode(envelope.Ping(1)))
        host.tick()
    assert (envelope.encode(envelope.Token("t", 7200)) in wire.sent) == renews
    assert wire.closed == (None if renews else (4401, "the token has expired"))

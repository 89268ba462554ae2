"""The hash chain (H rules)."""

from hashlib import sha256

import pytest

from fourhands_protocol import chain
from fourhands_protocol.entries import Entry
from tests.support.vectors import load

ROWS = load("chain")["entries"]


def entry(row) -> Entry:
    return Entry(row["stream"], row["seq"], row["at"], row["actor"], row["kind"], bytes.fromhex(row["body"]))


def test_H1_every_link_as_another_encoder_makes_it():
    head = chain.GENESIS
    for row in ROWS:
        head = chain.link(head, entry(row))
        assert head.hex() == row["hash"]


def test_H2_an_erased_body_leaves_the_chain_whole():
    one = entry(ROWS[2])
    erased = chain.link_erased(chain.GENESIS, one._replace(body=b""), body_hash=sha256(one.body).digest())
    assert erased == chain.link(chain.GENESIS, one)


@pytest.mark.parametrize(
    ("field", "value"), [("seq", 9), ("at", 1), ("actor", "x"), ("kind", "x"), ("body", b"\xa0")]
)
def test_H1_every_field_counts(field, value):
    one = entry(ROWS[2])
    assert chain.link(chain.GENESIS, one) != chain.link(chain.GENESIS, one._replace(**{field: value}))


def test_H1_a_link_is_32_bytes():
    with pytest.raises(ValueError, match="32 bytes"):
        chain.link(b"", entry(ROWS[0]))

"""The close codes of the room socket: one line of meaning each."""

from typing import Final

# Clients that speak y-websocket come back by themselves on every code below this one, and stop at it.
FIRST_STOP_CODE: Final = 4400

CLOSE_CODES: Final[dict[int, str]] = {
    1001: "the server is going away; come back",
    1011: "the server failed; try again",
    4300: "an edit builds on edits the room does not have; synchronise anew",
    4301: "the connection read too slowly",
    4302: "not recorded: the log refused an entry, the room is being rebuilt",
    4303: "superseded: the same page connected anew",
    4304: "silent for too long",
    4400: "malformed frame",
    4401: "bad, expired or revoked token",
    4403: "the role may not do this",
    4404: "no such room",
    4409: "documents of another lineage",
    4410: "the room has ended",
    4413: "too large",
    4422: "the update holds what this room's documents may not hold",
    4423: "a client id that belongs to somebody else",
    4429: "too many",
}


def may_retry(code: int) -> bool:
    """Tell whether a client should come back by itself after this code.

    Not after 4303, though it lies below 4400: a page that connected anew must not fight its newer connection.
    """
    return code < FIRST_STOP_CODE and code != 4303

"""Who may do what: the one table of roles, actions and streams (SPEC, R rules)."""

from typing import Final, Literal, get_args

Role = Literal["observer", "candidate", "interviewer", "host"]
Action = Literal[
    "read",
    "edit",
    "relay",
    "chat",
    "file.create",
    "file.rename",
    "run",
    "run.cancel",
    "interrupt",
    "restart",
    "input",
    "file.delete",
    "end",
    "revoke",
    "remove",
    "download",
    "data.add",
    "data.remove",
    "attach",
    "question.add",
    "tests.run",
    "tests.cancel",
]

ROLES: Final[tuple[Role, ...]] = get_args(Role)
ACTIONS: Final[tuple[Action, ...]] = get_args(Action)

_CANDIDATE: Final[frozenset[str]] = frozenset(
    (
        "read",
        "edit",
        "relay",
        "chat",
        "file.create",
        "file.rename",
        "run",
        "run.cancel",
        "interrupt",
        "restart",
        "input",
        "tests.run",
        "tests.cancel",
    )
)
_INTERVIEWER: Final[frozenset[str]] = _CANDIDATE | {
    "file.delete",
    "end",
    "revoke",
    "remove",
    "download",
    "data.add",
    "data.remove",
    "attach",
    "question.add",
}
_MAY: Final[dict[str, frozenset[str]]] = {
    "observer": frozenset(("read",)),
    "candidate": _CANDIDATE,
    "interviewer": _INTERVIEWER,
    "host": frozenset(ACTIONS),
}

ROOM: Final = "room"
INTERVIEWERS: Final = "interviewers"


def allows(role: str, action: str) -> bool:
    """Tell whether a role may do an action; unknown roles and unknown actions may nothing and by nobody."""
    return action in _MAY.get(role, frozenset())


def streams(role: str, participant: str) -> tuple[str, ...]:
    """Name the streams of the log that this participant may read."""
    if role not in _MAY:
        return ()
    shared = (ROOM, INTERVIEWERS) if role in ("interviewer", "host") else (ROOM,)
    return (*shared, person_stream(participant))


def person_stream(participant: str) -> str:
    """Name the private stream of one participant."""
    return f"person/{participant}"

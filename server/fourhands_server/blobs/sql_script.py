"""Run as a process of its own: a SQL script on stdin becomes a SQLite database on stdout, made in memory.

The script is an interviewer's, and SQLite is a large program: it runs beside the server, with little memory
and time, no file that it could open and none that it could write. What comes out is one line of JSON, {size}
or {line, words}, and then the database's bytes.
"""

import json
import re
import resource
import sqlite3
import sys
import time
from collections.abc import Iterator
from contextlib import closing

MIB = 1024 * 1024
SIZE = 16 * MIB  # bytes of a database, as of every data file
SECONDS = 5.0
CPU_SECONDS = 8
MEMORY = 512 * MIB  # of addresses; the interpreter has some 30 of them
_PAGE = 4096
_STEPS = 10_000  # of SQLite's machine between looks at the clock
_PRAGMAS = frozenset(
    ("foreign_keys", "user_version", "application_id", "encoding", "data_version")
)  # dumps begin with these
_MODULES = frozenset(("fts5", "rtree"))
_FORBIDDEN = frozenset(("load_extension", "readfile", "writefile", "edit", "fts3_tokenizer"))
_BLANK = re.compile(r"(\s+|--[^\n]*(\n|$)|/\*.*?\*/)+", re.DOTALL)


class BadStatement(Exception):
    """A statement that does not work; its first line, from 1."""

    def __init__(self, line: int, words: str) -> None:
        super().__init__(words)
        self.line = line


def statements(script: str) -> Iterator[tuple[int, str]]:
    """The statements of a script, each with the line that it begins on."""
    start = at = counted = 0
    line = 1
    while at < len(script):
        end = script.find(";", at) + 1 or len(script)
        piece = script[start:end]
        if end < len(script) and not sqlite3.complete_statement(piece):
            at = end
            continue
        blank = _BLANK.match(piece)
        lead = 0 if blank is None else blank.end()
        if piece[lead:].strip(" \t\r\n;"):
            line, counted = line + script.count("\n", counted, start + lead), start + lead
            yield line, piece
        start = at = end


def allow(action: int, first: str | None, second: str | None, *_: str | None) -> int:
    """What a script may do: everything to its own database, nothing besides."""
    match action:
        case sqlite3.SQLITE_ATTACH | sqlite3.SQLITE_DETACH:
            return sqlite3.SQLITE_DENY
        case sqlite3.SQLITE_PRAGMA if (first or "").lower() not in _PRAGMAS:
            return sqlite3.SQLITE_DENY
        case sqlite3.SQLITE_FUNCTION if (second or "").lower() in _FORBIDDEN:
            return sqlite3.SQLITE_DENY
        case sqlite3.SQLITE_CREATE_VTABLE if (second or "").lower() not in _MODULES:
            return sqlite3.SQLITE_DENY
    return sqlite3.SQLITE_OK


def database(script: str) -> bytes:
    """The bytes of the database that a script makes; BadStatement says what does not work."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as made:
        return _filled(made, script)


def _filled(made: sqlite3.Connection, script: str) -> bytes:
    until = time.monotonic() + SECONDS
    made.execute("PRAGMA temp_store = MEMORY")
    made.execute(f"PRAGMA page_size = {_PAGE}")
    made.execute(f"PRAGMA max_page_count = {SIZE // _PAGE}")
    made.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, SIZE)
    made.set_authorizer(allow)
    made.set_progress_handler(lambda: time.monotonic() > until, _STEPS)
    line = 1
    try:
        for begins, statement in statements(script):
            line = begins
            made.execute(statement).fetchone()
    except sqlite3.OperationalError as error:
        late = f"all of it took longer than {SECONDS:g} s"
        full = f"the database is larger than {SIZE // MIB} MiB"
        words = str(error)
        raise BadStatement(
            line, {"interrupted": late, "database or disk is full": full}.get(words, words)
        ) from error
    except (sqlite3.Error, sqlite3.Warning, MemoryError, UnicodeError) as error:
        denied = str(error) in ("not authorized", "authorization denied")
        words = "a script may change its own database alone" if denied else str(error)
        raise BadStatement(line, words or "it takes too much memory") from error
    if made.in_transaction:
        made.commit()
    made.set_authorizer(None)
    if not made.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
        raise BadStatement(line, "the script makes no table")
    return made.serialize()


def main() -> None:
    """Make one database."""
    for kind, value in (
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(kind, (value, value))
    script = sys.stdin.buffer.read().decode()
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))  # no further file can be opened
    try:
        made = database(script)
    except BadStatement as bad:
        sys.stdout.write(json.dumps({"line": bad.line, "words": str(bad)}) + "\n")
        return
    sys.stdout.write(json.dumps({"size": len(made)}) + "\n")
    sys.stdout.flush()
    sys.stdout.buffer.write(made)


if __name__ == "__main__":
    main()

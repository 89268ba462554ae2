"""SQL scripts of questions: what becomes a database, and what is refused with its line."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import pytest

from fourhands_server.blobs import sql_script
from fourhands_server.blobs.sqlite_file import BadScript, sqlite_file

DUMP = """PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE a (x TEXT);
INSERT INTO a VALUES('one; two'), ('-- three');
CREATE TRIGGER t AFTER INSERT ON a BEGIN UPDATE a SET x = 'b;'; SELECT 1; END;
COMMIT;
-- the end"""
MANY = "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) "


async def test_a_dump_becomes_its_database_again() -> None:
    made = sqlite3.connect(":memory:")
    made.deserialize(await sqlite_file(DUMP))
    assert (
        "\n".join([*made.iterdump()][1:3])
        == "CREATE TABLE a (x TEXT);\nINSERT INTO \"a\" VALUES('one; two');"
    )
    made.close()


async def test_full_text_search_is_there() -> None:
    assert (await sqlite_file("CREATE VIRTUAL TABLE f USING fts5(a);")).startswith(b"SQLite format 3")


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("CREATE TABLE a (x);\n\n/* a\n b */ INSERT INTO b VALUES (1);", "line 4: no such table: b"),
        ("CREATE TABLE a (x); CREATE TABLE b (x);\nSELECT", "line 2: incomplete input"),
        ("", "line 1: the script makes no table"),
        ("ATTACH '/etc/passwd' AS b;", "line 1: a script may change its own database alone"),
        ("VACUUM INTO '/tmp/a.db';", "its own database alone"),
        ("PRAGMA writable_schema = 1;", "its own database alone"),
        ("SELECT load_extension('x');", "load_extension"),
        ("CREATE VIRTUAL TABLE v USING csv(filename='/etc/passwd');", "its own database alone"),
        (
            f"CREATE TABLE a (x);\n{MANY} INSERT INTO a SELECT zeroblob(9000) FROM c;",
            "line 2: the database is larger",
        ),
        (
            f"{MANY} SELECT * FROM (SELECT zeroblob(9000000) b FROM c LIMIT 2000) ORDER BY b;",
            "too much memory",
        ),
    ],
)
async def test_what_cannot_be_one_is_refused_with_its_line(script: str, words: str) -> None:
    with pytest.raises(BadScript) as refused:
        await sqlite_file(script)
    assert words in str(refused.value)


def test_a_script_without_end_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sql_script, "SECONDS", 0.1)
    with pytest.raises(sql_script.BadStatement, match="took longer than"):
        sql_script.database(f"{MANY} SELECT count(*) FROM c;")


def test_nothing_of_it_is_written(tmp_path: Path) -> None:
    with pytest.raises(BadScript):
        asyncio.run(sqlite_file(f"ATTACH '{tmp_path / 'a.db'}' AS b;\nCREATE TABLE b.c (x);"))
    assert list(tmp_path.iterdir()) == []

"""What the language server and the kernel found, put together for a page."""

from __future__ import annotations

from typing import Any

from fourhands_server.core.language import results


def kernel(code: str, *matches: str, start: int, end: int | None = None) -> dict[str, Any]:
    return {
        "status": "ok",
        "matches": list(matches),
        "cursor_start": start,
        "cursor_end": len(code) if end is None else end,
        "metadata": {},
    }


def labels(text: str, found: Any, said: Any) -> list[str]:
    lines = text.split("\n")
    result = results.completion(text, len(lines) - 1, len(lines[-1]), found, said)
    return [item["label"] for item in sorted(result["items"], key=lambda item: item["sortText"])]


def test_what_only_the_kernel_knows_comes_first_and_nothing_twice() -> None:
    found = {"items": [{"label": "columns"}, {"label": "count"}], "more": False}
    said = kernel("df.co", "df.columns", "df.cost", "df._hidden", start=0)
    assert labels("x = 1\ndf.co", found, said) == ["cost", "columns", "count"]


def test_a_hidden_name_is_offered_to_who_begins_one() -> None:
    assert labels("df._", None, kernel("df._", "df._hidden", start=0)) == ["_hidden"]


def test_names_that_are_nobodys_business_are_left_out_of_what_the_language_server_says() -> None:
    found = {"items": [{"label": "_get"}, {"label": "get", "detail": "bound method X.get(a: int) -> str"}]}
    assert labels("df.g", found, None) == ["get"]
    assert labels("df._g", found, None) == ["_get", "get"]
    assert labels("snake_g", found, None) == ["get"]
    (shown,) = results.completion("df.g", 0, 4, found, None)["items"]
    assert shown["detail"] == "(a: int) -> str"


def test_machinery_and_magics_are_left_out() -> None:
    said = kernel("", "In", "Out", "%time", "exit", "table", start=0)
    assert labels("", {"items": [], "more": False}, said) == ["table"]


def test_keys_of_a_subscript_take_the_place_of_everything_else() -> None:
    text = "𝛼 = 1; df['na"
    found = {"items": [{"label": "name_of_something"}], "more": False}
    result = results.completion(text, 0, 14, found, kernel(text, "name", "nation", start=11))
    assert [item["label"] for item in result["items"]] == ["name", "nation", "name_of_something"]
    quoted = results.completion("df[", 0, 3, found, kernel("df[", "'name'", "'nation'", start=3))
    assert [item["label"] for item in quoted["items"]] == ["'name'", "'nation'"]
    assert quoted["itemDefaults"]["editRange"]["start"] == {"line": 0, "character": 3}


def test_without_either_there_is_nothing() -> None:
    assert results.completion("x", 0, 1, None, None) == {"isIncomplete": False, "items": []}
    assert results.hover(None) is None
    assert results.signature(None) is None
    assert results.diagnostics("x", None) == []


def test_of_a_broken_text_only_the_first_place_is_shown() -> None:
    items = [
        {"range": [0, 0, 0, 1], "severity": 1, "message": "Name `x`", "code": "unresolved-reference"},
        {"range": [1, 0, 1, 1], "severity": 1, "message": "Expected `)`", "code": "invalid-syntax"},
        {"range": [2, 0, 2, 1], "severity": 1, "message": "Expected", "code": "invalid-syntax"},
    ]
    shown = results.diagnostics("x\ny\nz", {"items": items})
    assert [one["message"] for one in shown] == ["Expected `)`"]


def test_what_a_type_checker_minds_is_a_warning_and_places_stay_in_the_text() -> None:
    items = [
        {"range": [0, 0, 99, 99], "severity": 1, "message": "m", "code": "invalid-assignment"},
        {"range": [7, 0, 7, 1], "severity": 1, "message": "m", "code": "unresolved-reference"},
    ]
    (shown,) = results.diagnostics("ab\ncde", {"items": items})
    assert shown["severity"] == 2
    assert shown["range"]["end"] == {"line": 1, "character": 3}

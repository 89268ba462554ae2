"""What may be asked, and what may come out of a sandbox in which hostile code was parsed."""

from __future__ import annotations

from typing import Any

import pytest

from fourhands_kernels.editor_help import BadQuestion, Question, cleaned

HUGE = "x" * 10**6


@pytest.mark.parametrize(
    "question",
    [
        Question("rename", "main.py", ""),  # type: ignore[arg-type]
        Question("hover", "../main.py", ""),
        Question("hover", "/etc/passwd", ""),
        Question("hover", "main.py", "", line=-1),
        Question("hover", "main.py", "", character=True),
        Question("hover", "main.py", HUGE * 2),
        Question("hover", "main.py", "", files={"a/../../b.py": ""}),
        Question("hover", "main.py", "", files={"a.py": 5}),  # type: ignore[dict-item]
        Question("hover", "main.py", "", files={f"{n}.py": HUGE for n in range(9)}),
    ],
)
def test_what_cannot_be_asked(question: Question) -> None:
    with pytest.raises(BadQuestion):
        question.check()


@pytest.mark.parametrize("what", ["completion", "hover", "signature", "diagnostics", "lint", "format"])
@pytest.mark.parametrize("content", [None, [], "text", 5, {}, {"items": {}}, {"items": [None, 5, []]}])
def test_what_has_another_shape_says_nothing(what: Any, content: Any) -> None:
    assert cleaned(what, content) in (None, {"items": []}, {"items": [], "more": False})


def test_every_part_is_bounded_and_valid_text() -> None:
    item = {"label": "a\ud800", "kind": 3, "detail": HUGE, "text": HUGE, "insert": 7, "more": object()}
    found = cleaned("completion", {"items": [item, {"label": ""}, {"kind": 3}] + [item] * 500, "more": 1})
    assert found is not None
    assert found["items"][0]["label"] == "a?"
    assert found["items"][0].keys() == {"label", "kind", "detail", "text"}
    assert len(found["items"]) < 201
    assert len(str(found)) < 300_000
    assert found["more"] is False
    wrong = [[0, 0, 0], [0, 0, 0, -1], [1, 0, 0, 0], [0, 0, 0, 2**40], ["0", 0, 0, 0], [True, 0, 1, 0]]
    items = [{"range": place, "message": "m"} for place in wrong]
    right = {"range": [0, 0, 1, 0], "message": HUGE, "severity": 77, "code": 5}
    (one,) = (cleaned("diagnostics", {"items": [*items, right]}) or {})["items"]
    assert one["severity"] == 1
    assert len(one["message"]) == 1000
    shown = cleaned("signature", {"label": "f(a)", "parameters": [[2, 3], [9, 99], "x"], "active": -4})
    assert shown == {"label": "f(a)", "parameters": [[2, 3]], "active": 0}
    assert cleaned("hover", {"text": HUGE, "range": [0, 0, 0, "x"]}) == {"text": HUGE[:8000]}
    assert cleaned("format", {"text": HUGE * 2}) is None
    assert cleaned("format", {"error": "line 1"}) == {"error": "line 1"}

"""The shared vectors of `protocol/vectors`, with their bytes and wide integers made real."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[2] / "protocol" / "vectors"


@cache
def load(name: str) -> dict[str, Any]:
    """Read one file of vectors."""
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))


def real(value: Any) -> Any:
    """Turn `{"$bytes": hex}` and `{"$int": digits}` into what they stand for."""
    if isinstance(value, list):
        return [real(item) for item in value]
    if not isinstance(value, dict):
        return value
    if set(value) == {"$bytes"}:
        return bytes.fromhex(value["$bytes"])
    if set(value) == {"$int"}:
        return int(value["$int"])
    return {key: real(item) for key, item in value.items()}

"""Contents of Jupyter's messages: what requests hold, and what the room's log says in their words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Final

import msgspec

from fourhands_server.core.state import Run

Content = dict[str, Any]
Told = tuple[str, Content]
"""The type of a message and its content."""

NO_ERROR: Final = {
    "interrupted": ("KeyboardInterrupt", "The run was interrupted."),
    "timeout": ("TimeLimit", "The run took longer than the room allows and was interrupted."),
    "kernel_died": ("KernelDied", "The kernel died; its variables are gone."),
    "error": ("Error", "The run ended with an error."),
}
"""An error for runs whose end came without one."""


class Code(msgspec.Struct):
    """The content of a question about code; positions are counted in characters."""

    code: str
    cursor_pos: Annotated[int, msgspec.Meta(ge=0)] = 0
    detail_level: int = 0


class Input(msgspec.Struct):
    """The content of an `input_reply`."""

    value: str


class Shutdown(msgspec.Struct):
    """The content of a `shutdown_request`."""

    restart: bool = False


def output(item: Mapping[str, Any]) -> Told | None:
    """One item of `run.outputs` (SPEC, O-1); None for one that this version does not know."""
    match item.get("output_type"):
        case "stream":
            return "stream", {"name": item["name"], "text": item["text"]}
        case "display_data" | "execute_result" as kind:
            content = {"data": item["data"], "metadata": item["metadata"], "transient": _transient(item)}
            if kind == "execute_result":
                content["execution_count"] = item.get("execution_count")
            return kind, content
        case "update_display_data":
            content = {"data": item["data"], "metadata": item["metadata"], "transient": _transient(item)}
            return "update_display_data", content
        case "clear_output":
            return "clear_output", {"wait": bool(item.get("wait"))}
        case "error":
            return "error", {key: item[key] for key in ("ename", "evalue", "traceback")}
        case "dropped":
            return "stream", {
                "name": "stderr",
                "text": f"\n[{item['bytes']} bytes of output were left out]\n",
            }
    return None


def failed(ename: str, evalue: str) -> Content:
    """An error of the room's, as the content of an `error` message or, with a status, of a reply."""
    return {"ename": ename, "evalue": evalue, "traceback": [f"{ename}: {evalue}"]}


def error_of(run: Run) -> Content:
    """The error that a run ended with: what the code raised, or words for why there is none."""
    for item in reversed(run.outputs):
        if item.get("output_type") == "error":
            return {key: item[key] for key in ("ename", "evalue", "traceback")}
    return failed(*NO_ERROR.get(run.status, NO_ERROR["error"]))


def raised(items: Iterable[Mapping[str, Any]]) -> bool:
    """Whether an error is among outputs."""
    return any(item.get("output_type") == "error" for item in items)


def reply(run: Run, count: int) -> Content:
    """The `execute_reply` of a run that has ended; `count` for one that has no number of its own."""
    count = run.count if run.count is not None else count
    match run.status:
        case "ok":
            return {"status": "ok", "execution_count": count, "payload": [], "user_expressions": {}}
        case "aborted":
            return {"status": "aborted", "execution_count": count}
        case _:
            return {"status": "error", "execution_count": count, **error_of(run)}


def kernel_info(title: str, python: str) -> Content:
    """The `kernel_info_reply`; `python` is the version of the room's environment, as far as it is known."""
    language = {
        "name": "python",
        "version": python,
        "mimetype": "text/x-python",
        "file_extension": ".py",
        "pygments_lexer": "ipython3",
        "codemirror_mode": {"name": "ipython", "version": 3},
        "nbconvert_exporter": "python",
    }
    return {
        "status": "ok",
        "protocol_version": "5.3",
        "implementation": "fourhands",
        "implementation_version": "1",
        "language_info": language,
        "banner": f"Fourhands room: {title}\nWhat runs here is seen by everybody in the room, and recorded.",
        "help_links": [],
        "debugger": False,
        "supported_features": [],
    }


def _transient(item: Mapping[str, Any]) -> Content:
    return {"display_id": item["display_id"]} if "display_id" in item else {}

"""The fold of a run's output items into what is shown (SPEC, O rules)."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from . import cbor, limits

Output = Mapping[str, Any]

RUN_STATUSES: Final = ("ok", "error", "interrupted", "aborted", "timeout", "kernel_died")
# In a folded list but not in nbformat: a clear that waits for the next output, a mark of what was left out.
_MARKS: Final = frozenset(("clear_output", "dropped"))


def fold(outputs: Sequence[Output], item: Output) -> list[Output]:
    """Return the outputs after one more item; neither argument is changed."""
    folded = list(outputs)
    _apply(folded, item)
    return folded


def fold_all(items: Iterable[Output]) -> list[Output]:
    """Return the outputs after all items of a run, in order."""
    folded: list[Output] = []
    for item in items:
        _apply(folded, item)
    return folded


def nbformat(outputs: Iterable[Output]) -> list[dict[str, Any]]:
    """Return the outputs as a notebook holds them: no marks, no display ids."""
    return [
        {key: value for key, value in output.items() if key != "display_id"}
        for output in outputs
        if output.get("output_type") not in _MARKS
    ]


def dropped(outputs: Iterable[Output]) -> int:
    """Count the bytes that were left out."""
    return sum(output["bytes"] for output in outputs if output.get("output_type") == "dropped")


def _apply(outputs: list[Output], item: Output) -> None:
    kind = item.get("output_type")
    if kind == "update_display_data":
        _update_displays(outputs, item)
    elif kind == "clear_output":
        _clear(outputs, item)
    else:
        _add(outputs, item)


def _clear(outputs: list[Output], item: Output) -> None:
    if not item.get("wait"):
        outputs.clear()
    elif not _clear_waits(outputs):
        outputs.append({"output_type": "clear_output", "wait": True})


def _clear_waits(outputs: list[Output]) -> bool:
    return bool(outputs) and outputs[-1].get("output_type") == "clear_output"


def _add(outputs: list[Output], item: Output) -> None:
    if _clear_waits(outputs):
        outputs.clear()
    last = outputs[-1] if outputs else {}
    kind = item.get("output_type")
    if kind == "stream" and last.get("output_type") == "stream" and last.get("name") == item.get("name"):
        outputs[-1] = {**last, "text": last["text"] + item["text"]}
    elif kind == "dropped" or len(outputs) >= limits.OUTPUTS:
        _drop(outputs, item["bytes"] if kind == "dropped" else len(cbor.encode(item)))
    else:
        outputs.append(item)


def _drop(outputs: list[Output], size: int) -> None:
    if outputs and outputs[-1].get("output_type") == "dropped":
        size += outputs.pop()["bytes"]
    outputs.append({"output_type": "dropped", "bytes": size})


def _update_displays(outputs: list[Output], item: Output) -> None:
    wanted = item.get("display_id")
    for index, output in enumerate(outputs):
        if wanted is not None and output.get("display_id") == wanted:
            outputs[index] = {**output, "data": item["data"], "metadata": item["metadata"]}

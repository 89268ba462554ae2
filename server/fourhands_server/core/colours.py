"""The colours by which people are told apart, for clients that cannot look them up by number."""

from __future__ import annotations

# In the order of the pages' own (`--person-0` …), readable on light grounds; stock carets show no other.
HUES = ("#1f63c9", "#b4490a", "#1b7540", "#b02a7c", "#7442c8", "#0b7285", "#876000", "#b02f3c")
TINT = "33"  # alpha of a selection


def user_colours(colour: int) -> dict[str, str]:
    """What y-codemirror and its kin read from `user`: the caret's colour and the selection's."""
    hue = HUES[colour % len(HUES)]
    return {"color": hue, "colorLight": hue + TINT}

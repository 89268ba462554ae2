"""The fold of output items (O rules)."""

import copy

import pytest

from fourhands_protocol import cbor, limits, outputs
from tests.support.vectors import load

CASES = load("outputs")["cases"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_O1_items_fold_into_what_is_shown(case):
    folded = outputs.fold_all(case["items"])
    assert folded == case["folded"]
    assert outputs.nbformat(folded) == case["nbformat"]
    assert outputs.dropped(folded) == case["dropped"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_O1_one_by_one_is_the_same_and_changes_nothing(case):
    folded: list[outputs.Output] = []
    for item in case["items"]:
        before = copy.deepcopy((folded, item))
        following = outputs.fold(folded, item)
        assert (folded, item) == before
        folded = following
    assert folded == case["folded"]


def test_O5_a_run_shows_a_bounded_number_of_outputs():
    item = {"output_type": "display_data", "data": {"text/plain": "x"}, "metadata": {}}
    folded = outputs.fold_all([item] * (limits.OUTPUTS + 10))
    assert len(folded) == limits.OUTPUTS + 1
    assert outputs.dropped(folded) == 10 * len(cbor.encode(item))
    assert len(outputs.nbformat(folded)) == limits.OUTPUTS

"""Files that code writes and data files, as people meet them on the page."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect
from tests.e2e.conftest import Visit, Visitor
from tests.support.server import LiveServer

pytestmark = pytest.mark.timeout(120)


def shelf(visitor: Visitor, name: str) -> Locator:
    return visitor.page.get_by_role("region", name=name)


def pick(visitor: Visitor, file: str, choice: str) -> None:
    visitor.page.get_by_label(f"More for {file}").last.click()
    visitor.page.get_by_role("menuitem", name=choice).click()


def test_data_goes_in_and_results_come_out(server: LiveServer, visit: Visit, tmp_path: Path) -> None:
    room = server.create("Files")
    ivy = visit().join(f"{server.url}/r/{room['id']}#{room['interviewer']}", "Ivy")
    ada = visit(width=800).join(f"{server.url}/r/{room['id']}#{room['candidate']}", "Ada")
    expect(shelf(ivy, "Data files")).to_contain_text("Upload or drop a file")
    expect(shelf(ivy, "Written by code")).to_contain_text("appear here")

    small, large = tmp_path / "prices.csv", tmp_path / "large.bin"
    small.write_text("day,price\n1,20\n")
    large.write_bytes(bytes(17 * 1024 * 1024))
    ivy.page.get_by_label("Data files to upload").set_input_files([large, small])
    expect(shelf(ivy, "Data files").get_by_role("alert")).to_contain_text("at most 16.8 MB")
    expect(shelf(ivy, "Data files").get_by_role("button", name="prices.csv").first).to_be_visible()
    ivy.page.get_by_label("Dismiss large.bin").click()

    ivy.type("open('sum.txt', 'w').write(open('prices.csv').read().upper())")
    ivy.run_file()
    written = shelf(ivy, "Written by code").get_by_role("button", name="sum.txt").first
    written.click()
    viewer = ivy.page.get_by_role("dialog", name="sum.txt")
    expect(viewer).to_contain_text("DAY,PRICE")
    with ivy.page.expect_download() as saved:
        viewer.get_by_role("button", name="Download").click()
    assert saved.value.suggested_filename == "sum.txt"
    assert Path(saved.value.path()).read_text() == "DAY,PRICE\n1,20\n"
    ivy.page.keyboard.press("Escape")
    expect(viewer).not_to_be_visible()
    expect(written).to_be_focused()

    ada.page.get_by_role("button", name="Files", exact=True).click()
    expect(shelf(ada, "Data files")).not_to_contain_text("Upload")
    pick(ada, "sum.txt", "Take into the room")
    expect(ada.page.get_by_text("sum.txt is a file of the room now.")).to_be_visible()
    ivy.page.get_by_role("navigation", name="Files").get_by_role("button", name="sum.txt").first.click()
    ivy.sees("DAY,PRICE\n1,20\n")

    pick(ivy, "prices.csv", "Remove")
    ivy.page.get_by_role("button", name="Remove").last.click()
    expect(shelf(ada, "Data files")).not_to_be_visible()

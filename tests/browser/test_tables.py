"""Tables are sorted by mouse and by keyboard, and filtered by the names of stacks."""

import re
from pathlib import Path
from typing import Any

from selenium.webdriver.common.keys import Keys

from .chromium import Browser

UNITS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "MB": 1e6, "/s": 1.0, "": 1.0}

TABLE = """
(() => {
  const table = document.querySelector("table.figures");
  return {
    heads: [...table.tHead.rows[0].cells].map((head) => head.textContent.trim()),
    sorted: [...table.tHead.rows[0].cells].map((head) => head.getAttribute("aria-sort")),
    rows: [...table.tBodies[0].rows].map((row) => [...row.cells].map((cell) => cell.innerText)),
  };
})()
"""
SHOWN = "[...document.querySelectorAll('tr[data-key]')].filter((row) => row.checkVisibility())"
TO_FOCUS = 5
"""So often is Tab pressed at most, from the filter to the first header of the first table."""


def amount(text: str) -> float | None:
    """The figure that a cell shows, in its base unit; None where it shows none, or an unreliable one."""
    found = re.match(r"([0-9.]+)(?: ?(us|ms|s|MB|/s)\b)?", text)
    return None if found is None else float(found[1]) * UNITS[found[2] or ""]


def column(table: dict[str, Any], number: int) -> list[float | None]:
    return [amount(row[number]) for row in table["rows"]]


def is_sorted(values: list[float | None], *, down: bool = False) -> bool:
    """Whether they stand in order, what has no figure last."""
    known = [value for value in values if value is not None]
    return values == sorted(known, reverse=down) + [None] * (len(values) - len(known))


def test_a_click_on_a_header_sorts_up_then_down_then_as_planned(browser: Browser, reference: Path) -> None:
    browser.open(reference)
    planned = browser.evaluate(TABLE)
    assert len(planned["rows"]) > 2
    heads = browser.find("table.figures").find_elements("css selector", "thead button")
    for number, head in enumerate(heads[1 : len(planned["heads"]) - 1], start=1):
        for way in ("ascending", "descending"):
            head.click()
            table = browser.evaluate(TABLE)
            assert is_sorted(column(table, number), down=way == "descending"), (way, table["heads"][number], table)
            assert table["sorted"] == [way if place == number else None for place in range(len(planned["heads"]))]
            assert sorted(table["rows"]) == sorted(planned["rows"])
        head.click()
        assert browser.evaluate(TABLE) == planned


def test_the_first_header_sorts_by_name(browser: Browser, reference: Path) -> None:
    browser.open(reference)
    browser.find("table.figures thead button").click()
    names = [row[0] for row in browser.evaluate(TABLE)["rows"]]
    assert names == sorted(names)


def test_the_keyboard_reaches_a_header_and_sorts_with_enter_and_space(browser: Browser, reference: Path) -> None:
    browser.open(reference)
    browser.find("#filter input").click()
    for _ in range(TO_FOCUS):
        browser.focused().send_keys(Keys.TAB)
        if browser.evaluate("document.activeElement.matches('thead button')"):
            break
    browser.focused().send_keys(Keys.TAB)  # from the names to the first figures
    for key, way in ((Keys.ENTER, "ascending"), (Keys.SPACE, "descending")):
        browser.focused().send_keys(key)
        table = browser.evaluate(TABLE)
        assert table["sorted"][1] == way
        assert is_sorted(column(table, 1), down=way == "descending")
        said = browser.find("#sorted")
        assert said.get_attribute("aria-live") == "polite"
        assert browser.evaluate("document.getElementById('sorted').textContent") == (
            f"Sorted by {table['heads'][1]}, {way}"
        )


def test_the_filter_leaves_the_stacks_that_are_named_and_says_how_many(browser: Browser, page: Path) -> None:
    browser.open(page)
    every = browser.evaluate(f"{SHOWN}.map((row) => row.dataset.key)")
    field, said = browser.find("#filter input"), browser.find("#shown")
    assert said.get_attribute("aria-live") == "polite"
    assert said.text == ""
    wanted = every[0].upper()
    field.send_keys(wanted)
    left = browser.evaluate(f"{SHOWN}.map((row) => row.dataset.key)")
    assert left == [name for name in every if wanted in name.upper()]
    assert said.text == f"{len(set(left))} of {len(set(every))} stacks shown"
    field.send_keys(Keys.BACKSPACE * len(wanted))
    assert browser.evaluate(f"{SHOWN}.length") == len(every)
    assert said.text == ""


def test_a_filter_that_leaves_nothing_says_so(browser: Browser, reference: Path) -> None:
    browser.open(reference)
    browser.find("#filter input").send_keys("nobody")
    assert browser.evaluate(f"{SHOWN}.length") == 0
    assert browser.find("#shown").text.startswith("0 of ")

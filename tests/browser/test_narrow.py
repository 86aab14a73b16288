"""A screen of 400 pixels, and a visitor whose browser runs no scripts."""

from pathlib import Path

import pytest

from .chromium import NARROW, WIDE, Browser

FITS = "document.scrollingElement.scrollWidth <= document.documentElement.clientWidth"

WIDER = """
[...document.querySelectorAll("body *")]
  .filter((one) => one.clientWidth > 1 && one.scrollWidth > one.clientWidth)
  .map((one) => [one, getComputedStyle(one).overflowX])
  .filter(([, way]) => way !== "visible")
  .map(([one, way]) => [way === "auto" && one.querySelector("table") !== null, one.outerHTML.slice(0, 200)])
"""
"""What has more in it than it shows, each with whether that is a table's own container, which scrolls."""

UNSEEN = (
    "[...document.querySelectorAll('tr[data-key]')].filter((row) => !row.checkVisibility() || !row.innerText.trim())"
)


def test_on_a_narrow_screen_nothing_but_tables_scrolls_sideways(browser: Browser, page: Path) -> None:
    browser.open(page, width=NARROW)
    assert browser.evaluate(FITS)
    wider = browser.evaluate(WIDER)
    assert wider, "even the tables fit, so this tests nothing"
    assert [html for is_table, html in wider if not is_table] == []


def test_on_a_wide_screen_nothing_is_wider_than_the_page(browser: Browser, page: Path) -> None:
    browser.open(page, width=WIDE)
    assert browser.evaluate(FITS)
    assert [html for is_table, html in browser.evaluate(WIDER) if not is_table] == []


def test_a_chart_is_shown_at_full_size_within_its_own_frame(browser: Browser, reference: Path) -> None:
    browser.open(reference, width=NARROW)
    drawing = "document.querySelector('.frame svg')"
    sizes = f"[{drawing}.getBoundingClientRect().width, Number({drawing}.getAttribute('width'))]"
    width, natural = browser.evaluate(sizes)
    assert width < NARROW < natural
    button = browser.find(".enlarge")
    for pressed, expected in (("true", natural), ("false", width)):
        button.click()
        assert button.get_attribute("aria-pressed") == pressed
        assert browser.evaluate(sizes) == pytest.approx([expected, natural], abs=1)
        assert browser.evaluate(FITS)


def test_without_scripts_everything_can_be_read_and_nothing_offers_what_it_cannot_do(
    browser: Browser, page: Path
) -> None:
    browser.open(page, scripts=False)
    assert browser.evaluate("document.querySelectorAll('tr[data-key]').length") > 0
    assert browser.evaluate(f"{UNSEEN}.length") == 0
    drawn = "[...document.querySelectorAll('.chart')].filter((one) => !one.getBoundingClientRect().width)"
    assert browser.evaluate(f"{drawn}.length") == 0
    offered = "[...document.querySelectorAll('button, input')].filter((one) => one.checkVisibility())"
    assert browser.evaluate(f"{offered}.length") == 0
    assert browser.evaluate("document.querySelectorAll('[aria-sort]').length") == 0

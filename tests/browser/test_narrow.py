"""A screen of 400 pixels, and a visitor whose browser runs no scripts."""

import base64
from io import BytesIO
from pathlib import Path

import pytest
from matplotlib.image import imread

from .chromium import NARROW, WIDE, Browser, Theme

FITS = "document.scrollingElement.scrollWidth <= document.documentElement.clientWidth"

WIDER = """
[...document.querySelectorAll("body *")]
  .filter((one) => one.clientWidth > 1 && one.scrollWidth > one.clientWidth)
  .map((one) => [one, getComputedStyle(one).overflowX])
  .filter(([, way]) => way !== "visible")
  .map(([one, way]) => [way === "auto" && one.querySelector("table, .chart") !== null, one.outerHTML.slice(0, 200)])
"""
"""What has more in it than it shows, each with whether that is the container of a table or a chart, which scrolls."""

LEAST_PIXELS = 9
LETTERS = """
[...document.querySelectorAll(".chart text")].filter((one) => one.textContent.trim()).map((one) => {
  const scale = one.getScreenCTM();
  return Math.hypot(scale.a, scale.b) * parseFloat(getComputedStyle(one).fontSize);
})
"""

UNSEEN = """
[...document.querySelectorAll("tr[data-key]")]
  .filter((row) => !row.closest("details, .option:not([data-main])"))
  .filter((row) => !row.checkVisibility() || !row.innerText.trim())
"""


def test_on_a_narrow_screen_nothing_but_tables_and_charts_scrolls_sideways(browser: Browser, page: Path) -> None:
    browser.open(page, width=NARROW)
    assert browser.evaluate(FITS)
    wider = browser.evaluate(WIDER)
    assert wider, "even these fit, so this tests nothing"
    assert [html for may, html in wider if not may] == []


def test_on_a_wide_screen_nothing_is_wider_than_the_page(browser: Browser, page: Path) -> None:
    browser.open(page, width=WIDE)
    assert browser.evaluate(FITS)
    assert [html for may, html in browser.evaluate(WIDER) if not may] == []


@pytest.mark.parametrize("width", [NARROW, 700, WIDE])
def test_no_letter_of_a_chart_is_too_small_to_read(browser: Browser, reference: Path, width: int) -> None:
    browser.open(reference, width=width)
    letters = browser.evaluate(LETTERS)
    assert len(letters) > 50
    assert min(letters) >= LEAST_PIXELS


def test_a_chart_scrolls_in_its_frame_and_a_button_shows_the_whole_of_it(browser: Browser, reference: Path) -> None:
    browser.open(reference, width=NARROW)
    size = "document.querySelector('.frame svg').getBoundingClientRect().width"
    region = "document.querySelector('.frame').getAttribute('role')"
    large = browser.evaluate(size)
    assert large > NARROW
    assert browser.evaluate(region) == "region"
    button = browser.find(".whole")
    button.click()
    assert button.get_attribute("aria-pressed") == "true"
    assert browser.evaluate(size) < NARROW
    button.click()
    assert button.get_attribute("aria-pressed") == "false"
    assert browser.evaluate(size) == pytest.approx(large, abs=1)
    assert browser.evaluate(FITS)


def test_without_scripts_everything_can_be_read_and_nothing_offers_what_it_cannot_do(
    browser: Browser, page: Path
) -> None:
    browser.open(page, scripts=False)
    assert browser.evaluate("document.querySelectorAll('tr[data-key]').length") > 0
    assert browser.evaluate(f"{UNSEEN}.length") == 0
    browser.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    folded = "[...document.querySelectorAll('details tr[data-key]')].filter((row) => !row.checkVisibility())"
    assert browser.evaluate(f"{folded}.length") == 0
    drawn = "[...document.querySelectorAll('.chart')].filter((one) => !one.getBoundingClientRect().width)"
    assert browser.evaluate(f"{drawn}.length") == 0
    offered = "[...document.querySelectorAll('button, input, select')].filter((one) => one.checkVisibility())"
    assert browser.evaluate(f"{offered}.length") == 0
    assert browser.evaluate("document.querySelectorAll('[aria-sort]').length") == 0


def edges(browser: Browser) -> tuple[bool, bool]:
    """Whether there is a shadow at the left and the right edge of the head of the first table that scrolls."""
    browser.evaluate("document.querySelector('.scroll.told').scrollIntoView({ block: 'center' })")
    box = browser.evaluate("document.querySelector('.scroll.told').getBoundingClientRect().toJSON()")
    shot = imread(BytesIO(base64.b64decode(browser.call("Page.captureScreenshot", format="png")["data"])))
    line = shot[round(box["top"]) + 6, round(box["left"]) : round(box["right"])]
    middle = line[len(line) // 2]
    return bool(abs(line[1] - middle).max() > SEEN), bool(abs(line[-2] - middle).max() > SEEN)


SEEN = 0.05
"""Of the range of a colour: a smaller difference is hard to see."""


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_shadow_shows_on_which_side_a_table_goes_on(browser: Browser, many: Path, theme: Theme) -> None:
    browser.open(many, width=NARROW, theme=theme)
    browser.evaluate(
        "[...document.querySelectorAll('.scroll')].find((one) => one.scrollWidth > one.clientWidth + 60)"
        ".classList.add('told')"
    )
    scroll = "document.querySelector('.scroll.told')"
    ends = []
    for place in (0, 30, 9999):
        browser.evaluate(f"{scroll}.scrollLeft = {place}")
        ends.append(edges(browser))
    assert ends == [(False, True), (True, True), (True, False)]


def test_the_names_stay_in_sight_while_a_table_scrolls(browser: Browser, many: Path) -> None:
    browser.open(many, width=NARROW)
    table = "[...document.querySelectorAll('.scroll')].find((one) => one.scrollWidth > one.clientWidth)"
    browser.evaluate(f"{table}.scrollLeft = 9999")
    left = f"{table}.querySelector('tbody th').getBoundingClientRect().left"
    assert browser.evaluate(left) == pytest.approx(browser.evaluate(f"{table}.getBoundingClientRect().left"), abs=1)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_table_that_fits_has_no_shadow(browser: Browser, many: Path, theme: Theme) -> None:
    browser.open(many, width=WIDE, theme=theme)
    browser.evaluate("document.querySelector('.scroll').classList.add('told')")
    assert edges(browser) == (False, False)

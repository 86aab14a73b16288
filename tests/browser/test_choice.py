"""One table of several figures: which it shows is chosen, and it sorts, filters and copies as other tables do."""

from pathlib import Path
from typing import Any

import pytest
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.select import Select

from .chromium import NARROW, WIDE, Browser, Theme

SHOWN = """
[...document.querySelectorAll(".choice")].map((choice) => [...choice.querySelectorAll("table")]
  .filter((table) => table.checkVisibility())
  .map((table) => document.getElementById(table.getAttribute("aria-labelledby")).textContent.trim()))
"""
TABLE = "[...document.querySelectorAll('.choice table')].find((table) => table.checkVisibility())"
ROWS = f"[...{TABLE}.tBodies[0].rows].filter((row) => row.checkVisibility()).map((row) => row.dataset.key)"
TINTS = f"[...{TABLE}.querySelectorAll('td')].map((cell) => Number(cell.dataset.tint ?? 0))"
FIGURES = [
    "Throughput",
    "P50 latency at saturation",
    "P95 latency at saturation",
    "P99 latency at saturation",
    "Memory (PSS)",
    "CPU per request",
    "Failed requests",
]


def test_one_table_is_shown_and_the_keyboard_chooses_another(browser: Browser, many: Path) -> None:
    browser.open(many)
    assert browser.evaluate(SHOWN) == [["Throughput"], ["Achieved rate"]]
    field = browser.find(".choice select")
    assert [one.text for one in Select(field).options] == FIGURES
    assert browser.evaluate("document.querySelector('.choice select').labels.length") == 1
    field.send_keys(Keys.ARROW_DOWN)
    assert browser.evaluate(SHOWN) == [["P50 latency at saturation"], ["Achieved rate"]]
    field.send_keys(Keys.END)
    assert browser.evaluate(SHOWN) == [["Failed requests"], ["Achieved rate"]]


def test_without_scripts_the_main_figures_stand_one_after_another_under_their_headings(
    browser: Browser, many: Path
) -> None:
    browser.open(many, scripts=False)
    assert browser.evaluate(SHOWN) == [["Throughput", "P95 latency at saturation"], ["Achieved rate", "P95 latency"]]
    headings = "[...document.querySelectorAll('.choice h5')].filter((one) => one.checkVisibility()).length"
    assert browser.evaluate(headings) == 4


def test_on_paper_the_chosen_figure_is_printed_with_the_main_ones_and_each_has_its_heading(
    browser: Browser, many: Path
) -> None:
    browser.open(many)
    Select(browser.find(".choice select")).select_by_visible_text("Memory (PSS)")
    browser.prefer("light", media="print")
    assert browser.evaluate(SHOWN)[0] == ["Throughput", "P95 latency at saturation", "Memory (PSS)"]
    headings = "[...document.querySelector('.choice').querySelectorAll('h5')].filter((one) => one.checkVisibility())"
    assert browser.evaluate(f"{headings}.length") == 3


def test_the_chosen_table_is_filtered_and_sorted(browser: Browser, many: Path) -> None:
    browser.open(many)
    browser.find("#filter input").send_keys("fastapi")
    Select(browser.find(".choice select")).select_by_visible_text("P99 latency at saturation")
    assert browser.evaluate(ROWS) == ["fastapi-httpx", "fastapi-aiohttp"]
    browser.evaluate(f"{TABLE}.querySelectorAll('thead button')[4].click()")
    assert browser.evaluate(ROWS) == ["fastapi-aiohttp", "fastapi-httpx"]


def test_what_is_copied_is_the_chosen_table(browser: Browser, many: Path) -> None:
    browser.open(many)
    browser.evaluate(
        "navigator.clipboard.writeText = async (text) => { document.body.dataset.copied = text; }", promise=False
    )
    Select(browser.find(".choice select")).select_by_visible_text("Failed requests")
    button = f"{TABLE}.closest('.option').querySelectorAll('.copy button')"
    copied: dict[str, Any] = {}
    for place, form in enumerate(("Markdown", "CSV")):
        browser.evaluate(f"{button}[{place}].click()")
        copied[form] = browser.evaluate("document.body.dataset.copied").splitlines()
    assert copied["CSV"][0] == "stack,5 users,10 users,20 users,40 users"
    assert copied["CSV"][3].startswith("flask-gevent,0 % (0),0 % (0),19.9 % (")
    assert copied["Markdown"][:2] == ["| stack | 5 users | 10 users | 20 users | 40 users |", f"|{5 * ' --- |'}"]


def test_better_values_have_stronger_tints_and_unreliable_ones_none(browser: Browser, many: Path) -> None:
    browser.open(many)
    throughput = browser.evaluate(TINTS)
    assert (min(throughput), max(throughput)) == (0, 6)
    Select(browser.find(".choice select")).select_by_visible_text("P95 latency at saturation")
    struck = f"[...{TABLE}.querySelectorAll('td:has(s)')].map((cell) => cell.dataset.tint ?? null)"
    assert browser.evaluate(struck)
    assert set(browser.evaluate(struck)) == {None}


@pytest.mark.slow
@pytest.mark.parametrize(("theme", "width"), [("light", WIDE), ("dark", NARROW)])
def test_axe_finds_nothing_in_tinted_tables_and_in_what_was_folded(
    browser: Browser, axe: str, many: Path, theme: Theme, width: int
) -> None:
    browser.open(many, theme=theme, width=width)
    browser.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    browser.evaluate(f"{axe};\nundefined")
    rules = "axe.run().then((found) => found.violations.map((one) => [one.impact, one.id, one.nodes[0].html]))"
    found = browser.evaluate(rules, promise=True)
    assert [violation for violation in found if violation[0] in {"serious", "critical"}] == []


def test_a_table_of_a_load_is_folded_until_it_is_asked_for(browser: Browser, many: Path) -> None:
    browser.open(many)
    first = browser.find("details")
    inside = "document.querySelector('details table').checkVisibility()"
    assert first.text == "5 users (closed-loop)"
    assert not browser.evaluate(inside)
    browser.find("details summary").send_keys(Keys.ENTER)
    assert browser.evaluate(inside)

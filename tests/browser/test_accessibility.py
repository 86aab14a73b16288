"""The page for those who do not see it as others do: axe-core's rules, and what is said in place of charts."""

from pathlib import Path

import pytest
from selenium.webdriver.support.select import Select

from .chromium import NARROW, WIDE, Browser, Theme

RULES = """
axe.run({ resultTypes: ["violations"] }).then(({ violations }) => violations.map(({ id, impact, help, nodes }) =>
  [impact, id, help, nodes.slice(0, 5).map((node) => `${node.target.join(" ")}: ${node.failureSummary}`)]))
"""

CHARTS = """
[...document.querySelectorAll("figure")].map((figure) => {
  const drawing = figure.querySelector("svg");
  const title = figure.closest("section").querySelector("h3").textContent;
  return [title, drawing.getAttribute("aria-label") ?? "", drawing.getBoundingClientRect().width];
})
"""
LEAST_WORDS = 6
"""Fewer name a chart, and say nothing of what it shows."""


# Colours are the same at every width, and what scrolls is the same in both themes.
@pytest.mark.slow
@pytest.mark.parametrize(("theme", "width"), [("light", WIDE), ("dark", NARROW)])
def test_axe_finds_no_serious_violation(browser: Browser, axe: str, page: Path, theme: Theme, width: int) -> None:
    browser.open(page, theme=theme, width=width)
    Select(browser.find(".which select[name=round]")).select_by_value("1")
    assert browser.evaluate("document.querySelectorAll('.drawn').length") == 1
    browser.evaluate(f"{axe};\nundefined")
    found = browser.evaluate(RULES, promise=True)
    print(*found, sep="\n")
    assert [violation for violation in found if violation[0] in {"serious", "critical"}] == []


def test_axe_finds_what_it_is_asked_to_find(browser: Browser, axe: str, reference: Path) -> None:
    browser.open(reference)
    browser.evaluate("document.querySelector('label[for]').remove()")
    browser.evaluate(f"{axe};\nundefined")
    assert [id_ for impact, id_, *_ in browser.evaluate(RULES, promise=True) if impact == "critical"] == ["label"]


def test_every_chart_is_drawn_and_what_it_shows_is_said_too(browser: Browser, page: Path) -> None:
    browser.open(page)
    charts = browser.evaluate(CHARTS)
    assert len(charts) == browser.evaluate("document.querySelectorAll('.chart').length") > 0
    for title, said, width in charts:
        assert width > 0, title
        assert len(said.split()) >= LEAST_WORDS, title
        assert said != title
    assert len({said for _, said, _ in charts}) == len(charts)

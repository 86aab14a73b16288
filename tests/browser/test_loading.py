"""The page opens from a file, all of it is in that file, and whatever a user named is text."""

from pathlib import Path

from .chromium import Browser
from .runs import SCENARIO, STACK, TITLE

LANDED = """
(async () => {
  const found = [];
  for (const link of document.querySelectorAll("nav a")) {
    link.click();
    await new Promise(requestAnimationFrame);
    const heading = document.querySelector(":target");
    const box = heading.getBoundingClientRect();
    // What is seen where the heading stands: the heading, unless something lies over it or it is out of sight.
    const seen = document.elementFromPoint(box.left + 4, box.top + box.height / 2);
    found.push([link.textContent, heading.textContent, heading.matches("h2, h3, h4, h5"), heading.contains(seen)]);
  }
  return found;
})()
"""


def test_it_opens_from_a_file_without_a_word_on_the_console_and_requests_nothing(browser: Browser, page: Path) -> None:
    browser.open(page)
    assert browser.requests() == [page.as_uri()]
    assert browser.console() == []


def test_nothing_that_can_be_pressed_says_or_requests_anything(browser: Browser, page: Path) -> None:
    browser.open(page)
    browser.requests()
    browser.evaluate("document.querySelectorAll('button').forEach((button) => button.click())")
    browser.find("#filter input").send_keys("<b>x")
    assert browser.console() == []
    assert browser.requests() == []


def test_names_are_text_and_never_markup(browser: Browser, hostile: Path) -> None:
    browser.open(hostile)
    text = browser.evaluate("document.body.innerText")
    assert [name for name in (STACK, SCENARIO, TITLE) if name not in text] == []
    assert browser.evaluate("document.title").startswith("Benchmark run ")
    assert browser.evaluate("[...document.scripts].map((one) => one.type)") == ["application/json", ""]


def test_every_link_of_the_contents_lands_on_its_heading_in_sight(browser: Browser, page: Path) -> None:
    browser.open(page)
    found = browser.evaluate(LANDED, promise=True)
    assert len(found) >= 5
    assert [landed for landed in found if landed != [landed[0], landed[0], True, True]] == []


def test_every_mark_of_a_footnote_leads_to_it(browser: Browser, page: Path) -> None:
    browser.open(page)
    missing = "[...document.querySelectorAll('a[href^=\"#\"]')].filter((link) => !document.querySelector(link.hash))"
    assert browser.evaluate(f"{missing}.map((link) => link.outerHTML)") == []

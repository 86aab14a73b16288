"""Charts are part of the page: they tell their values, hide a stack on demand, and follow the theme."""

from pathlib import Path
from typing import Any

from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

from .chromium import Browser

TOLD = "(({ hidden, textContent }) => hidden ? null : textContent)(document.getElementById('told'))"
KEY = ".chart [data-mark='key'][data-stack='flask-gthread']"
SHOWN = """
[...document.querySelectorAll(".chart [data-stack='flask-gthread']")]
  .filter((one) => !["key", "name"].includes(one.dataset.mark) && getComputedStyle(one).display !== "none").length
"""


def mean(browser: Browser) -> Any:
    """A mark of the first chart that tells a mean."""
    return browser.find(".chart [data-mark='mean'] [data-told]")


def test_a_mark_tells_its_value_and_interval_to_a_pointer_and_to_the_keyboard(
    browser: Browser, reference: Path
) -> None:
    browser.open(reference)
    mark = mean(browser)
    told = mark.get_attribute("data-told")
    assert any(unit in told for unit in ("/s", "ms", "MB"))
    assert "(" in told
    assert '"' not in told
    assert browser.evaluate(TOLD) is None
    ActionChains(browser.driver).move_to_element(mark).perform()
    assert browser.evaluate(TOLD) == told
    browser.focused().send_keys(Keys.ESCAPE)
    assert browser.evaluate(TOLD) is None
    browser.evaluate("document.querySelector(\".chart [data-mark='mean'] [data-told]\").focus()")
    assert browser.evaluate(TOLD) == told
    assert mark.get_attribute("aria-label") == told


def test_a_stack_is_hidden_in_all_charts_by_its_legend_and_shown_again(browser: Browser, reference: Path) -> None:
    browser.open(reference)
    before = browser.evaluate(SHOWN)
    assert before > 10
    pressed = f"[...document.querySelectorAll(\"{KEY}\")].map((one) => one.getAttribute('aria-pressed'))"
    browser.evaluate(f'document.querySelector("{KEY}").focus()')
    for key, shown, state in ((Keys.ENTER, 0, "false"), (Keys.SPACE, before, "true")):
        browser.focused().send_keys(key)
        assert browser.evaluate(SHOWN) == shown
        assert set(browser.evaluate(pressed)) == {state}
    ActionChains(browser.driver).move_to_element(browser.find(KEY)).click().perform()
    assert browser.evaluate(SHOWN) == 0


def test_charts_follow_the_theme(browser: Browser, reference: Path) -> None:
    browser.open(reference, theme="light")
    paper = "getComputedStyle(document.querySelector('.chart [fill=\"#ffffff\"]')).fill"
    ink = "getComputedStyle(document.querySelector('.chart [fill=\"#222222\"]')).fill"
    light = browser.evaluate(f"[{paper}, {ink}]")
    browser.prefer("dark")
    dark = browser.evaluate(f"[{paper}, {ink}]")
    assert light[0] == "rgb(255, 255, 255)"
    assert dark[0] == browser.evaluate("getComputedStyle(document.body).backgroundColor") != light[0]
    assert dark[1] != light[1]


def test_every_colour_of_a_stack_has_one_for_the_dark_theme(browser: Browser, reference: Path) -> None:
    browser.open(reference, theme="light")
    colours = """
      [...document.querySelectorAll(".chart [data-mark='key'] path[stroke]")].map((one) => getComputedStyle(one).stroke)
    """
    light = browser.evaluate(colours)
    browser.prefer("dark")
    dark = browser.evaluate(colours)
    changed = [one != other for one, other in zip(light, dark, strict=True) if one != "none"]
    assert changed
    assert all(changed)


def test_the_edge_of_a_mark_is_that_of_the_page_in_both_themes(browser: Browser, reference: Path) -> None:
    browser.open(reference, theme="dark")
    shapes = "[...document.querySelectorAll('.chart path[id]')].filter((one) => one.hasAttribute('stroke')).length"
    assert browser.evaluate(shapes) == 0
    edge = "getComputedStyle(document.querySelector('.chart [data-mark=mean] [stroke=\"#ffffff\"]')).stroke"
    assert browser.evaluate(edge) == browser.evaluate("getComputedStyle(document.body).backgroundColor")

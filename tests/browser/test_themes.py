"""Light and dark: as the system prefers, until the button says otherwise."""

import re
from pathlib import Path

from .chromium import Browser, Theme


def shown(browser: Browser) -> Theme:
    """The theme that the page is in, by how bright it is behind its text."""
    colour = browser.evaluate("getComputedStyle(document.body).backgroundColor")
    found = re.fullmatch(r"rgb\((\d+), (\d+), (\d+)\)", colour)
    assert found, colour
    return "light" if sum(map(int, found.groups())) > 3 * 128 else "dark"


def test_the_page_is_in_the_theme_that_the_system_prefers(browser: Browser, reference: Path) -> None:
    browser.open(reference, theme="light")
    assert shown(browser) == "light"
    browser.prefer("dark")
    assert shown(browser) == "dark"


def test_the_button_overrules_the_system_and_gives_way_again(browser: Browser, reference: Path) -> None:
    browser.open(reference, theme="dark")
    button = browser.find("#theme")
    assert (button.text, shown(browser)) == ("Theme: automatic", "dark")
    button.click()
    assert (button.text, shown(browser)) == ("Theme: light", "light")
    browser.prefer("light")
    button.click()
    assert (button.text, shown(browser)) == ("Theme: dark", "dark")
    button.click()
    assert (button.text, shown(browser)) == ("Theme: automatic", "light")


def test_nothing_is_stored_for_the_next_visit(browser: Browser, reference: Path) -> None:
    browser.open(reference)
    browser.find("#theme").click()
    assert browser.evaluate("[localStorage.length, sessionStorage.length, document.cookie]") == [0, 0, ""]

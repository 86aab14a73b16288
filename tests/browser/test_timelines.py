"""The time line of any cell is chosen on the page, drawn there, and tells its seconds."""

from pathlib import Path

import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.select import Select

from .chromium import NARROW, Browser
from .runs import STACK
from .test_charts import TOLD

SELECTS = "[...document.querySelectorAll('.which select')]"
DRAWN = "document.querySelectorAll('.drawn').length"
PANELS = "[...document.querySelectorAll('.drawn > g')].map((one) => one.querySelector('text').textContent)"
SAID = "document.querySelector('figure:has(#timelines) [role=status]').textContent"
FIGURES = ["Throughput", "P95 latency at saturation", "CPU used by the server", "Memory (PSS)"]


def choose(browser: Browser, key: str, value: str) -> None:
    Select(browser.find(f".which select[name={key}]")).select_by_value(value)


def test_every_cell_can_be_chosen_and_the_picture_is_of_the_one_that_is_selected(
    browser: Browser, reference: Path
) -> None:
    browser.open(reference)
    assert browser.evaluate(f"{SELECTS}.map((one) => one.labels[0].textContent.trim().split(' ')[0])") == [
        "Stack",
        "Scenario",
        "Load",
        "Round",
    ]
    assert browser.evaluate(DRAWN) == 0
    selected = browser.evaluate(f"{SELECTS}.map((one) => one.value)")
    assert browser.evaluate(SAID).startswith("{} on {}, {}, round {}: ".format(*selected))
    stacks = browser.evaluate(f"[...{SELECTS}[0].options].map((one) => one.value)")
    rounds = browser.evaluate(f"[...{SELECTS}[3].options].map((one) => one.value)")
    assert (len(stacks), rounds) == (6, ["1", "2", "3"])
    for stack in stacks:
        choose(browser, "stack", stack)
        for number in rounds:
            choose(browser, "round", number)
            assert browser.evaluate(f"{SELECTS}.map((one) => one.value)") == [stack, *selected[1:3], number]
            assert browser.evaluate(SAID).startswith(f"{stack} on {selected[1]}, {selected[2]}, round {number}: ")
            titles = browser.evaluate(PANELS)
            assert [title.partition(",")[0] for title in titles if not title.startswith("Failed")] == FIGURES
            marks = browser.evaluate(
                "['warm-up', 'window'].map((name) => document.querySelectorAll(`.drawn [data-mark=${name}]`).length)"
            )
            assert marks == [len(titles), 2 * len(titles)]
    assert browser.console() == []


def test_what_a_stack_has_not_is_not_offered_for_it(browser: Browser, hostile: Path) -> None:
    browser.open(hostile)
    choose(browser, "load", "100/s (open-loop)")
    assert browser.evaluate(PANELS)[:2] == ["Achieved rate, requests/s", "P95 latency, ms"]
    assert STACK in browser.evaluate(SAID)
    assert browser.evaluate("document.title").startswith("Benchmark run ")
    offered = browser.evaluate(f"[...{SELECTS}[2].options].map((one) => one.value)")
    assert offered == [*(f"{users} users (closed-loop)" for users in (5, 10, 20)), "100/s (open-loop)"]


def test_an_unreliable_figure_is_crossed_out_with_its_reason(browser: Browser, reference: Path) -> None:
    browser.open(reference)
    choose(browser, "stack", "fastapi-httpx")
    crossed = "[...document.querySelectorAll('.drawn > g')].filter((one) => one.querySelector('[data-mark=void]'))"
    assert browser.evaluate(f"{crossed}.map((one) => one.querySelector('text').textContent)") == [
        "P95 latency at saturation, s (log scale)"
    ]
    assert browser.evaluate(f"{crossed}[0].querySelectorAll('circle').length") == 0
    assert "Crossed out, because unreliable: P95 at saturation: " in browser.evaluate(SAID)
    told = browser.evaluate(f"{crossed}[0].querySelector('[data-told]').dataset.told")
    assert told.endswith(" (unreliable)")


def test_a_second_is_told_to_a_pointer_and_to_the_arrow_keys(browser: Browser, reference: Path) -> None:
    browser.open(reference)
    choose(browser, "stack", "flask-gthread")
    assert browser.evaluate("document.querySelectorAll('.drawn [tabindex=\"0\"]').length") == len(FIGURES)
    first = browser.find(".drawn [data-told]")
    ActionChains(browser.driver).move_to_element(first).perform()
    assert browser.evaluate(TOLD) == first.get_attribute("data-told")
    assert browser.evaluate(TOLD).startswith("0\u20131 s: throughput ")
    browser.evaluate("document.querySelector('.drawn [data-told]').focus({ focusVisible: true })")
    for key, begin in (
        (Keys.ARROW_RIGHT, "1\u20132 s: throughput "),
        (Keys.ARROW_DOWN, "1\u20132 s: P95 at saturation "),
        (Keys.ARROW_LEFT, "0\u20131 s: P95 at saturation "),
        (Keys.ARROW_LEFT, "0\u20131 s: P95 at saturation "),
    ):
        browser.focused().send_keys(key)
        assert browser.evaluate(TOLD).startswith(begin)
        assert browser.focused().get_attribute("aria-label") == browser.evaluate(TOLD)


def test_the_selects_work_by_keyboard_alone(browser: Browser, reference: Path) -> None:
    browser.open(reference)
    browser.evaluate(f"{SELECTS}[3].focus()")
    browser.focused().send_keys(Keys.ARROW_UP)
    assert browser.evaluate(DRAWN) == 1
    assert ", round 2: " in browser.evaluate(SAID)
    assert " Between the dashed lines: the window, from 2 s to " in browser.evaluate(SAID)


@pytest.mark.parametrize("width", [NARROW, 1280])
def test_it_is_drawn_as_wide_as_there_is_room_and_its_colours_follow_the_theme(
    browser: Browser, reference: Path, width: int
) -> None:
    browser.open(reference, width=width)
    choose(browser, "stack", "flask-sync")
    fits = "((frame) => frame.scrollWidth <= frame.clientWidth)(document.querySelector('.frame:has(.drawn)'))"
    assert browser.evaluate(fits)
    sizes = "[...document.querySelectorAll('.drawn text')].map((one) => parseFloat(getComputedStyle(one).fontSize))"
    assert min(browser.evaluate(sizes)) >= 12
    colours = """["line", "warm-up"].map((name) => {
      const style = getComputedStyle(document.querySelector(`.drawn [data-mark=${name}]`));
      return [style.stroke, style.fill];
    })"""
    light = browser.evaluate(colours)
    browser.prefer("dark")
    dark = browser.evaluate(colours)
    assert light[0][0] != dark[0][0]
    assert light[1][1] != dark[1][1]

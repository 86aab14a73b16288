"""The page on paper: all of it, and nothing that only a screen can use."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from selenium.webdriver.common.keys import Keys

from .chromium import Browser

PAPER = 688
"""Pixels: the width of A4 within the page's margins of 14 mm, at 96 to the inch."""

SHRUNK = 1.25
"""What is wider than the paper is printed smaller; so much smaller can still be read."""


def letters(text: str) -> str:
    """A text without spaces and hyphens, which a PDF puts elsewhere."""
    return re.sub(r"[\s\u00ad-]", "", text)


def test_it_is_printed_on_more_than_one_page(browser: Browser, page: Path) -> None:
    browser.open(page)
    pdf = browser.pdf()
    assert pdf.startswith(b"%PDF-")
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) > 1


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="pdftotext is not installed: apt install poppler-utils")
def test_what_is_printed_can_be_read_from_the_answer_to_the_end(browser: Browser, page: Path, tmp_path: Path) -> None:
    browser.open(page)
    (tmp_path / "report.pdf").write_bytes(browser.pdf())
    argv = ("pdftotext", "-enc", "UTF-8", str(tmp_path / "report.pdf"), "-")
    read = letters(subprocess.run(argv, check=True, capture_output=True, text=True, encoding="utf-8").stdout)
    answer = browser.evaluate("[...document.querySelectorAll('.prominent p')].map((one) => one.textContent)")
    headings = browser.evaluate("[...document.querySelectorAll('h1, h2, h3, h4')].map((one) => one.textContent)")
    assert answer
    assert [text for text in [*answer, *headings] if letters(text) not in read] == []


def test_on_paper_nothing_is_cut_off_hidden_or_waiting_to_be_pressed(browser: Browser, page: Path) -> None:
    browser.open(page, width=PAPER, theme="dark")
    browser.find("#filter input").send_keys("nobody", Keys.TAB)
    browser.prefer("dark", media="print")
    assert browser.evaluate("document.scrollingElement.scrollWidth") <= PAPER * SHRUNK
    clipped = "[...document.querySelectorAll('main :has(table, svg)')].filter((one) => getComputedStyle(one).overflowX"
    assert browser.evaluate(f"{clipped} !== 'visible').length") == 0
    rows = (
        "[...document.querySelectorAll('tr[data-key]')].filter((row) => !row.closest('.option:not([data-main])'))"
        ".filter((row) => !row.checkVisibility())"
    )
    assert browser.evaluate(f"{rows}.length") == 0
    controls = (
        "[...document.querySelectorAll('#theme, #filter, .control, select')].filter((one) => one.checkVisibility())"
    )
    assert browser.evaluate(f"{controls}.length") == 0
    assert browser.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"

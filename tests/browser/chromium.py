"""Debian's chromium without a window, driven through its chromedriver."""

import base64
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.chrome.webdriver import WebDriver
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.wait import WebDriverWait

Theme = Literal["light", "dark"]

PACKAGES = {"chromium": "chromium", "chromedriver": "chromium-driver"}
LOADED, LOAD_S = "document.readyState === 'complete' ? location.href : null", 30
WIDE, NARROW, HEIGHT = 1280, 400, 900
"""Pixels: how wide a desk's screen is and a telephone's, and how high both."""


def lacking() -> str | None:
    """What to install before a browser can be driven; None where all of it is on PATH."""
    absent = [package for program, package in PACKAGES.items() if shutil.which(program) is None]
    return f"no browser to drive: apt install {' '.join(absent)}" if absent else None


@dataclass(frozen=True, slots=True)
class Browser:
    """A browser with one tab. All that a visitor may have set is set anew for each page."""

    driver: WebDriver

    def open(self, page: Path, *, width: int = WIDE, theme: Theme = "light", scripts: bool = True) -> None:
        """Load the page on a screen so many pixels wide, for somebody whose system prefers this theme."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=HEIGHT, deviceScaleFactor=1, mobile=False)
        self.call("Emulation.setScriptExecutionDisabled", value=not scripts)
        self.prefer(theme)
        self.driver.get("about:blank")
        self.console()
        self.requests()
        self.driver.get(page.as_uri())
        # On a busy machine the driver may return before the page has replaced the blank one.
        loaded = WebDriverWait(self.driver, LOAD_S, poll_frequency=0.05)
        loaded.until(lambda _: self.evaluate(LOADED) == page.as_uri())

    def prefer(self, theme: Theme, *, media: Literal["", "print"] = "") -> None:
        """Let the system prefer a theme; with `media` the page is laid out as for paper."""
        features = [{"name": "prefers-color-scheme", "value": theme}]
        self.call("Emulation.setEmulatedMedia", media=media, features=features)

    def call(self, command: str, **parameters: Any) -> dict[str, Any]:
        """The answer to a command of the DevTools protocol."""
        answer: dict[str, Any] = self.driver.execute_cdp_cmd(command, parameters)
        return answer

    def evaluate(self, expression: str, *, promise: bool = False) -> Any:
        """What an expression comes to in the page, as plain data; where it is a promise, what that comes to.

        DevTools evaluate it, which neither the page's policy nor a visitor without scripts keeps from it.
        """
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=promise)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def find(self, selector: str) -> WebElement:
        """The first element of a CSS selector."""
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def focused(self) -> WebElement:
        """The element that has the keyboard."""
        return self.driver.switch_to.active_element

    def console(self) -> list[str]:
        """What was said on the console since this was last asked, errors that nobody caught among it."""
        return [entry["message"] for entry in self.driver.get_log("browser")]

    def requests(self) -> list[str]:
        """The addresses that were requested since this was last asked, but for data:, which is in the page itself."""
        events = [json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance")]
        urls = [event["params"]["request"]["url"] for event in events if event["method"] == "Network.requestWillBeSent"]
        return [url for url in urls if not url.startswith("data:")]

    def pdf(self) -> bytes:
        """The page as it is printed."""
        return base64.b64decode(self.call("Page.printToPDF", preferCSSPageSize=True)["data"])

    def pictures(self, height: int) -> Iterator[bytes]:
        """The whole page from its top down, as PNG images of at most this height in pixels."""
        size = self.call("Page.getLayoutMetrics")["cssContentSize"]
        for top in range(0, int(size["height"]), height):
            clip = {"x": 0, "y": top, "width": size["width"], "height": min(height, size["height"] - top), "scale": 1}
            shot = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=True, clip=clip)
            yield base64.b64decode(shot["data"])


@contextmanager
def browsing() -> Iterator[Browser]:
    """A browser that is gone afterwards. Both its programs must be on PATH."""
    options = Options()
    options.binary_location = shutil.which("chromium") or ""
    options.add_argument("--headless=new")
    options.add_argument("--disable-dev-shm-usage")  # which is too small in most containers
    if os.geteuid() == 0:
        options.add_argument("--no-sandbox")  # chromium sets none up for root, and ends
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    # By name, or selenium looks for a driver to download.
    driver = WebDriver(options=options, service=Service(executable_path=shutil.which("chromedriver")))
    try:
        yield Browser(driver)
    finally:
        driver.quit()

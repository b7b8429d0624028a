"""A real Chromium for tests of the dashboard: Debian's packages chromium and chromium-driver, without a download."""

from __future__ import annotations

import json
import os
import re
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.action_chains import ActionChains

# For a call to Chromium. It may take long on a machine that is busy with other tests.
SECONDS = 60
QUIET = (
    "--headless=new",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-domain-reliability",
    "--disable-sync",
    "--no-first-run",
    "--no-pings",
)


def programs() -> tuple[str, str]:
    """Chromium and its driver. Without them the test is skipped with a message; in CI it fails."""
    found = shutil.which("chromium"), shutil.which("chromedriver")
    if None in found:
        why = "No Chromium here: `apt-get install chromium chromium-driver` lets the dashboard's tests run."
        if os.environ.get("CI"):
            pytest.fail(why)
        pytest.skip(why)
    return str(found[0]), str(found[1])


@contextmanager
def running(folder: Path) -> Iterator[webdriver.Chrome]:
    """A browser with its profile in this folder."""
    chromium, driver = programs()
    options = Options()
    options.binary_location = chromium
    for flag in (*QUIET, f"--user-data-dir={folder / 'profile'}", *(["--no-sandbox"] if os.geteuid() == 0 else [])):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    options.add_experimental_option("perfLoggingPrefs", {"enableNetwork": True, "enablePage": False})
    # With the driver's path, Selenium neither searches nor downloads a driver.
    service = Service(driver, log_output=str(folder / "chromedriver.log"))
    browser = webdriver.Chrome(options=options, service=service)
    try:
        browser.set_script_timeout(SECONDS)
        browser.set_page_load_timeout(SECONDS)
        yield browser
    finally:
        browser.quit()


class Tab:
    """The dashboard in the browser. `expected`: patterns of console errors that a test itself causes."""

    def __init__(self, browser: webdriver.Chrome) -> None:
        self.browser = browser
        self.expected: list[str] = []
        self._scripts: list[str] = []

    def open(self, address: str, width: int = 1440, height: int = 900, *, dark: bool = False, before: str = "") -> None:
        """Open the page in a window of this size in pixels. before: JavaScript that runs before the page's own."""
        self.resize(width, height)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})
        if before:
            added = self.browser.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": before})
            self._scripts.append(added["identifier"])
        self.browser.get(address)

    def resize(self, width: int, height: int) -> None:
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        self.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)

    def close(self) -> None:
        """Leave the page, and remove the settings for it."""
        while self._scripts:
            identifier = self._scripts.pop()
            self.browser.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", {"identifier": identifier})
        self.offline(is_on=False)
        self.browser.get("about:blank")

    def offline(self, *, is_on: bool) -> None:
        """Cut the browser off the network, or connect it again."""
        self.browser.execute_cdp_cmd("Network.enable", {})
        network = {"offline": is_on, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
        self.browser.execute_cdp_cmd("Network.emulateNetworkConditions", network)

    def js(self, script: str, *arguments: Any) -> Any:
        """The result of this function body in the page."""
        return self.browser.execute_script(script, *arguments)

    def until(self, condition: Callable[[], Any], what: str, seconds: float = 30) -> Any:
        """Wait for a true result and return it. After the limit, an assertion that names it."""
        deadline = time.monotonic() + seconds
        while True:
            if found := condition():
                return found
            if time.monotonic() > deadline:
                shown = self.js("return document.body.innerText")[:1500]
                raise AssertionError(f"not within {seconds:.0f} s: {what}; the page shows {shown!r}")
            time.sleep(0.05)

    def text(self, selector: str) -> str:
        """The displayed text of the element; empty without a displayed element."""
        script = "const e = document.querySelector(arguments[0]); return e?.checkVisibility() ? e.innerText : ''"
        return str(self.js(script, selector))

    def shows(self, selector: str, text: str, seconds: float = 30) -> None:
        """Wait until the element has exactly this text."""
        self.until(lambda: self.text(selector) == text, f"{selector} shows {text!r}", seconds)

    def names(self) -> list[str]:
        """The visible unicorns in the list."""
        script = "return [...document.querySelectorAll('[role=option]:not([hidden])')].map((one) => one.dataset.name)"
        return list(self.js(script))

    def has(self, *names: str) -> None:
        """Wait until these unicorns are in the list."""
        self.until(lambda: set(names) <= set(self.names()), f"{names} in the fleet")

    def choose(self, name: str) -> None:
        """Click on a unicorn in the list."""
        self.has(name)
        self.js(
            "[...document.querySelectorAll('[role=option]')].find((one) => one.dataset.name === arguments[0]).click()",
            name,
        )

    def marker(self, name: str) -> dict[str, float]:
        """The middle of a unicorn's marker in pixels of the window: of the pixels that have its colour."""
        self.has(name)
        return dict(self.until(lambda: self.js(_MARKER + "return marker(arguments[0])", name), f"a marker of {name}"))

    def click(self, x: float, y: float) -> None:
        """Click with the mouse at this point of the window."""
        actions = ActionChains(self.browser, duration=0)
        actions.w3c_actions.pointer_action.move_to_location(round(x), round(y))
        actions.w3c_actions.pointer_action.click()
        actions.perform()

    def press(self, *keys: str) -> None:
        """Press keys, wherever the focus is."""
        ActionChains(self.browser, duration=0).send_keys(*keys).perform()

    def problems(self) -> list[str]:
        """Unexpected errors in the console, and requests to other machines."""
        found = [
            entry["message"]
            for entry in self.browser.get_log("browser")
            if entry["level"] == "SEVERE" and not any(re.search(one, entry["message"]) for one in self.expected)
        ]
        for entry in self.browser.get_log("performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                address = urlsplit(message["params"]["request"]["url"])
                # The browser's first tab loads its own files (chrome:), without a network.
                if address.scheme not in ("data", "about", "chrome") and address.hostname != "127.0.0.1":
                    found.append(f"a request to {address.geturl()}")
        return found


# The middle of the pixels of the markers' canvas that have the colour of the unicorn's dot in the list.
_MARKER = """
function marker(name) {
  const row = [...document.querySelectorAll("[role=option]")].find((one) => one.dataset.name === name);
  const colour = getComputedStyle(row.querySelector(".dot")).backgroundColor.match(/[\\d.]+/g).map(Number);
  const canvas = document.querySelector("canvas[data-layer=markers]");
  const { width, height } = canvas;
  const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
  let [count, x, y] = [0, 0, 0];
  for (let index = 0; index < width * height; index += 1) {
    const at = index * 4;
    const off = colour.slice(0, 3).reduce((sum, part, which) => sum + Math.abs(data[at + which] - part), 0);
    if (off < 12 && data[at + 3] > 90) {
      count += 1;
      x += index % width;
      y += Math.floor(index / width);
    }
  }
  const box = canvas.getBoundingClientRect();
  return count < 20 ? null : { x: box.left + x / count + 0.5, y: box.top + y / count + 0.5, count };
}
"""


def every_frame(tab: Tab, name: str, seconds: float) -> list[dict[str, float]]:
    """The position of a marker in each frame for this time."""
    script = (
        _MARKER
        + """
const [name, seconds, done] = arguments;
const found = [];
const end = performance.now() + seconds * 1000;
const look = () => {
  found.push(marker(name));
  performance.now() < end ? requestAnimationFrame(look) : done(found);
};
requestAnimationFrame(look);
"""
    )
    return [one for one in tab.browser.execute_async_script(script, name, seconds) if one]

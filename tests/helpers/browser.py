"""Headless Chromium, driven by selenium: Debian's ``chromium`` and ``chromium-driver``."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import cv2
import numpy as np


def missing() -> str | None:
    """What is missing for a browser; None where there is one."""
    if not shutil.which("chromium") or not shutil.which("chromedriver"):
        return "no chromium or chromedriver: apt-get install chromium chromium-driver"
    try:
        import selenium  # noqa: F401
    except ImportError:
        return "selenium is not installed: pip install selenium"
    return None


@contextmanager
def chromium(width: int = 900, height: int = 600) -> Iterator[Any]:
    """A browser without a window, which draws WebGL on the CPU."""
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium")
    flags = "--headless=new --no-sandbox --use-angle=swiftshader --enable-unsafe-swiftshader --disable-dev-shm-usage"
    for flag in [*flags.split(), f"--window-size={width},{height}"]:
        options.add_argument(flag)
    driver = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))
    try:
        yield driver
    finally:
        driver.quit()


def screenshot(driver: Any) -> np.ndarray:
    """What the page shows, RGB."""
    from selenium.common.exceptions import TimeoutException

    for tries_left in (4, 3, 2, 1, 0):  # ten seconds each, which a busy machine may need
        try:
            data = np.frombuffer(driver.get_screenshot_as_png(), np.uint8)
            break
        except TimeoutException:
            if not tries_left:
                raise
    return cv2.imdecode(data, cv2.IMREAD_COLOR)[..., ::-1]

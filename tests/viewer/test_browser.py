"""The page in Chromium: a picture of the field, another after a drag, controls, and nothing from elsewhere."""

import threading
import time

import browser
import numpy as np
import pytest

from jnerf.engine.run_folder import RunFolder
from jnerf.viewer.viewer import Viewer

pytestmark = pytest.mark.skipif(browser.missing() is not None, reason=str(browser.missing()))

#: Part of the window that no panel covers: rows and columns.
CLEAR = slice(250, 560), slice(20, 480)


class Visit(threading.Thread):
    """Somebody with a browser, while the test's thread serves the page."""

    def __init__(self, viewer):
        super().__init__()
        self.viewer, self.found, self.error = viewer, {}, None

    def run(self):
        try:
            with browser.chromium() as driver:
                self.visit(driver)
        except Exception as error:  # raised by the test, on its own thread
            self.error = error

    def visit(self, driver):
        from selenium.webdriver.common.action_chains import ActionChains
        from selenium.webdriver.common.by import By

        driver.get(self.viewer.url)
        self.found["first"] = self.picture(driver, lambda now: now.std() > 20)
        canvas = driver.find_element(By.TAG_NAME, "canvas")
        drag = ActionChains(driver).move_to_element_with_offset(canvas, -150, 60)
        drag.click_and_hold().move_by_offset(120, 30).release().perform()
        first = self.found["first"].astype(int)
        self.found["moved"] = self.picture(driver, lambda now: np.abs(now - first).mean() > 5)
        self.click(driver, "Files")
        self.click(driver, "The page")
        folder = self.viewer.folder.root / "screenshots"
        self.wait(lambda: list(folder.glob("*_page.png")))
        script = "return performance.getEntriesByType('resource').map(entry => entry.name)"
        self.found["loaded"] = [driver.current_url, *driver.execute_script(script)]

    def click(self, driver, text):
        from selenium.webdriver.common.by import By

        place = By.XPATH, f"//*[normalize-space(text())='{text}']"
        self.wait(lambda: driver.find_elements(*place))
        driver.find_element(*place).click()

    def picture(self, driver, fits):
        shown = []
        self.wait(lambda: shown.append(browser.screenshot(driver)[CLEAR]) or fits(shown[-1]))
        return shown[-1]

    def wait(self, done, seconds=60):
        end = time.monotonic() + seconds
        while not done():
            assert time.monotonic() < end, f"not within {seconds} seconds"
            time.sleep(0.1)


def test_a_visit_by_chromium(trained, stage):
    viewer = Viewer(port=0)
    viewer.open(stage, RunFolder(trained[1]), training=False)
    viewer.settings.resolution = 128
    visit = Visit(viewer)
    visit.start()
    viewer.serve(lambda: not visit.is_alive())
    visit.join()
    viewer.close()
    if visit.error is not None:
        raise visit.error
    here = ("http://localhost:", "ws://localhost:", "blob:http://localhost", "data:")
    assert all(name.startswith(here) for name in visit.found["loaded"]), visit.found["loaded"]

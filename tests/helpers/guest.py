"""Somebody at the command line who opens the viewer's page, and ends it."""

from __future__ import annotations

import os
import re
import signal
import threading
import time
import urllib.request
from collections.abc import Callable
from typing import Any


class Guest(threading.Thread):
    """Waits for the page's address on standard output, opens it, and presses Ctrl-C.

    Args:
        capfd: what the command has printed.
        enough: whether it may end now, of what was printed.
    """

    def __init__(self, capfd: Any, enough: Callable[[str], bool] = lambda said: True) -> None:
        super().__init__(daemon=True)
        self.capfd, self.enough, self.said, self.page = capfd, enough, "", b""

    def run(self) -> None:
        """See ``Thread``."""
        end = time.monotonic() + 60
        while time.monotonic() < end:
            time.sleep(0.05)
            self.said += "".join(self.capfd.readouterr())
            found = re.search(r"viewer: (http://localhost:\d+)", self.said)
            if found and not self.page:
                self.page = urllib.request.urlopen(found[1]).read()
            if self.page and self.enough(self.said):
                os.kill(os.getpid(), signal.SIGINT)
                return

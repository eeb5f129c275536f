"""Somebody at the command line who opens the viewer's page, and ends it."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import threading
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

_AGAIN = 10.0  # seconds between further Ctrl-C, of a command that goes on all the same


class Guest:
    """Waits for the page's address in what a command prints, opens it, and presses Ctrl-C; around the command.

    What is printed goes into a file meanwhile. (Pytest's ``capfd`` loses what is printed while another thread reads
    it, and a guest who has missed a line would wait for ever, and the command for its Ctrl-C.)

    Args:
        file: where what is printed goes.
        enough: whether the command may end now, of what was printed.
        patience: seconds until it is ended in any case, which is an error.
    """

    def __init__(
        self,
        file: Path,
        enough: Callable[[str], bool] = lambda said: True,
        patience: float = 60.0,
    ) -> None:
        self.page, self.error = b"", ""
        self._file, self._enough, self._patience = file, enough, patience
        self._over, self._lock = threading.Event(), threading.Lock()
        self._thread = threading.Thread(target=self._visit, daemon=True)
        self._stack = contextlib.ExitStack()

    @property
    def said(self) -> str:
        """What was printed until now, output and errors."""
        return self._file.read_text(errors="replace")

    def __enter__(self) -> Guest:
        output = self._stack.enter_context(self._file.open("w", buffering=1))
        self._stack.enter_context(contextlib.redirect_stdout(output))
        self._stack.enter_context(contextlib.redirect_stderr(output))
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: Any, trace: TracebackType | None
    ) -> None:
        with self._lock:  # no Ctrl-C behind the command's end, which would end the tests
            self._over.set()
        self._thread.join()
        self._stack.close()
        if kind is None:
            assert not self.error, f"{self.error}; what was printed: {self.said}"

    def _visit(self) -> None:
        try:
            self._open()
        except Exception as error:
            self.error = f"{type(error).__name__}: {error}"
        while not self._over.is_set():
            with self._lock:
                if not self._over.is_set():
                    os.kill(os.getpid(), signal.SIGINT)
            self._over.wait(_AGAIN)

    def _open(self) -> None:
        end = time.monotonic() + self._patience
        while not self._over.is_set():
            said = self.said
            found = re.search(r"viewer: (http://localhost:\d+)", said)
            if found and not self.page:
                self.page = urllib.request.urlopen(found[1], timeout=self._patience).read()
            if self.page and self._enough(said):
                return
            if time.monotonic() > end:
                raise TimeoutError(f"not enough was printed within {self._patience} seconds")
            time.sleep(0.05)

"""Where ops run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import jittor as jt

_pretended = False


def on_cuda() -> bool:
    """Whether ops run on a GPU now: the host then does not know their results until it waits for them."""
    return _pretended or bool(jt.flags.use_cuda)


@contextmanager
def as_on_cuda() -> Iterator[None]:
    """Whoever asks is told that ops run on a GPU; for work that runs none of them."""
    global _pretended
    _pretended = True
    try:
        yield
    finally:
        _pretended = False

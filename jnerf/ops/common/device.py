"""Where ops run."""

from __future__ import annotations

import jittor as jt


def on_cuda() -> bool:
    """Whether ops run on a GPU now: the host then does not know their results until it waits for them."""
    return bool(jt.flags.use_cuda)

"""The ReLU between layers of an MLP that is made of Jittor's operators."""

from __future__ import annotations

import jittor as jt


def relu(x: jt.Var) -> jt.Var:
    """Jittor's, except that it takes no elements at all too: there Jittor's own recurses until the process dies."""
    return jt.nn.relu(x) if x.numel() else x

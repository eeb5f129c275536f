"""What ops share that update parameters and their state in place."""

from __future__ import annotations

from collections.abc import Mapping

import jittor as jt

AT_ONCE = 8  # parameters per kernel


def check_slot(op: str, param: jt.Var, state: Mapping[str, jt.Var]) -> None:
    """Raises ValueError for what does not go with a parameter.

    Args:
        op: as the error calls it.
        param: the parameter.
        state: the parameter and what goes with it, by name; all are to be float32, "counts" int32, and of its size.
    """
    for what, var in state.items():
        dtype = "int32" if what == "counts" else "float32"
        if var.numel() != param.numel() or var.dtype != dtype:
            raise ValueError(
                f"{op}: {what} is {var.dtype} {list(var.shape)};"
                f" give {dtype} with the {param.numel()} elements of the parameter {list(param.shape)}"
            )

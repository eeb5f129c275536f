"""Checkpoints of earlier formats, under the names of today."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from jnerf.engine.checkpoints.checkpoint import FORMAT, Checkpoint, State

_KEEPERS = ("optim", "ema")


def upgraded(checkpoint: Checkpoint, groups: Mapping[str, list]) -> Checkpoint:
    """A checkpoint whose optimiser and average know parameters by the groups of today.

    In format 1 (jnerf 0.1.0) the group "encoder" held the parameters of all encoders, parts of the network were groups
    of their own ("variance", "density"), and Adam had one count of updates for all groups.

    Args:
        checkpoint: as it was read.
        groups: parameters of the pipeline that it is for, by group.
    """
    if checkpoint.format == FORMAT:
        return checkpoint
    names: dict[str, str] = {}
    n_encoded = 0
    for group, params in groups.items():
        block, _, part = group.partition(".")
        first = n_encoded if block == "encoder" else 0
        old = "encoder" if block == "encoder" else part or block
        for i in range(len(params)):
            names[f"{old}.{first + i}"] = f"{group}.{i}"
        if block == "encoder":
            n_encoded += len(params)
    state: State = {}
    for key, value in checkpoint.state.items():
        keeper, _, rest = key.partition(".")
        if keeper == "optim" and rest == "updates":
            state |= {f"optim.{group}.updates": value for group in groups}
            continue
        if keeper in _KEEPERS:
            old = ".".join(rest.split(".")[:2])
            rest = names.get(old, old) + rest[len(old) :]
        state[f"{keeper}.{rest}" if rest else key] = value
    return replace(checkpoint, state=state, format=FORMAT)

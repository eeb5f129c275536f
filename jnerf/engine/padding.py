"""Whether a sampler may keep its sizes on the device: only where nobody behind it minds rows that are no samples."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jnerf.errors import ConfigError
from jnerf.ops.common import device


def choose_padding(sampler: Any, renderer: Any, losses: Mapping[str, Any]) -> None:
    """Tells a sampler that offers it whether its training samples may have padding; see ``Sampler.padded``.

    Args:
        sampler: with ``wants_padding`` True, False, or None for what suits renderer and losses on this device.
        renderer: may say ``takes_padding``.
        losses: by term name; they may say ``takes_padding``.

    Raises:
        ConfigError: padding is asked for, and the renderer or a loss does not take it.
    """
    wanted = getattr(sampler, "wants_padding", False)
    users = {"renderer": renderer} | {f"loss.{name}": loss for name, loss in losses.items()}
    lacking = [
        f"{path} {type(user).__name__}"
        for path, user in users.items()
        if not getattr(user, "takes_padding", False)
    ]
    if wanted is True and lacking:
        raise ConfigError(
            f"sampler: {type(sampler).__name__} has fixed_sizes=True, but {', '.join(lacking)} cannot do with rows "
            "that are no samples (takes_padding). Set sampler.fixed_sizes=None"
        )
    if wanted is not False:
        sampler.padded = not lacking and (wanted or device.on_cuda())

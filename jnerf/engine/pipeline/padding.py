"""Whether a sampler may keep its sizes on the device: only where nobody behind it minds rows that are no samples."""

from __future__ import annotations

from collections.abc import Mapping

from jnerf.errors import ConfigError
from jnerf.models.losses.base import Loss
from jnerf.models.renderers.base import Renderer
from jnerf.ops.common import device
from jnerf.samplers.base import Sampler


def choose_padding(sampler: Sampler, renderer: Renderer, losses: Mapping[str, Loss]) -> None:
    """Tells a sampler that offers it whether its training samples may have padding; see ``Sampler.padded``.

    Args:
        sampler: with ``wants_padding`` True, False, or None for what suits renderer and losses on this device.
        renderer: says ``takes_padding``.
        losses: by term name; they say so too.

    Raises:
        ConfigError: padding is asked for, and the renderer or a loss does not take it.
    """
    wanted = sampler.wants_padding
    users = {"renderer": renderer} | {f"loss.{name}": loss for name, loss in losses.items()}
    lacking = [
        f"{path} {type(user).__name__}" for path, user in users.items() if not user.takes_padding
    ]
    if wanted is True and lacking:
        raise ConfigError(
            f"sampler: {type(sampler).__name__} has fixed_sizes=True, but {', '.join(lacking)} cannot do with rows "
            "that are no samples (takes_padding). Set sampler.fixed_sizes=None"
        )
    if wanted is not False:
        sampler.padded = not lacking and (wanted or device.on_cuda())

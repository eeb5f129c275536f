"""Where in the unit cube a point of the scene is: the box as it is, or all of space squeezed into it."""

from __future__ import annotations

import numpy as np

from jnerf.errors import ConfigError
from jnerf.models.networks.space.base import Space
from jnerf.models.networks.space.box import Box
from jnerf.models.networks.space.contraction import Contraction

__all__ = ["SPACES", "Box", "Contraction", "Space", "make_space"]

#: What a network's argument ``space`` may be.
SPACES = ("box", "contraction_l2", "contraction_linf")


def make_space(name: str, aabb: np.ndarray) -> Space:
    """The space that a network's argument ``space`` names.

    Args:
        name: one of ``SPACES``.
        aabb: the scene's box, (min x y z, max x y z), field units, float32 [6].

    Raises:
        ConfigError: another name.
    """
    if name == "box":
        return Box(aabb)
    if name in SPACES:
        return Contraction(aabb, name.removeprefix("contraction_"))
    raise ConfigError(f"space is {name!r}; choose one of {', '.join(SPACES)}")

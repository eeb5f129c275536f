"""What every renderer is: it turns samples and what the field says of them into rays."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import replace

import jittor as jt

from jnerf.structures import FieldOutput, RaySamples, RenderOutput

_LEAST_OPACITY = 1e-6


class Renderer(ABC):
    """Base of renderers.

    Attributes:
        requires: channels of ``FieldOutput`` that it reads.
        earlier_requires: those that it reads of rounds before the last; None: the same.
        provides: channels of ``RenderOutput`` that it fills.
        trains: of those, what there is in training, where losses read it; None: all.
        takes_padding: whether padding behind the samples changes nothing ("Padding" in docs/conventions.md).
    """

    requires: frozenset[str] = frozenset({"sigmas", "rgbs"})
    earlier_requires: frozenset[str] | None = None
    provides: frozenset[str] = frozenset({"colors", "opacities", "depths", "weights", "trans"})
    trains: frozenset[str] | None = None
    takes_padding: bool = False

    @abstractmethod
    def background(self, n_rays: int, step: int | None) -> jt.Var | None:
        """The background of a batch, float32 [n_rays, 3], or None; ``step`` None when rendering."""

    def test_background(self, n_rays: int) -> jt.Var | None:
        """What lies behind n rays in pictures, float32 [n_rays, 3], as if it belonged to the scene: nothing else can be
        seen through them then. None, the default: pictures have an opacity, and whoever shows them a background."""
        return None

    def bare(self) -> Renderer:
        """The same over nothing, for pictures of a part of the field: opacities are those of the samples alone."""
        return self

    def update(self, step: int) -> None:  # noqa: B027 - most renderers are the same at every step
        """Takes what changes with the step alone; see ``Network.update``."""

    def param_groups(self) -> dict[str, list[jt.Var]]:
        """Trainable parameters of its own, by part; see ``Network.param_groups``."""
        return {}

    @abstractmethod
    def __call__(
        self, samples: RaySamples, output: FieldOutput, background: jt.Var | None = None
    ) -> RenderOutput:
        """Renders R rays over a background, float32 [R, 3] or None."""


def filled(render: RenderOutput) -> RenderOutput:
    """The same rays with nothing to be seen through them, since their colours have a background already.

    Opacities are 1, and depths are those of what was seen of a ray, divided by how much that was.
    """
    depths = render.depths / jt.maximum(render.opacities, _LEAST_OPACITY)
    return replace(render, opacities=jt.ones_like(render.opacities), depths=depths)

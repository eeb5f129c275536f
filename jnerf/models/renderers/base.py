"""What every renderer is: it turns samples and what the field says of them into rays."""

from __future__ import annotations

from abc import ABC, abstractmethod

import jittor as jt

from jnerf.structures import FieldOutput, RaySamples, RenderOutput


class Renderer(ABC):
    """Base of renderers.

    Attributes:
        requires: channels of ``FieldOutput`` that it reads.
        provides: channels of ``RenderOutput`` that it fills.
        takes_padding: whether padding behind the samples changes nothing ("Padding" in docs/conventions.md).
    """

    requires: frozenset[str] = frozenset({"sigmas", "rgbs"})
    provides: frozenset[str] = frozenset({"colors", "opacities", "depths", "weights", "trans"})
    takes_padding: bool = False

    @abstractmethod
    def background(self, n_rays: int, step: int | None) -> jt.Var | None:
        """The background of a batch, float32 [n_rays, 3], or None; ``step`` None when rendering."""

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

"""What is judged, and what a judge says of it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from jnerf.errors import JnerfError
from jnerf.imaging.image import Image
from jnerf.structures import RayBundle, RenderOutput

if TYPE_CHECKING:
    from jnerf.samplers.field import Field

Item = TypeVar("Item")


class Subject(ABC):
    """A trained model as a judge sees it, with its averaged weights in place; nothing of it carries gradients.

    Every method may raise ``StopRequested``, which a judge lets pass.

    Attributes:
        field: what can be asked of the field at positions.
        n_parameters: numbers that the network and its encoders keep.
    """

    field: Field
    n_parameters: int = 0

    @abstractmethod
    def image(self, rows: Callable[[int, int], RayBundle], width: int, height: int) -> Image:
        """Renders a view over black.

        Args:
            rows: (first, end) -> rays of those pixel rows, row-major.
            width: pixels.
            height: pixels.
        """

    def seen(self, view: Any) -> tuple[Image, NDArray[np.bool_] | None]:
        """A view as it is judged, and the pixels of it that count, bool [H, W]; None for all.

        By default as it is rendered, and what the lens shows. Where something of it was fitted to a part of its
        picture, that part does not count.

        Args:
            view: of a dataset (``jnerf.datasets.posed.View``).
        """
        return self.image(view.rays, view.width, view.height), view.shown()

    def share(self, items: Sequence[Item]) -> Iterable[Item]:
        """Those of the items that are to be judged here: all of them, unless several processes judge the same model.

        A judge that goes through these hands what it finds to ``gathered``; one that does not judges all of them.
        """
        return items

    def gathered(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The rows of all items, in their order, where each process has found those of its share.

        Args:
            rows: one for each item of the share, of numbers, text and lists of these.
        """
        return rows

    @abstractmethod
    def render(self, rays: RayBundle) -> RenderOutput:
        """What the renderer gives for rays, all of its channels; a judge asks for a bounded number at a time."""

    def surface(self, resolution: int) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
        """The field's surface, as ``jnerf mesh`` finds it.

        Args:
            resolution: points along the longest side of the field's box.

        Returns:
            Vertices in field units [V, 3], and triangles, counter-clockwise seen from outside, [F, 3].

        Raises:
            JnerfError: there is none, or a library is missing.
        """
        raise JnerfError(f"{type(self).__name__} has no surface")

    def check(self) -> None:  # noqa: B027 - what is over at once need not be stopped
        """Asked between two parts of long work that renders nothing."""


class StopRequested(Exception):
    """Ends what is being judged: somebody asked for it, and a view can take minutes."""


@dataclass(frozen=True)
class Judgement:
    """What a judge found.

    Attributes:
        mean: metrics by name, over all that was judged; whatever names a judge likes.
        rows: per item: ``name``, its metrics, ``seconds`` it took.
        unit: what an item is called: "image".
        protocol: what the numbers mean and depend on, for people.
    """

    mean: dict[str, float]
    rows: list[dict[str, Any]] = field(default_factory=list)
    unit: str = "image"
    protocol: dict[str, Any] = field(default_factory=dict)

    def summary(self) -> dict[str, float]:
        """The means, the number of items and the seconds for each, for a log row."""
        counted = {f"n_{self.unit}s": len(self.rows)} if self.rows else {}
        seconds = [row["seconds"] for row in self.rows if "seconds" in row]
        if seconds:
            counted[f"seconds_per_{self.unit}"] = round(float(np.mean(seconds)), 4)
        return {**self.mean, **counted}

"""What to do about a reconstruction that is not what it could be."""

from __future__ import annotations

from collections.abc import Sequence

from jnerf.capture.output.facts import Facts
from jnerf.capture.settings import Settings

#: Below this share of registered pictures there is a warning.
ENOUGH = 0.8
_FEW_FEATURES, _LARGE_ERROR, _SHORT_TRACK, _BLURRED = 500, 1.5, 3.0, 0.5
_NARROW, _WIDE = 15.0, 130.0
_NAMED = 5


def advice(facts: Facts, settings: Settings, blur: float | None = None) -> list[str]:
    """Sentences, those most likely to help first; none where all is well.

    Args:
        facts: the numbers.
        settings: how they came about.
        blur: median sharpness of the pictures without a pose over that of the others; None where it is not known.
    """
    found = []
    if facts.share < ENOUGH or len(facts.missing) > 2:
        found += _few_registered(facts, settings, blur)
    if facts.error > _LARGE_ERROR:
        found.append(
            f"points are off by {facts.error:.1f} pixels on average: something moved (mask it, --masks), the camera "
            "zoomed or several took the pictures (--cameras image), or its lens bends more than the model allows "
            "(--lens OPENCV, for fisheye lenses OPENCV_FISHEYE)"
        )
    if facts.registered and facts.track < _SHORT_TRACK:
        found.append(
            f"a point is seen by {facts.track:.1f} images on average: take more pictures, with more overlap, so that "
            "everything is in four or more of them"
        )
    if facts.registered and not _NARROW < facts.angle < _WIDE and "FISHEYE" not in settings.lens:
        found.append(
            f"the widest lens would see {facts.angle:.0f} degrees, which few do: move sideways between pictures "
            "instead of turning on the spot, and let pictures share a camera (--cameras single) if one took them"
        )
    if facts.few:
        found.append(
            f"{_listed(facts.few)} see a tenth of the points that others see: their poses are doubtful; look at them "
            "in cameras.png, and remove them if they are off"
        )
    return found


def _few_registered(facts: Facts, settings: Settings, blur: float | None) -> list[str]:
    found = []
    if settings.pairing == "sequential":
        found.append(
            "pictures were matched with their neighbours alone: try --matching exhaustive, or a larger --overlap"
        )
    if blur is not None and blur < _BLURRED:
        found.append(
            "the pictures without a pose are less sharp than the others: take them again with more light or a shorter "
            "exposure; of a video, move slowly and take fewer --frames, so that the sharpest of more are chosen"
        )
    if facts.features is not None and facts.features < _FEW_FEATURES:
        found.append(
            f"a picture has {facts.features:.0f} features, which is few: plain or shiny things have none. Put "
            "something with a pattern (a newspaper) under and beside the object, use larger pictures, or try --thorough"
        )
    if facts.lonely:
        found.append(
            f"{_listed(facts.lonely)} match fewer than two other pictures: add pictures between them and the rest, "
            "overlapping by two thirds, no more than 15 degrees apart"
        )
    if len([n for n in facts.models if n >= 3]) > 1:
        found.append(
            f"the pictures fell into models of {', '.join(map(str, facts.models))} images, which nothing joins: add "
            "pictures that lead from one part to the other"
        )
    if settings.cameras == "image":
        found.append(
            "every picture has a camera of its own: if one took them all, --cameras single"
        )
    if not settings.thorough:
        found.append(
            "--thorough finds features that match across larger angles, in two to three times the time"
        )
    if settings.mapper == "global":
        found.append(
            "--mapper incremental is slower, and takes in pictures that few others overlap"
        )
    return found


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:_NAMED]) + (
        f" and {len(names) - _NAMED} more" if names[_NAMED:] else ""
    )

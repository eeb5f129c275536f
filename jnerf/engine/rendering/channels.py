"""What a frame shows of a rendered view: pictures of 8 bits, and numbers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from jnerf.engine.rendering.request import CHANNELS, Color
from jnerf.errors import ConfigError
from jnerf.imaging.image import Image
from jnerf.imaging.pictures import depth_picture, normal_picture, to_uint8
from jnerf.imaging.srgb import to_linear

Floats = NDArray[np.float32]
Bytes = NDArray[np.uint8]
_SEEN = 1e-3  # opacity below which a view shows nothing
_NEARER = 0.8  # of the nearest depth, at most: the near end of the colours, whose inverse may count
# What of the renderer's output a channel is.
_SOURCES = {"color": "colors", "depth": "depths", "normal": "normals", "opacity": "opacities"}


def chosen(wanted: Sequence[str] | None, provides: Iterable[str]) -> tuple[str, ...]:
    """The channels of a film.

    Args:
        wanted: None for colour, depth, and normals where there are some.
        provides: what the renderer gives.

    Raises:
        ConfigError: one is not among what it gives; lists what is.
    """
    provides = set(provides)
    there = tuple(name for name in CHANNELS if _SOURCES[name] in provides)
    if wanted is None:
        return tuple(name for name in there if name != "opacity")
    for name in wanted:
        if name not in there:
            raise ConfigError(
                f"--channels has {name}, which this renderer does not give. It gives {', '.join(there)}"
            )
    return tuple(wanted)


def picture(
    image: Image,
    name: str,
    span: tuple[float, float],
    background: Color | None,
    even: bool = False,
) -> Bytes:
    """A channel as RGB [H, W, 3]; RGBA where there is no background.

    Args:
        image: the view, depths in field units.
        name: the channel.
        span: near and far end of the colour map of depth, in the units of ``image.depths``.
        background: sRGB behind the colour; None: none, and the colour's alpha is its opacity.
        even: see ``jnerf.imaging.pictures.nearness``.
    """
    if name == "color" and background is None:
        straight = image.colors / np.maximum(image.opacities, 1e-6)[..., None]
        return np.dstack([to_uint8(straight), to_uint8(image.opacities)])
    if name == "color":
        found = over(image, background)
    elif name == "depth":
        found = depth_picture(image.depths, image.opacities, *span, even)
    elif name == "normal":
        found = normal_picture(image.normals)
    else:
        found = np.repeat(to_uint8(image.opacities)[..., None], 3, axis=2)
    if background is not None:
        return found
    return np.dstack([found, np.full(found.shape[:2], 255, np.uint8)])


def over(image: Image, background: Color) -> Bytes:
    """The colour over a background, RGB [H, W, 3]; over black, what a test writes."""
    if not any(background):
        return to_uint8(image.colors)
    return to_uint8(image.colors + (1 - image.opacities[..., None]) * np.float32(background))


def numbers(
    image: Image, name: str, depths: Floats, rotation: NDArray[np.float64], background: Color | None
) -> Floats:
    """A channel as numbers, float32 [H, W], [H, W, 3] or [H, W, 4].

    Colours are linear, as programs that read EXR expect, over the background, or premultiplied with alpha if there is
    none. Normals are unit vectors in the axes of the world, 0 where nothing is.

    Args:
        image: the view.
        name: the channel.
        depths: its distances in world units, [H, W].
        rotation: from the field's axes to the world's, [3, 3].
        background: sRGB; None: none.
    """
    if name == "depth":
        return depths
    if name == "opacity":
        return image.opacities
    if name == "normal":
        length = np.linalg.norm(image.normals, axis=-1, keepdims=True)
        return (image.normals / np.maximum(length, 1e-6) @ rotation.T).astype(np.float32)
    opacity = image.opacities[..., None]
    if background is None:
        straight = image.colors / np.maximum(opacity, 1e-6)
        return np.concatenate([to_linear(straight) * opacity, opacity], axis=2)
    return to_linear(image.colors + (1 - opacity) * np.float32(background))


def span_of(images: Iterable[Image]) -> tuple[float, float]:
    """One range of depths for a whole film, from some of its frames, a little widened; field units.

    It holds the middle 98 % of the opaque pixels of each; of fog, of its denser half.
    """
    ends = []
    for image in images:
        densest = float(image.opacities.max())
        if densest > _SEEN:
            seen = image.depths[image.opacities > 0.5 * min(densest, 1.0)]
            ends.append(np.percentile(seen, [1, 99]))
    if not ends:
        return 0.0, 1.0
    near, far = np.min(ends, axis=0)[0], np.max(ends, axis=0)[1]
    margin = max(0.05 * (far - near), 1e-3 * abs(far))
    return float(max(near - margin, _NEARER * near)), float(far + margin)


def encode_png(pixels: Bytes) -> bytes:
    """RGB or RGBA [H, W, 3 or 4] as PNG."""
    order = cv2.COLOR_RGB2BGR if pixels.shape[2] == 3 else cv2.COLOR_RGBA2BGRA
    return cv2.imencode(".png", cv2.cvtColor(pixels, order))[1].tobytes()


def decode_png(data: bytes) -> Bytes:
    """RGB [H, W, 3] of a PNG."""
    found = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    return cv2.cvtColor(found, cv2.COLOR_BGR2RGB)


def encode_exr(values: Floats) -> bytes:
    """[H, W], [H, W, 3] or [H, W, 4] as OpenEXR of 32-bit floats, with channels Y, RGB or RGBA.

    Raises:
        ConfigError: this OpenCV cannot write it.
    """
    if values.ndim == 3:
        order = cv2.COLOR_RGB2BGR if values.shape[2] == 3 else cv2.COLOR_RGBA2BGRA
        values = cv2.cvtColor(np.ascontiguousarray(values), order)
    flags = [cv2.IMWRITE_EXR_TYPE, cv2.IMWRITE_EXR_TYPE_FLOAT]
    try:
        return cv2.imencode(".exr", np.ascontiguousarray(values), flags)[1].tobytes()
    except cv2.error as error:
        raise ConfigError(
            "this OpenCV writes no EXR: it was built without, or OPENCV_IO_ENABLE_OPENEXR was 0 when it first tried. "
            f"Give --format png. {str(error).splitlines()[0]}"
        ) from error

"""Arrays to pictures: quantisation, colour maps, PNG files."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from jnerf.errors import JnerfError

#: Far over near beyond which depth is shown by its inverse: a garden reaches from 3 to 300.
_DEEP = 3
#: The error, of 1, at the end of the colours of pictures of errors.
FULL_ERROR = 0.2


def to_uint8(image: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Clips to [0, 1] and rounds to 8 bit, NaN becoming 0.

    >>> to_uint8(np.array([-1.0, 0.5, 2.0]))
    array([  0, 128, 255], dtype=uint8)
    """
    found = np.fmin(np.fmax(image, 0), 1)
    found *= 255
    found += 0.5
    return found.astype(np.uint8)


def nearness(
    depths: NDArray[np.floating], near: float, far: float, even: bool = False
) -> NDArray[np.floating]:
    """Where depths lie on a colour map, from 1 at the near to 0 at the far end.

    By 1 / depth where the far end is more than three times as far as the near one: what is far off would take all of
    the colours otherwise. Else, and with a near end of 0, by the depth itself.

    Args:
        depths: of any shape.
        near: depth of the near end.
        far: depth of the far end.
        even: by the depth itself in any case, as in NDC, whose depths are inverses already.

    >>> nearness(np.array([1.0, 2.0, 100.0]), 1.0, 100.0).round(2).tolist()
    [1.0, 0.49, 0.0]
    >>> nearness(np.array([1.0, 2.0, 3.0]), 1.0, 3.0).tolist()
    [1.0, 0.5, 0.0]
    """
    if even or not 0 < _DEEP * near < far:
        return 1 - (depths - near) / max(far - near, 1e-9)
    inverse = 1 / np.maximum(depths, 1e-3 * near)
    return (inverse - 1 / far) / (1 / near - 1 / far)


def depth_picture(
    depths: NDArray[np.floating],
    opacities: NDArray[np.floating],
    near: float,
    far: float,
    even: bool = False,
) -> NDArray[np.uint8]:
    """Depth through the Turbo colour map (near red, far blue), darkened to black where nothing is
    seen.

    Args:
        depths: [H, W].
        opacities: [H, W], in [0, 1].
        near: depth of the near end of the map.
        far: depth of its far end.
        even: see ``nearness``.

    Returns:
        RGB [H, W, 3].
    """
    colored = cv2.applyColorMap(to_uint8(nearness(depths, near, far, even)), cv2.COLORMAP_TURBO)[..., ::-1]
    return to_uint8(colored / 255.0 * np.clip(opacities, 0, 1)[..., None])


def normal_picture(normals: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Normals as colours, x y z as red green blue from -1 to 1, darkened to black where nothing is seen.

    Args:
        normals: sums of weight x normal, [H, W, 3]; their length is taken for what is seen there.

    Returns:
        RGB [H, W, 3].
    """
    length = np.linalg.norm(normals, axis=-1, keepdims=True)
    direction = normals / np.maximum(length, 1e-6)
    return to_uint8((0.5 + 0.5 * direction) * np.clip(length, 0, 1))


def depth_range(
    depths: NDArray[np.floating], opacities: NDArray[np.floating]
) -> tuple[float, float]:
    """Depths between which the middle 98 % of the opaque pixels lie; (0, 1) for an empty view."""
    seen = depths[opacities > 0.5]
    if seen.size == 0:
        return 0.0, 1.0
    near, far = np.percentile(seen, [1, 99])
    return float(near), float(far)


def error_picture(
    prediction: NDArray[np.uint8], truth: NDArray[np.uint8], full: float = FULL_ERROR
) -> NDArray[np.uint8]:
    """Mean absolute error over the channels through the Turbo map.

    Args:
        prediction: RGB [H, W, 3].
        truth: RGB [H, W, 3].
        full: the error, of 1, at the end of the map.
    """
    error = np.abs(prediction.astype(np.float32) - truth.astype(np.float32)).mean(axis=-1) / 255
    return cv2.applyColorMap(to_uint8(error / full), cv2.COLORMAP_TURBO)[..., ::-1]


def encode_png(image: NDArray[np.uint8]) -> bytes:
    """The bytes of a PNG file of RGB [H, W, 3] or grey [H, W]."""
    bgr = image[..., ::-1] if image.ndim == 3 else image
    return cv2.imencode(".png", np.ascontiguousarray(bgr))[1].tobytes()


def write_png(path: Path, image: NDArray[np.uint8]) -> None:
    """Writes RGB [H, W, 3] or grey [H, W].

    Raises:
        JnerfError: the file cannot be written.
    """
    # Encoding in memory: cv2.imwrite does not say why it failed, and mistakes some file names for
    # formats.
    try:
        path.write_bytes(encode_png(image))
    except OSError as error:
        raise JnerfError(
            f"cannot write the picture {path}: {error}. Free disk space or make the folder writable, then do it again"
        ) from error

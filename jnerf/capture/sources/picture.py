"""One picture of a capture, upright, in a format that every tool reads."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from jnerf.datasets.pictures.decoding import as_colors, read_stored
from jnerf.datasets.pictures.orientation import orientation, turn
from jnerf.errors import DataError
from jnerf.files import write_atomic
from jnerf.imaging.pillow_files import open_image

_KEPT = {".png": ".png", ".jpg": ".jpg", ".jpeg": ".jpg"}  # others become PNG
_JPEG_QUALITY = 97
_MAKE, _MODEL, _EXIF, _FOCAL = 271, 272, 0x8769, 37386  # tags


@dataclass(frozen=True)
class Picture:
    """A picture in the scene's folder.

    Attributes:
        name: its path below ``images``.
        group: pictures of one group were taken with one camera.
    """

    name: str
    group: str = ""


def scene_name(inside: Path) -> str:
    """What a source file is called in the scene.

    Args:
        inside: its path below the source folder.

    >>> scene_name(Path("left/IMG_1.JPEG")), scene_name(Path("a.tif"))
    ('left/IMG_1.JPEG', 'a.png')
    """
    kept = inside.suffix.lower() in _KEPT
    return (inside if kept else inside.with_suffix(".png")).as_posix()


def write_upright(source: Path, target: Path) -> None:
    """Writes a picture as its orientation tag says that it should be seen; byte for byte where that changes nothing.

    Args:
        source: of any kind that is read.
        target: its end says the format, PNG or JPEG.

    Raises:
        DataError: it cannot be read, or is not 8- or 16-bit colour or grey.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    tag = orientation(source)
    same = _KEPT.get(source.suffix.lower()) == _KEPT.get(target.suffix.lower())
    if same and tag == 1:
        write_atomic(target, lambda path: shutil.copyfile(source, path))
    elif target.suffix.lower() == ".png":
        colors = as_colors(read_stored(source), source)
        write_atomic(target, lambda path: _write_png(path, turn(colors, tag)))
    else:
        write_atomic(target, lambda path: _turn_jpeg(source, path))


def write_jpeg(target: Path, image: NDArray[np.uint8]) -> None:
    """Writes RGB [H, W, 3] with little loss."""
    how = [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, 0x111111]
    data = cv2.imencode(".jpg", cv2.cvtColor(image, cv2.COLOR_RGB2BGR), how)[1]
    write_atomic(target, lambda path: path.write_bytes(data.tobytes()))


def _write_png(path: Path, image: NDArray) -> None:
    path.write_bytes(cv2.imencode(".png", image)[1].tobytes())


def _turn_jpeg(source: Path, target: Path) -> None:
    """Turned pixels, with the other tags as they were: COLMAP takes the focal length from them."""
    from PIL import ImageOps

    try:
        with open_image(source) as image:
            upright = ImageOps.exif_transpose(image)
            about = {
                key: upright.info[key] for key in ("exif", "icc_profile") if key in upright.info
            }
            upright.save(target, "JPEG", quality=_JPEG_QUALITY, subsampling=0, **about)
    except (OSError, ValueError, SyntaxError) as error:
        raise DataError(f"image {source} cannot be turned upright: {error}") from error


def lens_words(source: Path) -> str:
    """What a photograph says of the camera that took it: maker, model and focal length; "" if nothing."""
    try:
        with open_image(source) as image:
            tags = image.getexif()
            words = tags.get(_MAKE), tags.get(_MODEL), tags.get_ifd(_EXIF).get(_FOCAL)
    except (OSError, ValueError, SyntaxError):  # of a kind that only OpenCV knows
        return ""
    return " ".join(str(word).strip("\0 ") for word in words if word)

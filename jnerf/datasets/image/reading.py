"""Any image file as a picture: whole where that is no burden, else by tiles, or left in its file."""

from __future__ import annotations

import mmap
import warnings
import weakref
from dataclasses import dataclass
from pathlib import Path

import cv2
import imageio.v3 as imageio
import numpy as np
from numpy.typing import NDArray

from jnerf.datasets.files.paths import no_scene, scene_path
from jnerf.datasets.image.mapped import map_picture
from jnerf.datasets.image.picture import ColorSpace, Picture, Stored
from jnerf.datasets.image.tiles import read_tiff
from jnerf.datasets.pictures.corrections import decode
from jnerf.datasets.pictures.decoding import read_stored
from jnerf.datasets.pictures.formats import BROKEN
from jnerf.datasets.pictures.orientation import orientation, turn
from jnerf.datasets.pictures.pixel_store import free_memory
from jnerf.datasets.pictures.tiff import TiffTags, read_tags
from jnerf.errors import DataError

#: Bytes of decoded pixels up to which a file is decoded whole, where it could be read by tiles.
_WHOLE = 2**28
_GIB = 2**30
_IN_PLACE = "a TIFF in tiles (vips tiffsave big.jpg big.tif --tile --compression deflate) or a .ppm"

# Not OpenCV's, which has refused the file already, and may crash on it this way.
_PLUGINS = ("pillow", "tifffile", "pyav")

_known: weakref.WeakValueDictionary[tuple, Picture] = weakref.WeakValueDictionary()


@dataclass(frozen=True)
class Reading:
    """How a file is read.

    Attributes:
        color_space: of the colours: "srgb", or "linear" light.
        background: sRGB, what is seen where the picture is transparent.
        upright: turn it as its orientation tag says.
        max_gib: the most memory for pixels that are copied into a block of their own, GiB; None is half of what is
            free.
    """

    color_space: ColorSpace = "srgb"
    background: tuple[float, float, float] = (0.0, 0.0, 0.0)
    upright: bool = False
    max_gib: float | None = None


def read_picture(root: str, how: Reading) -> Picture:
    """The picture of a file; one that is in use already is not read again.

    Args:
        root: the file, see ``scene_path``.
        how: how it is read.

    Raises:
        DataError: it is missing, truncated, damaged, empty, too large, has pixels that are no numbers, or is of no kind
            that is read.
    """
    path = scene_path(root)
    try:
        facts = path.stat()
    except OSError:
        looked = path.absolute()
        raise DataError(
            f"image '{root}' not found: looked for {looked}. {no_scene(looked)}"
        ) from None
    if path.is_dir():
        raise DataError(
            f"image {path} is a folder: name the file of one picture in it as dataset.root"
        )
    key = path.resolve(), facts.st_mtime_ns, facts.st_size, how
    picture = _known.get(key)
    if picture is None:
        picture = Picture(_read(path, how), how.color_space, how.background, str(path))
        _known[key] = picture
    return picture


def _read(path: Path, how: Reading) -> Stored:
    """A file's pixels, turned if that is wanted."""
    if not path.stat().st_size:
        raise DataError(
            f"image {path} is empty: it has no bytes. Copy the file again from its source"
        )
    stored = map_picture(path)
    if stored is not None:
        return stored
    tags = _tiff_tags(path)
    if tags is not None and 3 * tags.size[0] * tags.size[1] > _WHOLE:
        stored = read_tiff(path, how.max_gib)
    else:
        stored = _whole(path)
    tag = orientation(path) if tags is None else tags.orientation
    if tag != 1 and not how.upright:
        warnings.warn(
            f"image {path}: its pixels are taken as they are stored, its orientation tag ({tag}) says to turn them. "
            "dataset.upright=True does",
            stacklevel=2,
        )
    return Stored(turn(stored.pixels, tag), stored.full) if how.upright else stored


def _tiff_tags(path: Path) -> TiffTags | None:
    """The tags of a TIFF file, which may stand behind gigabytes of pixels."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        return read_tags(data)


def _whole(path: Path) -> Stored:
    """A file decoded at once."""
    _check_room(path)
    data = path.read_bytes()
    pixels = decode(data)
    pixels = _by_imageio(path) if pixels is None else pixels
    if pixels is None and data[:4] == b"v/1\x01":
        raise DataError(
            f"image {path} cannot be decoded: it is truncated, OPENCV_IO_ENABLE_OPENEXR is 0, or this OpenCV "
            f"({cv2.__version__}) was built without OpenEXR (pip install 'opencv-python<5'). Copy the file again, "
            "unset that variable, or convert the picture to .npy of float32"
        )
    pixels = read_stored(path) if pixels is None else pixels  # says what is wrong
    pixels = pixels if pixels.ndim == 3 else pixels[..., None]
    kind, channels = pixels.dtype, pixels.shape[2]
    if kind not in (np.uint8, np.uint16, np.float32, np.float64) or not 1 <= channels <= 4:
        raise DataError(
            f"image {path} holds {channels} channels of {kind}: expected grey or RGB, with or without alpha, of 8 or "
            "16 bits or floats. Convert it to PNG or OpenEXR"
        )
    if channels >= 3:
        order = cv2.COLOR_BGR2RGB if channels == 3 else cv2.COLOR_BGRA2RGBA
        pixels = (
            cv2.cvtColor(pixels, order)
            if kind != np.float64
            else pixels[..., [2, 1, 0, 3][:channels]]
        )
    return Stored(pixels, None if kind.kind == "f" else float(np.iinfo(kind).max))


def _by_imageio(path: Path) -> NDArray | None:
    """What only imageio reads (GIF, TGA, PSD, AVIF ...), in OpenCV's order of colours; None if it does not either."""
    pixels = np.empty(0)
    for plugin in _PLUGINS:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # Pillow suspects large pictures of being an attack
                pixels = np.asarray(imageio.imread(path, index=0, plugin=plugin))
        except (ImportError, *BROKEN):
            continue
        break
    if pixels.ndim not in (2, 3) or not pixels.size:  # what is left of a broken file
        return None
    if pixels.ndim == 3 and pixels.shape[2] in (3, 4):
        pixels = pixels[..., [2, 1, 0, 3][: pixels.shape[2]]]
    return np.ascontiguousarray(pixels)


def _check_room(path: Path) -> None:
    """Stops before a PNG, whose header says its size first, takes all memory, or is larger than OpenCV decodes."""
    with path.open("rb") as file:
        head = file.read(29)
    if head[:8] != b"\x89PNG\r\n\x1a\n" or len(head) < 29:
        return
    width, height = (int.from_bytes(head[i : i + 4], "big") for i in (16, 20))
    channels = {0: 1, 2: 3, 3: 3, 4: 4, 6: 4}.get(head[25], 4)  # as OpenCV decodes them
    size = width * height * channels * (2 if head[24] == 16 else 1)
    if width * height >= 2**30 or size > free_memory():
        raise DataError(
            f"image {path} has {width}x{height} pixels, {size / _GIB:.3g} GiB when decoded; {free_memory() / _GIB:.3g} "
            f"GiB are free, and a PNG of 2^30 pixels or more is not decoded at all. Convert it to {_IN_PLACE}, which "
            "are read with bounded memory"
        )

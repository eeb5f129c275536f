"""Readers of pictures: those of scenes, and the one of an image dataset."""

from __future__ import annotations

import io
from pathlib import Path

import cv2
import imageio.v3 as imageio
import numpy as np

from fuzzing.judge import Target
from fuzzing.single import each_changed
from jnerf.datasets.image.dataset import ImageDataset
from jnerf.datasets.image.reading import Reading, read_picture
from jnerf.datasets.pictures.decoding import read_rgba
from jnerf.datasets.pictures.headers import stored_sizes
from jnerf.datasets.pictures.orientation import orientation
from jnerf.engine.guards.record import scene_record
from jnerf.engine.logging import to_json

_SHAPE = 6, 8


def _pixels(channels: int, kind: type = np.uint8) -> np.ndarray:
    found = np.random.default_rng(channels).integers(0, 256, (*_SHAPE, channels))
    return found.astype(kind) * (257 if kind is np.uint16 else 1)


def make_pictures(folder: Path) -> None:
    """A picture in every kind of file."""
    color, alpha, grey = _pixels(3), _pixels(4), _pixels(1)[..., 0]
    for suffix in (".png", ".jpg", ".webp", ".bmp", ".ppm", ".tif", ".hdr", ".pfm", ".exr"):
        picture = color.astype(np.float32) / 255 if suffix in (".hdr", ".pfm", ".exr") else color
        cv2.imwrite(str(folder / f"color{suffix}"), picture)
    cv2.imwrite(str(folder / "large.jp2"), cv2.resize(color, (64, 64)))
    for suffix in (".png", ".webp", ".tif"):
        cv2.imwrite(str(folder / f"alpha{suffix}"), alpha)
    cv2.imwrite(str(folder / "deep.png"), _pixels(3, np.uint16))
    cv2.imwrite(str(folder / "deep.tif"), _pixels(4, np.uint16))
    cv2.imwrite(str(folder / "grey.pgm"), grey)
    cv2.imwrite(str(folder / "grey.png"), grey)
    cv2.imwrite(str(folder / "grey.tif"), grey)
    (folder / "grey.tga").write_bytes(imageio.imwrite("<bytes>", color, extension=".tga"))
    (folder / "color.gif").write_bytes(imageio.imwrite("<bytes>", color, extension=".gif"))
    header = b"P7\nWIDTH 8\nHEIGHT 6\nDEPTH 4\nMAXVAL 255\nTUPLTYPE RGB_ALPHA\nENDHDR\n"
    (folder / "alpha.pam").write_bytes(header + alpha.tobytes())
    _make_with_pillow(folder, alpha)


def _make_with_pillow(folder: Path, alpha: np.ndarray) -> None:
    """What OpenCV does not write: grey with alpha, an orientation tag."""
    from PIL import Image

    Image.fromarray(alpha[..., 2:], "LA").save(folder / "grey_alpha.tif")
    tags = Image.Exif()
    tags[274] = 6
    Image.fromarray(alpha[..., :3]).save(folder / "turned.jpg", exif=tags)


def make_mapped(folder: Path) -> None:
    """Pictures that stay in their file."""
    data = io.BytesIO()
    np.save(data, _pixels(3).astype(np.float32))
    (folder / "picture.npy").write_bytes(data.getvalue())
    (folder / "picture.bin").write_bytes(
        np.array(_SHAPE, "<i4").tobytes() + _pixels(4).astype("<f2").tobytes()
    )
    (folder / "deep.ppm").write_bytes(b"P6\n# a\n8 6\n65535\n" + _pixels(3, np.uint16).tobytes())


def read_stored(path: Path) -> None:
    """Whatever a scene asks of a picture."""
    stored_sizes([path])
    orientation(path)
    read_rgba(path)


def read_scene(path: Path) -> None:
    """A picture as a scene of its own."""
    picture = read_picture(str(path), Reading(upright=True))
    picture.part(0, min(64, picture.n_pixels))
    dataset = ImageDataset(str(path))
    to_json(dataset.summary())
    to_json(scene_record(dataset, str(path)))


TARGETS = (
    Target("pictures", make_pictures, each_changed(read_stored), ("*",)),
    Target("picture_dataset", make_pictures, each_changed(read_scene), ("*",)),
    Target("picture_in_place", make_mapped, each_changed(read_scene), ("*",)),
)

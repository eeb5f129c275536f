"""Image files of unusual kinds for tests, and tiny scenes of every format to put them into."""

from __future__ import annotations

import io
import json
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from captures import facing_poses, make_llff, make_neus, make_nsvf
from colmap_scenes import write_scene
from photographs import make_photographs
from PIL import Image
from scenes import make_tiny_blender

from jnerf.datasets.blender.dataset import BlenderDataset
from jnerf.datasets.colmap.dataset import COLMAPDataset
from jnerf.datasets.dtu.dataset import DTUDataset
from jnerf.datasets.llff.dataset import LLFFDataset
from jnerf.datasets.nsvf.dataset import NSVFDataset
from jnerf.datasets.transforms.dataset import TransformsDataset

#: Format -> (makes a scene in a folder, its class, arguments, where its images are).
FORMATS: dict[str, tuple[Callable[[Path], Any], type, dict[str, Any], str]] = {
    "blender": (make_tiny_blender, BlenderDataset, {}, "t*/*.png"),
    "transforms": (make_photographs, TransformsDataset, {}, "images/*.png"),
    "colmap": (write_scene, COLMAPDataset, {}, "images/*.png"),
    "llff": (
        lambda folder: make_llff(folder, facing_poses(9)),
        LLFFDataset,
        {"downscale": 2},
        "images_2/*.png",
    ),
    "dtu": (make_neus, DTUDataset, {"masks": "ignore"}, "image/*.png"),
    "nsvf": (make_nsvf, NSVFDataset, {}, "rgb/*.png"),
}


class Scene:
    """A tiny scene of one format in a folder of its own."""

    def __init__(self, kind: str, folder: Path) -> None:
        make, self.dataset, self.arguments, self._pattern = FORMATS[kind]
        self.kind, self.folder = kind, folder
        folder.mkdir(exist_ok=True)
        make(folder)

    def load(self, split: str = "train", **arguments: Any) -> Any:
        """Its dataset."""
        return self.dataset(root=str(self.folder), split=split, **self.arguments, **arguments)

    def images(self) -> list[Path]:
        """Its image files, of all splits."""
        return sorted(self.folder.glob(self._pattern))

    def rewrite(self, encode: Callable[[np.ndarray], bytes], suffix: str) -> None:
        """Writes every image anew: RGBA [H, W, 4] to bytes, in a file of another ending that the scene names."""
        for path in self.images():
            stored = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
            path.unlink()
            path.with_suffix(suffix).write_bytes(encode(cv2.cvtColor(stored, cv2.COLOR_BGRA2RGBA)))
        self.rename(suffix)

    def rename(self, suffix: str) -> None:
        """Lets the scene's own files name images of another ending, where they name them."""
        for path in (*self.folder.glob("*.json"), *self.folder.glob("sparse/0/images.txt")):
            path.write_text(path.read_text().replace(".png", suffix))


def encode(image: np.ndarray, suffix: str) -> bytes:
    """OpenCV's file of an RGB or RGBA image."""
    order = cv2.COLOR_RGBA2BGRA if image.shape[2] == 4 else cv2.COLOR_RGB2BGR
    done, data = cv2.imencode(suffix, cv2.cvtColor(image, order))
    assert done
    return data.tobytes()


def pillow(image: np.ndarray, kind: str, tag: int | None = None, **options: Any) -> bytes:
    """Pillow's file of an image, with an orientation tag if one is given."""
    if tag is not None and kind == "TIFF":
        options["tiffinfo"] = {274: tag}
    elif tag is not None:
        exif = Image.Exif()
        exif[274] = tag
        options["exif"] = exif.tobytes()
    file = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(image)).save(file, kind, **options)
    return file.getvalue()


def png(color: int, depth: int, rows: list[bytes], width: int, transparent: bytes = b"") -> bytes:
    """A PNG file from its rows as they are stored, with a tRNS chunk if one is given."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        checksum = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + checksum

    header = struct.pack(">IIBBBBB", width, len(rows), depth, color, 0, 0, 0)
    parts = [b"\x89PNG\r\n\x1a\n", chunk(b"IHDR", header)]
    parts += [chunk(b"tRNS", transparent)] if transparent else []
    parts.append(chunk(b"IDAT", zlib.compress(b"".join(b"\0" + row for row in rows))))
    return b"".join([*parts, chunk(b"IEND", b"")])


def set_tiff_tag(data: bytes, tag: int, value: int) -> bytes:
    """A little-endian TIFF file with another value of a short tag that it has."""
    changed = bytearray(data)
    (start,) = struct.unpack("<I", data[4:8])
    (count,) = struct.unpack("<H", data[start : start + 2])
    for at in range(start + 2, start + 2 + 12 * count, 12):
        if struct.unpack("<H", data[at : at + 2])[0] == tag:
            struct.pack_into("<H", changed, at + 8, value)
            return bytes(changed)
    raise ValueError(f"no tag {tag}")


def lying(upright: np.ndarray, tag: int) -> np.ndarray:
    """The stored pixels that an orientation tag makes upright, by EXIF's table of rows and columns."""
    # Tag: the 0th row is the visual ..., the 0th column is the visual ...
    across = upright.transpose(1, 0, 2)
    return {
        5: across,  # left, top
        6: across[::-1],  # right, top
        7: across[::-1, ::-1],  # right, bottom
        8: across[:, ::-1],  # left, bottom
    }[tag]


#: What telephones and other tools write and no dataset reads: the file's ending, its first bytes, its name in messages.
UNREAD = {
    ".heic": (b"\0\0\0\x18ftypheic\0\0\0\0", "HEIC"),
    ".avif": (b"\0\0\0\x18ftypavif\0\0\0\0", "AVIF"),
    ".cr3": (b"\0\0\0\x18ftypcrx \0\0\0\0", "CR3"),
    ".exr": (b"v/1\x01" + bytes(20), "EXR"),
    ".gif": (b"GIF89a" + bytes(20), "GIF"),
}


def add_declared_size(scene: Scene, width: int, height: int) -> None:
    """Lets a scene say the width and height of its images, in the words of its format."""
    folder = scene.folder
    if scene.kind in ("blender", "transforms"):
        for path in folder.glob("transforms*.json"):
            path.write_text(json.dumps({**json.loads(path.read_text()), "w": width, "h": height}))
    elif scene.kind == "colmap":
        path = folder / "sparse" / "0" / "cameras.txt"
        path.write_text(f"3 PINHOLE {width} {height} 20 20 {width / 2} {height / 2}\n")
    elif scene.kind == "llff":
        table = np.load(folder / "poses_bounds.npy")
        table[:, 4], table[:, 9] = 2 * height, 2 * width
        np.save(folder / "poses_bounds.npy", table)
    elif scene.kind == "nsvf":
        text = f"22 {width / 2} {height / 2} 0.\n0. 0. 0.\n0.\n1.\n{height} {width}\n"
        (folder / "intrinsics.txt").write_text(text)
    else:
        raise ValueError(f"{scene.kind} says no sizes")

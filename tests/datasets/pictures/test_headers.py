"""Broken files are found without decoding, and whole ones are not suspected."""

import cv2
import numpy as np
import pytest
from image_files import encode, pillow

from jnerf.datasets.pictures import headers
from jnerf.datasets.pictures.decoding import read_stored
from jnerf.datasets.pictures.headers import check_masks, image_size, looks_whole, stored_sizes
from jnerf.errors import DataError

IMAGE = np.random.default_rng(0).integers(0, 256, (48, 64, 3), dtype=np.uint8)
FILES = {
    "png": pillow(IMAGE, "PNG"),
    "jpg": pillow(IMAGE, "JPEG"),
    "progressive.jpg": pillow(IMAGE, "JPEG", progressive=True),
    "webp": pillow(IMAGE, "WEBP"),
    "tif": pillow(IMAGE, "TIFF"),
    "lzw.tif": pillow(IMAGE, "TIFF", compression="tiff_lzw"),
    "jp2": pillow(IMAGE, "JPEG2000"),
    "ppm": encode(IMAGE, ".ppm"),
    "bmp": encode(IMAGE, ".bmp"),
}
AT_ONCE = (
    "png",
    "jpg",
    "progressive.jpg",
    "webp",
    "tif",
    "lzw.tif",
)  # seen to be whole without decoding


def write(tmp_path, name, data):
    path = tmp_path / f"a.{name}"
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("name", FILES)
def test_whole_files(tmp_path, name, monkeypatch):
    path = write(tmp_path, name, FILES[name])
    assert looks_whole(path) == (name in AT_ONCE)
    assert image_size(path) == (64, 48) and stored_sizes([path, path]).tolist() == [[64, 48]] * 2
    if name in AT_ONCE:
        monkeypatch.setattr(headers, "read_stored", None)
        assert stored_sizes([path]).tolist() == [[64, 48]]


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("left", [0, 1, 11, 0.3, 0.7, 0.98])
def test_truncated_files(tmp_path, name, left):
    data = FILES[name]
    path = write(tmp_path, name, data[: left if isinstance(left, int) else int(left * len(data))])
    assert not looks_whole(path)
    with pytest.raises(DataError, match=rf"a.{name} cannot be decoded: its \d+ bytes are trunc"):
        stored_sizes([path])
    with pytest.raises(DataError, match=rf"^mask: image .*a.{name} cannot be decoded"):
        check_masks([path])


def test_damage_inside_a_png(tmp_path):
    data = bytearray(FILES["png"])
    data[len(data) // 2] ^= 255
    with pytest.raises(DataError, match="a.png cannot be decoded"):
        stored_sizes([write(tmp_path, "png", bytes(data))])


@pytest.mark.parametrize("name", ["png", "jpg", "progressive.jpg", "webp", "tif"])
def test_what_follows_an_image_is_no_fault(tmp_path, name, monkeypatch):
    """Telephones write short films behind their photographs."""
    path = write(tmp_path, name, FILES[name] + b"\0\0\0\x18ftypmp42" + bytes(range(256)) * 8)
    monkeypatch.setattr(headers, "read_stored", None)
    assert stored_sizes([path]).tolist() == [[64, 48]]
    plain = write(tmp_path, f"plain.{name}", FILES[name])
    np.testing.assert_array_equal(read_stored(path), read_stored(plain))


@pytest.mark.parametrize("tag", [1, 3, 6])
@pytest.mark.parametrize("kind", ["TIFF", "JPEG", "PNG", "WEBP"])
def test_sizes_are_those_of_the_stored_pixels(tmp_path, kind, tag):
    path = write(tmp_path, kind.lower(), pillow(IMAGE, kind, tag))
    assert image_size(path) == (64, 48)


def test_missing_file_among_others(tmp_path):
    path = write(tmp_path, "png", FILES["png"])
    with pytest.raises(DataError, match="none.png is missing: restore it"):
        stored_sizes([path, tmp_path / "none.png"])


def test_end_marks_inside_a_scan_are_none(tmp_path):
    """A smooth image has stuffed bytes and restarts; its end is where it is."""
    smooth = np.tile(np.arange(64, dtype=np.uint8) * 4, (48, 1))
    done, data = cv2.imencode(".jpg", smooth, [cv2.IMWRITE_JPEG_RST_INTERVAL, 1])
    data = data.tobytes()
    assert done and b"\xff\xd0" in data
    assert looks_whole(write(tmp_path, "jpg", data + b"more"))
    assert not looks_whole(write(tmp_path, "jpg", data[:-2] + b"more"))

"""What decoders get wrong: each kind of file against the pixels that it was made from."""

import struct

import cv2
import numpy as np
import pytest
from image_files import encode, pillow, png, set_tiff_tag

from jnerf.datasets.pictures.corrections import decode
from jnerf.datasets.pictures.decoding import read_rgba
from jnerf.errors import DataError

RGBA = np.random.default_rng(0).integers(0, 256, (12, 20, 4), dtype=np.uint8)


def decoded(tmp_path, data, suffix=".any"):
    path = tmp_path / f"a{suffix}"
    path.write_bytes(data)
    return read_rgba(path)


@pytest.mark.parametrize(
    ("depth", "row", "key", "alpha"),
    [
        (8, bytes([1, 2, 3, 9]), 2, [255, 0, 255, 255]),
        (16, struct.pack(">3H", 1, 0x202, 0x203), 0x202, [255, 0, 255]),
        (4, bytes([0x12, 0x34]), 2, [255, 0, 255, 255]),
        (2, bytes([0x1B]), 1, [255, 0, 255, 255]),
        (1, bytes([0xA0]), 1, [0, 255, 0, 255, 255, 255, 255, 255]),
    ],
)
def test_transparent_grey(tmp_path, depth, row, key, alpha):
    plain = png(0, depth, [row] * 2, len(alpha))
    marked = png(0, depth, [row] * 2, len(alpha), struct.pack(">H", key))
    found = decoded(tmp_path, marked)
    assert found[..., 3].tolist() == [alpha] * 2
    np.testing.assert_array_equal(found[..., :3], decoded(tmp_path, plain)[..., :3])
    assert (decoded(tmp_path, plain)[..., 3] == 255).all()


def test_transparent_colour(tmp_path):
    data = png(2, 8, [bytes([1, 2, 3, 4, 5, 6])], 2, struct.pack(">3H", 1, 2, 3))
    assert decoded(tmp_path, data).tolist() == [[[1, 2, 3, 0], [4, 5, 6, 255]]]


def netpbm(kind, maximum, values):
    packed = struct.pack(f">{len(values)}H", *values) if maximum > 255 else bytes(values)
    return b"%s\n# made for a test\n2 1\n%d\n" % (kind, maximum) + packed


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (netpbm(b"P6", 255, [0, 1, 2, 3, 4, 255]), [[0, 1, 2], [3, 4, 255]]),
        (netpbm(b"P6", 100, [0, 50, 100, 10, 20, 30]), [[0, 128, 255], [26, 51, 77]]),
        (netpbm(b"P6", 65535, [0, 257, 514, 0, 0, 65535]), [[0, 1, 2], [0, 0, 255]]),
        (netpbm(b"P6", 4095, [0, 2048, 4095, 0, 0, 1024]), [[0, 128, 255], [0, 0, 64]]),
        (netpbm(b"P5", 255, [7, 9]), [[7] * 3, [9] * 3]),
        (netpbm(b"P5", 1, [0, 1]), [[0] * 3, [255] * 3]),
        (b"P4\n2 1\n\x40", [[255] * 3, [0] * 3]),
        (b"P3\n2 1\n255\n1 2 3 4 5 6\n", [[1, 2, 3], [4, 5, 6]]),
        (b"P2\n2 1\n255\n7 9\n", [[7] * 3, [9] * 3]),
        (b"P3\n2 1\n100\n0 50 100 10 20 30\n", [[0, 128, 255], [26, 51, 77]]),
        (b"P2\n2 1\n100\n50 100\n", [[128] * 3, [255] * 3]),
    ],
)
def test_netpbm(tmp_path, data, expected):
    found = decoded(tmp_path, data)
    slack = data[:2] in (b"P2", b"P3")  # OpenCV's own scaling rounds down
    assert np.abs(found[0, :, :3].astype(int) - expected).max() <= slack
    assert (found[..., 3] == 255).all()


@pytest.mark.parametrize(
    ("depth", "maximum", "values", "expected"),
    [
        (1, 255, [7, 9], [[7, 7, 7, 255], [9, 9, 9, 255]]),
        (2, 255, [7, 100, 9, 255], [[7, 7, 7, 100], [9, 9, 9, 255]]),
        (3, 255, [1, 2, 3, 4, 5, 6], [[1, 2, 3, 255], [4, 5, 6, 255]]),
        (4, 255, [1, 2, 3, 4, 5, 6, 7, 8], [[1, 2, 3, 4], [5, 6, 7, 8]]),
        (3, 65535, [0, 257, 514, 0, 0, 65535], [[0, 1, 2, 255], [0, 0, 255, 255]]),
        (3, 51, [0, 1, 2, 3, 4, 51], [[0, 5, 10, 255], [15, 20, 255, 255]]),
    ],
)
def test_pam(tmp_path, depth, maximum, values, expected):
    packed = struct.pack(f">{len(values)}H", *values) if maximum > 255 else bytes(values)
    head = b"P7\nWIDTH 2\nHEIGHT 1\nDEPTH %d\nMAXVAL %d\nTUPLTYPE ANY\nENDHDR\n" % (depth, maximum)
    assert decoded(tmp_path, head + packed)[0].tolist() == expected
    with pytest.raises(DataError, match="cannot be decoded"):
        decoded(tmp_path, head + packed[:-1])


@pytest.mark.parametrize("suffix", [".jp2", ".png", ".webp", ".bmp", ".ras", ".ppm", ".tiff"])
def test_lossless_kinds_give_what_went_in(tmp_path, suffix):
    image = RGBA.repeat(4, 0).repeat(4, 1)[..., :3]
    options = [cv2.IMWRITE_JPEG2000_COMPRESSION_X1000, 1000] if suffix == ".jp2" else []
    options = [cv2.IMWRITE_WEBP_QUALITY, 101] if suffix == ".webp" else options
    done, data = cv2.imencode(suffix, image[..., ::-1], options)
    found = decoded(tmp_path, data.tobytes(), suffix)
    assert done and np.abs(found[..., :3].astype(int) - image).max() <= (suffix == ".jp2")
    assert (found[..., 3] == 255).all()


@pytest.mark.parametrize("no_jp2", [False, True])
def test_jpeg_2000_with_alpha(tmp_path, no_jp2):
    image = RGBA.repeat(8, 0).repeat(8, 1)
    found = decoded(tmp_path, pillow(image, "JPEG2000", no_jp2=no_jp2))
    np.testing.assert_array_equal(found, image)


def test_jpeg_2000_of_twelve_bits():
    """Half of the range is half of the range: coefficients that are all 0 do not care for the precision."""
    middle = np.full((64, 64, 3), 32768, np.uint16)
    data = bytearray(cv2.imencode(".jp2", middle)[1].tobytes())
    at = data.find(b"\xff\x4f\xff\x51")
    for channel in range(3):
        assert data[at + 42 + 3 * channel] == 15
        data[at + 42 + 3 * channel] = 11
    data[data.find(b"ihdr") + 14] = 11
    assert abs(decode(bytes(data)).astype(int) - 32768).max() <= 8


@pytest.mark.parametrize("tag", range(1, 9))
@pytest.mark.parametrize("big", [False, True])
def test_tiff_pixels_are_those_that_are_stored(tmp_path, tag, big):
    for image in (RGBA, RGBA[..., :3]):
        found = decoded(tmp_path, pillow(image, "TIFF", tag, big_tiff=big))
        np.testing.assert_array_equal(found[..., : image.shape[2]], image)


@pytest.mark.parametrize("compression", [None, "tiff_lzw", "tiff_deflate", "packbits"])
def test_tiff_with_straight_alpha_is_the_png(tmp_path, compression):
    tiff = decoded(tmp_path, pillow(RGBA, "TIFF", compression=compression))
    np.testing.assert_array_equal(tiff, decoded(tmp_path, pillow(RGBA, "PNG")))


def test_tiff_with_premultiplied_alpha_becomes_straight(tmp_path):
    share = RGBA[..., 3:] / 255
    stored = np.concatenate([np.rint(RGBA[..., :3] * share), RGBA[..., 3:]], 2).astype(np.uint8)
    found = decoded(tmp_path, set_tiff_tag(pillow(stored, "TIFF"), 338, 1))
    np.testing.assert_array_equal(found[..., 3], RGBA[..., 3])
    # What was rounded once cannot be known better than to half a step.
    error = np.abs(found[..., :3].astype(float) - RGBA[..., :3])
    assert (error <= 0.5 / np.maximum(share, 1e-3) + 0.5)[RGBA[..., 3] > 0].all()


def test_tiff_that_says_nothing_of_its_alpha(tmp_path):
    np.testing.assert_array_equal(decoded(tmp_path, encode(RGBA, ".tiff")), RGBA)
    deep = cv2.imencode(".tiff", (RGBA.astype(np.uint16) * 257)[..., [2, 1, 0, 3]])[1].tobytes()
    np.testing.assert_array_equal(decoded(tmp_path, deep), RGBA)


def test_grey_with_alpha(tmp_path):
    grey = RGBA[..., [0, 0, 0, 3]]
    for kind in ("TIFF", "PNG"):
        np.testing.assert_array_equal(decoded(tmp_path, pillow(RGBA[..., [0, 3]], kind)), grey)
    for tag in (3, 6):
        found = decoded(tmp_path, pillow(RGBA[..., [0, 3]], "TIFF", tag))
        np.testing.assert_array_equal(found, grey)

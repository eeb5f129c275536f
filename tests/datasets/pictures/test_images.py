"""Decoding of image files."""

import cv2
import numpy as np
import pytest

from jnerf.datasets.pictures.images import ImageFiles, read_rgba, shrink
from jnerf.errors import DataError


@pytest.fixture
def rgba() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (6, 8, 4), dtype=np.uint8)


def write(path, image):
    """Writes RGB(A) order, any depth."""
    channels = 1 if image.ndim == 2 else image.shape[2]
    swap = {3: cv2.COLOR_RGB2BGR, 4: cv2.COLOR_RGBA2BGRA}
    assert cv2.imwrite(str(path), cv2.cvtColor(image, swap[channels]) if channels > 1 else image)
    return path


def test_rgba_keeps_order_and_transparent_colours(tmp_path, rgba):
    np.testing.assert_array_equal(read_rgba(write(tmp_path / "a.png", rgba)), rgba)


def test_rgb_and_grey_become_opaque(tmp_path, rgba):
    color = read_rgba(write(tmp_path / "a.png", rgba[..., :3]))
    np.testing.assert_array_equal(color[..., :3], rgba[..., :3])
    grey = read_rgba(write(tmp_path / "b.png", rgba[..., 0]))
    np.testing.assert_array_equal(grey[..., :3], rgba[..., :1].repeat(3, axis=2))
    assert (color[..., 3] == 255).all() and (grey[..., 3] == 255).all()


def test_16_bits_are_rounded(tmp_path):
    deep = np.array([[0, 128, 129, 257, 385, 65535]], np.uint16)
    found = read_rgba(write(tmp_path / "a.png", deep))[0, :, 0]
    assert found.tolist() == [0, 0, 1, 1, 1, 255]
    color = np.dstack([deep, deep * 0, deep])
    assert read_rgba(write(tmp_path / "b.png", color))[0, 5].tolist() == [255, 0, 255, 255]


def test_shrink_weighs_colours_by_alpha():
    image = np.zeros((2, 4, 4), np.uint8)
    image[0, 0] = [200, 100, 0, 255]
    image[1, 1] = [90, 90, 90, 0]
    image[:, 2:] = 255
    assert shrink(image, 2).tolist() == [[[200, 100, 0, 64], [255, 255, 255, 255]]]


def test_block_and_single_image_agree(tmp_path, rgba):
    paths = [write(tmp_path / f"{i}.png", np.roll(rgba, i, axis=0)) for i in range(3)]
    files = ImageFiles(paths, np.tile([8, 6], (3, 1)))
    alone = [files.image(i) for i in range(3)]
    assert files.pixels.nbytes == 3 * 6 * 8 * 4
    for i in range(3):
        np.testing.assert_array_equal(files.image(i), alone[i])
        np.testing.assert_array_equal(alone[i], np.roll(rgba, i, axis=0))


def test_images_of_several_sizes(tmp_path, rgba):
    paths = [write(tmp_path / "a.png", rgba), write(tmp_path / "b.png", rgba[:3, :5])]
    files = ImageFiles(paths, np.array([[8, 6], [5, 3]]))
    assert files.offsets.tolist() == [0, 48] and len(files.pixels) == 63
    np.testing.assert_array_equal(files.image(1), rgba[:3, :5])


def test_nothing_is_decoded_before_it_is_needed(tmp_path):
    files = ImageFiles([tmp_path / "none.png"], np.array([[8, 6]]))
    with pytest.raises(DataError, match=r"none.png is missing: restore it"):
        files.pixels  # noqa: B018


@pytest.mark.parametrize("keep", [0, 20, 0.5, 0.97])
@pytest.mark.parametrize("suffix", ["png", "jpg"])
def test_truncated(tmp_path, rgba, keep, suffix):
    path = write(tmp_path / f"a.{suffix}", rgba[..., :3].repeat(8, 0).repeat(8, 1))
    data = path.read_bytes()
    path.write_bytes(data[: keep if isinstance(keep, int) else int(len(data) * keep)])
    with pytest.raises(DataError, match=rf"a.{suffix} cannot be decoded: .* truncated"):
        read_rgba(path)


def test_unreadable(tmp_path):
    with pytest.raises(DataError, match="cannot be read: Is a directory"):
        read_rgba(tmp_path)


def test_float_images_are_refused(tmp_path):
    path = write(tmp_path / "a.tiff", np.zeros((4, 4, 3), np.float32))
    with pytest.raises(DataError, match="3 channels of float32: expected 8- or 16-bit"):
        read_rgba(path)


def test_another_size(tmp_path, rgba):
    paths = [write(tmp_path / "a.png", rgba), write(tmp_path / "b.png", rgba[:5])]
    with pytest.raises(DataError, match=r"b.png: expected an image of 8x6 .* found 8x5"):
        ImageFiles(paths, np.tile([8, 6], (2, 1))).pixels  # noqa: B018

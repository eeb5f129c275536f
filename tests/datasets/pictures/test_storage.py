"""Stored images of other sizes than asked for, and where decoded ones are kept."""

import errno
import os
import sys

import cv2
import numpy as np
import pytest

from jnerf.datasets.pictures import pixel_store
from jnerf.datasets.pictures.decoding import resize, same_shape, shrink
from jnerf.datasets.pictures.headers import image_size
from jnerf.datasets.pictures.images import ImageFiles
from jnerf.errors import DataError


def write(path, image, swap=cv2.COLOR_RGBA2BGRA):
    assert cv2.imwrite(str(path), cv2.cvtColor(image, swap))
    return path


@pytest.fixture
def rgba() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (12, 16, 4), dtype=np.uint8)


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "jnerf"


def test_resize_by_a_whole_factor_is_shrink(rgba):
    found = resize(rgba, 8, 6).astype(int)
    seen = found[..., 3] > 0
    assert np.abs(found - shrink(rgba, 2))[seen].max() <= 1


def test_resize_weighs_colours_by_alpha():
    """Five pixels to two: the middle one belongs half to each."""
    image = np.zeros((1, 5, 4), np.uint8)
    image[0, 0] = [200, 100, 0, 255]
    image[0, 1:3] = [9, 9, 9, 0]  # what transparent pixels hold does not matter
    image[0, 3:] = [40, 60, 80, 100]
    found = resize(image, 2, 1)[0].tolist()
    assert found == [[200, 100, 0, 102], [40, 60, 80, 80]]


def test_resize_keeps_constant_images_and_can_grow():
    image = np.full((5, 7, 4), [10, 200, 255, 255], np.uint8)
    for width, height in ((3, 2), (5, 4), (14, 10), (8, 5)):
        found = resize(image, width, height)
        assert found.shape == (height, width, 4) and (found == image[0, 0]).all()
    assert resize(image, 7, 5) is image


@pytest.mark.parametrize(
    ("stored", "asked", "same"),
    [
        ((4946, 3286), (1237, 822), True),
        ((4032, 3024), (504, 378), True),
        ((1080, 1920), (135, 240), True),
        ((1080, 1920), (1920, 1080), False),
        ((800, 800), (800, 790), False),
        ((8, 6), (8, 5), True),  # a row more or less cannot be told from rounding
    ],
)
def test_same_shape(stored, asked, same):
    assert same_shape(stored, asked) == same_shape(asked, stored) == same


def test_stored_images_of_several_sizes_are_resized(tmp_path, rgba):
    paths = [write(tmp_path / "a.png", rgba), write(tmp_path / "b.png", resize(rgba, 8, 6))]
    files = ImageFiles(paths, np.tile([8, 6], (2, 1)), resize=True)
    np.testing.assert_array_equal(files.image(0), files.image(1))
    assert files.pixels.shape == (96,)
    strict = ImageFiles(paths, np.tile([8, 6], (2, 1)))
    with pytest.raises(
        DataError, match="a.png: expected an image of 8x6 pixels, as .* found 16x12"
    ):
        strict.pixels  # noqa: B018


def test_an_image_of_another_shape_is_not_stretched(tmp_path, rgba):
    path = write(tmp_path / "a.png", rgba.transpose(1, 0, 2))
    with pytest.raises(DataError, match="expected .* 8x6 pixels or of that shape, .* found 12x16"):
        ImageFiles([path], [[8, 6]], resize=True).image(0)


def test_sizes_are_read_from_headers(tmp_path, rgba):
    for suffix in ("png", "tiff", "webp", "bmp", "jpg"):
        path = write(tmp_path / f"a.{suffix}", rgba[..., :3], cv2.COLOR_RGB2BGR)
        assert image_size(path) == (16, 12)
    path = write(tmp_path / "whole.png", rgba.repeat(40, 0))
    path.write_bytes(path.read_bytes()[:500])  # the rest is not looked at
    assert image_size(path) == (16, 480)
    with pytest.raises(DataError, match="none.png is missing"):
        image_size(tmp_path / "none.png")
    (tmp_path / "text.png").write_text("no image")
    with pytest.raises(DataError, match="text.png cannot be decoded: its 8 bytes"):
        image_size(tmp_path / "text.png")


def test_past_the_budget_pixels_lie_in_a_file(tmp_path, rgba, cache):
    paths = [write(tmp_path / f"{i}.png", np.roll(rgba, i, axis=1)) for i in range(3)]
    sizes = np.tile([16, 12], (3, 1))
    memory, disk = (ImageFiles(paths, sizes, max_gib=gib) for gib in (1, 1e-7))
    assert not cache.exists()
    np.testing.assert_array_equal(memory.pixels, disk.pixels)
    np.testing.assert_array_equal(memory.image(2), disk.image(2))
    assert type(disk.pixels) is np.ndarray and disk.pixels.take([5, 7]).shape == (2,)
    # On disk, but nameless: it goes with the process, whatever ends it.
    assert list(cache.iterdir()) == []
    if sys.platform == "linux":
        assert str(cache) in open("/proc/self/maps").read()


def test_no_room_for_the_file(tmp_path, cache, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, "posix_fallocate", full)
        message = (
            "need 2 GiB, more than the 1 GiB .*: No space left on device. Make room there, set"
        )
        with pytest.raises(DataError, match=message):
            pixel_store.pixel_block(2**29, max_gib=1)
    cache.rmdir()
    cache.write_text("a file where the folder should be")
    with pytest.raises(DataError, match=f"cannot be put into a file in {cache}"):
        pixel_store.pixel_block(1000, max_gib=0)


def test_a_container_has_less_memory_than_its_machine(tmp_path, monkeypatch):
    monkeypatch.setattr(pixel_store, "_CGROUP", tmp_path)
    machine = pixel_store.free_memory()
    (tmp_path / "memory.stat").write_text("anon 500\ninactive_file 200\nactive_file 100\n")
    (tmp_path / "memory.current").write_text("900\n")
    (tmp_path / "memory.max").write_text("2000\n")
    assert pixel_store.free_memory() == 2000 - 900 + 300
    (tmp_path / "memory.max").write_text("max\n")
    assert pixel_store.free_memory() > machine / 2


def test_default_budget_is_half_of_free_memory(cache, monkeypatch):
    assert 2**20 < pixel_store.free_memory() < 2**50
    monkeypatch.setattr(pixel_store, "free_memory", lambda: 4000)
    assert len(pixel_store.pixel_block(500)) == 500 and not cache.exists()
    assert len(pixel_store.pixel_block(501)) == 501 and cache.exists()

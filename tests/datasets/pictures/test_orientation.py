"""The one rule for orientation tags: stored pixels, unless only turned ones have the shape that the scene says."""

import cv2
import numpy as np
import pytest
from image_files import lying, pillow

from jnerf.datasets.pictures.images import ImageFiles
from jnerf.datasets.pictures.masks import MaskFile, read_mask
from jnerf.datasets.pictures.orientation import orientation, turn, upright_sizes
from jnerf.errors import DataError

UPRIGHT = np.random.default_rng(0).integers(0, 256, (16, 12, 3), dtype=np.uint8)
KINDS = ("JPEG", "PNG", "WEBP", "TIFF")


def write(tmp_path, image, kind, tag, **options):
    path = tmp_path / f"a.{kind.lower()}"
    path.write_bytes(pillow(image, kind, tag, **options))
    return path


@pytest.mark.parametrize("tag", [5, 6, 7, 8])
def test_turn_does_what_opencv_does(tmp_path, tag):
    path = write(tmp_path, UPRIGHT, "JPEG", tag)
    stored = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    assert stored.shape == (16, 12, 3)
    np.testing.assert_array_equal(turn(stored, tag), cv2.imread(str(path), cv2.IMREAD_COLOR))
    np.testing.assert_array_equal(turn(lying(UPRIGHT, tag), tag), UPRIGHT)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("tag", [None, *range(1, 9)])
def test_tags_are_read_from_every_kind(tmp_path, kind, tag):
    assert orientation(write(tmp_path, UPRIGHT, kind, tag)) == (tag or 1)


def test_kinds_without_tags(tmp_path):
    path = tmp_path / "a.ppm"
    path.write_bytes(b"P6\n1 1\n255\n123")
    assert orientation(path) == 1
    path.write_bytes(b"no image")
    assert orientation(path) == 1


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "WEBP"])
@pytest.mark.parametrize("tag", [5, 6, 7, 8])
def test_turned_where_only_that_fits(tmp_path, kind, tag):
    options = {"lossless": True} if kind == "WEBP" else {}
    path = write(tmp_path, lying(UPRIGHT, tag), kind, tag, **options)
    with pytest.warns(UserWarning, match=r"1 of 2 images are turned .* \(.*a\..*: 12x16\)"):
        sizes = upright_sizes([path] * 2, np.array([[16, 12]] * 2), np.array([[12, 16], [16, 12]]))
    assert sizes.tolist() == [[12, 16], [16, 12]]
    for resize in (False, True):
        found = ImageFiles([path], [[12, 16]], resize=resize).image(0)
        np.testing.assert_array_equal(found[..., :3], UPRIGHT)


@pytest.mark.parametrize("tag", [None, 1, 2, 3, 4, 6])
def test_else_as_stored(tmp_path, tag, recwarn):
    """Also with a tag, where the stored pixels fit, or nobody says a size."""
    path = write(tmp_path, UPRIGHT, "PNG", tag)
    for declared in ([12, 16], [24, 32], [np.nan, np.nan], [np.nan, 16]):
        sizes = upright_sizes([path], np.array([[12, 16]]), np.array([declared], float))
        assert sizes.tolist() == [[12, 16]]
    np.testing.assert_array_equal(ImageFiles([path], [[12, 16]]).image(0)[..., :3], UPRIGHT)
    assert not recwarn


@pytest.mark.parametrize("tag", [None, 1, 2, 3, 4])
def test_nothing_is_turned_without_a_tag_that_says_so(tmp_path, tag, recwarn):
    path = write(tmp_path, UPRIGHT, "PNG", tag)
    assert upright_sizes([path], np.array([[12, 16]]), np.array([[16, 12]])).tolist() == [[12, 16]]
    with pytest.raises(DataError, match="expected an image of 16x12 pixels, .* found 12x16"):
        ImageFiles([path], [[16, 12]]).image(0)
    assert not recwarn


@pytest.mark.parametrize("tag", [5, 6, 7, 8])
def test_masks_follow_the_same_rule(tmp_path, tag):
    keep = (UPRIGHT[..., 0] > 99).astype(np.uint8) * 255
    path = write(tmp_path, lying(keep[..., None], tag)[..., 0], "PNG", tag)
    np.testing.assert_array_equal(read_mask(MaskFile(path), 12, 16), keep > 0)
    path = write(tmp_path, keep, "PNG", None)
    np.testing.assert_array_equal(read_mask(MaskFile(path), 12, 16), keep > 0)

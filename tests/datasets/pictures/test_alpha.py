"""Alpha that says nothing: masks and images stored as 0 and 1, or empty everywhere."""

import cv2
import numpy as np
import pytest

from jnerf.datasets.pictures.alpha_images import AlphaImages, mask_as_alpha, white_is_empty
from jnerf.datasets.pictures.images import ImageFiles
from jnerf.errors import DataError

SHAPE, SIZES = (6, 8), np.tile([8, 6], (3, 1))
INSIDE = np.random.default_rng(0).random(SHAPE) < 0.5


def write(path, image):
    assert cv2.imwrite(str(path), image)
    return path


def grey_images(tmp_path, alpha=None):
    image = np.full((*SHAPE, 3), 100, np.uint8)
    images = [image if a is None else np.dstack([image, a]) for a in alpha or [None] * 3]
    return [write(tmp_path / f"{i}.png", image) for i, image in enumerate(images)]


def alpha_of(tmp_path, masks):
    paths = [write(tmp_path / f"mask_{i}.png", mask) for i, mask in enumerate(masks)]
    source = AlphaImages(grey_images(tmp_path), SIZES, mask_as_alpha(paths))
    flat = source.pixels.view(np.uint8).reshape(3, *SHAPE, 4)
    np.testing.assert_array_equal(flat[1], source.image(1))
    return flat[..., 3]


@pytest.mark.parametrize(("dtype", "full"), [(np.uint8, 255), (np.uint16, 65535)])
@pytest.mark.parametrize("value", [1, 2, 38, 200])
def test_masks_of_two_values_are_0_and_255(tmp_path, dtype, full, value):
    with pytest.warns(UserWarning) as told:
        found = alpha_of(tmp_path, [INSIDE * dtype(value)] * 3)
    np.testing.assert_array_equal(found, [INSIDE * np.uint8(255)] * 3)
    (message,) = (str(warning.message) for warning in told)
    assert f".png holds 0 and {value} alone: taken as 0 and {full}" in message


@pytest.mark.parametrize("channels", ["grey", "colour", "alpha"])
def test_in_whichever_channel_they_are(tmp_path, channels):
    one = INSIDE * np.uint8(1)
    mask = {
        "grey": one,
        "colour": np.dstack([one * 0, one, one * 0]),
        "alpha": np.dstack([one * 0 + 1] * 3 + [INSIDE * np.uint8(255)]),
    }[channels]
    with pytest.warns(UserWarning, match="holds 0 and 1 alone"):
        found = alpha_of(tmp_path, [mask] * 3)
    np.testing.assert_array_equal(found, [INSIDE * np.uint8(255)] * 3)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_soft_masks_stay_as_they_are(tmp_path, dtype, recwarn):
    soft = np.linspace(0, 1, 48).reshape(SHAPE) * 0.9  # never quite opaque
    stored = (soft * np.iinfo(dtype).max).astype(dtype)
    found = alpha_of(tmp_path, [stored] * 3)
    assert np.abs(found.astype(int) - soft * 255).max() <= 1 and not recwarn


@pytest.mark.parametrize(("dtype", "most"), [(np.uint8, 3), (np.uint8, 127), (np.uint16, 255)])
def test_dim_masks_of_several_values_are_refused(tmp_path, dtype, most):
    labels = np.linspace(0, most, 48).reshape(SHAPE).astype(dtype)
    message = f"mask .*mask_1.png holds several values, of which {most} is the greatest.* Write "
    with pytest.raises(DataError, match=message):
        alpha_of(tmp_path, [INSIDE * np.uint8(255), labels, INSIDE * np.uint8(255)])


@pytest.mark.parametrize("top", [0, 1, 5])
def test_images_that_are_all_transparent(tmp_path, top):
    paths = grey_images(tmp_path, [INSIDE * np.uint8(top)] * 3)
    message = f"alpha is .nearly. 0 everywhere in all 3 images.*0.png, where it is at most {top} of"
    with pytest.raises(DataError, match=message):
        ImageFiles(paths, SIZES).pixels  # noqa: B018


def test_images_of_which_some_are_transparent(tmp_path):
    """A view may see nothing of the object, but not without a word."""
    paths = grey_images(tmp_path, [INSIDE * np.uint8(a) for a in (255, 0, 40)])
    with pytest.warns(UserWarning, match="1 of 3 images are transparent everywhere.*1.png") as told:
        ImageFiles(paths, SIZES).pixels  # noqa: B018
    assert len(told) == 1


def test_faint_smoke_is_no_fault(tmp_path, recwarn):
    paths = grey_images(tmp_path, [INSIDE * np.uint8(30)] * 3)
    assert ImageFiles(paths, SIZES).pixels.view(np.uint8)[3::4].max() == 30
    assert not recwarn


def test_white_images_of_a_white_background(tmp_path):
    paths = [write(tmp_path / f"{i}.png", np.full((*SHAPE, 3), 255, np.uint8)) for i in range(3)]
    with pytest.raises(DataError, match="alpha is .nearly. 0 everywhere in all 3 images"):
        AlphaImages(paths, SIZES, white_is_empty).pixels  # noqa: B018

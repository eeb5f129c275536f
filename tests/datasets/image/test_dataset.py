"""A picture as a dataset: which points, which colours, and pictures of every kind that people bring."""

import io

import cv2
import numpy as np
import pytest
from PIL import Image

from jnerf.datasets.image.dataset import ImageDataset
from jnerf.errors import ConfigError, DataError
from jnerf.imaging.srgb import to_linear, to_srgb
from jnerf.judging.smaller import smaller

RGB = np.random.default_rng(0).integers(0, 256, (6, 10, 3), dtype=np.uint8)


def save(path, image):
    order = {3: cv2.COLOR_RGB2BGR, 4: cv2.COLOR_RGBA2BGRA}.get(image.shape[-1])
    assert cv2.imwrite(str(path), image if order is None else cv2.cvtColor(image, order))
    return str(path)


def colors(path, **options):
    """All colours of a picture, [H, W, 3]."""
    picture = ImageDataset(str(path), **options).picture
    return picture.rows(0, picture.height)


@pytest.fixture
def rgb(tmp_path):
    return save(tmp_path / "rgb.png", RGB)


def test_points_are_centres_of_pixels_with_their_colours(rgb):
    dataset = ImageDataset(rgb, seed=3)
    batch = dataset.sample(70, 5)
    points, rgba = batch.rays.rays_o.numpy(), batch.rgba.numpy()
    pixels = points * [10, 6] - 0.5
    x, y = pixels.round().astype(int).T
    np.testing.assert_allclose(pixels, np.stack([x, y], 1), atol=1e-5)
    np.testing.assert_allclose(rgba[:, :3], RGB[y, x] / 255, atol=1e-6)
    assert (rgba[:, 3] == 1).all() and len(points) == 70
    again, later = dataset.sample(70, 5), dataset.sample(70, 6)
    np.testing.assert_array_equal(again.rays.rays_o.numpy(), points)
    assert (later.rays.rays_o.numpy() != points).any()
    other = ImageDataset(rgb, seed=4).sample(70, 5)
    assert (other.rays.rays_o.numpy() != points).any()


def test_a_batch_has_one_point_in_each_cell_of_its_lattice(rgb):
    points = ImageDataset(rgb, targets="bilinear").sample(50, 0).rays.rays_o.numpy()
    cells = np.floor(points[:49] * 7).astype(int)
    assert len({tuple(cell) for cell in cells}) == 49
    assert ((points >= 0) & (points < 1)).all()


def test_bilinear_targets_lie_between_centres_of_pixels(rgb):
    batch = ImageDataset(rgb, targets="bilinear").sample(400, 0)
    points = batch.rays.rays_o.numpy()
    x, y = (points * [10, 6] - 0.5).astype(np.float32).T
    expected = cv2.remap(
        RGB.astype(np.float32), x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    # OpenCV knows 32 places between two pixels
    assert np.abs(batch.rgba.numpy()[:, :3] - expected.reshape(-1, 3) / 255).max() < 1 / 16


def test_all_splits_share_the_pixels_in_memory(rgb):
    assert ImageDataset(rgb).picture is ImageDataset(rgb, split="test").picture
    assert ImageDataset(rgb).picture is not ImageDataset(rgb, color_space="linear").picture
    assert ImageDataset(rgb).summary() == {"resolution": "10x6", "picture": "colour"}


def test_fewer_pixels_are_judged_on_the_way(rgb):
    dataset = ImageDataset(rgb)
    small = smaller(dataset, 3)
    np.testing.assert_array_equal(small._judged.rows(0, 2), dataset.picture.rows(0, 6)[1::3, 1::3])
    points = small._points_of(0, small._judged.n_pixels).rays_o.numpy() * [10, 6] - 0.5
    np.testing.assert_allclose(points, [[x, y] for y in (1, 4) for x in (1, 4, 7)], atol=1e-5)
    assert len(small.sample(50, 0).rays) == 50 and small.picture is dataset.picture
    with pytest.raises(
        ConfigError, match="evaluation.downscale is 12; the picture has 10x6 pixels"
    ):
        smaller(dataset, 12)


def test_8_and_16_bits_grey_and_colour(tmp_path):
    np.testing.assert_allclose(colors(save(tmp_path / "a.png", RGB)), RGB / 255, atol=1e-6)
    deep = RGB.astype(np.uint16) * 257 - (RGB > 100).astype(np.uint16) * 7
    np.testing.assert_allclose(colors(save(tmp_path / "b.png", deep)), deep / 65535, atol=1e-6)
    np.testing.assert_allclose(colors(save(tmp_path / "c.tif", deep)), deep / 65535, atol=1e-6)
    grey = save(tmp_path / "d.png", RGB[..., 0])
    np.testing.assert_allclose(colors(grey), np.repeat(RGB[..., :1], 3, 2) / 255, atol=1e-6)
    assert ImageDataset(grey).picture.grey and not ImageDataset(grey).picture.transparent


def test_alpha_lets_the_background_through(tmp_path):
    alpha = np.random.default_rng(1).integers(0, 256, (6, 10, 1), dtype=np.uint8)
    straight = save(tmp_path / "a.png", np.concatenate([RGB, alpha], 2))
    a = alpha / 255
    np.testing.assert_allclose(colors(straight), RGB / 255 * a, atol=1e-6)
    white = colors(straight, background=(1.0, 1.0, 1.0))
    np.testing.assert_allclose(white, RGB / 255 * a + 1 - a, atol=1e-6)
    Image.fromarray(RGB[..., 0]).convert("LA").save(tmp_path / "b.png")
    assert ImageDataset(str(tmp_path / "b.png")).picture.transparent


@pytest.mark.parametrize("suffix", [".exr", ".hdr"])
def test_linear_light_becomes_srgb_or_stays(tmp_path, suffix):
    light = to_linear(RGB / 255).astype(np.float32) * 4
    path = save(tmp_path / f"a{suffix}", light)
    tolerance = 1e-6 if suffix == ".exr" else 0.02 * light.max()
    np.testing.assert_allclose(colors(path, color_space="linear"), light, atol=tolerance)
    srgb = ImageDataset(path)
    if suffix == ".exr":
        np.testing.assert_allclose(colors(path), to_srgb(light), atol=1e-5)
        linear = ImageDataset(path, color_space="linear")
        assert linear.picture.peak == pytest.approx(light.max())
        np.testing.assert_allclose(linear.displayed(light), to_srgb(light), atol=1e-6)
    np.testing.assert_array_equal(srgb.displayed(light), light)
    plain = save(tmp_path / "b.png", RGB)
    np.testing.assert_allclose(colors(plain, color_space="linear"), to_linear(RGB / 255), atol=1e-6)


def test_premultiplied_light_lies_over_the_background(tmp_path):
    light = np.full((2, 2, 4), [0.1, 0.2, 0.3, 0.5], np.float32)
    path = save(tmp_path / "a.exr", light)
    found = colors(path, color_space="linear", background=(1.0, 1.0, 1.0))
    np.testing.assert_allclose(found, np.full((2, 2, 3), [0.6, 0.7, 0.8]), atol=1e-6)


def test_albert_is_the_same_as_png_and_as_exr(data_root):
    exr, png = (colors(data_root / "image" / name) for name in ("albert.exr", "albert.png"))
    assert np.abs(exr - png).max() < 1e-4


def test_kinds_that_imageio_alone_reads(tmp_path):
    Image.fromarray(RGB).save(tmp_path / "a.tga")
    np.testing.assert_allclose(colors(tmp_path / "a.tga"), RGB / 255, atol=1e-6)


def test_pixels_stay_as_stored_unless_upright_is_asked_for(tmp_path):
    exif = Image.Exif()
    exif[274] = 6
    Image.fromarray(RGB).save(tmp_path / "a.png", exif=exif)
    with pytest.warns(UserWarning, match=r"orientation tag \(6\).*dataset.upright=True"):
        np.testing.assert_allclose(colors(tmp_path / "a.png"), RGB / 255, atol=1e-6)
    turned = colors(tmp_path / "a.png", upright=True)
    np.testing.assert_allclose(turned, np.rot90(RGB, -1) / 255, atol=1e-6)
    exif[274] = 3
    Image.fromarray(RGB).save(tmp_path / "b.png", exif=exif)
    np.testing.assert_allclose(
        colors(tmp_path / "b.png", upright=True), RGB[::-1, ::-1] / 255, atol=1e-6
    )


def encoded(image, suffix):
    return cv2.imencode(suffix, image)[1].tobytes()


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".exr", ".tif", ".webp", ".ppm"])
def test_truncated_files(tmp_path, suffix):
    image = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    data = encoded(image.astype(np.float32) if suffix == ".exr" else image, suffix)
    path = tmp_path / f"cut{suffix}"
    path.write_bytes(data[: len(data) // 2])
    with pytest.raises(DataError, match=r"cut.*(truncated|damaged)"):
        ImageDataset(str(path))


def test_files_that_are_no_pictures(tmp_path):
    (tmp_path / "empty.png").touch()
    with pytest.raises(DataError, match="empty.png is empty: it has no bytes"):
        ImageDataset(str(tmp_path / "empty.png"))
    (tmp_path / "words.png").write_text("no picture")
    with pytest.raises(DataError, match="words.png cannot be decoded"):
        ImageDataset(str(tmp_path / "words.png"))
    with pytest.raises(DataError, match="'gone.png' not found: looked for .*JNERF_DATA"):
        ImageDataset("gone.png")
    with pytest.raises(DataError, match="is a folder: name the file"):
        ImageDataset(str(tmp_path))
    buffer = io.BytesIO()
    Image.fromarray(np.arange(12, dtype=np.int32).reshape(3, 4)).save(buffer, "TIFF")
    (tmp_path / "deep.tif").write_bytes(buffer.getvalue())
    with pytest.raises(DataError, match="holds 1 channels of int32: expected grey or RGB"):
        ImageDataset(str(tmp_path / "deep.tif"))


def test_a_png_that_memory_cannot_hold_is_refused_before_it_is_decoded(tmp_path):
    header = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + (2**16).to_bytes(4, "big") * 2 + b"\x08\x02\0\0\0"
    (tmp_path / "huge.png").write_bytes(header + bytes(64))
    with pytest.raises(
        DataError, match="has 65536x65536 pixels, 12 GiB.*Convert it to a TIFF in tiles"
    ):
        ImageDataset(str(tmp_path / "huge.png"))


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_pixels_that_are_no_numbers(tmp_path, bad):
    light = np.ones((4, 5, 3), np.float32)
    light[2, 3, 1] = light[3, 0, 0] = bad
    path = save(tmp_path / "a.exr", light)
    with pytest.raises(
        DataError, match="2 of 20 pixels are not finite, the first at column 3, row 2"
    ):
        ImageDataset(path)


def test_arguments_out_of_range(rgb):
    for options, text in (
        ({"color_space": "rec709"}, "color_space is 'rec709'; it must be srgb or linear"),
        ({"targets": "nearest"}, "targets is 'nearest'"),
        ({"split": "all"}, "split is 'all'"),
        ({"background": (1.0, 2.0, 0.0)}, "background is"),
    ):
        with pytest.raises(ConfigError, match=text):
            ImageDataset(rgb, **options)

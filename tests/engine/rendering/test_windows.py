"""Films and pictures of a picture: which part of it, at which resolution."""

import json
from types import SimpleNamespace

import numpy as np
import pytest

from jnerf.datasets.base import Dataset
from jnerf.datasets.image.dataset import ImageDataset
from jnerf.engine.rendering.paths.windows import WindowPath, between, load_windows, zoom
from jnerf.engine.rendering.request import FilmRequest, PathRequest
from jnerf.engine.rendering.windows import flat_request, window_reel
from jnerf.errors import ConfigError, DataError
from jnerf.imaging.image import Image

DEFAULTS = SimpleNamespace(n_frames=6, fps=10, width=None, height=None)


@pytest.fixture(scope="module")
def picture(tmp_path_factory):
    """20 x 10 pixels."""
    file = tmp_path_factory.mktemp("picture") / "a.npy"
    np.save(file, np.random.default_rng(0).integers(0, 256, (10, 20, 3), dtype=np.uint8))
    return ImageDataset(str(file))


def reel(dataset, defaults=DEFAULTS, **options):
    names = ("kind", "window", "fov")
    path = PathRequest(**{k: options.pop(k) for k in names if k in options})
    return window_reel(dataset, flat_request(FilmRequest(path, **options)), defaults)


def seen(dataset, shot):
    """What a model that knows every pixel shows in a shot, each as the nearest one."""
    n = shot.finer
    points = shot.rows(0, shot.height * n).rays_o.numpy()
    pixels = np.floor(points * [dataset.picture.width, dataset.picture.height]).astype(int)
    x, y = np.clip(pixels, 0, [dataset.picture.width - 1, dataset.picture.height - 1]).T
    colors = dataset.picture.at(x, y).reshape(shot.height * n, shot.width * n, 3)
    ones = np.ones(colors.shape[:2], np.float32)
    return shot.finish(Image(colors, ones, 0 * ones))


def test_a_window_shows_its_pixels(picture):
    film = reel(picture, window=(3.0, 2.0, 9.0, 6.0))
    (shot,) = film.shots
    assert (shot.width, shot.height, shot.finer) == (6, 4, 1)
    image = seen(picture, shot)
    np.testing.assert_array_equal(image.colors, picture.picture.rows(2, 6)[:, 3:9])
    (shot,) = reel(picture, window=(3.0, 2.0, 9.0, 6.0), size=(18, 12)).shots
    large = np.kron(picture.picture.rows(2, 6)[:, 3:9], np.ones((3, 3, 1), np.float32))
    np.testing.assert_array_equal(seen(picture, shot).colors, large)
    (shot,) = reel(picture, window=(3.0, 2.0, 9.0, 6.0), scale=2.0).shots
    assert (shot.width, shot.height) == (12, 8)
    rows = shot.rows(5, 7).rays_o.numpy()
    np.testing.assert_array_equal(rows, shot.rows(0, 8).rays_o.numpy()[5 * 12 : 7 * 12])


def test_beyond_the_picture_is_nothing(picture):
    (shot,) = reel(picture, window=(-2.0, -1.0, 4.0, 3.0)).shots
    image = seen(picture, shot)
    np.testing.assert_array_equal(image.colors[1:, 2:], picture.picture.rows(0, 3)[:, :4])
    assert (image.opacities[0] == 0).all() and (image.opacities[:, :2] == 0).all()
    assert (image.colors[0] == 0).all() and (image.opacities[1:, 2:] == 1).all()


def test_a_small_frame_is_the_mean_of_its_pixels(picture):
    shot = reel(picture, kind="zoom", size=(10, 5), n_frames=3, formats=("gif",)).shots[0]
    assert shot.finer == 2
    image = seen(picture, shot)
    expected = picture.picture.rows(0, 10).reshape(5, 2, 10, 2, 3).mean(axis=(1, 3))
    np.testing.assert_allclose(image.colors, expected, atol=1e-6)
    assert image.opacities.shape == image.depths.shape == (5, 10)


def test_a_window_grows_to_the_shape_of_the_frame(picture):
    (shot,) = reel(picture, window=(4.0, 4.0, 8.0, 6.0), size=(8, 8)).shots
    points = shot.rows(0, 8).rays_o.numpy().reshape(8, 8, 2) * [20, 10]
    np.testing.assert_allclose(points[0, :, 0], 4.25 + 0.5 * np.arange(8), atol=1e-5)
    np.testing.assert_allclose(points[:, 0, 1], 3.25 + 0.5 * np.arange(8), atol=1e-5)


def test_a_zoom_goes_in_and_out_again():
    windows = zoom(20, 10, 8)
    np.testing.assert_allclose(windows[0], [0, 0, 20, 10], atol=1e-9)
    np.testing.assert_allclose(windows[4], [10 - 0.625, 5 - 0.3125, 10.625, 5.3125])
    np.testing.assert_allclose(windows[1], windows[7])
    np.testing.assert_allclose(windows[:, :2] + windows[:, 2:], np.tile([20, 10], (8, 1)))


def test_one_point_keeps_its_place_on_the_way():
    a, b = np.array([[0, 0, 100, 50.0]]), np.array([[60, 10, 70, 15.0]])
    fixed = a[0, :2] - (a[0, 2:] - a[0, :2]) * (b[0, :2] - a[0, :2]) / (
        (b[0, 2:] - b[0, :2]) - (a[0, 2:] - a[0, :2])
    )
    for part in (0, 0.3, 0.8, 1):
        ((left, top, right, bottom),) = between(a, b, np.array([[part]]))
        place = (fixed - [left, top]) / [right - left, bottom - top]
        np.testing.assert_allclose(place, fixed / [100, 50], atol=1e-9)
    moved = between(a, a + 10, np.array([[0.5]]))
    np.testing.assert_allclose(moved, a + 5)


def test_a_path_of_windows(picture, tmp_path):
    content = {
        "format": "jnerf window path", "fps": 4, "width": 8, "height": 4,
        "keyframes": [{"time": 1, "window": [0, 0, 20, 10]}, {"time": 3, "window": [4, 2, 8, 4]}],
    }  # fmt: skip
    file = tmp_path / "w.json"
    file.write_text(json.dumps(content))
    path = load_windows(file)
    np.testing.assert_allclose(path.at([0, 1, 3, 9])[[0, 1, 2, 3], 2], [20, 20, 8, 8])
    film = reel(picture, kind=str(file))
    assert len(film.shots) == 9 and film.fps == 4
    assert {(shot.width, shot.height) for shot in film.shots} == {(8, 4)}
    assert len(reel(picture, kind=str(file), n_frames=3).shots) == 3
    other = reel(picture, kind=str(file), n_frames=4)
    assert film.about["windows"] != other.about["windows"]
    np.testing.assert_array_equal(
        WindowPath(np.array([[0, 0, 1, 1.0]]), np.zeros(1)).at([0, 5]), [[0, 0, 1, 1]] * 2
    )


@pytest.mark.parametrize(
    "content, text",
    [
        ({"keyframes": []}, "its format is None; a film of a picture needs 'jnerf window path'"),
        ({"format": "jnerf window path"}, "'keyframes' must be a list"),
        (
            {"format": "jnerf window path", "keyframes": [{"time": 0, "window": [1, 2, 3]}]},
            r"keyframes\[0\]: 'window' must be 4 numbers",
        ),
        (
            {"format": "jnerf window path", "keyframes": [{"time": 0, "window": [3, 0, 1, 2]}]},
            "keyframe 0: window is .* left less than right",
        ),
        (
            {
                "format": "jnerf window path",
                "keyframes": [{"time": t, "window": [0, 0, 1, 2]} for t in (2, 1)],
            },
            "times of keyframes must rise",
        ),
    ],
)
def test_files_that_are_no_path_of_windows(content, text, tmp_path):
    (tmp_path / "w.json").write_text(json.dumps(content))
    with pytest.raises(DataError, match=text):
        load_windows(tmp_path / "w.json")


def test_what_a_picture_has_not(picture):
    for options, text in (
        ({"kind": "orbit"}, "--path orbit needs cameras, and a picture has none: give --path zoom"),
        ({"fov": 40.0}, "--fov is of cameras"),
        ({"depth_range": (0.0, 1.0)}, "--depth-range is of cameras"),
        ({"window": (0.0, 0.0, 4.0, 4.0), "n_frames": 3}, "do not go with --window"),
        ({"window": (4.0, 0.0, 4.0, 4.0)}, "left must be less than right"),
        ({"window": (0.0, 0.0, 4.0, 4.0), "kind": "zoom"}, "give one of them"),
    ):
        with pytest.raises(ConfigError, match=text):
            reel(picture, **options)
    request = flat_request(FilmRequest(PathRequest(window=(0, 0, 4, 4)), formats=("mp4", "exr")))
    assert request.formats == ("exr",) and request.path.name == "window_0_0_4_4"
    assert flat_request(FilmRequest()).path.name == "zoom"


def test_sizes_of_frames(picture):
    assert [(s.width, s.height) for s in reel(picture).shots[:1]] == [(20, 10)]
    narrow = SimpleNamespace(n_frames=2, fps=10, width=8, height=None)
    assert [(s.width, s.height) for s in reel(picture, narrow).shots] == [(8, 4)] * 2
    odd = reel(picture, size=(7, 5), formats=("mp4",)).shots[0]
    assert (odd.width, odd.height) == (6, 4)


class Plane(Dataset):
    """A field of two dimensions that is no picture of pixels."""

    n_dims = 2

    def sample(self, n_rays, step):
        raise NotImplementedError


def test_fields_that_are_no_pictures_are_shown_in_units_of_their_box():
    plane = Plane([-1, 0, 3, 2])
    shot = reel(plane, n_frames=2).shots[0]
    assert (shot.width, shot.height, shot.finer) == (1024, 512, 1)
    points = shot.rows(0, 512).rays_o.numpy()
    np.testing.assert_allclose(points.min(0), [-1, 0], atol=4e-3)
    np.testing.assert_allclose(points.max(0), [3, 2], atol=4e-3)
    (shot,) = reel(plane, window=(0.0, 0.0, 2.0, 2.0), size=(2, 2)).shots
    np.testing.assert_allclose(shot.rows(0, 1).rays_o.numpy(), [[-0.5, 0.5], [0.5, 0.5]])

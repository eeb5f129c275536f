"""The embedded scene: exact geometry, alpha, determinism and the cache."""

import numpy as np
import pytest

from jnerf.datasets.procedural.dataset import ProceduralDataset
from jnerf.datasets.procedural.scene import caged_still_life, render_image, still_life
from jnerf.datasets.procedural.scene.scene import Scene, Solid
from jnerf.datasets.procedural.scene.shapes import (
    Disc,
    RoundBox,
    RoundCylinder,
    Sphere,
    Torus,
    first_hits,
)
from jnerf.datasets.procedural.scene.wires import WIRE, Wire
from jnerf.errors import ConfigError

QUARTER = np.array([[0.0, -1, 0], [1, 0, 0], [0, 0, 1]])


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "jnerf"


def small(**arguments):
    return ProceduralDataset(**{"n_train": 3, "n_test": 2, "resolution": 24, **arguments})


def random_rays(n, radius=4.0):
    rng = np.random.default_rng(1)
    o = rng.normal(size=(n, 3))
    o *= radius / np.linalg.norm(o, axis=1, keepdims=True)
    d = rng.uniform(-0.8, 0.8, (n, 3)) - o
    d /= np.linalg.norm(d, axis=1, keepdims=True)
    return o.astype(np.float32), d.astype(np.float32)


def test_sphere_is_exact():
    """Depth and normal against the quadratic formula in float64."""
    o, d = random_rays(4000)
    center, radius = np.array([0.1, -0.2, 0.3]), 0.7
    shape = Sphere(center, radius)
    t = shape.intersect(o, d)
    off = o.astype(float) - center
    b = (off * d).sum(1)
    square = b**2 - ((off**2).sum(1) - radius**2)
    clear = np.abs(square) > 1e-4
    np.testing.assert_array_equal(np.isfinite(t)[clear], (square > 0)[clear])
    hit = clear & (square > 0)
    assert 500 < hit.sum() < 3500
    np.testing.assert_allclose(t[hit], (-b - np.sqrt(square.clip(0)))[hit], atol=2e-5)
    points = o[hit] + t[hit, None] * d[hit]
    np.testing.assert_allclose(shape.normal(points), (points - center) / radius, atol=1e-5)


@pytest.mark.parametrize(
    "shape",
    [
        Disc((0.1, 0, -0.1), 0.8, 0.2),
        RoundBox((0, 0.1, 0), (0.5, 0.3, 0.4), 0.06, QUARTER),
        RoundCylinder((0, 0, 0.1), 0.4, 0.5, 0.05),
        Torus((0.1, 0.1, 0), 0.5, 0.2, QUARTER[[0, 2, 1]] * [1, -1, 1]),
        Wire((-0.4, 0.1, -0.3), (0.3, 0.2, 0.4), 0.2),
    ],
    ids=lambda shape: type(shape).__name__,
)
def test_hits_lie_on_the_surface_and_normals_are_gradients(shape):
    o, d = random_rays(3000)
    t = shape.intersect(o, d)
    hit = np.isfinite(t)
    assert 300 < hit.sum() < 2900
    points = o[hit] + t[hit, None] * d[hit]
    assert np.abs(shape.distance(points)).max() < 1e-4
    normals = shape.normal(points)
    np.testing.assert_allclose(np.linalg.norm(normals, axis=1), 1, atol=1e-4)
    assert ((normals * d[hit]).sum(1) < 1e-2).all()
    step = 1e-3
    slope = [
        (shape.distance(points + step * e) - shape.distance(points - step * e)) / (2 * step)
        for e in np.eye(3, dtype=np.float32)
    ]
    error = np.abs(np.stack(slope, axis=1) - normals).max(axis=1)
    assert np.quantile(error, 0.97) < 0.02  # the rest lies within a step of an edge
    # Nothing was missed or passed through: marching densely, no ray enters before its hit.
    for fraction in np.linspace(0, 0.99, 60):
        reach = np.where(hit, t, 8) * np.float32(fraction)
        assert shape.distance(o + reach[:, None] * d).min() > -2e-3


def test_first_hit_is_the_nearest():
    shapes = [Sphere((0, 0, 0), 0.5), Sphere((0, 0, 2), 0.5), Sphere((5, 0, 0), 0.5)]
    o = np.array([[0, 0, 5], [0, 0, -5], [0, 9, 0]], np.float32)
    d = np.array([[0, 0, -1], [0, 0, 1], [0, 0, 1]], np.float32)
    hits = first_hits(shapes, o, d)
    assert hits.solid.tolist() == [1, 0, -1]
    np.testing.assert_allclose(hits.t, [2.5, 4.5, np.inf], atol=1e-6)


def test_alpha_is_the_covered_share_of_a_pixel():
    """A ball seen without perspective covers pi r^2 of the image; edges are partial, colours unmixed."""
    white = Solid(Sphere((0, 0, 0), 0.8), lambda q: np.ones_like(q), gloss=0.0)
    size = 64

    def rays(x, y):
        o = np.stack([(x + 0.5) / 32 - 1, 1 - (y + 0.5) / 32, np.full_like(x, 5)], axis=1)
        return o, np.tile(np.array([0, 0, -1], np.float32), (len(x), 1))

    image = render_image(Scene((white,), still_life().light), rays, size, size)
    alpha = image[..., 3] / 255
    assert abs(alpha.sum() / 32**2 - np.pi * 0.8**2) < 0.01
    assert alpha[32, 32] == 1 and alpha[0, 0] == 0 and ((alpha > 0) & (alpha < 1)).sum() > 50
    partial = image[(alpha > 0.3) & (alpha < 1)]
    assert partial[:, :3].min() > 60  # not darkened by the background


def test_geometry_in_field_units(cache):
    """The centre of the marble ball, seen from straight above, at the depth that its radius says."""
    dataset = small()
    ball = still_life().solids[1].shape
    above = dataset.transform.points(ball.center + [0, 0, 2.0]).astype(np.float32)[None]
    found = dataset.geometry(above, np.array([[0, 0, -1]], np.float32))
    assert found.solids.tolist() == [1]
    np.testing.assert_allclose(found.depths, [[0.33 * (2 - ball.radius)]], atol=1e-5)
    np.testing.assert_allclose(found.normals, [[0, 0, 1]], atol=1e-5)
    nothing = dataset.geometry(above, np.array([[0, 0, 1]], np.float32))
    assert nothing.depths.tolist() == [[0]] and not nothing.normals.any()


@pytest.mark.parametrize("wires", [False, True])
def test_alpha_agrees_with_geometry_and_scene_fits_the_box(wires):
    dataset = small(resolution=48, n_train=4, wires=wires)
    for i in range(4):
        view = dataset.view(i)
        rays = view.rays()
        o, d = rays.rays_o.numpy(), rays.rays_d.numpy()
        found = dataset.geometry(o, d)
        alpha = view.rgba()[..., 3].reshape(-1)
        assert (found.solids[alpha == 255] >= 0).all() and (found.solids[alpha == 0] < 0).all()
        met = found.solids >= 0
        points = o[met] + found.depths[met] * d[met]
        assert points.min() > 0 and points.max() < 1
        assert dataset.near < found.depths[met].min() and found.depths.max() < dataset.far


def test_wires_are_an_option_around_the_same_scene(cache):
    plain, caged = small(split="test"), small(split="test", wires=True)
    without = small(split="test", wires=False)
    np.testing.assert_array_equal(plain.images.pixels, without.images.pixels)
    assert (caged.images.pixels != plain.images.pixels).mean() > 0.1
    assert len(list(cache.iterdir())) == 2  # neither is read for the other
    assert [type(s) for s in caged_still_life().shapes[:9]] == [
        type(s) for s in still_life().shapes
    ]
    # Across a bar, through its axis, above the middle hoop: nothing but the wire's own thickness.
    bar = caged_still_life().shapes[9]
    far = caged.transform.points(bar.center + [3 * bar.center[0], 3 * bar.center[1], 0.1])
    towards = -bar.center * [1, 1, 0] / np.hypot(*bar.center[:2])
    found = caged.geometry(far.astype(np.float32)[None], towards.astype(np.float32)[None])
    assert found.solids.tolist() == [9]
    gap = 3 * np.hypot(*bar.center[:2]) - WIRE
    np.testing.assert_allclose(found.depths, [[0.33 * gap]], atol=1e-5)
    assert 2 * 0.33 * WIRE < 1 / 128  # thinner than a cell of the usual grid


def test_silhouettes_are_where_images_are_not_transparent():
    dataset = small()
    masks = list(dataset.facts()["silhouettes"]())
    assert len(masks) == 3
    for i, mask in enumerate(masks):
        np.testing.assert_array_equal(mask, dataset.view(i).rgba()[..., 3] > 0)
    opaque = small()
    opaque.images.__dict__["pixels"] = np.full(3 * 24 * 24, 0xFF102030, np.uint32)
    assert opaque.silhouettes() is None


def test_batches_carry_the_extras_asked_for():
    batch = small(extras=("depth", "normals")).sample(50, 0)
    assert small(extras=("depth",)).provides == {"depth"} and not small().provides
    assert batch.extras["depth"].shape == [50, 1] and batch.extras["normals"].shape == [50, 3]
    opaque = batch.rgba.numpy()[:, 3] == 1
    lengths = np.linalg.norm(batch.extras["normals"].numpy(), axis=1)
    np.testing.assert_allclose(lengths[opaque], 1, atol=1e-4)
    assert small().sample(5, 0).extras == {}
    found = small(extras=("depth", "depth_error")).sample(50, 0).extras
    known = found["depth"].numpy() > 0
    assert 0 < known.sum() < 50 and (found["depth_error"].numpy() == known).all()


def test_rendering_is_deterministic_and_cached(cache, monkeypatch):
    first = small(split="test").images.pixels
    files = list(cache.iterdir())
    assert len(files) == 1 and files[0].suffix == ".npz"
    files[0].unlink()
    again = small(split="test", seed=3).images.pixels
    np.testing.assert_array_equal(first, again)
    monkeypatch.setattr("jnerf.datasets.procedural.dataset.render_image", None)
    np.testing.assert_array_equal(small(split="test").images.pixels, first)
    with pytest.raises(TypeError):  # other parameters are not in the cache
        small(split="test", resolution=25).images.pixels  # noqa: B018


@pytest.mark.parametrize("damage", [lambda data: data[: len(data) // 2], lambda data: b"rubbish"])
def test_damaged_cache_is_made_again(cache, damage):
    first = small(split="test").images.pixels
    file = next(cache.iterdir())
    file.write_bytes(damage(file.read_bytes()))
    with pytest.warns(UserWarning, match="is damaged and will be made again"):
        again = small(split="test").images.pixels
    np.testing.assert_array_equal(first, again)
    assert small(split="test").images.pixels.shape == first.shape  # and it was repaired


def test_unwritable_cache_only_warns(cache):
    cache.write_text("a file where the folder should be")
    with pytest.warns(UserWarning, match="is not cached"):
        assert len(small(split="test").images.pixels) == 2 * 24 * 24


def test_splits_differ():
    train, test = small(), small(split="test")
    assert (train.n_images, test.n_images) == (3, 2)
    gaps = train.cameras.c2w[:, None, :, 3] - test.cameras.c2w[None, :, :, 3]
    assert np.linalg.norm(gaps, axis=-1).min() > 0.01


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"split": "tset"}, "split must be train, val or test, got 'tset'"),
        ({"resolution": 0}, "resolution must be 1 or more"),
        ({"near": 5.0}, "near < far must hold"),
        ({"extras": ("depths",)}, "unknown extras .* choose from depth, depth_error, normals"),
    ],
)
def test_arguments_out_of_range(arguments, message):
    with pytest.raises(ConfigError, match=message):
        small(**arguments)

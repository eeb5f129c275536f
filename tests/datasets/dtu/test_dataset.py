"""Scans in the format of NeuS: decomposed matrices, masks, and what is said of broken ones."""

import cv2
import numpy as np
import pytest
from captures import FOCAL, SCALE_MAT, SIZE, make_neus, opencv_w2c, write_image
from hypothesis import given, settings
from hypothesis import strategies as st
from scenes import ball_image, ring_poses

from jnerf.datasets.dtu.dataset import DTUDataset
from jnerf.datasets.dtu.projection_matrices import decompose
from jnerf.errors import ConfigError, DataError

# Without subnormals: Jittor's own kernels switch them off for the process, which hypothesis would refuse.
number, angle = (st.floats(-x, x, allow_subnormal=False) for x in (100, 3))


@pytest.fixture
def scene(tmp_path):
    return make_neus(tmp_path / "scan")


def load(scene, **arguments):
    return DTUDataset(str(scene), **arguments)


def change(scene, **arrays):
    """Replaces arrays of the camera file, or removes those given as None."""
    path = scene / "cameras_sphere.npz"
    with np.load(path) as file:
        kept = {**file, **arrays}
    np.savez(path, **{key: value for key, value in kept.items() if value is not None})


@settings(deadline=None, max_examples=50)
@given(
    st.lists(st.floats(10, 5000), min_size=4, max_size=4),
    st.lists(angle, min_size=3, max_size=3),
    st.lists(number, min_size=3, max_size=3),
    st.sampled_from([-3.0, -1e-3, 1.0, 200.0]),
)
def test_decompose_inverts_compose(intrinsics, rotation, position, scale):
    fx, fy, cx, cy = intrinsics
    turned = cv2.Rodrigues(np.array(rotation))[0]
    pose = np.concatenate([turned, np.array(position)[:, None]], axis=1)
    calibration = np.array([[fx, 0, cx], [0, fy, cy], [0, 0, 1]])
    projection = scale * calibration @ opencv_w2c(np.vstack([pose, [0, 0, 0, 1]]))[:3]
    found, found_pose = decompose(projection, (800, 600), "one")
    np.testing.assert_allclose(found, intrinsics, rtol=1e-6)
    np.testing.assert_allclose(found_pose[:, :3], turned, atol=1e-6)
    np.testing.assert_allclose(found_pose[:, 3], position, atol=1e-5)
    by_opencv = cv2.decomposeProjectionMatrix(projection)
    np.testing.assert_allclose(
        found[:2], np.abs(by_opencv[0].diagonal()[:2] / by_opencv[0][2, 2]), rtol=1e-6
    )


@pytest.mark.parametrize(
    ("projection", "message"),
    [
        (np.zeros((3, 4)), "^one: the projection is singular"),
        (np.full((3, 4), np.inf), "^one: expected a finite 3x4 projection"),
        (np.eye(4), "^one: expected a finite 3x4"),
        (np.array([[900.0, 9, 400, 0], [0, 900, 300, 0], [0, 0, 1, 0]]), "skew of 9 pixels"),
    ],
)
def test_matrices_of_no_camera(projection, message):
    with pytest.raises(DataError, match=message):
        decompose(projection, (800, 600), "one")


def test_the_sphere_becomes_one_in_the_box(scene):
    dataset = load(scene, holdout=0, radius=0.4)
    np.testing.assert_allclose(
        dataset.cameras.intrinsics, np.tile([FOCAL, FOCAL, SIZE / 2, SIZE / 2], (9, 1)), rtol=1e-5
    )
    poses = ring_poses(9)
    np.testing.assert_allclose(dataset.cameras.c2w[:, :, :3], poses[:, :3, :3], atol=1e-6)
    np.testing.assert_allclose(dataset.cameras.c2w[:, :, 3], poses[:, :3, 3] * 0.4 + 0.5, atol=1e-5)
    assert dataset.near == pytest.approx(0.4 * 17**0.5 - 0.5, abs=1e-5)
    assert dataset.far == pytest.approx(0.4 * 17**0.5 + 0.5, abs=1e-5)
    assert dataset.facts()["aabb"].tolist() == [0, 0, 0, 1, 1, 1]


def test_exports_come_back_in_world_units(scene):
    dataset = load(scene)
    np.testing.assert_array_equal(dataset.scale_mat, SCALE_MAT)
    np.testing.assert_allclose(dataset.transform.inverse().points([0.5, 0.5, 0.5]), [5, -3, 10])
    np.testing.assert_allclose(dataset.transform.inverse().points([1, 0.5, 0.5]), [7, -3, 10])


def test_what_masks_do(scene):
    truth = ball_image(ring_poses(9)[1], SIZE, FOCAL)
    np.testing.assert_array_equal(load(scene).view(0).rgba()[..., 3], truth[..., 3])
    for masks in ("alpha", "rays", "ignore"):
        dataset = load(scene, masks=masks)
        batch = dataset.sample(2000, 0)
        alpha = batch.rgba.numpy()[:, 3]
        rays_o, rays_d = batch.rays.rays_o.numpy(), batch.rays.rays_d.numpy()
        hit = np.linalg.norm(np.cross(0.5 - rays_o, rays_d), axis=1) < 0.5
        assert hit.all() == (masks == "rays")
        if masks == "alpha":
            np.testing.assert_array_equal(hit, alpha > 0.5)
        else:
            assert (alpha == 1).all()
    assert load(scene, masks="rays", split="test").images.kept is None
    assert (load(scene, masks="rays", split="test").view(0).rgba()[..., 3] == 255).all()


def test_splits_and_names(tmp_path):
    scene = make_neus(tmp_path / "scan")
    (scene / "image").rename(scene / "images")
    (scene / "mask").rename(scene / "masks")
    (scene / "cameras_sphere.npz").rename(scene / "cameras.npz")
    train, test = load(scene), load(scene, split="test")
    assert test.cameras.names == ("000000", "000008") and train.n_images == 7
    assert (train.near, train.far) == (test.near, test.far)


def test_downscale_keeps_the_field_of_view(scene):
    full, half = load(scene), load(scene, downscale=2)
    assert half.view(0).rgba().shape == (SIZE // 2, SIZE // 2, 4)
    points = [[0.5, 0.5, 0.5], [0.6, 0.4, 0.5]]
    np.testing.assert_allclose(
        half.cameras.project(points, 2).xy, full.cameras.project(points, 2).xy / 2, rtol=1e-5
    )
    shifted = load(scene, pixel_centre=0.5).cameras.intrinsics[0]
    np.testing.assert_allclose(shifted, [FOCAL, FOCAL, SIZE / 2 - 0.5, SIZE / 2 - 0.5], rtol=1e-5)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"world_mat_3": None}, "holds 8 cameras .* for 9 images"),
        ({"world_mat_3": None, "world_mat_9": np.eye(4)}, "has no 'world_mat_3'"),
        ({"scale_mat_2": None}, "no 'scale_mat_2': .* not been normalised"),
        ({"world_mat_1": np.eye(4) * np.nan}, "'world_mat_1' holds NaN"),
        ({"world_mat_1": np.zeros((4, 4))}, "world_mat_1: the projection is singular"),
        ({"world_mat_1": np.eye(3)}, r"'world_mat_1' must be 4x4 numbers, got \[3, 3\]"),
        ({"scale_mat_4": np.eye(4)}, "scale_mat_4 is not scale_mat_0"),
        (
            {f"scale_mat_{i}": np.diag([1.0, 2, 1, 1]) for i in range(9)},
            "scale_mat_0 must scale all axes alike",
        ),
    ],
)
def test_broken_matrices(scene, arrays, message):
    change(scene, **arrays)
    with pytest.raises(DataError, match=message):
        load(scene)


def test_broken_camera_file(scene):
    path = scene / "cameras_sphere.npz"
    data = path.read_bytes()
    for damaged in (b"", b"no zip", data[: len(data) // 2], data[:200] + bytes(200) + data[400:]):
        path.write_bytes(damaged)
        with pytest.raises(DataError, match="cameras_sphere.npz cannot be read"):
            load(scene)
    path.unlink()
    with pytest.raises(DataError, match="cameras_sphere.npz not found, nor cameras.npz. .* holds:"):
        load(scene)


def test_broken_masks(scene):
    mask = scene / "mask" / "003.png"
    good = cv2.imread(str(mask), cv2.IMREAD_UNCHANGED)
    write_image(mask, good[:8])
    with pytest.raises(DataError, match="003.png is 16x8 pixels, its image 16x16"):
        load(scene).sample(4, 0)
    write_image(mask, good * 0)
    with pytest.raises(DataError, match="003.png is zero everywhere"):
        load(scene).sample(4, 0)
    mask.write_bytes(b"")
    with pytest.raises(DataError, match="mask: image .*003.png cannot be decoded: its 0 bytes"):
        load(scene).sample(4, 0)
    mask.unlink()
    with pytest.raises(DataError, match="mask holds 8 masks for 9 images"):
        load(scene)
    for file in (scene / "mask").iterdir():
        file.unlink()
    (scene / "mask").rmdir()
    with pytest.raises(DataError, match="no folder mask or masks. .* holds: cameras_sphere.npz"):
        load(scene)
    assert load(scene, masks="ignore").n_images == 7


def test_missing_images(scene):
    (scene / "image" / "000004.png").unlink()
    with pytest.raises(DataError, match="holds 9 cameras .* for 8 images"):
        load(scene)
    (scene / "image").rename(scene / "imgs")
    with pytest.raises(DataError, match="image folder .*image not found.* Did you mean 'imgs'"):
        load(scene)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"split": "tset"}, "split must be train, val or test"),
        ({"masks": "yes"}, "masks must be alpha, rays or ignore, got 'yes'"),
        ({"radius": 0}, "radius must be positive"),
        ({"aabb_scale": -1}, "aabb_scale must be positive"),
        ({"downscale": 0}, "downscale must be 1 or more"),
        ({"holdout": -2}, "holdout must be 2 or more, or 0"),
    ],
)
def test_arguments_out_of_range(scene, arguments, message):
    with pytest.raises(ConfigError, match=message):
        load(scene, **arguments)


def test_scan24(data_root):
    """The middle of the scan's sphere lies near the middle of every image, and masks where the sphere is."""
    folder = data_root / "dtu" / "scan24"
    if not folder.is_dir():
        pytest.skip(f"no scan24 in {data_root}")
    dataset = load(folder, holdout=0)
    assert dataset.n_images == 49 and dataset.cameras.sizes.tolist() == [[800, 600]] * 49
    # DTU's own calibration, halved: 2892.33, 2883.18, 823.20, 619.07.
    expected = np.array([2892.33, 2883.18, 823.20, 619.07]) / 2 + [0, 0, 0.5, 0.5]
    np.testing.assert_allclose(dataset.cameras.intrinsics, np.tile(expected, (49, 1)), atol=0.02)
    y, x = np.mgrid[0:600, 0:800] + 0.5
    for i in range(49):
        found = dataset.cameras.project([[0.5, 0.5, 0.5]], i)
        assert found.visible.all() and np.linalg.norm(found.xy[0] - [400, 300]) < 200
        alpha = dataset.view(i).rgba()[..., 3]
        rays_o, rays_d = dataset.cameras.generate_rays(
            np.full(480_000, i), x.ravel() - 0.5, y.ravel() - 0.5
        )
        gap = np.linalg.norm(np.cross(0.5 - rays_o, rays_d), axis=1)
        assert 0.2 < (alpha > 0).mean() < 0.9 and (gap[alpha.ravel() > 0] < 0.5).mean() > 0.99
    eyes = np.linalg.norm(dataset.transform.inverse().points(dataset.cameras.c2w[:, :, 3]), axis=1)
    assert (eyes < 1500).all()  # millimetres
    assert len(load(folder).cameras) == 42 and load(folder, split="test").n_images == 7


def test_a_rounded_scale_mat_becomes_the_nearest(tmp_path):
    right = DTUDataset(str(make_neus(tmp_path / "right")))
    scene = make_neus(tmp_path / "rounded")
    with np.load(scene / "cameras_sphere.npz") as file:
        arrays = dict(file)
    rounded = SCALE_MAT + [[0, 2e-3, 0, 0], [0, 2e-3, 0, 0], [0, 0, -2e-3, 0], [0, 0, 0, 0]]
    arrays |= {key: rounded for key in arrays if key.startswith("scale_mat")}
    np.savez(scene / "cameras_sphere.npz", **arrays)
    with pytest.warns(UserWarning, match="scale_mat_0 is a rotation times 2, to within"):
        found = DTUDataset(str(scene))
    np.testing.assert_allclose(found.cameras.c2w, right.cameras.c2w, atol=5e-3)

"""Captures in the format of LLFF: what is read, in which field, and what is said of broken ones."""

import jittor as jt
import numpy as np
import pytest
from captures import FOCAL, SIZE, facing_poses, make_llff, write_image
from scenes import ball_image, ring_poses

from jnerf.datasets.llff.dataset import LLFFDataset
from jnerf.datasets.llff.poses_bounds import read_poses_bounds
from jnerf.errors import ConfigError, DataError

POSES = facing_poses(9)


@pytest.fixture
def scene(tmp_path):
    return make_llff(tmp_path / "balls", POSES)


def load(scene, **arguments):
    return LLFFDataset(str(scene), **{"downscale": 2, **arguments})


def change(scene, edit):
    """Lets ``edit`` alter the table of poses and bounds."""
    path = scene / "poses_bounds.npy"
    table = np.load(path)
    np.save(path, edit(table))


def at(row, column, value):
    def edit(table):
        table[row, column] = value
        return table

    return edit


def test_poses_and_bounds_are_read(scene):
    found = read_poses_bounds(scene)
    np.testing.assert_allclose(found.c2w, POSES[:, :3])
    assert found.sizes.tolist() == [[2 * SIZE] * 2] * 9 and found.focal.tolist() == [2 * FOCAL] * 9
    np.testing.assert_allclose(found.bounds[4], np.linalg.norm(POSES[4, :3, 3]) + [-1, 1])


@pytest.mark.parametrize("space", ["ndc", "spherify", "bounded"])
def test_pixels_and_rays_belong_together(space, tmp_path):
    """The ball's centre is where every view has it, and all views agree on its place in the field."""
    poses = ring_poses(9) if space == "spherify" else POSES
    dataset = load(make_llff(tmp_path / "s", poses), space=space, holdout=0)
    assert dataset.cameras.intrinsics[0].tolist() == [FOCAL, FOCAL, SIZE / 2, SIZE / 2]
    centre = dataset.transform.points([[0.0, 0, 0]])
    if space == "ndc":
        centre = dataset.cameras.space.points(centre)
    for i, pose in enumerate(poses):
        x, y, z = np.linalg.inv(pose)[:3, 3]
        truth = FOCAL * np.array([x, -y]) / -z + SIZE / 2
        found = dataset.cameras.project(centre, i)
        np.testing.assert_allclose(found.xy, [truth], atol=2e-3)
        np.testing.assert_array_equal(dataset.view(i).rgba(), ball_image(pose, SIZE, FOCAL))
    batch = dataset.sample(200, 0)
    o, d = batch.rays.rays_o.numpy(), batch.rays.rays_d.numpy()
    np.testing.assert_allclose(np.linalg.norm(d, axis=1), 1, atol=1e-6)
    if space != "ndc":  # alpha of the truth: whether the ray meets the ball
        gap = np.linalg.norm(np.cross(centre - o, d), axis=1) / dataset.transform.scale
        np.testing.assert_array_equal(gap < 1, batch.rgba.numpy()[:, 3] > 0.5)


def test_facts_of_ndc(scene):
    """No cameras: those of the field are no pinholes."""
    dataset = load(scene)
    facts = dataset.facts()
    assert facts["cameras"] is None and facts["n_images"] == 7
    assert facts["aabb"].tolist() == [0, 0, 0, 1, 1, 1]
    assert facts["near"] == 0 and facts["far"] == pytest.approx(3**0.5)
    nearest = np.linalg.norm(POSES[:, :3, 3], axis=1).min() - 1
    assert dataset.transform.scale == pytest.approx(1 / (0.75 * nearest))
    rays = dataset.view(3).rays()
    o, d = rays.rays_o.numpy(), rays.rays_d.numpy()
    t = (1 - o[:, 2:]) / d[:, 2:]
    for points in (o, o + t * d):
        assert points.min() > -1e-5 and points.max() < 1 + 1e-5
    assert len(dataset.flight(3, 8, 8)) == 3


@pytest.mark.parametrize("space", ["spherify", "bounded"])
def test_facts_of_other_spaces(space, tmp_path):
    """The ball, which is what lies between the bounds, is inside the box and between near and far."""
    poses = ring_poses(9) if space == "spherify" else POSES
    dataset = load(make_llff(tmp_path / "s", poses), space=space, aabb_scale=2)
    facts = dataset.facts()
    assert facts["cameras"] is dataset.cameras and dataset.flight(3, 8, 8) is None
    assert facts["aabb"].tolist() == [-0.5] * 3 + [1.5] * 3
    centre, radius = dataset.transform.points([0, 0, 0]), dataset.transform.scale
    assert (np.abs(centre - 0.5) + radius <= 1).all()
    if space == "spherify":
        np.testing.assert_allclose(centre, 0.5, atol=1e-6)
    gaps = np.linalg.norm(dataset.cameras.c2w[:, :, 3] - centre, axis=1)
    assert facts["near"] < gaps.min() - radius and gaps.max() + radius < facts["far"]


def test_splits_share_a_field(scene):
    train, test = load(scene), load(scene, split="test")
    assert [view.name for view in map(test.view, range(test.n_images))] == ["v00", "v08"]
    assert train.cameras.names == tuple(f"v{i:02d}" for i in range(1, 8))
    assert train.cameras.space == test.cameras.space
    assert train.transform.to_dict() == test.transform.to_dict()
    assert load(scene, split="val", holdout=0).n_images == 9


def test_images_are_found_or_shrunk(tmp_path):
    """images_2 asked for at 4: shrunk, focal lengths with it. A mixed size is resized, another shape is not."""
    scene = make_llff(tmp_path / "s", POSES, downscale=2)
    quarter = load(scene, downscale=4)
    assert quarter.cameras.sizes.tolist() == [[SIZE // 2] * 2] * 7
    assert quarter.cameras.intrinsics[0].tolist() == [FOCAL / 2, FOCAL / 2, SIZE / 4, SIZE / 4]
    assert quarter.view(0).rgba().shape == (SIZE // 2, SIZE // 2, 4)
    large = np.kron(ball_image(POSES[1], SIZE, FOCAL), np.ones((3, 3, 1), np.uint8))
    write_image(scene / "images_2" / "v01.png", large)
    mixed = load(scene)
    assert mixed.cameras.sizes[:2].tolist() == [[3 * SIZE] * 2, [SIZE] * 2]
    assert mixed.cameras.intrinsics[0, 0] == 3 * FOCAL and mixed.view(0).width == 3 * SIZE
    whole = make_llff(tmp_path / "whole", POSES, downscale=1)
    assert load(whole).cameras.sizes[0].tolist() == [SIZE // 2] * 2
    with pytest.raises(DataError, match="no images for downscale=1: .* holds: images_2"):
        load(scene, downscale=1)
    write_image(scene / "images_2" / "v01.png", large[: SIZE * 2])
    with pytest.raises(DataError, match=r"v01.png is 48x32 pixels, and poses_bounds.npy .* 32x32"):
        load(scene)


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (at(2, 7, np.nan), "row 2 holds NaN or infinity"),
        (
            at(1, 14, 0),
            r"row 1: height, width and focal length must be positive, got \[32.*, 0.0\]",
        ),
        (at(3, 15, -0.5), r"row 3: 0 < near < far must hold of its bounds, got -0.5"),
        (at(3, 16, 1e-3), r"row 3: 0 < near < far must hold"),
        (at(4, 0, 7.0), "poses_bounds.npy: row 4: .* no rotation"),
        (lambda t: t[:, :16], r"expected a table \[N, 17\] .* found \[9, 16\]"),
        (lambda t: t[:0], r"found \[0, 17\]"),
        (lambda t: t[:5], "images_2 holds 9 images, and poses_bounds.npy 5 poses"),
        (lambda t: t.astype(str), "expected numbers, found <U"),
    ],
)
def test_broken_table(scene, edit, message):
    change(scene, edit)
    with pytest.raises(DataError, match=message):
        load(scene)


def test_broken_files(scene):
    path = scene / "poses_bounds.npy"
    path.write_bytes(path.read_bytes()[:300])
    with pytest.raises(DataError, match="poses_bounds.npy cannot be read"):
        load(scene)
    path.unlink()
    with pytest.raises(DataError, match=r"poses_bounds.npy not found. .* holds: images_2"):
        load(scene)


def test_broken_image(scene):
    image = scene / "images_2" / "v03.png"
    image.write_bytes(image.read_bytes()[:-40])
    with pytest.raises(DataError, match="v03.png cannot be decoded"):
        load(scene).sample(8, 0)
    image.write_bytes(b"")
    with pytest.raises(DataError, match="v03.png cannot be decoded: its 0 bytes"):
        load(scene)
    for file in (scene / "images_2").iterdir():
        file.unlink()
    with pytest.raises(DataError, match="images_2 holds no image"):
        load(scene)


def test_spaces_that_do_not_fit_the_capture(tmp_path):
    arc = make_llff(tmp_path / "arc", ring_poses(8)[:4])
    with pytest.raises(DataError, match="v0.: a corner of the image looks .* not face forward"):
        load(arc)
    ring = make_llff(tmp_path / "ring", ring_poses(8))
    with pytest.raises(DataError, match="space='ndc': the cameras' up axes.* cancel .*'spherify'"):
        load(ring)
    parallel = make_llff(tmp_path / "parallel", POSES)
    with pytest.raises(DataError, match="optical axes of 9 .* parallel"):
        load(parallel, space="spherify")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"split": "tset"}, "split must be train, val or test, got 'tset'"),
        ({"downscale": 0}, "downscale must be 1 or more"),
        ({"space": "round"}, "space must be ndc, spherify or bounded, got 'round'"),
        ({"holdout": 1}, "holdout must be 2 or more, or 0"),
        ({"bound_factor": 0}, "bound_factor must be positive"),
        ({"bound_factor": 1.01}, "bound_factor must be at most 1 for space='ndc', .* got 1.01"),
        ({"bound_factor": 0.5, "space": "bounded"}, "bound_factor=0.5 is for space='ndc': 'bounded'"),
        ({"aabb_scale": -1, "space": "bounded"}, "aabb_scale must be positive"),
        ({"aabb_scale": 2}, "aabb_scale must be 1 for space='ndc'"),
    ],
)
def test_arguments_out_of_range(scene, arguments, message):
    with pytest.raises(ConfigError, match=message):
        load(scene, **arguments)


@pytest.fixture(scope="module")
def fern(data_root):
    folder = data_root / "nerf_llff_data" / "fern"
    if not folder.is_dir():
        pytest.skip(f"no fern scene in {data_root}")
    return str(folder)


def test_fern(fern):
    """All 20 views decode; every pixel's ray begins and ends in the box; 17 are trained on."""
    train, test = LLFFDataset(fern), LLFFDataset(fern, split="test")
    assert (train.n_images, test.n_images) == (17, 3)
    assert test.cameras.names == ("image000", "image008", "image016")
    focal = 3260.5263 / 8
    np.testing.assert_allclose(train.cameras.intrinsics[0], [focal, focal, 252, 189], rtol=1e-5)
    for dataset in (train, test):
        assert len(dataset.images.pixels) == dataset.n_images * 504 * 378
        for i in range(dataset.n_images):
            assert dataset.view(i).rgba().std() > 20
        batch = dataset.sample(20_000, 0)
        o, d = batch.rays.rays_o, batch.rays.rays_d
        ends = o + (1 - o[:, 2:]) / d[:, 2:] * d
        both = jt.concat([o, ends]).numpy()
        assert both.min() > -1e-4 and both.max() < 1 + 1e-4 and batch.rgba.numpy()[:, 3].min() == 1


def test_fern_views_agree(fern):
    """A patch around the image's middle is found again in the next view, at a depth between the bounds."""
    dataset = LLFFDataset(fern, holdout=0)
    first, other = (dataset.images.image(i)[..., :3].astype(np.float32) for i in (0, 1))
    y, x = np.mgrid[130:250:4, 180:320:4].reshape(2, -1)
    rays_o, rays_d = dataset.cameras.generate_rays(np.zeros(len(x), int), x, y)
    errors = []
    for z in np.linspace(0.05, 0.95, 46):  # of the field: 1 - near / depth
        points = rays_o + (z - rays_o[:, 2:]) / rays_d[:, 2:] * rays_d
        found = dataset.cameras.project(points, 1)
        u, v = np.floor(found.xy).astype(int).T.clip(0, [[503], [377]])
        error = np.abs(other[v, u] - first[y, x]).mean(axis=1)
        errors.append(np.where(found.visible, error, 255))
    best = np.min(errors, axis=0)
    depth = np.linspace(0.05, 0.95, 46)[np.argmin(errors, axis=0)]
    assert np.median(best) < 6 and np.median(np.mean(errors, axis=0)) > 3 * np.median(best)
    # Bounds are 17 to 80 units, of which 0.75 * 17 is depth 1.
    assert ((depth > 0.2) & (depth < 0.86)).mean() > 0.7

"""Files of depth: every kind says the same, what is not known is 0, and what is no depth is named."""


import cv2
import numpy as np
import pytest

from jnerf.datasets.pictures.depth_files import check_depth_size, fitted, read_depth
from jnerf.errors import DataError

DEPTH = np.arange(12, dtype=np.uint16).reshape(3, 4) * 500


def write(path, values):
    """Depth as the file's name says."""
    if path.suffix == ".npy":
        np.save(path, values)
    elif path.suffix == ".npz":
        np.savez(path, depth=values)
    else:
        assert cv2.imwrite(str(path), values)
    return path


@pytest.mark.parametrize("name", ["a.png", "a.tiff", "a.npy", "a.npz", "a.exr"])
def test_every_kind_of_file_says_the_same(tmp_path, name):
    values = DEPTH.astype(np.float32) if name == "a.exr" else DEPTH
    path = write(tmp_path / name, values)
    found = read_depth(path)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, DEPTH)
    check_depth_size(path, (8, 6))


def test_what_is_not_known_is_0(tmp_path):
    stored = np.float32([[np.nan, np.inf, -np.inf], [-2, 0, 3]])
    for values in (stored, stored[..., None]):
        found = read_depth(write(tmp_path / "a.npy", values))
        np.testing.assert_array_equal(found, [[0, 0, 0], [0, 0, 3]])


def test_sizes_are_changed_without_averages():
    path, depth = "a.npy", np.arange(24, dtype=np.float32).reshape(4, 6)
    np.testing.assert_array_equal(fitted(depth, path, (6, 4)), depth)
    np.testing.assert_array_equal(fitted(depth, path, (3, 2)), depth[1::2, 1::2])
    np.testing.assert_array_equal(fitted(depth, path, (12, 8)), np.kron(depth, np.ones((2, 2))))
    with pytest.raises(DataError, match="a.npy is 6x4 pixels, its image 4x6: it may be larger"):
        fitted(depth, path, (4, 6))


@pytest.mark.parametrize(
    "name, values, message",
    [
        ("a.png", np.zeros((3, 4), np.uint8), "numbers of uint8: expected 16 bits or more"),
        ("a.png", np.zeros((3, 4, 3), np.uint16), r"numbers of shape \[3, 4, 3\]"),
        ("a.npy", np.zeros(5, np.float32), r"numbers of shape \[5\]"),
        ("a.npy", np.array([["far"]]), "numbers of"),
    ],
)
def test_what_is_no_depth_is_named(tmp_path, name, values, message):
    with pytest.raises(DataError, match=message):
        read_depth(write(tmp_path / name, values))


@pytest.mark.parametrize("name", ["a.png", "a.npy", "a.npz", "a.exr"])
def test_truncated_files_are_named(tmp_path, name):
    path = write(tmp_path / name, np.ones((30, 40), np.float32 if name == "a.exr" else np.uint16))
    path.write_bytes(path.read_bytes()[:60])
    with pytest.raises(DataError, match=f"{name} (cannot be|is truncated)"):
        read_depth(path)


def test_wrong_shapes_are_found_before_anything_is_read(tmp_path):
    for name in ("a.png", "a.npy"):
        with pytest.raises(DataError, match="is 40x30 pixels, its image 50x50"):
            check_depth_size(write(tmp_path / name, np.ones((30, 40), np.uint16)), (50, 50))

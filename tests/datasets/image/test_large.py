"""Pictures that are too large to decode whole: left in their file, or read by tiles."""

import struct

import numpy as np
import pytest
import tifffile

from jnerf.datasets.image import reading
from jnerf.datasets.image.dataset import ImageDataset
from jnerf.errors import DataError

RGB = np.random.default_rng(0).integers(0, 256, (70, 50, 3), dtype=np.uint8)


def picture(path, **options):
    return ImageDataset(str(path), **options).picture


def colors(path, **options):
    found = picture(path, **options)
    return found.rows(0, found.height)


@pytest.fixture
def by_tiles(monkeypatch, tmp_path):
    """As if every TIFF were large; blocks of pixels lie on disk."""
    monkeypatch.setattr(reading, "_WHOLE", 0)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.mark.parametrize("full, kind", [(255, "u1"), (200, "u1"), (65535, ">u2"), (1000, ">u2")])
def test_netpbm_stays_in_its_file(tmp_path, full, kind):
    values = (RGB.astype(np.int64) * full // 255).astype(kind)
    header = f"P6\n# made by hand\n50 70\n{full}\n".encode()
    (tmp_path / "a.ppm").write_bytes(header + values.tobytes())
    np.testing.assert_allclose(colors(tmp_path / "a.ppm"), values / full, atol=1e-6)
    assert isinstance(picture(tmp_path / "a.ppm")._stored.pixels, np.memmap)
    (tmp_path / "b.pgm").write_bytes(header.replace(b"P6", b"P5") + values[..., 0].tobytes())
    np.testing.assert_allclose(colors(tmp_path / "b.pgm")[..., 2], values[..., 0] / full, atol=1e-6)


def test_arrays_stay_in_their_file(tmp_path):
    np.save(tmp_path / "a.npy", RGB)
    np.testing.assert_allclose(colors(tmp_path / "a.npy"), RGB / 255, atol=1e-6)
    light = (RGB / 64).astype(np.float16)
    np.save(tmp_path / "b.npy", light[..., 0])
    found = colors(tmp_path / "b.npy", color_space="linear")
    np.testing.assert_allclose(found[..., 1], light[..., 0], atol=1e-6)
    rgba = np.concatenate([light, np.ones_like(light[..., :1])], 2)
    (tmp_path / "c.bin").write_bytes(struct.pack("<ii", 70, 50) + rgba.tobytes())
    np.testing.assert_allclose(colors(tmp_path / "c.bin", color_space="linear"), light, atol=1e-6)


def test_broken_files_of_such_kinds(tmp_path):
    (tmp_path / "a.ppm").write_bytes(b"P6 50 70 255\n" + bytes(100))
    with pytest.raises(
        DataError, match="a.ppm has 113 bytes, 50x70 pixels need 10513: it is trunc"
    ):
        picture(tmp_path / "a.ppm")
    (tmp_path / "b.bin").write_bytes(struct.pack("<ii", -1, 50) + bytes(100))
    with pytest.raises(DataError, match="b.bin has 50x-1 pixels"):
        picture(tmp_path / "b.bin")
    np.save(tmp_path / "c.npy", np.zeros((4, 5, 7)))
    with pytest.raises(DataError, match=r"c.npy holds \[4, 5, 7\] of float64"):
        picture(tmp_path / "c.npy")
    (tmp_path / "d.npy").write_bytes(b"\x93NUMPY")
    with pytest.raises(DataError, match="d.npy cannot be read"):
        picture(tmp_path / "d.npy")
    np.save(tmp_path / "e.npy", np.zeros((0, 5, 3), np.uint8))
    with pytest.raises(DataError, match="5x0 pixels: there is nothing to learn"):
        picture(tmp_path / "e.npy")


@pytest.mark.parametrize("planar", ["contig", "separate"])
@pytest.mark.parametrize("layout", [{"tile": (32, 16)}, {"rowsperstrip": 7}])
@pytest.mark.parametrize("kind", [np.uint8, np.uint16, np.float32])
def test_tiff_by_tiles(by_tiles, tmp_path, planar, layout, kind):
    values = RGB.astype(kind) * (3 if kind == np.uint16 else 1)
    stored = values.transpose(2, 0, 1) if planar == "separate" else values
    options = {"photometric": "rgb", "compression": "zlib", "planarconfig": planar, **layout}
    tifffile.imwrite(tmp_path / "a.tif", stored, **options)
    full = {np.uint8: 255, np.uint16: 65535, np.float32: 1}[kind]
    space = "linear" if kind == np.float32 else "srgb"
    found = colors(tmp_path / "a.tif", image_memory=0.0, color_space=space)
    np.testing.assert_allclose(found, values / full, atol=1e-6)


def test_tiff_by_tiles_with_alpha_and_grey(by_tiles, tmp_path):
    alpha = np.random.default_rng(1).integers(1, 256, (70, 50, 1), dtype=np.uint8)
    multiplied = (RGB * (alpha / 255) + 0.5).astype(np.uint8)
    for name, color, extra in (("a", RGB, "unassalpha"), ("b", multiplied, "assocalpha")):
        file = tmp_path / f"{name}.tif"
        rgba = np.concatenate([color, alpha], 2)
        tifffile.imwrite(file, rgba, photometric="rgb", extrasamples=[extra], tile=(16, 16))
        np.testing.assert_allclose(colors(file), RGB / 255 * (alpha / 255), atol=1.1 / 255)
    tifffile.imwrite(tmp_path / "c.tif", RGB[..., 0], photometric="minisblack", tile=(16, 16))
    np.testing.assert_allclose(colors(tmp_path / "c.tif")[..., 1], RGB[..., 0] / 255, atol=1e-6)


def test_tiff_by_tiles_that_cannot_be(by_tiles, tmp_path, monkeypatch):
    tifffile.imwrite(tmp_path / "a.tif", RGB, photometric="rgb", tile=(16, 16))
    data = (tmp_path / "a.tif").read_bytes()
    (tmp_path / "b.tif").write_bytes(data[: len(data) // 2])
    with pytest.raises(DataError, match="b.tif (cannot be decoded by tiles|cannot be decoded)"):
        picture(tmp_path / "b.tif")
    tifffile.imwrite(tmp_path / "c.tif", RGB.astype(np.int32), photometric="rgb")
    with pytest.raises(DataError, match="c.tif holds 3 channels of int32"):
        picture(tmp_path / "c.tif")
    monkeypatch.setitem(__import__("sys").modules, "tifffile", None)
    with pytest.raises(DataError, match="tifffile, which reads it by tiles.*pip install tifffile"):
        picture(tmp_path / "a.tif")

"""Which files count as images, and what is said of those that are not read."""

from pathlib import Path

import numpy as np
import pytest
from image_files import UNREAD, encode

from jnerf.datasets.pictures.decoding import read_rgba
from jnerf.datasets.pictures.formats import READ, why_unread
from jnerf.datasets.pictures.image_folder import list_images
from jnerf.errors import DataError

IMAGE = np.random.default_rng(0).integers(0, 256, (48, 64, 3), dtype=np.uint8)


@pytest.mark.parametrize("name", ["own", ".jpg", ".png"])
@pytest.mark.parametrize("suffix", UNREAD)
def test_what_is_not_read_is_named(tmp_path, suffix, name):
    """By its bytes: telephones' HEIC files are often called .jpg."""
    data, kind = UNREAD[suffix]
    path = tmp_path / f"a{suffix.upper() if name == 'own' else name}"
    path.write_bytes(data + bytes(100))
    with pytest.raises(
        DataError, match=rf"image .*a\..* is {kind}, which is not read: .*(PNG|sRGB)"
    ):
        read_rgba(path)


@pytest.mark.parametrize("suffix", [".NEF", ".dng", ".hdr", ".tga", ".jxl"])
def test_by_its_name_where_bytes_say_nothing(suffix):
    found = why_unread(Path(f"a{suffix}"), b"0123456789abcdef")
    assert found.startswith(f"is {suffix[1:].upper()}, which is not read")
    assert why_unread(Path("a.png"), b"0123456789abcdef") is None


@pytest.mark.parametrize("suffix", [s for s in READ if s not in (".jfif", ".pbm", ".pgm", ".j2k")])
def test_every_ending_is_of_a_kind_that_is_read(tmp_path, suffix):
    if suffix == ".pam":
        data = b"P7\nWIDTH 64\nHEIGHT 48\nDEPTH 3\nMAXVAL 255\nENDHDR\n" + IMAGE.tobytes()
    else:
        data = encode(IMAGE, suffix)
    path = tmp_path / f"a{suffix.upper()}"
    path.write_bytes(data)
    assert list_images(tmp_path) == [path] and read_rgba(path).shape == (48, 64, 4)


def test_folder_of_what_is_not_read(tmp_path):
    for name in ("a.heic", "b.HEIC"):
        (tmp_path / name).write_bytes(UNREAD[".heic"][0])
    with pytest.raises(DataError, match="holds 2 images, none of which is read: .*a.heic is HEIC"):
        list_images(tmp_path)


def test_folder_of_which_some_is_not_read(tmp_path, recwarn):
    for name in ("a.jpg", "b.png", "a.heic"):
        (tmp_path / name).touch()
    assert [path.name for path in list_images(tmp_path)] == ["a.jpg", "b.png"]
    assert not recwarn  # a.jpg is what somebody made of a.heic
    (tmp_path / "c.heic").touch()
    with pytest.warns(UserWarning, match="1 images in .* are left out: .*c.heic is HEIC"):
        list_images(tmp_path)

"""Pictures, masks and frames of videos on their way into a scene."""

from __future__ import annotations

import cv2
import imageio.v3 as imageio
import imageio_ffmpeg
import numpy as np
import pytest
from PIL import Image

from jnerf.capture.sources.film import gather_frames, sharpness, windows
from jnerf.capture.sources.masks import gather_masks
from jnerf.capture.sources.picture import Picture, lens_words
from jnerf.capture.sources.pictures import gather_pictures
from jnerf.datasets.pictures.headers import image_size
from jnerf.datasets.pictures.orientation import orientation
from jnerf.errors import DataError


def picture(width=24, height=16) -> np.ndarray:
    """Dark, but for a white corner at the top left, RGB."""
    image = np.full((height, width, 3), 30, np.uint8)
    image[: height // 2, : width // 2] = 250
    return image


def save(path, image, tag=1, focal=None):
    path.parent.mkdir(parents=True, exist_ok=True)
    exif = Image.Exif()
    exif[274] = tag
    if focal:
        exif[272] = "Camera"
        exif.get_ifd(0x8769)[37386] = focal
    Image.fromarray(image).save(path, exif=exif, quality=95)


@pytest.mark.parametrize("end", [".jpg", ".png"])
@pytest.mark.parametrize("tag", [1, 3, 6, 8])
def test_pictures_arrive_upright(tmp_path, tag, end):
    turns = {1: 0, 3: 2, 6: 1, 8: 3}[tag]  # quarter turns, counter-clockwise, of what is stored
    save(tmp_path / "in" / f"a{end}", np.rot90(picture(), turns).copy(), tag, focal=35.0)
    found = gather_pictures(tmp_path / "in", tmp_path / "out", "auto")
    upright = imageio.imread(tmp_path / "out" / found[0].name)
    assert upright.shape[:2] == (16, 24)
    assert upright[2, 2, 0] > 200 and upright[-3, 2, 0] < 60 and upright[2, -3, 0] < 60
    assert orientation(tmp_path / "out" / found[0].name) == 1
    if end == ".jpg":  # COLMAP reads the focal length there
        assert "35" in lens_words(tmp_path / "out" / found[0].name)


def test_photographs_of_more_pixels_than_pillow_likes(tmp_path, monkeypatch):
    """It takes what has more than twice its limit for an attack; drones' panoramas have more."""
    save(tmp_path / "in" / "a.jpg", np.rot90(picture()).copy(), 6, focal=35.0)
    save(tmp_path / "in" / "b.png", np.rot90(picture()).copy(), 6, focal=35.0)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 99)
    found = gather_pictures(tmp_path / "in", tmp_path / "out", "auto")
    for p in found:
        assert image_size(tmp_path / "out" / p.name) == (24, 16) and "35" in p.group
    assert Image.MAX_IMAGE_PIXELS == 99


def test_what_needs_no_turning_is_copied_byte_for_byte(tmp_path):
    save(tmp_path / "in" / "a.JPG", picture())
    gather_pictures(tmp_path / "in", tmp_path / "out", "auto")
    assert (tmp_path / "in" / "a.JPG").read_bytes() == (tmp_path / "out" / "a.JPG").read_bytes()


def test_other_kinds_become_png(tmp_path):
    (tmp_path / "in").mkdir()
    cv2.imwrite(str(tmp_path / "in" / "a.tif"), picture())
    cv2.imwrite(str(tmp_path / "in" / "b.bmp"), picture())
    found = gather_pictures(tmp_path / "in", tmp_path / "out", "auto")
    assert [p.name for p in found] == ["a.png", "b.png"]
    assert (imageio.imread(tmp_path / "out" / "a.png") == picture()).all()


def test_grey_with_alpha_becomes_png(tmp_path):
    (tmp_path / "in").mkdir()
    stored = np.dstack([picture()[..., 0], picture()[..., 0] // 2])
    Image.fromarray(stored).save(tmp_path / "in" / "a.tif")
    gather_pictures(tmp_path / "in", tmp_path / "out", "auto")
    kept = cv2.imread(str(tmp_path / "out" / "a.png"), cv2.IMREAD_UNCHANGED)
    np.testing.assert_array_equal(kept, stored[..., [0, 0, 0, 1]])


@pytest.mark.parametrize("kind", [np.float32, np.int16])
def test_numbers_that_are_no_colours(tmp_path, kind):
    """PNG would hold them, black."""
    (tmp_path / "in").mkdir()
    cv2.imwrite(str(tmp_path / "in" / "a.tif"), (picture() / 255).astype(kind))
    said = rf"a.tif holds 3 channels of {np.dtype(kind)}: expected 8- or 16-bit"
    with pytest.raises(DataError, match=said):
        gather_pictures(tmp_path / "in", tmp_path / "out", "auto")


def test_one_camera_for_pictures_of_one_folder_size_and_lens(tmp_path):
    source = tmp_path / "in"
    save(source / "left" / "1.jpg", picture(), focal=20.0)
    save(source / "left" / "2.jpg", picture(), focal=20.0)
    save(source / "left" / "3.jpg", picture(), focal=50.0)  # zoomed
    save(source / "right" / "1.jpg", picture(), focal=20.0)
    save(source / "right" / "2.jpg", picture(32, 16), focal=20.0)
    counts = {}
    for sharing in ("auto", "single", "folder", "image"):
        found = gather_pictures(source, tmp_path / "out", sharing)
        counts[sharing] = len({p.group for p in found})
    assert counts == {"auto": 4, "single": 1, "folder": 2, "image": 5}
    assert [p.name for p in found][:2] == ["left/1.jpg", "left/2.jpg"]


def test_input_that_is_wrong(tmp_path):
    source = tmp_path / "in"
    with pytest.raises(DataError, match="image folder .* not found"):
        gather_pictures(source, tmp_path / "out", "auto")
    source.mkdir()
    with pytest.raises(DataError, match="holds no image"):
        gather_pictures(source, tmp_path / "out", "auto")
    (source / "a.heic").write_bytes(b"\0\0\0\x18ftypheic0000")
    with pytest.raises(DataError, match="is HEIC, which is not read: convert the photographs"):
        gather_pictures(source, tmp_path / "out", "auto")
    save(source / "b.jpg", picture())
    (source / "c.jpg").write_bytes((source / "b.jpg").read_bytes()[:300])
    with (
        pytest.warns(UserWarning, match="a.heic"),
        pytest.raises(DataError, match="c.jpg cannot be"),
    ):
        gather_pictures(source, tmp_path / "out", "auto")
    save(source / "c.jpg", picture())
    save(source / "c.png", picture())
    with pytest.warns(UserWarning), pytest.raises(DataError, match="would both be called c"):
        gather_pictures(source, tmp_path / "out", "auto")
    assert not (tmp_path / "out").exists()


def test_masks_come_along(tmp_path):
    for name in ("a.jpg", "b.jpg"):
        save(tmp_path / "images" / name, picture())
    mask = np.zeros((8, 12), np.uint8)  # of half the size
    mask[:, 6:] = 255
    (tmp_path / "in").mkdir()
    cv2.imwrite(str(tmp_path / "in" / "a.png"), mask)
    pictures = [Picture("a.jpg"), Picture("b.jpg")]
    places = pictures, tmp_path / "images", tmp_path / "masks"
    assert gather_masks(tmp_path / "in", *places) == 1
    kept = imageio.imread(tmp_path / "masks" / "a.jpg.png")
    assert kept.shape == (16, 24) and kept[:, :12].max() == 0 and kept[:, 12:].min() == 255
    assert imageio.imread(tmp_path / "masks" / "b.jpg.png").min() == 255
    (tmp_path / "other").mkdir()
    with pytest.raises(DataError, match="holds a mask for none of the 2 pictures"):
        gather_masks(tmp_path / "other", *places)


def test_dark_parts_of_masks_are_kept_with_16_bits_too(tmp_path):
    save(tmp_path / "images" / "a.jpg", picture())
    mask = np.zeros((16, 24), np.uint16)
    mask[:, 12:] = 1
    (tmp_path / "in").mkdir()
    cv2.imwrite(str(tmp_path / "in" / "a.png"), mask)
    gather_masks(tmp_path / "in", [Picture("a.jpg")], tmp_path / "images", tmp_path / "masks")
    np.testing.assert_array_equal(imageio.imread(tmp_path / "masks" / "a.jpg.png"), mask * 255)


def film(path, n=12, sharp=(4, 9)):
    """Noise, blurred but for some frames, each of its own brightness."""
    noise = np.random.default_rng(0).integers(0, 255, (48, 64, 3), np.uint8)
    writer = imageio_ffmpeg.write_frames(str(path), (64, 48), fps=12, quality=9)
    writer.send(None)
    for i in range(n):
        frame = noise if i in sharp else cv2.GaussianBlur(noise, (9, 9), 3)
        writer.send(np.ascontiguousarray(frame))
    writer.close()


def test_the_sharpest_frame_of_each_window(tmp_path):
    film(tmp_path / "film.mp4")
    found = gather_frames(tmp_path / "film.mp4", tmp_path / "out", 2)
    assert [p.name for p in found] == ["frame_00001.jpg", "frame_00002.jpg"]
    blurred = cv2.GaussianBlur(
        np.random.default_rng(0).integers(0, 255, (48, 64), np.uint8), (9, 9), 3
    )
    for p in found:
        assert sharpness(imageio.imread(tmp_path / "out" / p.name)) > 5 * sharpness(blurred)
    few = gather_frames(tmp_path / "film.mp4", tmp_path / "all", 500)
    assert len(few) == 12


def test_a_film_whose_frames_do_not_last_alike_is_read_to_its_end(tmp_path):
    """As telephones film: 12 frames at 30 a second, then 12 at 6 a second, each brighter than the one before."""
    times = ["-vf", "setpts=(N+max(N-12\\,0)*4)/30/TB"]
    writer = imageio_ffmpeg.write_frames(
        str(tmp_path / "film.mp4"), (64, 48), fps=30, output_params=times
    )
    writer.send(None)
    for i in range(24):
        writer.send(np.full((48, 64, 3), 10 * i, np.uint8))
    writer.close()
    found = gather_frames(tmp_path / "film.mp4", tmp_path / "out", 24)
    brightness = [imageio.imread(tmp_path / "out" / p.name).mean() for p in found]
    np.testing.assert_allclose(brightness, np.arange(24) * 10, atol=4)


def test_an_ffmpeg_that_calls_it_otherwise(tmp_path, monkeypatch):
    """Before 5.1, ``-fps_mode passthrough`` was ``-vsync 0``."""
    film(tmp_path / "film.mp4")
    read, asked = imageio_ffmpeg.read_frames, []

    def old(path, output_params):
        asked.append(output_params)
        if "-fps_mode" in output_params:
            raise OSError("Unrecognized option 'fps_mode'.")
        yield from read(path)

    monkeypatch.setattr(imageio_ffmpeg, "read_frames", old)
    assert len(gather_frames(tmp_path / "film.mp4", tmp_path / "out", 12)) == 12
    assert asked == [["-fps_mode", "passthrough"], ["-vsync", "0"]]


def test_windows_are_as_equal_as_can_be():
    counts = np.bincount(windows(100, 7))
    assert len(counts) == 7 and counts.max() - counts.min() <= 1
    assert windows(3, 10).tolist() == [0, 1, 2]


def test_what_is_no_video(tmp_path):
    with pytest.raises(DataError, match="not found"):
        gather_frames(tmp_path / "none.mp4", tmp_path / "out", 3)
    (tmp_path / "text.mp4").write_text("no film")
    with pytest.raises(DataError, match="cannot be read by ffmpeg"):
        gather_frames(tmp_path / "text.mp4", tmp_path / "out", 3)
    with pytest.raises(DataError, match="is a folder: use 'jnerf process images'"):
        gather_frames(tmp_path, tmp_path / "out", 3)

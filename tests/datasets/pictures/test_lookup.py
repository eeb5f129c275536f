"""Files that a scene names, found where the names were written elsewhere."""

import warnings

import pytest

from jnerf.datasets.pictures.lookup import find_named


@pytest.fixture
def folder(tmp_path):
    for name in ("images/0.png", "images/1.png", "images/cam0/0.png", "a.png", "b.jpg"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    return tmp_path


def find(folder, *names):
    found = find_named("scene.json", folder, names)
    return [None if path is None else path.relative_to(folder).as_posix() for path in found]


def test_right_names_are_found_without_a_word(folder):
    names = ("images/0.png", "./images/1.png", "images\\cam0\\0.png", "a", str(folder / "b.jpg"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = find(folder, *names)
        assert find(folder, "images/9.png", "none") == [None, None]
    assert found == ["images/0.png", "images/1.png", "images/cam0/0.png", "a.png", "b.jpg"]


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("/home/someone/capture/images/0.png", "images/0.png"),
        ("C:\\Users\\someone\\capture\\images\\1.png", "images/1.png"),
        ("D:/capture/images/cam0/0.png", "images/cam0/0.png"),
        ("\\\\server\\share\\images\\cam0\\0.png", "images/cam0/0.png"),
        ("../elsewhere/images/1.png", "images/1.png"),
        ("data/scene/a.png", "a.png"),
        ("/home/someone/images/0", "images/0.png"),
        ("Images/CAM0/0.PNG", "images/cam0/0.png"),
        ("images/1.JPG", "images/1.png"),
        ("/data/Images/1.tif.jpg", None),
    ],
)
def test_found_by_the_end_of_the_name(folder, name, file):
    if file is None:
        assert find(folder, name) == [None]
        return
    with pytest.warns(UserWarning, match="scene.json: 1 of 1 files .* found by the end") as caught:
        assert find(folder, name) == [file]
    assert len(caught) == 1 and str(caught[0].message).endswith(file)


def test_one_warning_for_all(folder):
    with pytest.warns(UserWarning, match="scene.json: 2 of 3 files") as caught:
        assert find(folder, "a.png", "x/images/0.png", "x/images/1.png")[1] == "images/0.png"
    assert len(caught) == 1


def test_what_fits_several_files_or_several_names_is_not_found(folder):
    (folder / "c.PNG").touch()
    (folder / "C.png").touch()
    assert find(folder, "c.png") == [None]
    (folder / "d.jpg").touch()
    (folder / "d.png").touch()
    assert find(folder, "d.tif") == [None]
    # Of two names with one end, at most one can be meant.
    assert find(folder, "/x/cam1/a.png", "/x/cam2/a.png") == [None, None]
    assert find(folder, "a.png", "/x/a.png") == ["a.png", None]

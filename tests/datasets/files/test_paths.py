"""Where scenes are looked for."""

import pytest

from jnerf.datasets.files.paths import scene_folder, scene_path
from jnerf.errors import DataError


@pytest.fixture
def places(tmp_path, monkeypatch):
    """A working directory and a data folder, both with a scene ``both``."""
    for name in ("here/both", "here/mine", "data/both", "data/theirs", "here/nested/mine"):
        (tmp_path / name).mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setenv("JNERF_DATA", str(tmp_path / "data"))
    return tmp_path


@pytest.mark.parametrize(
    ("root", "folder"),
    [
        ("both", "data/both"),
        ("./both", "here/both"),
        (".\\both", None),
        ("../here/both", "here/both"),
        ("mine", "here/mine"),
        ("./theirs", "data/theirs"),
        ("theirs", "data/theirs"),
        (".", "here"),
        ("nested/mine", "here/nested/mine"),
    ],
)
def test_dots_mean_the_working_directory_first(places, root, folder):
    if folder is None:  # a name with a backslash is of Windows, where it means the same
        with pytest.raises(DataError, match="not found: looked for"):
            scene_folder(root)
    else:
        assert scene_folder(root).resolve() == places / folder
        assert scene_path(places / folder) == places / folder


def test_what_is_nowhere(places):
    with pytest.raises(
        DataError, match="'./both2' not found: looked for .*here/both2. .*Did you mean 'both'"
    ):
        scene_folder("./both2")
    with pytest.raises(
        DataError, match="'theirz' not found: looked for .*data/theirz. .*JNERF_DATA is"
    ):
        scene_folder("theirz")


def test_scene_files_alike(places):
    (places / "here" / "a.json").touch()
    assert scene_path("./a.json").resolve() == places / "here" / "a.json"

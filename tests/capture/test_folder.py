"""A scene's folder: what is refused, what is gone on with, and that nothing of others is ever removed."""

import json

import pytest

from jnerf.capture.folder import SceneFolder
from jnerf.capture.settings import Settings
from jnerf.errors import ConfigError, DataError


@pytest.fixture
def settings(tmp_path):
    (tmp_path / "photos").mkdir()
    return Settings("images", tmp_path / "photos")


def begin(path, settings, resume=False, force=False):
    return SceneFolder.open(path, settings, resume, force)


def test_a_new_folder_is_made_and_noted(tmp_path, settings):
    folder = begin(tmp_path / "a" / "scene", settings)
    folder.note("pictures", [["a.jpg", ""]])
    again = begin(folder.path, settings, resume=True)
    assert again.done == {"pictures": [["a.jpg", ""]]}


def test_other_settings_do_not_go_on_with_it(tmp_path, settings):
    begin(tmp_path / "scene", settings)
    other = Settings("images", settings.source, lens="PINHOLE")
    with pytest.raises(ConfigError, match=r"was begun with lens 'OPENCV' \(now 'PINHOLE'\)"):
        begin(tmp_path / "scene", other, resume=True)
    with pytest.raises(ConfigError, match="take one"):
        begin(tmp_path / "scene", settings, resume=True, force=True)


def test_force_removes_what_was_made_and_nothing_else(tmp_path, settings):
    folder = begin(tmp_path / "scene", settings)
    folder.images.mkdir()
    (folder.path / "images_2").mkdir()
    (folder.path / "images_of_mine").mkdir()
    (folder.path / "notes.txt").write_text("mine")
    with pytest.raises(ConfigError, match="holds a scene already"):
        begin(folder.path, settings)
    begin(folder.path, settings, force=True)
    left = {entry.name for entry in folder.path.iterdir()}
    assert left == {"images_of_mine", "notes.txt", "process.json"}


@pytest.mark.parametrize("force", [False, True])
def test_a_scene_of_somebody_else_is_never_touched(tmp_path, settings, force):
    (tmp_path / "scene" / "images").mkdir(parents=True)
    with pytest.raises(ConfigError, match=r"was not made by jnerf process \(it holds images\)"):
        begin(tmp_path / "scene", settings, force=force)
    with pytest.raises(ConfigError, match="nothing to resume"):
        begin(tmp_path / "scene", settings, resume=True)


def test_the_source_may_not_lie_in_the_scene(tmp_path, settings):
    for output in (tmp_path, settings.source):
        with pytest.raises(DataError, match="choose another --output"):
            begin(output, settings)


def test_masks_may_not_lie_in_the_scene(tmp_path, settings):
    scene = begin(tmp_path / "scene", settings)
    mask = scene.path / "masks" / "a.jpg.png"
    mask.parent.mkdir()
    mask.write_bytes(b"mine")
    masked = Settings("images", settings.source, masks=mask.parent)
    with pytest.raises(DataError, match="masks lies in the folder of the scene"):
        begin(scene.path, masked, force=True)
    assert mask.read_bytes() == b"mine"


@pytest.mark.parametrize("force", [False, True])
def test_the_folder_of_a_run_becomes_no_scene(tmp_path, settings, force):
    run = tmp_path / "logs"
    run.mkdir()
    (run / "run.json").write_text("{}")
    with pytest.raises(ConfigError, match="is the folder of a run: choose another --output"):
        begin(run, settings, force=force)
    assert [entry.name for entry in run.iterdir()] == ["run.json"]


def test_wrong_input_leaves_nothing_behind(tmp_path, settings):
    folder = begin(tmp_path / "scene", settings)
    folder.images.mkdir()
    folder.abandon()
    assert not folder.path.exists()
    folder = begin(tmp_path / "scene", settings)
    folder.note("pictures", [])
    folder.abandon()  # there is something to go on with
    assert folder.path.is_dir()


def test_a_damaged_journal(tmp_path, settings):
    folder = begin(tmp_path / "scene", settings)
    (folder.path / "process.json").write_text(json.dumps({"settings": {}})[:-1])
    with pytest.raises(DataError, match="begin anew with --force"):
        begin(folder.path, settings, resume=True)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"lens": "OPNCV"}, "--lens must be one of SIMPLE_PINHOLE"),
        ({"frames": 2}, "--frames must be 3 or more, got 2"),
        ({"copies": (2, 2)}, "--copies are different factors"),
        ({"matching": "vocabtree"}, "needs the file of a vocabulary tree"),
    ],
)
def test_settings_out_of_range(tmp_path, wrong, told):
    with pytest.raises(ConfigError, match=told):
        Settings("images", tmp_path, **wrong)
    with pytest.raises(ConfigError, match="--masks: .* does not exist"):
        Settings("images", tmp_path, masks=tmp_path / "none")

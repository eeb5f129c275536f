"""What words of ``--scene`` mean."""

import math

import pytest

from jnerf.config import find_config, load_config
from jnerf.config.overrides import apply_overrides
from jnerf.errors import ConfigError, DataError
from jnerf.sweep.scenes import find_scene, own_scene, spread

LEGO = {"type": "BlenderDataset", "root": "nerf_synthetic/lego"}


@pytest.fixture(autouse=True)
def data(tmp_path, monkeypatch):
    monkeypatch.setenv("JNERF_DATA", str(tmp_path))
    for name in ("lego", "chair", "fox"):
        (tmp_path / "nerf_synthetic" / name).mkdir(parents=True)
    (tmp_path / "nerf_synthetic" / "README").write_text("no scene")
    return tmp_path


def test_a_name_is_the_folder_beside_the_configs_own_scene():
    assert find_scene("chair", LEGO).overrides == ('dataset.root="nerf_synthetic/chair"',)
    assert find_scene("fox", LEGO).overrides == (
        'dataset.root="nerf_synthetic/fox"',
    )  # not jnerf's fox


def test_a_name_without_such_a_folder_is_a_scene_of_jnerf_laid_over_the_configs():
    scene = find_scene("fern", LEGO)
    assert scene.name == "fern"
    config = load_config(find_config("plenoxels_lego_small"), scene.overrides)
    assert (config.dataset.type, config.dataset.root) == ("LLFFDataset", "nerf_llff_data/fern")
    same = load_config(find_config("plenoxels_lego_small"), find_scene("lego", {}).overrides)
    assert same.dataset.downscale == 2  # of the method, which stays where the format is the same


def test_a_path_is_the_root_of_the_dataset(data, monkeypatch):
    assert find_scene("nerf_synthetic/chair", {}).overrides == (
        'dataset.root="nerf_synthetic/chair"',
    )
    monkeypatch.chdir(data)
    scene = find_scene("./nerf_synthetic/chair", {})  # whoever trains it may be elsewhere
    assert scene.overrides == (f'dataset.root="{data}/nerf_synthetic/chair"',)
    assert scene.name == "chair"


def test_a_file_has_a_dataset_block(data):
    (data / "tiny.py").write_text('dataset = dict(type="ProceduralDataset", resolution=16)\n')
    scene = find_scene(str(data / "tiny.py"), LEGO)
    assert scene.name == "tiny"
    assert scene.overrides == ('dataset=dict(type="ProceduralDataset", resolution=16)',)
    (data / "far.py").write_text('dataset = dict(type="BlenderDataset", far=float("inf"))\n')
    found = load_config(find_config("ngp_lego"), find_scene(str(data / "far.py"), LEGO).overrides)
    assert found.dataset.far == math.inf
    (data / "bare.py").write_text("seed = 1\n")
    with pytest.raises(ConfigError, match="has no dataset block"):
        find_scene(str(data / "bare.py"), LEGO)


def test_a_files_own_modules_come_with_it(data):
    (data / "mine.py").write_text("")
    (data / "own.py").write_text(
        'custom_imports = ["mine.py"]\ndataset = dict(type="ProceduralDataset", resolution=16)\n'
    )
    config = load_config(find_config("ngp_lego"), ["custom_imports=['json']"])
    config = apply_overrides(config, find_scene(str(data / "own.py"), LEGO).overrides)
    assert config.custom_imports == ["json", str(data / "mine.py")]
    assert config.dataset.resolution == 16


def test_all_folders_below_one():
    assert spread(["nerf_synthetic/*", "x"]) == [
        "nerf_synthetic/chair",
        "nerf_synthetic/fox",
        "nerf_synthetic/lego",
        "x",
    ]
    with pytest.raises(DataError, match="no folder in"):
        spread(["nowhere/*"])


@pytest.mark.parametrize("word", ["chiar", "nerf_synthetic/chiar", "./chair"])
def test_what_is_not_there_is_said_before_anything_trains(word):
    with pytest.raises(DataError, match="--scene.*JNERF_DATA"):
        find_scene(word, LEGO)


def test_data_may_lie_on_other_hosts_alone():
    assert find_scene("ship", LEGO, here=False).overrides == ('dataset.root="nerf_synthetic/ship"',)
    assert find_scene("/data/ship", LEGO, here=False).overrides == ('dataset.root="/data/ship"',)


def test_the_scene_of_a_config():
    assert own_scene(LEGO).name == "lego"
    assert own_scene({"type": "ProceduralDataset"}).name == "embedded"
    assert own_scene({"type": "ImageDataset", "root": "image/albert.png"}).name == "albert"

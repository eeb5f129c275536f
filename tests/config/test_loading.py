"""Files, bases, merging, lines, dump and diff."""

import ast
import copy
import pickle
from pathlib import Path

import numpy as np
import pytest

from jnerf.checks.origin import origin_of
from jnerf.config import Block, Config, load_config
from jnerf.config.lines import key_lines, line_of
from jnerf.config.merge import merge
from jnerf.config.schema import SCHEMA

CONFIGS = Path(__file__).parents[1] / "data" / "config"
METHOD = CONFIGS / "methods" / "method.py"
CHILD = CONFIGS / "methods" / "child.py"


def write(folder, text, name="config.py"):
    path = folder / name
    path.write_text(text)
    return path


def test_access():
    config = load_config(METHOD)
    assert isinstance(config, Config)
    assert config.sampler.grid_resolution == config["sampler"]["grid_resolution"] == 64
    assert config.dataset.type == "FakeDataset"
    with pytest.raises(AttributeError, match="no key 'samplr'; there are: exp_name, seed"):
        _ = config.samplr


def test_defaults_are_filled_in():
    config = load_config(METHOD)
    assert (config.exp_name, config.seed, config.n_rays, config.ema) == ("method", 1337, 4096, None)
    fit = dict(fit="none", fit_part="left", fit_steps=100, fit_lr=0.01, fit_rays=1024)
    pictures = dict(steps=[], every=None, n_images=None, downscale=1, at_end=True)
    assert config.evaluation == pictures | fit
    assert config.checkpoint == dict(every=1000, keep=3)
    assert list(config) == list(SCHEMA)
    config.evaluation.steps.append(1)
    assert load_config(METHOD).evaluation.steps == []


def test_partly_set_block_keeps_the_other_defaults(tmp_path):
    config = load_config(write(tmp_path, "render = dict(fps=10)"))
    assert (config.render.fps, config.render.n_frames) == (10, 120)


def test_byte_order_mark(tmp_path):
    """Windows' Notepad puts one in front."""
    path = write(tmp_path, f"_base_ = [{str(METHOD)!r}]\ntotal_steps = 7\n")
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert load_config(path).total_steps == 7


def test_inheritance():
    config = load_config(CHILD)
    assert config.total_steps == 200
    assert config.sampler == dict(type="FakeSampler", grid_resolution=64, levels=[4])
    assert config.optim.groups == dict(network=dict(weight_decay=1e-6))
    assert config.optim.lr == 1e-2
    assert config.dataset.root == "scene"


def test_later_bases_win(tmp_path):
    write(tmp_path, "seed = 1\nchunk = 5", "a.py")
    write(tmp_path, "seed = 2", "b.py")
    config = load_config(write(tmp_path, '_base_ = ["a.py", "b.py"]'))
    assert (config.seed, config.chunk) == (2, 5)


def test_another_type_starts_the_block_afresh(tmp_path):
    text = f'_base_ = {str(METHOD)!r}\nsampler = dict(type="OtherSampler", n_samples=8)'
    config = load_config(write(tmp_path, text))
    assert config.sampler == dict(type="OtherSampler", n_samples=8)


def test_merge_rules():
    base = Block(dict(a=dict(type="X", b=1, c=dict(d=1)), lr=dict(schedule="linear", end=1)))
    cases = [
        (dict(a=dict(b=2)), dict(type="X", b=2, c=dict(d=1))),
        (dict(a=dict(type="X", c=dict(e=2))), dict(type="X", b=1, c=dict(d=1, e=2))),
        (dict(a=dict(type="Y")), dict(type="Y")),
        (dict(a=dict(_delete_=True, b=3)), dict(b=3)),
        (dict(a=dict(c=dict(_delete_=True))), dict(type="X", b=1, c={})),
        (dict(a=None), None),
    ]
    for child, expected in cases:
        assert merge(base, Block(child)).a == expected
    fresh = merge(base, Block(dict(lr=dict(schedule="cosine", value=2))))
    assert fresh.lr == dict(schedule="cosine", value=2)
    assert merge(base, Block(dict(new=dict(_delete_=True, x=1)))).new == dict(x=1)


def test_merge_leaves_its_sources_alone():
    base = Block(dict(a=dict(b=[1, dict(c=2)]), k=dict(x=1)))
    child = Block(dict(a=dict(_delete_=True, d=[3]), k=dict(y=dict(_delete_=True, z=1))))
    before = copy.deepcopy((dict(base), dict(child)))
    merged = merge(base, child)
    merged.a.d.append(4)
    merged.k.x = 9
    merged.k.y.z = 9
    assert (dict(base), dict(child)) == before


def test_origins_through_bases():
    config = load_config(CHILD)
    where = {
        key: str(origin_of(config.sampler, key)).rsplit("/", 1)[-1]
        for key in ("type", "grid_resolution", "levels")
    }
    assert where == {
        "type": "method.py:7",
        "grid_resolution": "method.py:8",
        "levels": "child.py:6",
    }
    assert str(origin_of(config.encoder.pos_encoder, "n_levels")).endswith("method.py:12")
    assert str(origin_of(config, "dataset")).endswith("scene.py:3")


def test_lines_of_every_way_to_write_a_key():
    source = """\
_shared = dict(
    width=1,
)
a = dict(
    _x=2,
    **_shared,
)
b = {
    "k": [
        dict(z=1),
    ],
}
b["k2"] = dict(
    y=1)
b.update(
    w=2)
c, d = 1, 2
if True:
    e: int = 3
f = _shared | dict(
    h=1)
a = dict(new=1)
def g():
    inside = 1
"""
    lines = key_lines(ast.parse(source))
    expected = {
        ("a",): 22,
        ("a", "new"): 22,
        ("b", "k"): 9,
        ("b", "k", 0, "z"): 10,
        ("b", "k2"): 13,
        ("b", "k2", "y"): 14,
        ("b", "w"): 16,
        ("d",): 17,
        ("e",): 19,
        ("f", "width"): 2,
        ("f", "h"): 21,
    }
    assert {path: lines.get(path) for path in expected} == expected
    assert ("a", "width") not in lines  # the later assignment replaced it
    assert ("inside",) not in lines
    assert line_of(lines, ("b", "k", 0, "unknown")) == 10
    assert line_of(lines, ("nowhere",)) == 1


def test_shared_dict_points_at_its_own_line(tmp_path):
    text = "_shared = dict(\n    keep=2)\ncheckpoint = dict(**_shared)\n"
    config = load_config(write(tmp_path, text))
    assert str(origin_of(config.checkpoint, "keep")).endswith("config.py:2")


def test_imports_functions_and_underscores_are_no_settings(tmp_path):
    text = (
        "from __future__ import annotations\nimport math as m\nfrom math import pi\n"
        "def half(x):\n    return x // 2\n_n = half(2048)\nn_rays = _n + int(pi * 0)"
    )
    assert load_config(write(tmp_path, text)).n_rays == 1024


def test_numpy_scalars_and_paths_become_plain(tmp_path):
    text = (
        "import numpy as np\nfrom pathlib import Path\nseed = np.int64(3)\nsave_dir = Path('out')\n"
        "optim = dict(lr=np.float64(0.5), betas=(np.float32(0.5), 1.0), b=np.bool_(True))"
    )
    config = load_config(write(tmp_path, text))
    kinds = [type(config.seed), type(config.save_dir), type(config.optim.lr), type(config.optim.b)]
    assert kinds == [int, str, float, bool]
    assert config.optim.betas == (0.5, 1.0)
    config.seed = np.int32(7)
    assert type(config.seed) is int


def test_dump_loads_back_equal(tmp_path):
    config = load_config(CHILD)
    config.optim.far = float("inf")
    config.optim.odd = {"not a name": 'a "quoted" \\ text\n', "class": ("one",), "e": {}}
    config.optim["list"] = [dict(a=i, text="x" * 30) for i in range(5)]
    config.exp_name = "käfer"
    text = config.dump()
    again = load_config(write(tmp_path, text, "other.py"))
    assert again == config
    assert again.diff(config) == []
    assert again.dump() == text
    assert type(again.optim.betas) is tuple
    assert max(map(len, text.splitlines())) <= 100


def test_diff():
    old, new = load_config(METHOD), load_config(CHILD)
    assert old.diff(new) == [
        '~ exp_name: "method" -> "child"',
        "~ total_steps: 100 -> 200",
        "~ sampler.levels: [1, 2] -> [4]",
        "- optim.groups.encoder.sparse: True",
        "+ optim.groups.network.weight_decay: 1e-06",
    ]


def test_copies_are_deep_and_keep_lines():
    config = load_config(METHOD)
    for other in (config.copy(), copy.deepcopy(config)):
        other.sampler.levels.append(9)
        other.encoder.pos_encoder.n_levels = 1
        assert config.sampler.levels == [1, 2]
        assert config.encoder.pos_encoder.n_levels == 4
        assert origin_of(other.sampler, "levels") == origin_of(config.sampler, "levels")
    assert pickle.loads(pickle.dumps(config)) == config


def test_custom_imports_add_up_and_become_absolute(tmp_path):
    (tmp_path / "sub").mkdir()
    write(tmp_path, 'custom_imports = ["mine.py", "package.module"]', "base.py")
    text = '_base_ = "../base.py"\ncustom_imports = ["theirs.py"]'
    config = load_config(write(tmp_path / "sub", text))
    assert config.custom_imports == [
        str(tmp_path / "mine.py"),
        "package.module",
        str(tmp_path / "sub" / "theirs.py"),
    ]


def test_custom_imports_of_overrides_add_up_and_become_absolute(tmp_path, monkeypatch):
    """Relative to where the command was given: the run's config.py, which lies elsewhere, names the same file."""
    path = write(tmp_path, 'custom_imports = ["base.py", "package.module"]')
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    base, mine = str(tmp_path / "base.py"), str(tmp_path / "here" / "mine.py")
    for written in ("['mine.py']", "('mine.py',)", "['../base.py','mine.py']"):
        config = load_config(path, [f"custom_imports={written}"])
        assert config.custom_imports == [base, "package.module", mine]
    (tmp_path / "run").mkdir()
    again = load_config(write(tmp_path / "run", config.dump()))
    assert again.custom_imports == config.custom_imports
    replaced = load_config(path, ["custom_imports.0=mine.py"])
    assert replaced.custom_imports == [mine, "package.module"]


def test_block_methods_check_values():
    block = Block(dict(a=1))
    block.update(b=dict(c=2))
    assert block.b.c == 2
    assert block.setdefault("d", []) == []
    del block.d
    assert "d" not in block

"""The strict check of module blocks against constructors; every message."""

from pathlib import Path

import pytest
from fake_modules import FAKES

from jnerf.config import load_config
from jnerf.config.check import check
from jnerf.errors import ConfigError

METHOD = Path(__file__).parents[1] / "data" / "config" / "methods" / "method.py"


def errors(path, *overrides):
    with pytest.raises(ConfigError) as caught:
        check(load_config(path, overrides), FAKES)
    return str(caught.value)


def test_good_configs_pass():
    for name in ("method.py", "child.py"):
        check(load_config(METHOD.parent / name), FAKES)
    check(load_config(METHOD, ["ema.type=FakeEMA", "ema.decay=0.9", "sampler.near=1"]), FAKES)


def test_dumped_config_passes(tmp_path):
    path = tmp_path / "dumped.py"
    path.write_text(load_config(METHOD).dump())
    check(load_config(path), FAKES)


def test_unknown_argument_names_file_line_path_and_nearest(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("x.py").write_text(
        f'_base_ = {str(METHOD)!r}\nsampler = dict(\n    grid_resolutoin=128,\n    jitter="no",\n)'
    )
    assert errors("x.py").splitlines() == [
        "x.py:3: sampler.grid_resolutoin: unknown argument of FakeSampler. "
        "Did you mean 'grid_resolution'? Valid: near, grid_resolution, levels, jitter",
        "x.py:4: sampler.jitter: expected bool, got str 'no'",
    ]


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["sampler.type=FakeSamplr"], "sampler.type: unknown sampler 'FakeSamplr'. Did you mean"),
        (["sampler.type=FakeLoss"], "That name is registered as: loss."),
        (["sampler=dict(_delete_=True)"], "sampler: missing; a run needs it"),
        (["sampler=dict(_delete_=True, a=1)"], "sampler: no 'type'. Choose one of: FakeSampler"),
        (["sampler.type=OtherSampler"], "sampler: OtherSampler needs the argument 'n_samples'"),
        (["dataset.background=[1, 2]"], "dataset.background: expected tuple[float, float, float]"),
        (["dataset.background.1=x"], "dataset.background.1: expected float, got str 'x'"),
        (["renderer.background=randon"], "renderer.background: expected 'random' or 'white' or"),
        (["optim.betas.0=none"], "optim.betas.0: expected float, got None"),
        (["optim.groups.encoder=3"], "optim.groups.encoder: expected dict[str, "),
        (["loss.weight.steps=3"], "loss.weight: 'steps' must be two integers (first, last)"),
        (["loss.weight.schedule=liner"], "unknown schedule 'liner'. Did you mean 'linear'?"),
        (["encoder.pos_encoder.n_levls=3"], "encoder.pos_encoder.n_levls: unknown argument of"),
        (["encoder.pos_encoder=3"], "encoder.pos_encoder: expected dict(type=...), got int 3"),
        (["encoder.pos_encoder=none"], "encoder.pos_encoder: expected dict(type=...), got N"),
        (
            ["encoder=dict(_delete_=True, dir_encoder=dict(type='FakeEncoder'))"],
            "network: FakeNetwork needs the argument 'pos_encoder'",
        ),
        (
            ["encoder=dict(_delete_=True, type='FakeEncoder')"],
            "encoder: encoders need names: encoder = dict(pos_encoder=dict(type=...), ...)",
        ),
        (["loss.other=dict(type='FakeLoss')"], "loss.other: the loss is a single FakeLoss here"),
        (
            ["loss=dict(_delete_=True, rgb=dict(type='FakeLos'))"],
            "loss.rgb.type: unknown loss 'FakeLos'",
        ),
        (["loss=dict(_delete_=True, rgb=1)"], "loss.rgb: expected dict(type=...), got int 1"),
        (["ema.type=FakeEMA"], "ema: FakeEMA needs the argument 'decay' (float)"),
        (["custom_imports=['gone.py']"], "custom_imports: no file 'gone.py'"),
        (["custom_imports=['no_such_pkg.x']"], "custom_imports: no module 'no_such_pkg.x'."),
        (["custom_imports=[3]"], "custom_imports.0: expected str, got int 3"),
    ],
)
def test_messages(overrides, message):
    assert message in errors(METHOD, *overrides)


def test_misspelt_encoder_name():
    found = errors(
        METHOD,
        "encoder=dict(_delete_=True, pos_encodr=dict(type='FakeEncoder'), "
        "dir_encoder=dict(type='FakeEncoder'))",
    )
    assert "encoder.pos_encodr: FakeNetwork takes no encoder of that name" in found
    assert "Did you mean 'pos_encoder'?" in found


def test_misspelt_block_in_an_override():
    found = errors(METHOD, "encoder.pos_encodr.n_levels=4")
    assert "override 'encoder.pos_encodr.n_levels=4': encoder.pos_encodr: no 'type'" in found
    assert "Did you mean 'pos_encoder'?" in found


def test_encoder_without_use_is_no_error():
    check(load_config(METHOD, ["encoder.appearance=dict(type='FakeEncoder')"]), FAKES)


def test_missing_blocks():
    found = errors(METHOD.parent.parent / "scene.py").splitlines()
    assert [line.split(": ")[1] for line in found] == [
        "total_steps",
        "sampler",
        "network",
        "renderer",
        "loss",
        "optim",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "seed = 1",
        "sampler = dict(grid_resolution=64)",
        "encoder = dict(pos_encoder=dict(n_levels=4))",
        "sampler = dict(type='OtherSampler')",  # and its n_samples is still to come
        "loss = dict(rgb=dict(weight=2.0))",
    ],
)
def test_what_others_inherit_from_may_be_incomplete(tmp_path, text):
    (tmp_path / "base.py").write_text(text)
    check(load_config(tmp_path / "base.py"), FAKES, complete=False)
    with pytest.raises(ConfigError, match="missing; a run needs it"):
        check(load_config(tmp_path / "base.py"), FAKES)


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("sampler.typ_o=1", "sampler.typ_o: unknown argument of FakeSampler. Did you mean 'type'?"),
        ("sampler.levls=[1]", "Did you mean 'levels'?"),
        ("network.type=FakeNetwrk", "unknown network 'FakeNetwrk'. Did you mean 'FakeNetwork'?"),
        ("encoder.pos_encodr.n_levels=4", "Did you mean 'pos_encoder'?"),
        ("loss.wieght=1", "Did you mean 'weight'?"),
    ],
)
def test_names_are_checked_in_what_is_incomplete_too(override, message):
    with pytest.raises(ConfigError) as caught:
        check(load_config(METHOD, [override]), FAKES, complete=False)
    assert message in str(caught.value)


def test_custom_file_is_imported_once(tmp_path, monkeypatch):
    import sys

    monkeypatch.setattr(sys, "_jnerf_test_imports", 0, raising=False)
    source = METHOD.parent.parent / "custom_sampler.py"
    (tmp_path / "mine.py").write_text(source.read_text())
    (tmp_path / "x.py").write_text(f'_base_ = {str(METHOD)!r}\ncustom_imports = ["mine.py"]')
    for _ in range(2):
        check(load_config(tmp_path / "x.py"), FAKES)
    assert sys._jnerf_test_imports == 1

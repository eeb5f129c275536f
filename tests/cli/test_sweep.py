"""``jnerf sweep``: two methods that really train, their plan, their table, and mistakes."""

import json

import pytest

from jnerf.cli import main

SIZES = ["dataset.n_train=4", "dataset.n_test=2", "dataset.resolution=16", "total_steps=2"]
SMALL = {
    "one": "sampler = dict(target_samples=1024, grid_resolution=32)\n"
    "encoder = dict(pos_encoder=dict(log2_table_size=10, n_levels=4))\n",
}
SMALL["two"] = f"{SMALL['one']}ema = None\n"


@pytest.fixture
def methods(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, text in SMALL.items():
        (tmp_path / f"{name}.py").write_text(f'_base_ = "ngp_embedded"\nreport = False\n{text}')
    return [f"{name}.py" for name in SMALL]


def test_a_sweep_trains_and_tests_in_processes_of_their_own(methods, tmp_path, capsys):
    words = ["sweep", "--config-file", *methods, *SIZES, "--save-dir", "out", "--threads", "1"]
    assert main([*words, "--dry-run"]) == 0
    assert "| one-embedded | one    | embedded | –        | 1337 | not begun |" in (
        capsys.readouterr().out
    )
    assert not (tmp_path / "out").exists()
    assert main(words) == 0
    shown = capsys.readouterr().out
    assert "two-embedded: complete (2/2)" in shown and "| embedded | PSNR, black |" in shown
    record = json.loads((tmp_path / "out" / "table.json").read_text())
    assert all(run["metrics"]["psnr"] > 0 and run["starts"] == 1 for run in record["runs"])
    told = json.loads((tmp_path / "out" / "one-embedded" / "run.json").read_text())
    assert told["command"][:3] == ["jnerf", "train", str(tmp_path / "one.py")]  # to be repeated
    assert main(words) == 0
    assert "2 runs in" in (shown := capsys.readouterr().out) and "2 of them complete" in shown
    assert main([*words, "--table"]) == 0
    assert main([*words, "optim.lr=1e-3"]) == 2
    assert "holds runs of other settings" in capsys.readouterr().err
    assert json.loads((tmp_path / "out" / "table.json").read_text())["runs"][0]["starts"] == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--scene", "nowhere"], "no scene of that name that comes with jnerf"),
        (["seed=1,1"], "a value is given twice"),
        (["sampler.gridd=1"], "sampler.gridd: unknown argument of OccupancySampler"),
        (["--jobs", "0"], "--jobs is 0"),
        (["--table"], "no sweep has begun in it"),
    ],
)
def test_mistakes_are_one_line_and_status_2(methods, capsys, words, said):
    assert main(["sweep", "--config-file", methods[0], "--save-dir", "out", *words]) == 2
    error = capsys.readouterr().err
    assert said in error and error.count("\n") == 1


def test_overrides_may_stand_behind_any_flag(methods, capsys):
    flags = ["--config-file", methods[0], "seed=1,2", "--scene", "embedded", "n_rays=64"]
    assert main(["sweep", *flags, "--dry-run"]) == 0
    shown = capsys.readouterr().out
    assert "| one-embedded-seed_1 |" in shown and "seed=2 n_rays=64 exp_name=" in shown

"""What a user may bring in files of his own: samples in several rounds, a loss of all of them, a task without rays."""

import json
from pathlib import Path

import imageio.v2 as imageio
import numpy as np
import pytest
from states import assert_same_states

from jnerf.benchmark.finished import finished_run
from jnerf.benchmark.records.plot import training_plot
from jnerf.benchmark.records.tables import train_quality
from jnerf.config import load_config
from jnerf.config.check import check
from jnerf.engine.checkpoints.checkpoint import load_latest
from jnerf.engine.logging import read_log
from jnerf.engine.pipeline.build import build_pipeline
from jnerf.engine.rendering.request import FilmRequest, PathRequest
from jnerf.engine.run import run
from jnerf.engine.trainer import Trainer
from jnerf.errors import ConfigError, JnerfError
from jnerf.registry import SAMPLERS
from jnerf.samplers.base import Sampler

USER = Path(__file__).parent / "user"
PROPOSALS, PICTURES = USER / "proposals_config.py", USER / "pictures_config.py"


@pytest.fixture(scope="module")
def proposals(tmp_path_factory):
    """A run of two proposals, to its end."""
    folder = tmp_path_factory.mktemp("proposals")
    done = run(load_config(PROPOSALS), "train", save_dir=folder)
    return folder / "proposals_config", done


def test_two_rounds_of_proposals_learn_the_embedded_scene(proposals):
    folder, done = proposals
    rows = [row for row in read_log(folder / "log.jsonl") if "psnr" in row]
    assert done["mean"]["psnr"] > 16 and rows[-1]["psnr"] > rows[0]["psnr"] + 4
    assert rows[-1]["loss/interlevel"] < 0.5 * max(row["loss/interlevel"] for row in rows)
    state = load_latest(folder / "checkpoints").state
    # each proposal is trained by the loss alone, the second at every other step
    for name, times in {
        "encoder.proposal_0": 120,
        "encoder.proposal_1": 60,
        "network": 120,
    }.items():
        assert state[f"optim.{name}.updates"] == [times]
        assert np.abs(state[f"optim.{name}.0.m"]).max() > 0


def test_a_proposal_is_asked_once_a_step():
    config = load_config(PROPOSALS)
    check(config)
    pipeline = build_pipeline(config)
    loop = Trainer(config, pipeline, None, None, None)
    for step in range(3):
        loop._train_step(step, False)
    assert pipeline.network.asked == [3, 3]


def test_a_resumed_run_with_skipped_groups_is_bit_identical(proposals, tmp_path):
    straight = load_latest(proposals[0] / "checkpoints").state
    config = load_config(PROPOSALS, ["checkpoint.every=61"])
    config.total_steps = 61  # the second group's next step is due at once
    run(config, "train", save_dir=tmp_path)
    config = load_config(PROPOSALS, ["checkpoint.every=61"])
    run(config, "train", save_dir=tmp_path, resume=True)
    resumed = load_latest(tmp_path / "proposals_config" / "checkpoints").state
    assert_same_states(straight, resumed)


def test_what_reads_rounds_is_told_when_there_are_none():
    def complaint(*overrides):
        config = load_config(PROPOSALS, overrides)
        check(config)
        with pytest.raises(ConfigError) as caught:
            build_pipeline(config)
        return str(caught.value)

    text = complaint("sampler=dict(type='UniformSampler')")
    assert (
        "loss.interlevel: it reads all rounds, but sampler UniformSampler has no earlier round"
        in text
    )
    text = complaint("loss.early=dict(type='MSELoss', round=0)")
    assert "loss.early: MSELoss reads an earlier round, for which network NGPWithProposals" in text
    assert "provides only 'sigmas': 'colors' cannot be had" in text
    text = complaint("optim.groups.encoder.proposal_2.lr=1e-3")
    assert "no parameter group 'encoder.proposal_2'. Did you mean 'encoder.proposal_" in text


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """A run of the two-dimensional task."""
    folder = tmp_path_factory.mktemp("pictures")
    done = run(load_config(PICTURES), "train", save_dir=folder)
    return folder, done


def test_a_task_in_two_dimensions_learns_and_is_judged_by_its_own_measures(pictures):
    folder, done = pictures
    assert set(done["mean"]) == {"mean_off", "worst_off"} and done["mean"]["mean_off"] < 0.06
    metrics = json.loads((folder / "picture/test/metrics.json").read_text())
    assert metrics["mean"] == pytest.approx(done["mean"])
    assert metrics["protocol"]["metric"].startswith("absolute difference")
    rows = read_log(folder / "picture/log.jsonl")
    trained = [row["off"] for row in rows if "off" in row]
    assert trained[-1] < 0.3 * trained[0] and not any("psnr" in row for row in rows)
    judged = [row["eval"] for row in rows if "eval" in row]
    assert [set(row) for row in judged] == [{"mean_off", "worst_off"}] * 2


def test_benchmark_tables_and_plots_carry_its_measures(pictures):
    found, _ = finished_run(pictures[0] / "picture")
    record = {"results": {"runs": [found]}}
    assert "| mean_off | worst_off |" in train_quality(record)
    assert "judged by PictureDataset" in train_quality(record)
    assert "mean_off of the test views" in training_plot(record)


def test_it_can_be_tested_resumed_and_filmed(pictures, tmp_path):
    folder, done = pictures
    assert run(load_config(PICTURES), "test", save_dir=folder)["mean"] == done["mean"]
    assert run(load_config(PICTURES), "train", save_dir=folder, resume=True)["step"] == 150
    film = FilmRequest(n_frames=2, size=(16, 16), formats=("gif",), output=tmp_path)
    (made,) = run(load_config(PICTURES), "render", save_dir=folder, film=film)["files"]
    assert len(imageio.mimread(made)) == 2
    with pytest.raises(JnerfError, match="--path orbit needs cameras, and a picture has none"):
        film = FilmRequest(PathRequest("orbit"))
        run(load_config(PICTURES), "render", save_dir=folder, film=film)


def test_a_class_of_another_kind_is_refused_when_it_is_registered():
    with pytest.raises(ConfigError, match="cannot be a sampler: it derives from object, not from"):

        @SAMPLERS.register()
        class NotASampler:
            pass

    assert "NotASampler" not in SAMPLERS.names()


def test_a_class_that_lacks_a_method_is_named_before_anything_is_built():
    @SAMPLERS.register()
    class HalfASampler(Sampler):
        pass

    with pytest.raises(
        ConfigError, match="HalfASampler does not define __call__, which every samp"
    ):
        SAMPLERS.build({"type": "HalfASampler"})


@pytest.mark.parametrize(
    "text, told",
    [("import nosuchmodule\n", "No module named 'nosuch"), ("def f(:\n", ":1: invalid")],
)
def test_a_file_that_cannot_be_imported_is_named(tmp_path, text, told):
    (tmp_path / "mine.py").write_text(text)
    config = load_config(PICTURES, [f"custom_imports=[{str(tmp_path / 'mine.py')!r}]"])
    with pytest.raises(ConfigError, match=f"mine.py' cannot be imported: mine.py.*{told}"):
        check(config)

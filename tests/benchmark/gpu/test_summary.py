"""The summary of ``make test-cuda``: what was cut, hung, interrupted, or found by compute-sanitizer."""

import json

import pytest

from jnerf.benchmark.gpu import summary
from jnerf.benchmark.records.record import load

TRAINED = {"loss": 0.1, "samples_per_s": 1e6, "rays": 9}
ROWS = [{"step": step, "seconds": step / 100, **TRAINED} for step in range(1, 601)]
JUDGED = [
    {"step": step, "seconds": step / 100, "eval": {"psnr": psnr}}
    for step, psnr in ((400, 28.0), (500, 32.0))
]


def summarised(out, *rows, cold=False):
    (out / "records").mkdir(exist_ok=True)
    text = summary.summarise(out, rows, [], cold)
    return text, json.loads((out / "summary.json").read_text())


@pytest.fixture
def cut_training(tmp_path):
    """What a training that was cut leaves."""
    folder = tmp_path / "runs" / "train" / "ngp_lego"
    folder.mkdir(parents=True)
    session = {
        "from_step": 0,
        "command": ["run"],
        "config_file": "projects/ngp/configs/ngp_lego.py",
        "started": "2026-11-29T20:00:00+00:00",
        "git": {"commit": "a" * 40, "dirty": False},
        "machine": {"cpu": "Some", "cores": 16, "gpu": "NVIDIA H200"},
        "versions": {"jnerf": "0"},
    }
    protocol = {"dataset": {"type": "BlenderDataset", "root": "lego"}, "exp_name": "ngp_lego"}
    (folder / "run.json").write_text(json.dumps({"sessions": [session], "protocol": protocol}))
    rows = [*ROWS[:400], JUDGED[0], *ROWS[400:500], JUDGED[1], *ROWS[500:]]
    (folder / "log.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return tmp_path


def test_a_training_that_was_cut_is_told_from_its_log(cut_training):
    _, found = summarised(cut_training, ("train", "cut after 25 s", 25.0))
    record = load(cut_training / "records" / "train_cuda.json")
    assert record["protocol"]["incomplete"].startswith("cut before its end")
    assert record["machine"]["gpu"] == "NVIDIA H200" and record["results"]["runs"][0]["steps"] == 600
    values = {row["what"].partition(":")[0]: row for row in found["goals"]}
    assert values["lego, 2^18 samples a step"]["measured"] == pytest.approx(100)
    assert values["lego, 30 dB"]["measured"] == pytest.approx(4.5)
    assert not summary.all_passed(cut_training)


def test_a_training_that_was_cut_at_once_is_not_measured(cut_training):
    log = cut_training / "runs" / "train" / "ngp_lego" / "log.jsonl"
    for rows in ([], ROWS[:1]):
        log.write_text("".join(json.dumps(row) + "\n" for row in rows))
        summarised(cut_training, ("train", "cut after 25 s", 25.0))
        assert not (cut_training / "records" / "train_cuda.json").exists()


def test_what_a_tool_found_before_it_was_cut_is_listed_and_counts(tmp_path):
    said = "========= Invalid __global__ read of size 4 bytes\n=========     at ema+0x70 in cuda.h:9\n"
    (tmp_path / "memcheck_0.log").write_text("a: 3 steps\n")
    (tmp_path / "memcheck_1.log").write_text(said)
    (tmp_path / "racecheck_0.log").write_text("RuntimeError: no\n========= ERROR SUMMARY: 0 errors\n")
    rows = [("memcheck", "cut after 33 s", 33.0), ("racecheck", "failed with status 1", 9.0)]
    text, found = summarised(tmp_path, *rows)
    assert "memcheck: Invalid __global__ read of size 4 bytes at ema+0x70 in cuda.h:9" in text
    assert list(found["findings"]) == ["memcheck"]
    (goal,) = (row for row in found["goals"] if "sanitizer" in row["what"])
    assert (goal["measured"], goal["result"]) == (1, "missed")


def test_a_test_that_hangs_is_named(tmp_path):
    dump = """Timeout (0:00:40)!
Thread 0x1 (most recent call first):
  File "/a/jnerf/ops/ema/op.py", line 3 in ema
  File "/a/tests/ops/test_ema.py", line 12 in test_it
  File "/a/tests/ops/test_ema.py", line 12 in test_it
"""
    traceback = '  File "/a/tests/ops/test_b.py", line 9, in test_other\n'
    (tmp_path / "tests.log").write_text(dump + traceback)
    text, found = summarised(tmp_path, ("tests", "cut after 78 s", 78.0))
    assert found["stalled"] == ["tests/ops/test_ema.py:12 in test_it"]
    assert "hung or broke its process: tests/ops/test_ema.py:12 in test_it" in text


def test_what_runs_again_loses_its_verdict_first(tmp_path):
    summarised(tmp_path, ("ops", "passed", 8.0), ("ways", "passed", 9.0), cold=True)
    assert summary.all_passed(tmp_path)
    summary.forget(tmp_path, ["ways", "host"])
    _, found = summarised(tmp_path, ("ways", summary.INTERRUPTED, 1.0))
    assert [row["result"] for row in found["parts"]] == ["passed", "interrupted"]
    assert not summary.all_passed(tmp_path) and found["cold"]
    summary.forget(tmp_path / "none", ["ops"])

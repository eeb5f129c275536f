"""Ctrl-C on the terminal: every process of the program gets it, the run is saved, and goes on with --resume."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

from scenes import make_tiny_blender

ROOT = Path(__file__).resolve().parents[2]


def command(tmp_path, *words):
    scene = tmp_path / "scene"
    sizes = [
        "encoder.pos_encoder.log2_table_size=12",
        "sampler.target_samples=4096",
        "sampler.grid_resolution=32",
    ]
    head = [sys.executable, "tools/run_net.py", "--config-file", "projects/ngp/configs/ngp_lego.py"]
    return [*head, "--save-dir", str(tmp_path), f"dataset.root={scene}", *sizes, *words]


def test_ctrl_c_saves_says_how_to_go_on_and_exits_with_130(tmp_path):
    make_tiny_blender(tmp_path / "scene")
    pipes = dict(stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    process = subprocess.Popen(
        command(tmp_path, "total_steps=1000000"), cwd=ROOT, start_new_session=True, **pipes
    )
    log = tmp_path / "ngp_lego" / "log.jsonl"
    limit = time.monotonic() + 300  # a cold kernel cache
    while process.poll() is None and time.monotonic() < limit:
        # All kernels are there by now, those of the evaluation after step 100 too.
        if log.exists() and log.read_text().count("\n") > 12:
            break
        time.sleep(0.1)
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err[-3000:]  # what stands behind && does not go on
    assert "Traceback" not in err
    found = re.search(
        r"stopped after step (\d+) of 1000000, saved as (\S+)\. Go on .*--resume", out
    )
    assert found, out + err[-2000:]
    step = int(found[1])
    assert step > 0 and Path(found[2]).is_file()
    goal = [f"total_steps={step + 1}", "evaluation.at_end=False"]
    again = subprocess.run(
        command(tmp_path, *goal, "--resume"), cwd=ROOT, capture_output=True, text=True
    )
    assert again.returncode == 0, again.stderr[-3000:]
    newest = tmp_path / f"ngp_lego/checkpoints/step_{step + 1:08d}.safetensors"
    assert newest.is_file()

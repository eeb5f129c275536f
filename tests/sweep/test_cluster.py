"""Sweeps on Ray: two hosts, both on this machine, one of which goes away. Trainings are faked."""

import os
import threading
import time

import pytest
from fake_sweeps import PROGRAM, fake_plan
from fake_training import check_steps

from jnerf.errors import JnerfError
from jnerf.sweep import run as module
from jnerf.sweep.cluster import RayExecutor, connect
from jnerf.sweep.run import Settings, sweep

ray = pytest.importorskip("ray", reason="Ray is not installed: pip install ray")


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """Two hosts of one core each; connected."""
    from ray.cluster_utils import Cluster

    os.environ["RAY_DISABLE_USAGE_STATS"] = "1"
    os.environ["RAY_raylet_start_wait_time_s"] = "180"  # of a machine that does much else
    head = {"num_cpus": 1, "include_dashboard": False, "object_store_memory": 80 * 2**20}
    made = Cluster(initialize_head=True, head_node_args=head)
    connect(made.address)
    yield made
    ray.shutdown()
    made.shutdown()


@pytest.fixture(autouse=True)
def quiet(monkeypatch):
    monkeypatch.setattr(module, "check_folders", lambda plan: None)
    monkeypatch.setattr(RayExecutor, "close", lambda self: None)  # which would leave the cluster


def add_host(cluster):
    host = cluster.add_node(num_cpus=1, object_store_memory=80 * 2**20)
    cluster.wait_for_nodes()
    return host


def sweep_beside(plan, **settings):
    """Begins a sweep in a thread; returns it and the list that its exit status will be in."""
    status = []
    how = Settings(on="ray", program=PROGRAM, **settings)
    thread = threading.Thread(target=lambda: status.append(sweep(plan, how)), daemon=True)
    thread.start()
    return thread, status


def trains(root, names, steps=3):
    """Waits until runs have trained some steps."""
    end = time.monotonic() + 240
    for name in names:
        file = root / name / "steps.txt"
        while not file.exists() or file.read_text().count("\n") < steps:
            assert time.monotonic() < end
            time.sleep(0.02)


def ended(executor):
    """Waits until all has ended."""
    found, end = {}, time.monotonic() + 240
    while executor.running:
        assert time.monotonic() < end
        found |= dict(executor.finished())
        time.sleep(0.02)
    return found


def test_a_host_goes_away_and_another_goes_on(cluster, tmp_path, capsys):
    root, names = tmp_path / "s", ["a-x", "a-y", "b-x"]
    plan = fake_plan(
        root, names, 100, a_x={"delay": 0.1}, a_y={"delay": 0.1}, b_x={"delay": 0.05}
    )
    second = add_host(cluster)
    thread, status = sweep_beside(plan)
    trains(root, names[:2], 8)  # both at once
    cluster.remove_node(second, allow_graceful=False)
    thread.join(300)
    shown = capsys.readouterr().out
    assert status == [0], shown
    assert "raylet" not in shown
    assert "a-x: begins (on Ray, 1 thread)" in shown and "has gone; it is tried again" in shown
    assert "| a           | 20.00 | 20.00 | 20.00 |" in shown
    # What a dying host's run has still saved may be newer than the multiple of five.
    assert sum(check_steps(root / name, 100, every=1, lost=5) for name in names) == 4


def test_failures_and_folders_that_are_not_shared(cluster, tmp_path, capsys):
    plan = fake_plan(tmp_path / "s", ["a-x", "b-x"], b_x={"fail": "no such scene"})
    assert sweep(plan, Settings(on="ray", program=PROGRAM)) == 1
    shown = capsys.readouterr().out
    assert "b-x: FAILED, exit status 2 on " in shown and "error: no such scene" in shown
    assert "a-x: complete on " in shown
    executor = RayExecutor("another sweep's", program=PROGRAM)
    executor.patience = 0.0
    executor.start(plan.runs[0], plan.folder(plan.runs[0]))
    (outcome,) = ended(executor).values()
    assert "is not the folder of this sweep: all hosts must share it" in outcome.told


def test_a_stop_lets_runs_save(cluster, tmp_path):
    root = tmp_path / "s"
    plan = fake_plan(root, ["a-x"], 1000, a_x={"delay": 0.05, "every": 1000})
    (root / "sweep.json").write_text("token")
    executor = RayExecutor("token", program=PROGRAM)
    executor.start(plan.runs[0], plan.folder(plan.runs[0]))
    trains(root, ["a-x"])
    executor.stop()
    (outcome,) = ended(executor).values()
    assert outcome.kind == "stopped" and outcome.saved >= 3


def test_no_cluster(monkeypatch):
    monkeypatch.setattr(ray, "is_initialized", lambda: False)

    def refuse(*arguments, **keywords):
        raise ConnectionError("Could not find any running Ray instance.\nmore")

    monkeypatch.setattr(ray, "init", refuse)
    said = r"no Ray cluster at here:1 \(Could not find any running Ray instance.\). Start one: ray start --head"
    with pytest.raises(JnerfError, match=said):
        connect("here:1")

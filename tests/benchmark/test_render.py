"""What ``render`` refuses before it renders."""

from types import SimpleNamespace
from unittest.mock import MagicMock

import pytest
from meshes import torus, write_obj

from jnerf.benchmark.render import measure_rendering
from jnerf.config import find_config, load_config
from jnerf.datasets.mesh.dataset import MeshDataset
from jnerf.errors import ConfigError


def test_a_mesh_has_cameras_but_no_views(monkeypatch, tmp_path):
    write_obj(tmp_path / "torus.obj", *torus(12, 6))
    mesh = MeshDataset(str(tmp_path / "torus.obj"))
    assert mesh.cameras is not None
    for name in (
        "checkpoints.asked.run_of",
        "checkpoints.state.restore",
        "pipeline.build.build_pipeline",
    ):
        monkeypatch.setattr(f"jnerf.engine.{name}", MagicMock())
    loaded = SimpleNamespace(step=1, seconds=1.0), tmp_path / "step_1"
    monkeypatch.setattr("jnerf.engine.checkpoints.asked.load_for_task", lambda *_: loaded)
    monkeypatch.setattr("jnerf.engine.pipeline.build.build_dataset", lambda *_: mesh)
    monkeypatch.setattr(
        "jnerf.engine.evaluator.evaluate",
        lambda *_, **how: SimpleNamespace(rows=[{"seconds": 1.0}], protocol={}),
    )
    with pytest.raises(ConfigError, match="MeshDataset has no test views"):
        measure_rendering(load_config(find_config("ngp_embedded")), None, str(tmp_path), 1)

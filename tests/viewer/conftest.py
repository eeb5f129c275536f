"""Small runs that a page is opened on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import jnerf  # noqa: F401  (prepares Jittor before anything imports it)

pytest.importorskip("viser", reason="viser is not installed: pip install 'jnerf[viewer]'")

from page_client import EYE, MIDDLE, PageClient  # noqa: E402
from small_runs import small_sizes, tiny_scenes  # noqa: E402

from jnerf.config import find_config, load_config  # noqa: E402
from jnerf.config.check import check  # noqa: E402
from jnerf.engine.pipeline.build import Pipeline, build_dataset, build_pipeline  # noqa: E402
from jnerf.engine.run import run  # noqa: E402
from jnerf.engine.run_folder import RunFolder  # noqa: E402
from jnerf.viewer.stages.stage import Stage  # noqa: E402
from jnerf.viewer.viewer import Viewer  # noqa: E402


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Any]:
    """Gives a shipped config with everything small, its scene too."""
    scenes = tmp_path_factory.mktemp("scenes") / "all"

    def make(name: str, *overrides: str) -> Any:
        path = find_config(name)
        first = load_config(path)
        scene = tiny_scenes(scenes)[first.dataset.type]
        config = load_config(path, [*small_sizes(first), *scene, *overrides])
        check(config)
        return config

    return make


@pytest.fixture(scope="session")
def trained(
    small: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Any, Path]:
    """The config and the folder of a run of 150 steps on the embedded scene."""
    place = tmp_path_factory.mktemp("runs")
    sizes = "dataset.n_train=8", "dataset.resolution=32", "sampler.target_samples=16384"
    steps = "total_steps=150", "evaluation.steps=[]", "log_every=25"
    config = small("ngp_embedded", f"save_dir={place}", "exp_name=seen", *sizes, *steps)
    run(config, "train")
    return config, place / "seen"


@pytest.fixture(scope="session")
def pipeline(trained: tuple[Any, Path]) -> Pipeline:
    """Its modules with their weights."""
    from jnerf.engine.checkpoints.checkpoint import load_latest
    from jnerf.engine.checkpoints.state import restore

    config, folder = trained
    pipeline = build_pipeline(config, training=False)
    restore(pipeline, load_latest(folder / "checkpoints"), str(folder))
    return pipeline


@pytest.fixture(scope="session")
def stage(trained: tuple[Any, Path], pipeline: Pipeline) -> Stage:
    """Its scene with both splits."""
    return Stage(pipeline, build_dataset(trained[0], "test"))


@pytest.fixture
def opened(trained: tuple[Any, Path], stage: Stage) -> Iterator[Callable[..., Any]]:
    """Opens a viewer of the run, with or without its config, and a page that looks at the scene; the test serves it."""
    pages = []

    def open_page(config: Any = None) -> tuple[Viewer, PageClient]:
        viewer = Viewer(port=0)
        viewer.config = config
        viewer.open(stage, RunFolder(trained[1]), training=False)
        viewer.settings.resolution = 64
        client = PageClient(viewer.server.get_port())
        client.look(EYE, MIDDLE)
        pages.append((viewer, client))
        return viewer, client

    yield open_page
    for viewer, client in pages:
        client.close()
        viewer.close()


@pytest.fixture
def page(opened: Callable[..., Any], trained: tuple[Any, Path]) -> tuple[Viewer, PageClient]:
    """A viewer that knows the run's config."""
    return opened(trained[0])

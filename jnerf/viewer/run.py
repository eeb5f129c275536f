"""The task behind ``jnerf view``: a run's folder to a page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jnerf.config.check import check
from jnerf.engine.checkpoints.asked import load_for_task, run_of
from jnerf.engine.checkpoints.state import restore
from jnerf.engine.guards.record import read_info
from jnerf.engine.pipeline.build import build_pipeline
from jnerf.engine.run_folder import RunFolder
from jnerf.errors import DataError
from jnerf.runtime import show_kernel_progress
from jnerf.viewer.stages.choose import stage_of
from jnerf.viewer.stages.recorded import pipeline_without_scene
from jnerf.viewer.viewer import Viewer


def view_run(config: Any, checkpoint: str | Path | None, host: str, port: int) -> None:
    """Opens a trained run and serves its page until Ctrl-C.

    Args:
        config: a loaded config; it is checked here.
        checkpoint: load this file instead of the run folder's newest.
        host: address to listen on.
        port: wanted port.

    Raises:
        JnerfError: anything the user can mend; the message says how.
    """
    check(config)
    show_kernel_progress()
    folder = RunFolder(Path(config.get("save_dir") or "logs") / config.exp_name)
    loaded, path = load_for_task(folder, checkpoint)
    same = run_of(config, folder, checkpoint, "render")
    same.check_config()
    try:
        pipeline = build_pipeline(config, training=False)
        same.check_scene(pipeline.dataset)
    except DataError as error:
        pipeline = pipeline_without_scene(config, read_info(path.parent.parent))
        if pipeline is None:
            raise
        print(f"{error}\nThe run is shown without its cameras and images")
    restore(pipeline, loaded, str(path))
    viewer = Viewer(host, port)
    viewer.step, viewer.config = loaded.step, config
    viewer.open(stage_of(pipeline, config), folder, training=False)
    try:
        viewer.stay()
    finally:
        viewer.close()

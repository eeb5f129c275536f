"""The task behind ``tools/extract_mesh.py``: a run's folder to mesh files."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

from jnerf.config.check import check
from jnerf.datasets.base import Dataset
from jnerf.datasets.placement.similarity import Similarity
from jnerf.engine.checkpoints.state import restore
from jnerf.engine.guards.record import elsewhere, read_info
from jnerf.engine.pipeline.build import build_pipeline
from jnerf.engine.run import load_for_task, run_of
from jnerf.engine.run_folder import RunFolder
from jnerf.mesh.extract import extract_mesh, refuse_ndc
from jnerf.mesh.files import check_outputs, write_mesh
from jnerf.mesh.options import MeshOptions
from jnerf.runtime import show_kernel_progress


def run_extraction(
    config: Any,
    options: MeshOptions,
    save_dir: str | Path | None = None,
    checkpoint: str | Path | None = None,
    outputs: list[Path] | None = None,
) -> list[Path]:
    """Extracts the mesh of a trained run and writes it.

    Args:
        config: a loaded config; it is checked here.
        options: what to extract.
        save_dir: the folder that holds run folders; None for the config's (``logs``).
        checkpoint: load this file instead of the run folder's newest.
        outputs: files to write; None: ``mesh/mesh.ply`` and ``mesh/mesh.obj`` in the run folder.

    Returns:
        The files.

    Raises:
        JnerfError: anything the user can mend; the message says how.
    """
    check(config)
    show_kernel_progress()
    folder = RunFolder(Path(save_dir or config.get("save_dir") or "logs") / config.exp_name)
    same = run_of(config, folder, checkpoint, "mesh")
    same.check_config()
    pipeline = build_pipeline(config, training=False)
    refuse_ndc(pipeline)
    loaded, path = load_for_task(folder, checkpoint)
    same.check_scene(pipeline.dataset)
    restore(pipeline, loaded, str(path))
    files = outputs or [folder.root / "mesh" / f"mesh{suffix}" for suffix in (".ply", ".obj")]
    check_outputs(files)
    transform = recorded_transform(path.parent.parent / "run.json", pipeline.dataset)
    mesh = extract_mesh(pipeline, options, transform)
    for file in files:
        write_mesh(mesh, file)
    print(
        f"step {loaded.step}: {len(mesh.vertices)} vertices, {len(mesh.faces)} faces, world units -> "
        f"{', '.join(map(str, files))}"
    )
    return files


def recorded_transform(record: Path, dataset: Dataset) -> Similarity | None:
    """The similarity that the run was trained in, from its run.json; None where none is recorded.

    It is the dataset's own, unless the scene has changed since.

    Args:
        record: the run's ``run.json``, which may be missing or damaged.
        dataset: the scene as it is now.
    """
    data = read_info(record.parent).get("world_to_field")
    if data is None:
        return None
    recorded = Similarity.from_dict(data)
    if elsewhere(recorded, dataset):
        warnings.warn(
            f"the scene's place in the field is not that of {record}, so it has changed since the run was trained; "
            "the mesh is put where the run says",
            stacklevel=2,
        )
    return recorded

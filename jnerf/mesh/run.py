"""The task behind ``jnerf mesh``: a run's folder to mesh files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jnerf.engine.trained import open_trained
from jnerf.mesh.extract import extract_mesh
from jnerf.mesh.files import check_outputs, write_mesh
from jnerf.mesh.options import MeshOptions


def run_extraction(
    config: Any,
    options: MeshOptions,
    save_dir: str | Path | None = None,
    checkpoint: str | Path | None = None,
    outputs: list[Path] | None = None,
    force: bool = False,
) -> list[Path]:
    """Extracts the mesh of a trained run and writes it.

    Args:
        config: a loaded config; it is checked here.
        options: what to extract.
        save_dir: the folder that holds run folders; None for the config's (``logs``).
        checkpoint: load this file instead of the run folder's newest.
        outputs: files to write; None: ``mesh/mesh.ply`` and ``mesh/mesh.obj`` in the run folder, or ``mesh.glb`` and
            ``mesh.obj`` with a texture, which are replaced.
        force: replace ``outputs`` too.

    Returns:
        The files.

    Raises:
        JnerfError: anything the user can mend; the message says how.
    """
    textured = options.texture is not None
    check_outputs(outputs or [], textured, force)
    run = open_trained(config, "mesh", save_dir, checkpoint)
    files = outputs
    if not files:
        suffixes = (".glb", ".obj") if textured else (".ply", ".obj")
        files = [run.folder.root / "mesh" / f"mesh{suffix}" for suffix in suffixes]
        check_outputs(files)
    mesh = extract_mesh(run.pipeline, options, run.transform)
    written = [path for file in files for path in write_mesh(mesh, file)]
    print(
        f"step {run.step}: {len(mesh.vertices)} vertices, {len(mesh.faces)} faces, world units -> "
        f"{', '.join(map(str, written))}"
    )
    return written

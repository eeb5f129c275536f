"""The jobs as command lines of an installed ``colmap`` program, of any version since 3.6.

Options moved from one group to another between versions (``SiftExtraction.max_image_size`` is now
``FeatureExtraction.max_image_size``), so the program's own help decides which names are used.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

from jnerf.capture.colmap.jobs import Features, Job, Mapping, Matches
from jnerf.errors import ConfigError, DataError

_MATCHERS = {
    "exhaustive": "exhaustive_matcher",
    "sequential": "sequential_matcher",
    "vocabtree": "vocab_tree_matcher",
}


def find_program(name: str) -> str:
    """The path of a ``colmap`` program.

    Raises:
        ConfigError: there is no such program, or it cannot be run.
    """
    found = shutil.which(name)
    if found is None:
        raise ConfigError(
            f"--colmap: no program '{name}': install COLMAP, name the program's path, or leave --colmap out to use "
            "pycolmap (pip install 'jnerf[capture]')"
        )
    _help(found, "feature_extractor")
    return found


@cache
def _help(program: str, command: str) -> str:
    try:
        said = subprocess.run(
            [program, command, "-h"], capture_output=True, text=True, timeout=60, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ConfigError(f"--colmap: {program} does not run: {error}") from error
    return said.stdout + said.stderr


def command_line(program: str, job: Job, folder: Path) -> list[str]:
    """The command that does a job.

    Args:
        program: path of ``colmap``.
        job: the job.
        folder: for a file of names.

    Raises:
        DataError: this version cannot do it.
    """
    if isinstance(job, Features):
        return _features(program, job, folder)
    if isinstance(job, Matches):
        return _matches(program, job)
    if not isinstance(job, Mapping):
        raise DataError(f"the stage '{job.stage}' is pycolmap's alone: leave --colmap out")
    command = "global_mapper" if job.mapper == "global" else "mapper"
    _known(program, command)
    line = [program, command, "--database_path", job.database, "--image_path", job.images]
    line += ["--output_path", job.models]
    flags = {
        ("Mapper.random_seed", "GlobalMapper.random_seed", "random_seed"): job.seed,
        ("Mapper.num_threads", "GlobalMapper.num_threads"): job.threads,
        ("Mapper.min_model_size",): 3,
        ("Mapper.ba_refine_extra_params",): int(not job.straight),
    }
    return line + _flags(program, command, flags)


def _features(program: str, job: Features, folder: Path) -> list[str]:
    with tempfile.NamedTemporaryFile(
        "w", dir=folder, prefix="names_", suffix=".txt", delete=False, encoding="utf-8"
    ) as names:
        names.write("\n".join(job.names) + "\n")
    command = "feature_extractor"
    line = [program, command, "--database_path", job.database, "--image_path", job.images]
    line += ["--image_list_path", names.name]
    flags = {
        ("ImageReader.single_camera",): 1,
        ("ImageReader.camera_model",): job.model,
        ("ImageReader.existing_camera_id",): job.camera if job.camera >= 0 else None,
        ("ImageReader.mask_path",): job.masks or None,
        ("FeatureExtraction.max_image_size", "SiftExtraction.max_image_size"): job.image_size,
        ("SiftExtraction.max_num_features",): job.most,
        ("SiftExtraction.domain_size_pooling",): int(job.domain_size_pooling),
        ("SiftExtraction.estimate_affine_shape",): int(job.domain_size_pooling),
        ("FeatureExtraction.num_threads", "SiftExtraction.num_threads"): job.threads,
        ("FeatureExtraction.use_gpu", "SiftExtraction.use_gpu"): 0,
    }
    return line + _flags(program, command, flags)


def _matches(program: str, job: Matches) -> list[str]:
    command = _MATCHERS[job.matching]
    flags = {
        ("FeatureMatching.guided_matching", "SiftMatching.guided_matching"): int(job.guided),
        ("FeatureMatching.num_threads", "SiftMatching.num_threads"): job.threads,
        ("FeatureMatching.use_gpu", "SiftMatching.use_gpu"): 0,
        ("TwoViewGeometry.random_seed", "random_seed"): job.seed,
    }
    if job.matching == "exhaustive":
        flags[("ExhaustiveMatching.block_size",)] = job.block
    elif job.matching == "sequential":
        flags[("SequentialMatching.overlap",)] = job.overlap
    else:
        flags[("VocabTreeMatching.vocab_tree_path",)] = job.vocabulary
    line = [program, command, "--database_path", job.database]
    return line + _flags(program, command, flags)


def _known(program: str, command: str) -> None:
    if "--database_path" not in _help(program, command):
        raise DataError(
            f"{program} has no command '{command}': take a newer COLMAP, another --mapper, or leave --colmap out"
        )


def _flags(program: str, command: str, wanted: dict[tuple[str, ...], object]) -> list[str]:
    """Those of the flags that this version has, under the name that it knows."""
    known, line = _help(program, command), []
    for names, value in wanted.items():
        name = next((name for name in names if f"--{name}" in known), None)
        if name is not None and value is not None:
            line += [f"--{name}", str(value)]
    return line

"""The child process: one job by pycolmap. ``python -m jnerf.capture.colmap.worker``, the job as json on stdin.

COLMAP's log goes to stderr, where the parent reads it. Stdin stays open as long as the parent lives: when it is gone,
so is this process.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from pathlib import Path
from typing import Any

from jnerf.capture.colmap.jobs import Features, Job, Mapping, Matches, Refinement, from_message


def main() -> int:
    """Does the job on stdin; the exit status."""
    job = from_message(json.loads(sys.stdin.readline()))
    threading.Thread(target=_end_with_parent, daemon=True).start()
    do(job)
    return 0


def _end_with_parent() -> None:
    sys.stdin.read()
    os._exit(1)


def do(job: Job) -> None:
    """Runs a job in this process."""
    import pycolmap

    pycolmap.set_random_seed(job.seed)
    if isinstance(job, Features):
        _features(pycolmap, job)
    elif isinstance(job, Matches):
        _matches(pycolmap, job)
    elif isinstance(job, Mapping):
        _mapping(pycolmap, job)
    elif isinstance(job, Refinement):
        _refine(pycolmap, job)


def _features(pycolmap: Any, job: Features) -> None:
    reader = pycolmap.ImageReaderOptions()
    reader.camera_model = job.model
    reader.existing_camera_id = job.camera
    if job.masks:
        reader.mask_path = job.masks
    options = pycolmap.FeatureExtractionOptions()
    options.num_threads = job.threads
    options.max_image_size = job.image_size
    options.sift.max_num_features = job.most
    options.sift.domain_size_pooling = job.domain_size_pooling
    options.sift.estimate_affine_shape = job.domain_size_pooling
    where, one = (job.database, job.images), pycolmap.CameraMode.SINGLE
    # Numbers of images follow the order in which they are written: not that in which threads are done.
    pycolmap.Database.open(job.database).close()  # which makes it
    pycolmap.import_images(*where, one, list(job.names), reader)
    device = pycolmap.Device.cpu
    pycolmap.extract_features(*where, list(job.names), one, reader, options, device)


def _matches(pycolmap: Any, job: Matches) -> None:
    options = pycolmap.FeatureMatchingOptions()
    options.num_threads = job.threads
    options.guided_matching = job.guided
    check = pycolmap.TwoViewGeometryOptions()
    check.ransac.random_seed = job.seed
    if job.matching == "exhaustive":
        pairs, match = pycolmap.ExhaustivePairingOptions(), pycolmap.match_exhaustive
        pairs.block_size = job.block
    elif job.matching == "sequential":
        pairs, match = pycolmap.SequentialPairingOptions(), pycolmap.match_sequential
        pairs.overlap = job.overlap
    else:
        pairs, match = pycolmap.VocabTreePairingOptions(), pycolmap.match_vocabtree
        pairs.vocab_tree_path = job.vocabulary
    match(job.database, options, pairs, check, pycolmap.Device.cpu)


def _mapping(pycolmap: Any, job: Mapping) -> None:
    if job.mapper == "global":
        options = pycolmap.GlobalPipelineOptions()
        run = pycolmap.global_mapping
    else:
        options = pycolmap.IncrementalPipelineOptions()
        options.min_model_size = 3  # small captures are captures, too
        options.ba_refine_extra_params = not job.straight
        options.mapper.abs_pose_refine_extra_params = not job.straight
        run = pycolmap.incremental_mapping
    options.random_seed = job.seed
    options.num_threads = job.threads
    run(job.database, job.images, job.models, options)


def _refine(pycolmap: Any, job: Refinement) -> None:
    model = pycolmap.Reconstruction(job.model)
    Path(job.refined).mkdir(parents=True, exist_ok=True)
    _adjust(pycolmap, model, job)
    options = pycolmap.IncrementalPipelineOptions()
    options.random_seed = job.seed
    options.num_threads = job.threads
    options.mapper.filter_max_reproj_error = job.tolerance
    options.triangulation.complete_max_reproj_error = job.tolerance
    options.triangulation.merge_max_reproj_error = job.tolerance
    model = pycolmap.triangulate_points(
        model, job.database, job.images, job.refined, clear_points=True, options=options
    )
    _adjust(pycolmap, model, job)
    model.update_point_3d_errors()
    model.write_binary(job.refined)


def _adjust(pycolmap: Any, model: Any, job: Refinement) -> None:
    options = pycolmap.BundleAdjustmentOptions()
    options.print_summary = False
    options.ceres.loss_function_type = pycolmap.LossFunctionType.CAUCHY
    options.ceres.loss_function_scale = 0.25 * job.tolerance
    options.ceres.solver_options.num_threads = job.threads
    pycolmap.bundle_adjustment(model, options)


if __name__ == "__main__":
    sys.exit(main())

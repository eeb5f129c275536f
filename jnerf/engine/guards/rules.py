"""What it means when a setting is another than the run was trained with: nothing, a warning, or a refusal."""

from __future__ import annotations

from enum import IntEnum
from fnmatch import fnmatchcase
from typing import Literal

#: What is done with a checkpoint. "start": a run of its own begins with the weights of another one; "export": the field
#: goes into files; "cameras": the cameras that were learned do.
Use = Literal["resume", "start", "test", "render", "mesh", "export", "cameras"]


class Verdict(IntEnum):
    """How bad it is."""

    FREE = 0
    WARN = 1
    REFUSE = 2


_FREE, _WARN, _REFUSE = Verdict

#: Settings on which numbers of a test depend, and weights do not.
JUDGED = (
    "evaluation.fit*",
    "dataset.cameras.test_*",
    "dataset.volume_points",
    "dataset.surface_points",
    "dataset.surface_resolution",
    "network.lod",  # what is shown of one that is trained at all of them
)

# Path of the setting, then what another value means when training goes on, in a test, and in a film, a mesh or an
# export. The first row that fits counts. What is not named here (steps, logs, evaluation, checkpoints ...) is free.
_RULES = (
    *((path, _FREE, _FREE, _FREE) for path in JUDGED),
    # the scene and its place in the field; root is compared by what lies there
    ("dataset.image_memory", _FREE, _FREE, _FREE),
    ("dataset.missing", _FREE, _FREE, _FREE),
    ("dataset.up", _FREE, _FREE, _FREE),
    ("dataset.*_share", _WARN, _FREE, _FREE),
    ("dataset.noise*", _WARN, _FREE, _FREE),
    ("dataset.batches_at_once", _WARN, _FREE, _FREE),
    ("dataset.passes", _WARN, _FREE, _FREE),
    ("dataset.crop_*", _WARN, _FREE, _FREE),
    ("dataset.extras", _WARN, _FREE, _FREE),
    ("dataset.n_test", _WARN, _WARN, _FREE),
    ("dataset.holdout", _REFUSE, _REFUSE, _WARN),
    ("dataset.split", _REFUSE, _WARN, _WARN),
    ("dataset.downscale", _REFUSE, _WARN, _WARN),
    ("dataset.resolution", _REFUSE, _WARN, _WARN),
    ("dataset.scales", _REFUSE, _WARN, _WARN),
    ("dataset.masks", _REFUSE, _WARN, _WARN),
    ("dataset.near", _REFUSE, _WARN, _WARN),
    ("dataset.far", _REFUSE, _WARN, _WARN),
    ("dataset.*", _REFUSE, _REFUSE, _REFUSE),
    # the field
    ("*.precision", _WARN, _WARN, _WARN),
    ("*.table_precision", _WARN, _WARN, _WARN),
    ("encoder.*", _REFUSE, _REFUSE, _REFUSE),
    ("network.*", _REFUSE, _REFUSE, _REFUSE),
    # how it is looked at
    ("sampler.density_chunk", _FREE, _FREE, _FREE),
    ("sampler.look_samples", _FREE, _FREE, _FREE),
    ("sampler.fixed_sizes", _FREE, _FREE, _FREE),
    ("sampler.target_samples", _WARN, _FREE, _FREE),
    ("sampler.n_rays_init", _WARN, _FREE, _FREE),
    ("sampler.fixed_rays", _WARN, _FREE, _FREE),
    ("sampler.*", _REFUSE, _WARN, _WARN),
    ("renderer.*", _REFUSE, _WARN, _WARN),
    # how it is trained
    ("loss.*", _WARN, _FREE, _FREE),
    ("optim.*", _WARN, _FREE, _FREE),
    ("ema.decay", _REFUSE, _REFUSE, _REFUSE),  # the correction of its bias depends on it
    ("ema.every", _WARN, _FREE, _FREE),
    ("ema.*", _WARN, _WARN, _WARN),
    ("n_rays", _WARN, _FREE, _FREE),
)


def verdict(path: str, use: Use) -> Verdict:
    """What another value of a setting means.

    Args:
        path: of the setting, "dataset.scale".
        use: what the checkpoint is for.

    >>> verdict("dataset.scale", "test").name, verdict("optim.lr", "resume").name, verdict("chunk", "test").name
    ('REFUSE', 'WARN', 'FREE')
    """
    for pattern, trained, tested, shown in _RULES:
        if fnmatchcase(path, pattern):
            if use in ("resume", "start"):
                # Somebody who starts anew with other weights knows that it is another run.
                return trained if use == "resume" else min(trained, Verdict.WARN)
            return tested if use == "test" else shown
    return Verdict.FREE

"""Checkpoints: everything that a bit-exact resume needs, in one safetensors file that is either
whole or absent.

``checkpoints/step_00001000.safetensors`` holds the arrays ``network.*``, ``params.*`` (of other modules), ``optim.*``,
``ema.*`` and ``sampler.*``; the file's metadata entry ``jnerf`` is JSON: format, version of jnerf, step, seed, elapsed
training seconds, a SHA-256 of the arrays and one of the entry itself, so that not only a truncated file but also a
flipped bit is found. One file, hence one rename: the two can never disagree.
"""

from __future__ import annotations

import hashlib
import json
import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from jnerf import __version__
from jnerf.checks.numbers import is_number
from jnerf.errors import CheckpointError
from jnerf.files import write_atomic

State = dict[str, NDArray]
_NAME = re.compile(r"step_(\d+)\.safetensors")
FORMAT = 2
_READABLE = (1, FORMAT)  # jnerf.engine.checkpoints.old knows what has changed
_BROKEN = (
    SafetensorError,
    OSError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    RecursionError,
    MemoryError,
)
_SHOWN = 8  # how many differing tensors an error lists


@dataclass(frozen=True)
class Checkpoint:
    """A run's state after ``step`` completed steps.

    Attributes:
        step: steps completed.
        seed: the run's seed.
        seconds: training seconds so far (jnerf.engine.watching.clock).
        state: every array, named ``<module>.<tensor>``.
        format: of the names.
        version: of the jnerf that wrote it.
    """

    step: int
    seed: int
    seconds: float
    state: State
    format: int = FORMAT
    version: str = __version__

    def part(self, module: str) -> State:
        """The arrays of one module, without its prefix.

        >>> Checkpoint(0, 0, 0.0, {"ema.w": np.ones(1)}).part("ema")
        {'w': array([1.])}
        """
        prefix = f"{module}."
        return {k[len(prefix) :]: v for k, v in self.state.items() if k.startswith(prefix)}


def checkpoint_path(folder: Path, step: int) -> Path:
    """Where the checkpoint after ``step`` steps lies, or would lie."""
    return folder / f"step_{step:08d}.safetensors"


def checkpoint_paths(folder: Path) -> list[Path]:
    """The checkpoints of a folder, newest (highest step) first."""
    found = [path for path in folder.glob("step_*.safetensors") if _NAME.fullmatch(path.name)]
    return sorted(found, key=checkpoint_step, reverse=True)


def checkpoint_step(path: Path) -> int:
    """The step that a checkpoint's name tells.

    >>> checkpoint_step(Path("step_00001000.safetensors"))
    1000
    """
    return int(_NAME.fullmatch(path.name)[1])


def save_checkpoint(folder: Path, checkpoint: Checkpoint, keep: int) -> Path:
    """Writes a checkpoint, then removes all but the newest ``keep``.

    Args:
        folder: where checkpoints lie; made when absent.
        checkpoint: what to save.
        keep: how many to keep, at least 1.

    Returns:
        The file written.

    Raises:
        CheckpointError: the disk is full or not writable. No file is left half written, older ones
            survive.
    """
    path = checkpoint_path(folder, checkpoint.step)
    meta = {
        "format": checkpoint.format,
        "version": checkpoint.version,
        "step": checkpoint.step,
        "seed": checkpoint.seed,
        "seconds": checkpoint.seconds,
        "sha256": _digest(checkpoint.state),
    }
    meta["told"] = _digest_of_told(meta)
    arrays = {name: np.asarray(a, order="C") for name, a in checkpoint.state.items()}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_atomic(
            path, lambda temporary: save_file(arrays, temporary, {"jnerf": json.dumps(meta)})
        )
        for old in checkpoint_paths(folder)[max(keep, 1) :]:
            old.unlink()
    except (OSError, SafetensorError) as error:
        size = sum(a.nbytes for a in arrays.values()) / 2**20
        last = next(iter(checkpoint_paths(folder)), None)
        raise CheckpointError(
            f"cannot save the checkpoint {path} ({size:.0f} MiB): {error}. "
            + (
                f"The last good checkpoint is {last}. "
                if last
                else "There is no earlier checkpoint. "
            )
            + "Free disk space or make the folder writable, then continue with --resume."
        ) from error
    return path


def load_checkpoint(path: Path) -> Checkpoint:
    """Reads one checkpoint and proves it whole.

    Args:
        path: the file.

    Raises:
        CheckpointError: no such file, not a checkpoint of jnerf, truncated, or its arrays' checksum
            is wrong.
    """
    if path.is_dir():
        raise CheckpointError(
            f"no checkpoint {path}: it is a folder. Name a file in it, such as step_00001000.safetensors"
        )
    if not path.is_file():
        raise CheckpointError(f"no checkpoint {path}: the file does not exist")
    try:
        with safe_open(path, framework="numpy") as file:
            meta = json.loads((file.metadata() or {}).get("jnerf", "null"))
            state = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except _BROKEN as error:
        raise CheckpointError(
            f"checkpoint {path} is truncated or corrupt: {error!s:.300}"
        ) from error
    if not isinstance(meta, dict) or meta.get("format") not in _READABLE:
        format, version = (
            (meta.get("format"), meta.get("version")) if isinstance(meta, dict) else (None, None)
        )
        writer = f"; jnerf {version} wrote it" if version else ""
        raise CheckpointError(
            f"{path} is not a checkpoint of this jnerf {__version__}: its format is {format}{writer}, readable are "
            f"{' and '.join(map(str, _READABLE))}"
        )
    if _digest(state) != meta.get("sha256"):
        raise CheckpointError(
            f"checkpoint {path} is corrupt: its arrays do not match their checksum"
        )
    if meta.get("told", _digest_of_told(meta)) != _digest_of_told(meta) or not _is_told(meta):
        raise CheckpointError(f"checkpoint {path} is corrupt: what it says of itself is damaged")
    told = {"format": meta["format"], "version": meta.get("version", "0.1.0")}
    return Checkpoint(meta["step"], meta["seed"], meta["seconds"], state, **told)


def load_latest(folder: Path) -> Checkpoint | None:
    """The newest checkpoint that is whole; damaged ones are passed over with a warning.

    Args:
        folder: where checkpoints lie; it may be absent.

    Returns:
        None when there are no checkpoints at all.

    Raises:
        CheckpointError: there are checkpoints, but every one is damaged.
    """
    paths = checkpoint_paths(folder)
    for path in paths:
        try:
            found = load_checkpoint(path)
            if found.step != int(_NAME.fullmatch(path.name)[1]):
                raise CheckpointError(
                    f"checkpoint {path} is of step {found.step}, which its name does not say: it was renamed, or is "
                    "corrupt"
                )
            return found
        except CheckpointError as error:
            before = "; falling back to the one before" if path != paths[-1] else ""
            warnings.warn(f"{error}{before}", RuntimeWarning, stacklevel=2)
    if paths:
        raise CheckpointError(
            f"every checkpoint in {folder} is damaged ({len(paths)} tried). Remove them to train from the start."
        )
    return None


def tidy(folder: Path, step: int) -> None:
    """Readies a folder for a run that continues at ``step``.

    Removes temporary files of processes that were killed while saving, and puts checkpoints beyond
    ``step`` aside as ``*.damaged``: they were passed over by :func:`load_latest`, and left in place
    they would count as the newest.
    """
    for path in folder.glob(".step_*.tmp"):
        path.unlink(missing_ok=True)
    for path in checkpoint_paths(folder):
        if checkpoint_step(path) > step:
            path.rename(path.with_name(f"{path.name}.damaged"))


def check_fits(
    module: str, saved: Mapping[str, NDArray], current: Mapping[str, NDArray], path: str
) -> None:
    """Checks that saved tensors have the names and shapes of the current ones.

    Args:
        module: whose they are, for the message.
        saved: tensors of the checkpoint.
        current: tensors of the module that they are to be loaded into (anything with a ``shape``).
        path: the checkpoint, for the message.

    Raises:
        CheckpointError: naming the tensors and the shapes that differ.
    """
    lines = []
    for name in sorted(set(saved) | set(current)):
        have = tuple(saved[name].shape) if name in saved else None
        want = tuple(current[name].shape) if name in current else None
        if have != want:
            lines.append(
                f"{module}.{name}: {_say(have)} in the checkpoint, {_say(want)} in the config's {module}"
            )
    if lines:
        more = [f"... and {len(lines) - _SHOWN} more"] if len(lines) > _SHOWN else []
        raise CheckpointError(
            f"checkpoint {path} is of another architecture:\n  "
            + "\n  ".join(lines[:_SHOWN] + more)
            + "\nUse the config it was trained with (config.py in its run folder), or another --save-dir."
        )


def _say(shape: tuple[int, ...] | None) -> str:
    return "absent" if shape is None else str(list(shape))


def _digest(state: State) -> str:
    digest = hashlib.sha256()
    for name in sorted(state):
        array = np.ascontiguousarray(state[name])
        digest.update(f"{name}{array.dtype.str}{array.shape}".encode())
        digest.update(memoryview(array.reshape(-1)).cast("B") if array.size else b"")
    return digest.hexdigest()


def _digest_of_told(meta: Mapping[str, Any]) -> str:
    """A checksum of the entry of metadata, but for itself."""
    told = {key: value for key, value in meta.items() if key != "told"}
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def _is_told(meta: Mapping[str, Any]) -> bool:
    """Whether the numbers that a run goes on with are there; earlier checkpoints have no checksum of them."""
    step, seed, seconds = (meta.get(key) for key in ("step", "seed", "seconds"))
    whole = all(isinstance(number, int) and is_number(number) for number in (step, seed))
    return whole and step >= 0 and is_number(seconds) and isinstance(meta.get("version", ""), str)


def nonfinite(state: State) -> dict[str, int]:
    """Names of the arrays that hold NaN or infinity, with how many.

    >>> nonfinite({"a": np.ones(2), "b": np.array([1.0, np.nan])})
    {'b': 1}
    """
    bad = {n: int(a.size - np.isfinite(a).sum()) for n, a in state.items() if a.dtype.kind == "f"}
    return {name: count for name, count in bad.items() if count}

"""``memory``: peak memory of short trainings, one process per point."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from jnerf.benchmark.children import measure_apart
from jnerf.errors import ConfigError


def measure_memory(
    file: str,
    overrides: Sequence[str],
    steps: int,
    samples: Sequence[int],
    images: Sequence[int],
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Trains a few steps for each number of samples, and for each number of images.

    Args:
        file: the config; its sampler must have ``target_samples``.
        overrides: on it.
        steps: of each training.
        samples: values of ``sampler.target_samples``.
        images: values of the dataset's number of training views.

    Yields:
        "samples" or "images", and an entry of these of the schema.

    Raises:
        ConfigError: the sampler or the dataset has no such argument.
    """
    from jnerf.config import load_config

    config = load_config(file, overrides)
    common = ["train", "--config-file", file, "--steps", str(steps), "--no-eval", *overrides]
    keys = {"samples": "sampler.target_samples", "images": images_key(config) if images else ""}
    if samples and "target_samples" not in config.sampler:
        raise ConfigError(
            f"memory: {config.sampler.type} has no target_samples in {file}; pass --samples ''"
        )
    for name, values in (("samples", samples), ("images", images)):
        for value in values:
            record = measure_apart([*common, f"{keys[name]}={value}"])
            peak = record["results"]["runs"][0]["peak_memory_gib"]
            print(f"memory: {keys[name]}={value}: {peak:.3f} GiB")
            yield name, {"value": value, "peak_gib": peak}


def images_key(config: Any) -> str:
    """The override that sets the number of training images.

    Raises:
        ConfigError: the dataset has no argument for it.
    """
    from jnerf.checks.arguments import signature_of
    from jnerf.config.custom import import_custom
    from jnerf.registry import DATASETS

    import_custom(config)
    known = signature_of(DATASETS.get(config.dataset.type)).parameters
    for name in ("n_train", "max_images"):
        if name in known:
            return f"dataset.{name}"
    raise ConfigError(
        f"memory: {config.dataset.type} cannot be limited to its first images; pass --images ''"
    )

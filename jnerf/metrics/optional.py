"""Metrics that need libraries which need not be there: each is loaded if it can be, else it says why not."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray


class MetricAbsent(Exception):
    """A metric cannot be measured here; the message says why, and what would mend it."""


class ImageMetric(Protocol):
    """A number for two images."""

    def __call__(
        self,
        prediction: NDArray[np.floating],
        truth: NDArray[np.floating],
        where: NDArray[np.bool_] | None = None,
    ) -> float:
        """The metric of images [H, W, 3] in [0, 1], over the pixels ``where`` [H, W], None for all."""
        ...


@dataclass(frozen=True)
class Measure:
    """A metric that is here.

    Attributes:
        of: measures two images.
        told: what its numbers depend on, for people.
    """

    of: ImageMetric
    told: str


def check_installed(packages: dict[str, str]) -> None:
    """Raises MetricAbsent when a library is not installed; none is imported, since some are slow to.

    Args:
        packages: what pip calls them, by their names in Python.

    >>> check_installed({"json": "json"})
    """
    for module, package in packages.items():
        if importlib.util.find_spec(module) is None:
            raise MetricAbsent(f"{package} is not installed (python -m pip install {package})")


def import_all(packages: dict[str, str]) -> list[Any]:
    """Imports libraries, in order.

    Args:
        packages: as of ``check_installed``.

    Raises:
        MetricAbsent: one is not installed or cannot be imported.
    """
    check_installed(packages)
    try:
        return [importlib.import_module(module) for module in packages]
    except Exception as error:  # a broken installation fails in any way, and must not end a run
        names = " or ".join(packages.values())
        raise MetricAbsent(f"{names} cannot be imported: {error}") from error


class OptionalMetrics:
    """Those metrics that are here, for one test: what fails, too, is absent from then on, and the test goes on.

    Args:
        measures: by name.
        absent: of others, why.
    """

    def __init__(self, measures: dict[str, Measure], absent: dict[str, str]) -> None:
        self._measures, self._absent = dict(measures), dict(absent)

    def measure(
        self,
        prediction: NDArray[np.floating],
        truth: NDArray[np.floating],
        where: NDArray[np.bool_] | None = None,
    ) -> dict[str, float]:
        """The metrics of two images, as an ``ImageMetric`` takes them, by name."""
        found = {}
        for name, measure in list(self._measures.items()):
            try:
                found[name] = measure.of(prediction, truth, where)
            except (
                Exception
            ) as error:  # of somebody else's library: the picture may be too small for it
                del self._measures[name]
                self._absent[name] = f"{type(error).__name__}: {error}"
        return found

    def protocol(self) -> dict[str, Any]:
        """What the numbers depend on, by metric; of those that are ``absent`` why."""
        told: dict[str, Any] = {name: measure.told for name, measure in self._measures.items()}
        return told | ({"absent": dict(self._absent)} if self._absent else {})


def load_metrics(
    loaders: dict[str, Callable[[], Measure]],
) -> tuple[dict[str, Measure], dict[str, str]]:
    """Loads what can be loaded.

    Args:
        loaders: by metric; each may raise ``MetricAbsent``.

    Returns:
        The metrics by name, and of the others why they are absent: the arguments of ``OptionalMetrics``.
    """
    found: dict[str, Measure] = {}
    absent: dict[str, str] = {}
    for name, load in loaders.items():
        try:
            found[name] = load()
        except MetricAbsent as error:
            absent[name] = str(error)
        except Exception as error:  # of somebody else's library: a test must not fail for it
            absent[name] = f"{type(error).__name__}: {error}"
    return found, absent

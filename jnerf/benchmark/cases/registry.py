"""Cases by op: the inputs and calls that a benchmark of the op makes."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import jittor as jt

from jnerf.ops.common import CODE_ROOT

if TYPE_CHECKING:
    from jnerf.benchmark.cases.inputs import Inputs

_FILES = (
    *("rays", "field", "grids", "voxels", "planes", "optimiser", "proposals", "factors", "octrees"),
    *("meshes", "cones", "surfaces", "points"),
)


@dataclass(frozen=True)
class Case:
    """One way to call an op.

    Attributes:
        name: what distinguishes it, sizes above all.
        unit: what times are per: sample, ray, cell, parameter.
        count: how many of them a call handles.
        run: calls the op, forward and backward where it has one; returns what is to be computed.
        flop: operations per unit of each kernel that is mostly arithmetic, by kernel name.
    """

    name: str
    unit: str
    count: int
    run: Callable[[], list[jt.Var]]
    flop: Mapping[str, float] = field(default_factory=dict)


class _Cases(dict[str, Callable[["Inputs"], Iterator[Case]]]):
    """Functions that make cases, by op folder; filled when first looked at."""

    def of(self, op: str) -> Any:
        """Registers the function below as the maker of an op's cases."""

        def register(make: Callable[[Inputs], Iterator[Case]]) -> Any:
            self[op] = make
            return make

        return register

    def load(self) -> _Cases:
        """Imports every file of cases."""
        for name in _FILES:
            importlib.import_module(f"jnerf.benchmark.cases.{name}")
        return self


CASES = _Cases()


def op_folders() -> list[str]:
    """The ops there are: folders of ``jnerf/ops`` with an ``op.py``."""
    return sorted(path.parent.name for path in CODE_ROOT.glob("*/op.py"))


def with_gradient(output: jt.Var, wanted: list[jt.Var]) -> list[jt.Var]:
    """The output and the gradients of a weighted sum of it: runs the op's backward."""
    weights = jt.ones(output.shape) * 1e-3
    return [output, *jt.grad((output * weights).sum(), wanted)]

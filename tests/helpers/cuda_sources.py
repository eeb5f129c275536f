"""Turns what jnerf hands to Jittor into plain .cu text, so that nvcc can judge it on a machine without a GPU."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import product
from pathlib import Path

ARCHITECTURES = (75, 80, 86, 90)
# Devices newer than their nvcc run its PTX of the newest architecture; ours reaches Blackwell where nvcc knows it.
PTX = 120

_HALVES = ("StoredFp16", "StoredBf16")
# Template arguments that the Python side uses, by op folder.
TEMPLATES = {
    "grid_interp": {"D": (2, 3)},
    "half_copy": {"Stored": _HALVES},
    "hash_encode": {"D": (2, 3), "F": (1, 2, 4, 8), "Stored": ("float", *_HALVES)},
    "hash_encode_gradient": {"D": (2, 3), "F": (1, 2, 4, 8), "Stored": ("float", *_HALVES)},
    "multisample_encode": {"F": (1, 2, 4, 8), "Stored": ("float", *_HALVES)},
    "octree_interp": {"F": (1, 5, 16)},
    "plane_interp": {"W": (1, 4, 16)},
    "sh_encode": {"D": range(1, 9)},
}
_LAUNCHER = re.compile(r"template <((?:(?:int \w+|class Stored)(?:, )?)+)>\s*inline void (\w+)\(([^)]*)\)")
_TYPES = {
    "float32": "float",
    "float64": "double",
    "float16": "short",
    "bfloat16": "short",
    "int32": "int",
    "int64": "long long",
    "uint8": "unsigned char",
    "bool": "bool",
}

# The part of Jittor's own environment of an op that the sources use.
PROLOGUE = """
#include <string>
#include <unordered_map>
#include <vector>
struct Var {
    int64_t num;
    std::vector<int64_t> shape;
    void set_shape(const std::vector<int64_t>&) {}
};
using Data = std::unordered_map<std::string, double>;
"""


@dataclass(frozen=True)
class OpSource:
    """One distinct ``jt.code`` call: the op folder, the source, and dtype and rank of every array."""

    op: str
    source: str
    inputs: tuple[tuple[str, int], ...]
    outputs: tuple[tuple[str, int], ...]

    def function(self, index: int) -> str:
        """A function with the names that Jittor offers to the source."""
        arguments, body = ["Data& data"], []
        for kind, arrays in (("in", self.inputs), ("out", self.outputs)):
            for i, (dtype, rank) in enumerate(arrays):
                arguments += [f"Var* {kind}{i}", f"{_TYPES[dtype]}* {kind}{i}_p"]
                body += [
                    f"int {kind}{i}_shape{k} = (int){kind}{i}->shape[{k}];" for k in range(rank)
                ]
        head = f"// {self.op}\nvoid source_{index}({', '.join(arguments)}) {{\n"
        return head + "\n".join(body) + f"\n{self.source}\n}}\n"


def recorded(keywords: dict, *arguments: list) -> OpSource | None:
    """The source of one ``jt.code`` call; None if it is not one of ours.

    Args:
        keywords: of the call.
        arguments: of the call: (shapes, dtypes, inputs), or (inputs, outputs) of a call in place.
    """
    include = re.search(r'#include "(\w+)/cuda\.h"', keywords.get("cuda_header", ""))
    if include is None:
        return None
    if len(arguments) == 3:
        shapes, dtypes, inputs = arguments
        outputs = tuple((dtype, len(shape)) for dtype, shape in zip(dtypes, shapes, strict=True))
    else:
        inputs, outputs = arguments[0], _arrays(arguments[1])
    return OpSource(include[1], keywords["cuda_src"], _arrays(inputs), outputs)


def _arrays(variables: list) -> tuple[tuple[str, int], ...]:
    """Dtypes and ranks; ``ndim``, because asking for the ``shape`` would make Jittor run the graph."""
    return tuple((str(v.dtype), v.ndim) for v in variables)


def instantiations(folder: Path, launchers: str = "cuda.h") -> str:
    """Explicit instantiations of every function template with which ``folder`` launches kernels.

    ``launchers`` is the header of the device: ``cpu.h`` has templates of the same names.

    Launchers that are no templates need none: nvcc builds their kernels as soon as they are included.
    """
    text = "".join((folder / name).read_text() for name in ("kernel.h", launchers))
    lines = []
    for parameters, name, arguments in _LAUNCHER.findall(text):
        names = re.findall(r"(?:int|class) (\w+)", parameters)
        values = TEMPLATES.get(folder.name, {})
        if not set(names) <= set(values):
            raise KeyError(f"{folder.name}: say in TEMPLATES with which {names} {name} is used")
        for chosen in product(*(values[n] for n in names)):
            signature = arguments
            for n, value in zip(names, chosen, strict=True):
                signature = re.sub(rf"\b{n}\b", str(value), signature)
            lines.append(f"template void {name}<{', '.join(map(str, chosen))}>({signature});")
    return "namespace jnerf {\n" + "\n".join(lines) + "\n}\n" if lines else ""

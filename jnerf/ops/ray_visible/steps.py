"""The three kernels of ``ray_visible``, for exact sizes and for fixed ones alike: step to a window, write it, end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import jittor as jt

from jnerf.ops.common import code_op
from jnerf.ops.common.constants import nothing
from jnerf.ops.ray_march.rule import MARCH

#: (positions [W, 3], t_starts [W], t_ends [W], ray_indices [W]) -> densities [W], and what else the field computed for
#: them: [W, C] or grouped [G, W, F], or None.
LookFn = Callable[[jt.Var, jt.Var, jt.Var, jt.Var], tuple[jt.Var, jt.Var | None]]

#: Samples per ray of the first window.
FIRST_WINDOW = 8

_STEP = f"""
{MARCH}
jnerf::visible_step(in0->num / 3, march,
    {{in4_p, in5_p, in6_p, in7_p, in8_p, in9_p, in10_p, in11_p, (int)data["windows"]}}, (float)data["early_stop"],
    {{(int)data["looked"], (int)data["length"], (int64_t)data["capacity"], (int)data["slots"], (int)data["slot"],
     out0_p, out1_p, out2_p, out3_p, out4_p, out5_p, out6_p}});
"""
_WRITE = f"""
{MARCH}
jnerf::ray_march_write(in0->num / 3, {{march, in4_p, in5_p, out0_p, out1_p, out2_p, out3_p,
    data["whole"] != 0}});
if (data["padded"] != 0) jnerf::pad_intervals(in4_p, in0->num / 3, out0->num, out0_p, out1_p, out2_p, in0_p, out3_p);
"""
_END = """
jnerf::visible_end(in5->num / 2, {nullptr, in0_p, in1_p, in2_p, in3_p, in4_p, in5_p, in6_p, (int)data["windows"]},
    (float)data["early_stop"], {(int64_t)data["capacity"], (int)data["slots"], data["known"] != 0,
    out0_p, out1_p, out2_p, out3_p, out4_p, out5_p, out6_p});
"""


@dataclass(frozen=True)
class Window:
    """One round: its samples [W], their (first, count) of each ray, and how many each ray had before."""

    t_starts: jt.Var
    t_ends: jt.Var
    packed: jt.Var
    looked: int
    features: jt.Var | None
    sigmas: jt.Var


def windows(
    longest: int, first: int = FIRST_WINDOW, growth: float = 0.5
) -> Iterator[tuple[int, int]]:
    """(samples before, length) of the windows that cover a ray of ``longest`` samples.

    Each is ``growth`` times as long as all before it, at least ``first``: with half, few rounds, and at most about half
    as many densities again as there are visible samples.

    >>> list(windows(30, first=8))
    [(0, 8), (8, 8), (16, 8), (24, 12)]
    """
    looked = 0
    while looked < longest:
        length = next_window(looked, first, growth)
        yield looked, length
        looked += length


def next_window(looked: int, least: int, growth: float = 0.5) -> int:
    """Samples per ray of the window behind ``looked`` ones; see ``windows``."""
    return max(least, int(looked * growth))


class Walk:
    """Rays on their way through the grid, window by window.

    Args:
        rays: origins and directions, [R, 3] each, bits and blocks of the grid.
        data: ``march_data`` and ``early_stop``.
        slots: of windows with fixed sizes, how many numbers ``state`` has; 0 where sizes are exact.
    """

    def __init__(self, rays: list[jt.Var], data: dict[str, float], slots: int = 0) -> None:
        self._rays, self._data, self._slots = rays, data, slots
        self._n = rays[0].shape[0]
        self._state_size = max(slots, 1)
        self.parts: list[Window] = []
        self.state = self._next = None
        self._kept, self._trans = nothing("int32"), nothing()
        self._known = self._whole = False

    def step(self, looked: int, length: int, capacity: int, slot: int = 0) -> jt.Var:
        """Takes in the last window's densities and finds the samples of the next one.

        Returns:
            Samples that fit and samples wanted, int32 [2].
        """
        n = self._n
        shapes = [(n,), (n,), (n, 2), (n,), (n,), (2,), (self._state_size,)]
        dtypes = ["int32", "float32", "int32", "float32", "float32", "int32", "int32"]
        begun = bool(self.parts)
        self._whole = not begun and length >= self._data["max_steps"]
        point = self._next if begun else nothing()
        inputs = [*self._rays, point, self._kept, self._trans, *self._last()]
        data = self._data | {"looked": looked, "length": length, "capacity": capacity}
        data |= {"windows": len(self.parts), "slots": self._slots, "slot": slot}
        found = code_op("ray_visible", shapes, dtypes, inputs, _STEP, data)
        if begun:
            self._kept, self._trans = found[:2]
        self._packed, self._first, self._next, totals, state = found[2:]
        self.state = state if self._slots else None
        self._known = True
        return totals

    def look(self, look: LookFn, size: int, looked: int) -> None:
        """Writes the ``size`` samples of the window that ``step`` found and asks for their densities.

        Raises:
            ValueError: ``look`` gives wrong sizes.
        """
        shapes, dtypes = [(size,)] * 3 + [(size, 3)], ["float32", "float32", "int32", "float32"]
        inputs = [*self._rays, self._packed, self._first]
        data = self._data | {"padded": self._slots > 0, "whole": self._whole}
        found = code_op("ray_visible", shapes, dtypes, inputs, _WRITE, data)
        starts, ends, ray_indices, positions = (v.stop_grad() for v in found)
        sigmas, features = look(positions, starts, ends, ray_indices)
        if list(sigmas.shape) != [size] or (features is not None and features.shape[-2] != size):
            given = [list(v.shape) for v in (sigmas, features) if v is not None]
            raise ValueError(f"look gave {given} for {size} samples")
        self.parts.append(Window(starts, ends, self._packed, looked, features, sigmas))
        self._known = False

    def end(self, capacity: int) -> list[jt.Var]:
        """Lays out what rays keep, once there has been a window.

        Returns:
            (first, count) of each ray, int32 [R, 2]; samples kept, samples wanted, and the leading rays that hold all
            that are kept (of exact sizes), int32 [3]; and of fixed sizes ``state``, 1 for live rays, [R, 1], and the
            samples kept, int32 [1].
        """
        n, fixed = self._n, self._slots > 0
        shapes = [(n,), (n,), (n, 2), (3,), (self._state_size,)]
        shapes += [(n if fixed else 1, 1), (1,)]
        dtypes = ["int32", "float32", "int32", "int32", "int32", "float32", "int32"]
        inputs = [self._kept, self._trans, *self._last()]
        data = {"early_stop": self._data["early_stop"], "windows": len(self.parts)}
        data |= {"capacity": capacity, "slots": self._slots, "known": self._known}
        return code_op("ray_visible", shapes, dtypes, inputs, _END, data)[2:]

    def _last(self) -> list[jt.Var]:
        """What the kernels read of the last window, and ``state``; placeholders before the first."""
        state = nothing("int32") if self.state is None else self.state
        if not self.parts:
            return [nothing(), nothing(), nothing(), nothing("int32", 2), state]
        last = self.parts[-1]
        return [last.t_starts, last.t_ends, last.sigmas, last.packed, state]

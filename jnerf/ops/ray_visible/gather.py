"""Puts the samples together that are kept of all windows."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import jittor as jt

from jnerf.ops.common import code_op
from jnerf.ops.ray_visible.steps import Window


def gather(
    parts: Sequence[Window],
    rays: Sequence[jt.Var],
    packed: jt.Var,
    size: int,
    slots: int,
    padded: bool = False,
) -> tuple[list[jt.Var], jt.Var | None]:
    """The kept samples of all windows.

    Args:
        parts: the windows, at most ``slots``.
        rays: origins and directions, float32 [R, 3] each.
        packed: (first, count) of each ray in the result, int32 [R, 2].
        size: rows of the result, S.
        slots: places for windows.
        padded: ``size`` may be more than there are, and rows behind them are filled.

    Returns:
        Starts, ends, rays [S] and positions [S, 3]; and the features if every window has them, else None.
    """
    n_parts = len(parts)
    shapes, dtypes = [(size,)] * 3 + [(size, 3)], ["float32", "float32", "int32", "float32"]
    data: dict[str, float] = {"windows": n_parts, "padded": padded}
    data |= {f"looked{i}": part.looked for i, part in enumerate(parts)}
    last = parts[0].features
    has_features = all(part.features is not None for part in parts)
    if has_features:
        grouped = last.ndim == 3
        data |= {"groups": last.shape[0] if grouped else 1, "width": last.shape[-1]}
        shapes = [*shapes, [*last.shape[:-2], size, last.shape[-1]]]
        dtypes = [*dtypes, "float32"]
    # Every ray has as many places for windows, whatever it needs of them: one kernel for all steps.
    inputs = [packed, *rays]
    for i in range(slots):
        part = parts[i if i < n_parts else 0]
        inputs += [part.packed, part.t_starts, part.t_ends]
        inputs += [part.features] if has_features else []
    data |= {f"looked{i}": 0 for i in range(n_parts, slots)}
    source = _source(slots, has_features)
    out = [v.stop_grad() for v in code_op("ray_visible", shapes, dtypes, inputs, source, data)]
    return out[:4], out[4] if has_features else None


@cache
def _source(slots: int, has_features: bool) -> str:
    """The C++ that hands ``slots`` windows over."""
    windows, at = [], 3
    for i in range(slots):
        features = f"in{at + 3}_p" if has_features else "nullptr"
        windows.append(
            f"{{in{at}_p, in{at + 1}_p, in{at + 2}_p, {features}, (int64_t)in{at + 1}->num, "
            f'(int)data["looked{i}"]}}'
        )
        at += 4 if has_features else 3
    source = (
        f'const jnerf::VisibleWindows windows{{{{{", ".join(windows)}}}, (int)data["windows"], in0_p}};\n'
        "jnerf::visible_gather(in0->num / 2, {windows, out0_p, out1_p, out2_p, in1_p, in2_p, out3_p});\n"
        'if (data["padded"] != 0) jnerf::pad_intervals(in0_p, in0->num / 2, out0->num, out0_p, out1_p, out2_p, in1_p, '
        "out3_p);\n"
    )
    if has_features:
        source += (
            'jnerf::visible_gather_features({windows, in0->num / 2, (int64_t)data["groups"], '
            '(int64_t)out0->num, (int)data["width"], out4_p});\n'
            'if (data["padded"] != 0) jnerf::visible_pad_features(in0_p, in0->num / 2, '
            '{out4_p, (int64_t)data["groups"], (int64_t)out0->num, (int)data["width"]});\n'
        )
    return source

"""What arrays with padding behind the samples must be: those of exact sizes, then intervals of length 0."""

import numpy as np

from jnerf.ops.common.intervals import PackedIntervals


def check_padded(found: PackedIntervals, right: PackedIntervals) -> None:
    """``found`` has padding, on the last ray; ``right`` has the same samples without."""
    size, last = len(right), right.packed_info.shape[0] - 1
    assert found.count.numpy().tolist() == [size] and right.count is None
    for name in ("t_starts", "t_ends", "ray_indices"):
        one, other = getattr(found, name).numpy(), getattr(right, name).numpy()
        np.testing.assert_array_equal(one[:size], other)
        assert (one[size:] == (last if name == "ray_indices" else 0)).all()
    np.testing.assert_array_equal(found.packed_info.numpy(), right.packed_info.numpy())

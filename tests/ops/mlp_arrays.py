"""Random inputs and parameters of an MLP."""

import numpy as np

from jnerf.ops.mlp import n_params


def arrays(widths, n, extra, features, biased, skip=None, dtype=np.float32):
    """x [n, C], or grouped [C / features, n, features]; flat parameters; further channels [n, extra] or None."""
    random = np.random.default_rng(0)
    n_x = widths[0] - extra
    shape = (n_x // features, n, features) if features else (n, n_x)
    x = random.normal(size=shape).astype(dtype)
    params = random.normal(size=n_params(widths, biased, skip)) / np.sqrt(widths[1])
    more = random.normal(size=(n, extra)).astype(dtype) if extra else None
    return x, params.astype(dtype), more

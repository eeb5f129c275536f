"""Which samples of rays weigh enough to be worth a colour."""

from jnerf.ops.heavy_samples.op import heavy_samples

__all__ = ["heavy_samples"]

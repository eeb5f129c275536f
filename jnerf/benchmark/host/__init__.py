"""``host``: what a training step costs the host when its kernels have next to nothing to do."""

from jnerf.benchmark.host.emptied import variants
from jnerf.benchmark.host.measure import measure_host

__all__ = ["measure_host", "variants"]

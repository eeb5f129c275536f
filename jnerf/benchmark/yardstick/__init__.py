"""What this machine can do at most, and what plain code does for the main work of a training step."""

from jnerf.benchmark.yardstick.ahead import compile_ahead
from jnerf.benchmark.yardstick.bound import Bound, bound_rows, measure_bound
from jnerf.benchmark.yardstick.ceilings import Ceilings, measure_ceilings

__all__ = ["Bound", "Ceilings", "bound_rows", "compile_ahead", "measure_bound", "measure_ceilings"]

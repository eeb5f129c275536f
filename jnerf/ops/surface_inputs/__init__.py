"""What a surface's colour sees, in one array."""

from jnerf.ops.surface_inputs.op import surface_inputs

__all__ = ["surface_inputs"]

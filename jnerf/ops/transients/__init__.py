"""What stands in front of a scene in one photograph: as a field says it, mixed with the scene, and in the loss."""

from jnerf.ops.transients.op import transient_error, transient_head, transient_mix, transient_seen

__all__ = ["transient_error", "transient_head", "transient_mix", "transient_seen"]

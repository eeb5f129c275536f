"""Losses of surfaces: of the distance's gradient, of masks, of colours within masks."""

from jnerf.ops.surface_losses.op import eikonal, mask_entropy, masked_l1

__all__ = ["eikonal", "mask_entropy", "masked_l1"]

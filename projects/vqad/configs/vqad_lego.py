"""VQAD on lego at 800 x 800, every voxel there from the start, 4 bits; training takes some 20 GB for logits alone."""

_base_ = ["../../_base_/lego.py", "vqad_base.py"]

exp_name = "vqad_lego"

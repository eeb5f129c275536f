"""VQAD on lego at 800 x 800, 4 bits, every voxel there from the start: 310 million logits."""

_base_ = ["../../_base_/lego.py", "vqad_base.py"]

exp_name = "vqad_lego"

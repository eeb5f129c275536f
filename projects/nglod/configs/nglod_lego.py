"""An octree of NGLOD as a radiance field on lego at 800 x 800, every voxel there from the start."""

_base_ = ["../../_base_/lego.py", "nglod_base.py"]

exp_name = "nglod_lego"

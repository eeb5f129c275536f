"""nerfacto on the same images as zipnerf_multiscale_small.py: what points without a width make of four sizes."""

_base_ = ["../../nerfacto/configs/nerfacto_small.py", "../../_base_/garden_multiscale.py"]

exp_name = "nerfacto_multiscale_small"

dataset = dict(downscale=2)
evaluation = dict(steps=[500, 1500], n_images=32)

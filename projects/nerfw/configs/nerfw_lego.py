"""NeRF in the Wild on lego at 400x400, with another exposure for each image and a striped square in front of it.

The paper's own experiment (section 4.2), but for the tints: there colours are scaled by up to 0.2 and shifted as much.
"""

_base_ = ["../../_base_/lego.py", "nerfw_base.py"]

exp_name = "nerfw_lego"

dataset = dict(downscale=2, disturb=dict(stops=0.3, tint=0.3, squares=1, square_size=0.25))
network = dict(density_scale=3.0)  # densities are per world unit
loss = dict(rgb=dict(density_weight=0.01 / 3))  # 0.01 of a density per world unit

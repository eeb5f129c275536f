"""K-Planes on lego of NeRF-synthetic at 800 x 800: the published configuration, hybrid."""

_base_ = ["../../_base_/lego.py", "kplanes_proposals.py"]

exp_name = "kplanes_lego"
dataset = dict(scale=0.5 / 1.3)  # the box is +-1.3 of the scene's own units

"""Wisp's tri-planes on lego as they were published: at 200 x 200 pixels, a quarter of the usual edge."""

_base_ = ["../../_base_/lego.py", "triplane_base.py"]

exp_name = "triplane_lego"
dataset = dict(downscale=4)

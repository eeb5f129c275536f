"""The portrait in linear light, from OpenEXR, by a relative loss: how pictures of high dynamic range are learnt."""

_base_ = ["image_albert_small.py"]

exp_name = "image_albert_linear_small"
dataset = dict(root="image/albert.exr", color_space="linear")
loss = dict(_delete_=True, type="RelativeL2Loss")

"""Instant-NGP on the fox: a real capture, in a box four units wide, with the room around it."""

_base_ = ["../../_base_/fox.py", "ngp_base.py"]

exp_name = "ngp_fox"
sampler = dict(
    cone_angle=1 / 256
)  # steps grow with the distance; the default for boxes wider than 1
renderer = dict(
    background=None
)  # black: photographs have no transparent pixels to fill with colours

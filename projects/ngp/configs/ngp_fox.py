"""Instant-NGP on the fox: a real capture, in a box four units wide, with the room around it."""

_base_ = ["../../_base_/fox.py", "ngp_base.py"]

exp_name = "ngp_fox"

# Steps grow with the distance; the default for boxes wider than 1.
sampler = dict(cone_angle=1 / 256)
# The finest cells are as fine per unit as in a box of one: the encoder sees to that.
# The base's random background stays: photographs are opaque, and what shines through a ray costs.

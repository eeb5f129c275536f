"""Instant-NGP on garden: a capture without end, cut off by a box of 16 units around the cameras."""

_base_ = ["../../_base_/garden.py", "ngp_base.py"]

exp_name = "ngp_garden"

dataset = dict(
    scale=1.32,  # the farthest camera is so far from the middle as instant-ngp's script would have it
    aabb_scale=16.0,  # five cascades of the occupancy grid; what is farther away is not there
)
sampler = dict(cone_angle=1 / 256)  # steps grow with the distance
# The base's random background stays: photographs are opaque, and what shines through a ray costs.

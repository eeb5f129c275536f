"""The bunny, an open mesh: inside is where its winding number is 0.5 or more."""

_base_ = ["../../_base_/bunny.py", "sdf_armadillo_small.py"]

exp_name = "sdf_bunny_small"
